// A simulated server: takes the frames that the gateway lets through as a real stack would, and
// assembles the stream that its application reads.
//
// Stacks differ where bytes arrive twice with different content; a gateway must hold against all of
// them, so the rule is a parameter (the names are those of Snort's and Suricata's target-based
// policies). What every stack refuses, this one refuses too: wrong checksums, impossible flags,
// bytes outside the window, unacceptable acknowledgments, old timestamps, unasked-for MD5 options.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "net/decode.h"

#include "frames.h"

namespace chatgate::test {

enum class Overlap : std::uint8_t { first, last, bsd, linux, windows };
constexpr std::array<Overlap, 5> kOverlaps = {Overlap::first, Overlap::last, Overlap::bsd,
                                              Overlap::linux, Overlap::windows};
const char* to_string(Overlap overlap);

class Endpoint {
 public:
  // `hops` is how far behind the gateway it stands: frames with a smaller TTL never arrive.
  Endpoint(Overlap overlap, std::uint32_t first_client_sequence, std::uint8_t hops);

  // Data in a SYN is taken (TCP Fast Open) or ignored.
  bool fast_open = false;
  // Urgent bytes stay in the stream (SO_OOBINLINE) or are taken out of it.
  bool urgent_inline = false;

  // True where the frame was taken and deserves an acknowledgment. Fragments are put together,
  // first bytes or last bytes winning as in the stream; IPv6 headers are walked by read_ipv6.
  bool receive(Bytes frame);

  // The application has said this much more.
  void said(std::uint32_t bytes) { sent_ += bytes; }

  // What the application has read so far.
  std::string stream() const;
  std::uint32_t next_client_sequence() const {
    return base_ + static_cast<std::uint32_t>(delivered_);
  }
  static constexpr std::uint32_t kOwnSequence = 700000;

 private:
  struct Part {
    Octets header;  // what a packet made of the fragments begins with
    std::uint32_t id = 0;
    std::size_t offset = 0;
    bool more = false;
    Octets bytes;
  };

  bool receive_v6(Bytes frame);
  bool receive_packet(Bytes frame);  // no fragment, its TTL suffices
  Octets join(const Part& part);
  bool acceptable(const net::PacketView& packet, const net::Layers& layers);
  void store(std::uint32_t sequence, Bytes payload);
  bool newer_wins(std::size_t stored_begin, std::size_t stored_end, std::size_t begin,
                  std::size_t end) const;

  struct Byte {
    std::uint8_t value = 0;
    bool present = false;
    bool urgent = false;
    std::uint32_t segment_begin = 0, segment_end = 0;  // of the segment it came with
  };

  Overlap overlap_;
  std::uint32_t base_;
  std::uint8_t hops_;
  std::size_t delivered_ = 0;  // what was handed to the application can no longer change
  std::uint32_t recent_timestamp_ = 0;
  std::uint32_t sent_ = 0;
  std::vector<Byte> bytes_;

  struct Datagram {
    Octets header, payload;
    std::vector<bool> present;
    std::size_t size = 0;  // 0: the end has not come
  };
  std::map<std::uint32_t, Datagram> datagrams_;
};

}  // namespace chatgate::test
