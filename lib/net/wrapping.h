// What stands before the innermost IP header of a frame that is built. Inside of frame_builder.
//
// Two steps: `copy` writes it in front of the packet; when all behind it is written, `close` makes
// its lengths and checksums right, from the innermost outwards. Pure, nothing is allocated.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "net/decode.h"
#include "net/packet_view.h"

namespace chatgate::net {

// Which way the frame goes, seen from the packet that is copied: onward in its place, back to its
// sender, or the same way as it but not in its place.
enum class Course : std::uint8_t { onward, turned, beside };

class Wrapping {
 public:
  // What is copied: the bytes of `packet` before `layers.network`. Borrows both.
  Wrapping(const PacketView& packet, const Layers& layers)
      : from_(packet.bytes), layers_(layers), ethernet_(packet.link == LinkType::ethernet) {}

  // False where something in it holds for this packet's direction only and cannot be left out.
  bool can_turn() const;

  // Copies it to the start of `out`, which must have room for it; returns the size, which is at
  // most that of the original.
  std::size_t copy(Course course, MutableBytes out);

  // `frame` is what `copy` wrote and the packet behind it, to its last byte.
  void close(MutableBytes frame) const;

 private:
  void take(std::size_t until, MutableBytes out);
  void copy_entry(std::size_t index, Course course, MutableBytes out);
  void turn_entry(const Encapsulated& entry, MutableBytes out) const;
  std::size_t inside_of(std::size_t index) const;

  const Bytes from_;
  const Layers& layers_;
  const bool ethernet_;
  std::size_t taken_ = 0;    // of `from_`
  std::size_t written_ = 0;  // of `out`
  // As layers_.encapsulation, with offsets in what was written.
  std::array<Encapsulated, kMaxEncapsulations> entries_{};
};

}  // namespace chatgate::net
