// The bytes of one content, ready to be searched for.
//
// Made at load time, immutable; `find` is for the packet path of any worker.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"

namespace chatgate::detect {

class Pattern {
 public:
  static constexpr std::size_t kNotFound = static_cast<std::size_t>(-1);

  // At least one byte. `nocase` is about ASCII letters.
  Pattern(std::string bytes, bool nocase);

  std::size_t size() const { return bytes_.size(); }

  // The first place at or behind `from` where the pattern stands within `bytes`, or kNotFound.
  // Takes from `bytes_left` the bytes that were looked at, and gives up where it has none left.
  std::size_t find(Bytes bytes, std::size_t from, std::uint64_t& bytes_left) const;
  // Whether it stands at `at`; at + size() must be within `bytes`.
  bool stands_at(Bytes bytes, std::size_t at) const;

  std::size_t memory() const;

 private:
  std::size_t find_folded(Bytes bytes, std::size_t from, std::uint64_t& bytes_left) const;

  std::string bytes_;  // in lower case where nocase
  // How far the end of the pattern may move on where its last byte meets this one (Horspool's
  // table, in both cases of a letter); only where nocase.
  std::unique_ptr<const std::array<std::uint16_t, 256>> skip_;
};

}  // namespace chatgate::detect
