// Senders whose checksums a capture shows before their network device filled them in.
//
// A capture taken on the sending host holds packets as the stack handed them over, with checksums
// that were right on the wire and are not in the file. Taken for what they say, no endpoint would
// have read one of them. So the whole capture is looked through first. Where not a single TCP (or
// UDP) packet of an address has a right checksum, all of them are vouched for. Of an address that
// sends right ones too, only those packets are whose field holds exactly what a stack leaves for
// its device to complete; its other wrong ones may be meant to mislead. The same is asked of IPv4
// header checksums; where a sender has none that is right, checksums in this capture mean nothing.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>

#include "base/address.h"
#include "io/pcap/capture_reader.h"
#include "net/decode.h"
#include "net/packet_view.h"

namespace chatgate::replay {

class OffloadedSenders {
 public:
  OffloadedSenders() = default;
  explicit OffloadedSenders(std::span<const net::PacketView> packets);
  // Reads to the end of what can be read.
  explicit OffloadedSenders(io::CaptureReader& reader);

  // Whether the packet's TCP or UDP checksum is to be taken for right.
  bool vouch_for(const net::PacketView& packet) const;
  // Whether some sender's IPv4 headers have no right checksum at all.
  bool headers_unfilled() const { return headers_unfilled_; }

 private:
  struct Sender {
    IpAddress address;
    std::uint8_t protocol = 0;  // kIpHeader: of the header's own checksum
    bool operator==(const Sender&) const = default;
  };
  struct SenderHash {
    std::size_t operator()(const Sender& sender) const;
  };

  void look(const net::PacketView& packet);
  void note(const Sender& sender, bool wrong);
  void finish();

  // True while none of its checksums was right; after the look only those are left.
  std::unordered_map<Sender, bool, SenderHash> all_wrong_;
  bool headers_unfilled_ = false;
  bool partial_sums_ = false;
};

}  // namespace chatgate::replay
