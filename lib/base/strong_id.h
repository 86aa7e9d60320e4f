// Small numbers that the compiler can tell apart.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace chatgate {

// An index with a meaning. The highest value of the representation is "none", so that a record in a
// flow table needs no extra flag.
template <typename Tag, typename Rep>
class StrongId {
 public:
  using rep = Rep;

  constexpr StrongId() = default;
  constexpr explicit StrongId(Rep value) : value_(value) {}

  static constexpr StrongId none() { return StrongId(); }
  static constexpr std::size_t capacity() { return kNone; }

  constexpr Rep value() const { return value_; }
  constexpr bool valid() const { return value_ != kNone; }
  constexpr auto operator<=>(const StrongId&) const = default;

 private:
  static constexpr Rep kNone = static_cast<Rep>(~Rep{0});
  Rep value_ = kNone;
};

// An application of the catalogue. Stable for the life of the process: see catalog/registry.h.
using ApplicationId = StrongId<struct ApplicationTag, std::uint16_t>;
// Position of a rule in its policy; means something only together with the policy's generation.
using RuleId = StrongId<struct RuleTag, std::uint16_t>;
// A Snort rule of a snapshot, by its place among those that were loaded.
using SignatureId = StrongId<struct SignatureTag, std::uint32_t>;
// A list of names and addresses, by its place in its policy.
using ListId = StrongId<struct ListTag, std::uint8_t>;
// A bridged pair of ports.
using PairId = StrongId<struct PairTag, std::uint8_t>;
// A worker, counted from zero without gaps.
using WorkerId = StrongId<struct WorkerTag, std::uint8_t>;

}  // namespace chatgate

template <typename Tag, typename Rep>
struct std::hash<chatgate::StrongId<Tag, Rep>> {
  std::size_t operator()(chatgate::StrongId<Tag, Rep> id) const noexcept {
    return std::hash<Rep>{}(id.value());
  }
};
