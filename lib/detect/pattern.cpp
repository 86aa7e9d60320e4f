#include "detect/pattern.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "detect/octets.h"

namespace chatgate::detect {
namespace {

constexpr auto kLower = [] {
  std::array<std::uint8_t, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    table[i] = lower_octet(static_cast<std::uint8_t>(i));
  }
  return table;
}();

}  // namespace

Pattern::Pattern(std::string bytes, bool nocase) : bytes_(std::move(bytes)) {
  if (!nocase) return;
  for (char& c : bytes_) c = static_cast<char>(kLower[static_cast<std::uint8_t>(c)]);
  auto skip = std::make_unique<std::array<std::uint16_t, 256>>();
  const auto most = [](std::size_t distance) {
    return static_cast<std::uint16_t>(std::min<std::size_t>(distance, UINT16_MAX));
  };
  for (std::size_t octet = 0; octet < skip->size(); ++octet) {
    std::size_t distance = 1;
    while (distance < bytes_.size() &&
           static_cast<std::uint8_t>(bytes_[bytes_.size() - 1 - distance]) != kLower[octet]) {
      ++distance;
    }
    (*skip)[octet] = most(distance);
  }
  skip_ = std::move(skip);
}

std::size_t Pattern::find(Bytes bytes, std::size_t from, std::uint64_t& bytes_left) const {
  if (from > bytes.size() || bytes.size() - from < size()) return kNotFound;
  if (skip_ != nullptr) return find_folded(bytes, from, bytes_left);
  const std::size_t wanted = bytes.size() - from;
  const std::size_t allowed =
      static_cast<std::size_t>(std::min<std::uint64_t>(wanted, bytes_left + size()));
  const void* found = memmem(bytes.data() + from, allowed, bytes_.data(), bytes_.size());
  if (found == nullptr) {
    bytes_left -= std::min<std::uint64_t>(bytes_left, wanted);
    return kNotFound;
  }
  const auto at = static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - bytes.data());
  bytes_left -= std::min<std::uint64_t>(bytes_left, at - from);
  return at;
}

std::size_t Pattern::find_folded(Bytes bytes, std::size_t from, std::uint64_t& bytes_left) const {
  const auto* wanted = reinterpret_cast<const std::uint8_t*>(bytes_.data());
  const std::size_t last = bytes_.size() - 1;
  std::size_t at = from;
  while (at + last < bytes.size()) {
    const std::uint8_t* there = bytes.data() + at;
    std::size_t i = last;
    while (kLower[there[i]] == wanted[i]) {
      if (i-- == 0) return at;
    }
    const std::uint64_t looked_at = last - i + 1;
    if (bytes_left < looked_at) {
      bytes_left = 0;
      return kNotFound;
    }
    bytes_left -= looked_at;
    at += (*skip_)[there[last]];
  }
  return kNotFound;
}

bool Pattern::stands_at(Bytes bytes, std::size_t at) const {
  const std::uint8_t* there = bytes.data() + at;
  if (skip_ == nullptr) return std::memcmp(there, bytes_.data(), bytes_.size()) == 0;
  return std::equal(bytes_.begin(), bytes_.end(), there, [](char wanted, std::uint8_t octet) {
    return static_cast<std::uint8_t>(wanted) == kLower[octet];
  });
}

std::size_t Pattern::memory() const {
  return bytes_.capacity() + (skip_ == nullptr ? 0 : sizeof *skip_);
}

}  // namespace chatgate::detect
