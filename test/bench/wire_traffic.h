// Frames for wire-load: datagrams of many flows that carry when they were sent, and the frames of
// TLS connections, one step after the other.
//
// Both are made ahead and only completed when they are written, so that writing costs as little as
// a copy. One thread; no state but what was made. Frames are without the check sequence.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace chatgate::bench {

// What a datagram says of itself.
struct Stamp {
  std::uint16_t trial = 0;
  std::uint32_t sequence = 0;
  std::uint64_t sent = 0;  // ns
};

// UDP over IPv4, of flows that nobody knows, in turn; flow i has the size sizes[i % count].
class StampedDatagrams {
 public:
  static constexpr std::uint32_t kLeast = 60;
  static constexpr std::uint8_t kFiller = 0x55;  // all bytes that say nothing

  // Sizes from kLeast to a memif's slot; `flows` at least 1.
  StampedDatagrams(std::uint32_t flows, const std::vector<std::uint32_t>& sizes);

  std::uint32_t size(std::uint32_t i) const { return headers_[i % headers_.size()].size; }
  // Into room of that size, of which all beyond the first kLeast bytes is filler already.
  void write(std::uint32_t i, const Stamp& stamp, MutableBytes out) const;
  static std::optional<Stamp> read(Bytes frame);

 private:
  static constexpr std::size_t kHeaders = 14 + 20 + 8;
  struct Header {
    std::array<std::uint8_t, kHeaders> bytes;
    std::uint32_t size;
  };
  std::vector<Header> headers_;
};

// A short TLS connection: SYN, SYN/ACK, ACK, a ClientHello of 517 bytes, the server's answer, a
// request of 256 bytes, a reply of 1,024, an acknowledgment, and the end in three.
class ConnectionScript {
 public:
  static constexpr unsigned kSteps = 11;
  static constexpr unsigned kAnswer = 4;   // the step in which the server's first bytes come
  static constexpr unsigned kOpenEnd = 8;  // the first step of the end
  static constexpr std::uint32_t kMaxSlots = 4096;

  explicit ConnectionScript(const std::string& name);

  bool from_client(unsigned step) const { return steps_[step].from_client; }
  std::uint32_t size(unsigned step) const {
    return static_cast<std::uint32_t>(steps_[step].bytes.size());
  }
  // The frame of a step of connection `number`. It carries `slot`, below kMaxSlots, and the step in
  // IPv4's identification, which nobody on the way has to do with.
  void write(unsigned step, std::uint32_t number, std::uint32_t slot, MutableBytes out) const;

  struct Place {
    std::uint32_t slot = 0;
    unsigned step = 0;
  };
  // Of a frame that is as long as one of its step is.
  std::optional<Place> read(Bytes frame) const;

 private:
  // Made with zeros for what differs between connections.
  struct Step {
    std::vector<std::uint8_t> bytes;
    bool from_client = true;
  };
  std::array<Step, kSteps> steps_;
};

}  // namespace chatgate::bench
