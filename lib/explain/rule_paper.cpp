#include "explain/rule_paper.h"

#include <algorithm>
#include <variant>

#include "explain/pattern_sample.h"

namespace chatgate::explain {
namespace {

using detect::Comparison;

constexpr char kFilling = 'x';
constexpr std::size_t kMostPaper = 4096;

std::size_t place(std::int64_t at) {
  return static_cast<std::size_t>(std::clamp<std::int64_t>(at, 0, kMostPaper));
}

}  // namespace

RulePaper::RulePaper(std::string_view begin) {
  if (!begin.empty()) write(0, begin);
}

void RulePaper::add(const detect::PayloadOption& option) {
  std::visit([this](const auto& each) { add(each); }, option);
}

void RulePaper::at_least(std::size_t size) {
  size = std::min({size, most_, kMostPaper});
  if (bytes_.size() >= size) return;
  bytes_.resize(size, kFilling);
  fixed_.resize(size, false);
}

std::string RulePaper::text() const {
  return bytes_;
}

bool RulePaper::fits(std::size_t at, std::string_view bytes) const {
  if (at + bytes.size() > most_) return false;
  for (std::size_t i = 0; i < bytes.size() && at + i < bytes_.size(); ++i) {
    if (fixed_[at + i] && bytes_[at + i] != bytes[i]) return false;
  }
  return true;
}

void RulePaper::write(std::size_t at, std::string_view bytes) {
  at_least(at + bytes.size());
  for (std::size_t i = 0; i < bytes.size() && at + i < bytes_.size(); ++i) {
    if (fixed_[at + i]) continue;
    bytes_[at + i] = bytes[i];
    fixed_[at + i] = true;
  }
  cursor_ = at + bytes.size();
}

void RulePaper::write_somewhere(std::size_t from, std::string_view bytes) {
  std::size_t at = from;
  while (at < bytes_.size() && !fits(at, bytes)) ++at;
  write(at, bytes);
}

std::size_t RulePaper::behind_cursor(std::int64_t distance) const {
  return place(static_cast<std::int64_t>(cursor_) + distance);
}

void RulePaper::add(const detect::Content& content) {
  if (content.negated || most_ < content.bytes.size()) return;
  std::string_view bytes = content.bytes;
  const auto& transforms = content.target.transforms;
  const bool dotted = std::find(transforms.begin(), transforms.end(),
                                detect::Transform::dotprefix) != transforms.end();
  if (dotted && bytes.starts_with('.')) bytes.remove_prefix(1);
  if (content.startswith) return write(0, bytes);
  if (content.relative()) {
    return write_somewhere(behind_cursor(content.distance ? content.distance->value : 0), bytes);
  }
  const std::size_t from = content.offset ? place(content.offset->value) : 0;
  write_somewhere(from, bytes);
  if (content.endswith && cursor_ < bytes_.size()) write(bytes_.size(), bytes);
  if (content.endswith) most_ = bytes_.size();
}

void RulePaper::add(const detect::Pcre& pcre) {
  if (pcre.negated || pcre.extended) return;
  const auto sample = sample_of(pcre.expression);
  if (!sample) return;
  const std::size_t begin = pcre.relative ? cursor_ : 0;
  const bool there = (sample->at_start && !pcre.multi_line) || pcre.anchored || pcre.relative;
  there ? write(begin, sample->bytes) : write_somewhere(begin, sample->bytes);
}

void RulePaper::add(const detect::ByteTest& test) {
  const std::size_t width = static_cast<std::size_t>(test.form.bytes.value);
  const std::size_t at =
      test.relative ? behind_cursor(test.offset.value) : place(test.offset.value);
  if (test.form.base != 0 || width == 0 || width > sizeof(std::uint64_t)) return;
  Bounds& bounds = numbers_[{at, width}];
  const auto value = static_cast<std::uint64_t>(test.value.value);
  const auto least = [&](std::uint64_t number) { bounds.least = std::max(bounds.least, number); };
  const auto most = [&](std::uint64_t number) { bounds.most = std::min(bounds.most, number); };
  switch (test.comparison) {
    case Comparison::less: test.negated ? least(value) : most(value - 1); break;
    case Comparison::less_equal: test.negated ? least(value + 1) : most(value); break;
    case Comparison::greater: test.negated ? most(value) : least(value + 1); break;
    case Comparison::greater_equal: test.negated ? most(value - 1) : least(value); break;
    case Comparison::equal:
      least(test.negated ? value + 1 : value);
      if (!test.negated) most(value);
      break;
    case Comparison::bit_and:
      if (!test.negated) least(value);
      break;
    case Comparison::bit_xor: least(test.negated ? value : value ^ 1); break;
  }
  if (bounds.least > bounds.most) return;
  at_least(at + width);
  // A later test of the same number may want it greater.
  for (std::size_t i = 0; i < width && at + i < bytes_.size(); ++i) {
    const std::size_t shift = test.form.endian == detect::Endian::big ? width - 1 - i : i;
    if (fixed_[at + i]) continue;
    bytes_[at + i] = static_cast<char>(bounds.least >> (8 * shift));
  }
}

void RulePaper::add(const detect::IsDataAt& data) {
  const std::size_t at =
      data.relative ? behind_cursor(data.offset.value) : place(data.offset.value);
  if (!data.negated) return at_least(at + 1);
  most_ = std::max(at, bytes_.size());
}

void RulePaper::add(const detect::BufferSize& size) {
  if (size.size.negated) return;
  at_least(size.size.first);
}

}  // namespace chatgate::explain
