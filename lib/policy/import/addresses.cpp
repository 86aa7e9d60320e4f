#include "policy/import/addresses.h"

#include <algorithm>
#include <bit>

#include "catalog/entries.h"

#include "config/json_document.h"

namespace chatgate::policy::import {
namespace {

constexpr Wide kMostV4 = 0xffffffff;
constexpr Wide kMostV6 = ~Wide{0};

Wide number_of(const IpAddress& address) {
  Wide value = 0;
  for (const std::uint8_t byte : address.bytes) value = value << 8 | byte;
  return address.is_v4() ? value & kMostV4 : value;
}

std::string text_of(Wide value, bool v4) {
  IpAddress address;
  for (std::size_t i = 16; i-- > 0; value >>= 8) {
    address.bytes[i] = static_cast<std::uint8_t>(value & 0xff);
  }
  if (v4) address = IpAddress::from_v4(address.bytes.data() + 12);
  return address.to_string();
}

// The largest prefixes that fill first…last.
void append_prefixes(Wide first, Wide last, bool v4, std::vector<std::string>& into) {
  const unsigned width = v4 ? 32 : 128;
  for (;;) {
    unsigned bits = 0;  // of the host part
    while (bits < width) {
      const Wide block = bits + 1 == 128 ? kMostV6 : (Wide{1} << (bits + 1)) - 1;
      if ((first & block) != 0 || block > last - first) break;
      ++bits;
    }
    std::string text = text_of(first, v4);
    if (bits != 0) text += "/" + std::to_string(width - bits);
    into.push_back(std::move(text));
    const Wide end = bits == 128 ? kMostV6 : first + ((Wide{1} << bits) - 1);
    if (end == last) return;
    first = end + 1;
  }
}

std::optional<std::uint32_t> v4_number(std::string_view text) {
  const auto address = IpAddress::parse(text);
  if (!address || !address->is_v4()) return std::nullopt;
  return static_cast<std::uint32_t>(number_of(*address));
}

}  // namespace

Addresses Addresses::any_v4() {
  Addresses all;
  all.v4_ = {{0, kMostV4}};
  return all;
}

Addresses Addresses::any_v6() {
  Addresses all;
  all.v6_ = {{0, kMostV6}};
  return all;
}

Addresses Addresses::any() {
  Addresses all = any_v4();
  all.add(any_v6());
  return all;
}

Addresses Addresses::of(const IpAddress& first, const IpAddress& last) {
  Addresses one;
  const Wide from = number_of(first), to = number_of(last);
  if (from <= to) (first.is_v4() ? one.v4_ : one.v6_).push_back({from, to});
  return one;
}

Addresses Addresses::of(const Prefix& prefix) {
  return of(prefix.first(), prefix.last());
}

bool Addresses::is_any() const {
  return *this == any();
}

void Addresses::normalise(Spans& spans) {
  std::sort(spans.begin(), spans.end(),
            [](const Span& a, const Span& b) { return a.first < b.first; });
  Spans merged;
  for (const Span& span : spans) {
    if (!merged.empty() &&
        (merged.back().last == kMostV6 || span.first <= merged.back().last + 1)) {
      merged.back().last = std::max(merged.back().last, span.last);
    } else {
      merged.push_back(span);
    }
  }
  spans = std::move(merged);
}

void Addresses::add(const Addresses& other) {
  v4_.insert(v4_.end(), other.v4_.begin(), other.v4_.end());
  v6_.insert(v6_.end(), other.v6_.begin(), other.v6_.end());
  normalise(v4_);
  normalise(v6_);
}

Addresses::Spans Addresses::intersection(const Spans& a, const Spans& b) {
  Spans both;
  for (const Span& one : a) {
    for (const Span& two : b) {
      const Wide first = std::max(one.first, two.first), last = std::min(one.last, two.last);
      if (first <= last) both.push_back({first, last});
    }
  }
  normalise(both);
  return both;
}

Addresses Addresses::intersect(const Addresses& other) const {
  Addresses both;
  both.v4_ = intersection(v4_, other.v4_);
  both.v6_ = intersection(v6_, other.v6_);
  return both;
}

Addresses::Spans Addresses::gaps(const Spans& spans, Wide most) {
  Spans free;
  Wide next = 0;
  for (const Span& span : spans) {
    if (span.first > next) free.push_back({next, span.first - 1});
    if (span.last == most) return free;
    next = span.last + 1;
  }
  free.push_back({next, most});
  return free;
}

Addresses Addresses::complement() const {
  Addresses rest;
  rest.v4_ = gaps(v4_, kMostV4);
  rest.v6_ = gaps(v6_, kMostV6);
  return rest;
}

std::vector<std::string> Addresses::words() const {
  if (is_any()) return {"any"};
  std::vector<std::string> list;
  for (const Span& span : v4_) append_prefixes(span.first, span.last, true, list);
  for (const Span& span : v6_) append_prefixes(span.first, span.last, false, list);
  return list;
}

bool is_host_name(std::string_view word) {
  Diagnostics findings;
  config::Reporter reporter("", findings);
  config::JsonValue value;
  value.type = config::JsonType::string;
  value.text = word;
  return !word.empty() && catalog::read_name(reporter, value).has_value();
}

std::optional<Addresses> with_netmask(std::string_view address, std::string_view mask) {
  const auto bits = v4_number(mask);
  if (!bits) return std::nullopt;
  // A netmask's ones come first.
  if (std::countl_one(*bits) + std::countr_zero(*bits) < 32) return std::nullopt;
  const std::uint32_t wildcard = ~*bits;
  return with_wildcard(address, text_of(wildcard, true));
}

std::optional<Addresses> with_wildcard(std::string_view address, std::string_view mask) {
  const auto base = v4_number(address);
  const auto wildcard = v4_number(mask);
  if (!base || !wildcard) return std::nullopt;
  const int run = std::countr_one(*wildcard);
  const std::uint32_t low = run == 32 ? ~std::uint32_t{0} : (std::uint32_t{1} << run) - 1;
  const std::uint32_t scattered = *wildcard & ~low;
  constexpr int kMostScattered = 8;
  if (std::popcount(scattered) > kMostScattered) return std::nullopt;
  const std::uint32_t fixed = *base & ~*wildcard;
  Addresses all;
  // All values of the scattered bits, from the highest down to none.
  for (std::uint32_t bits = scattered;; bits = (bits - 1) & scattered) {
    Addresses one;
    const std::uint32_t first = fixed | bits;
    one.add(Addresses::of(*IpAddress::parse(text_of(first, true)),
                          *IpAddress::parse(text_of(first | low, true))));
    all.add(one);
    if (bits == 0) return all;
  }
}

}  // namespace chatgate::policy::import
