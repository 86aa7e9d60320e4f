#include "net/decode.h"

#include <algorithm>
#include <cstring>

namespace chatgate::net {
namespace {

constexpr std::uint16_t kEtherIpv4 = 0x0800;
constexpr std::uint16_t kEtherIpv6 = 0x86dd;
constexpr std::uint16_t kEtherVlan = 0x8100;
constexpr std::uint16_t kEtherServiceVlan = 0x88a8;
constexpr std::uint16_t kEtherOldServiceVlan = 0x9100;

constexpr std::size_t kMaxIpv6Extensions = 8;

bool is_tag(std::uint16_t ether_type) {
  return ether_type == kEtherVlan || ether_type == kEtherServiceVlan ||
         ether_type == kEtherOldServiceVlan;
}

// IPv6 extension headers that are skipped on the way to the transport header (RFC 8200 section 4,
// RFC 6275, RFC 7401, RFC 5533); the authentication header (RFC 4302) counts in units of four.
bool is_ipv6_extension(std::uint8_t next) {
  return next == 0 || next == 43 || next == 51 || next == 60 || next == 135 || next == 139 ||
         next == 140;
}
constexpr std::uint8_t kAuthentication = 51;
constexpr std::uint8_t kIpv6Fragment = 44;

// The decoder of one frame: each step answers where the next header starts or ends the walk.
class Decoder {
 public:
  Decoder(const PacketView& packet, Layers& layers) : frame_(packet.bytes), layers_(layers) {
    wire_end_ = std::max<std::size_t>(packet.wire_length, frame_.size());
  }

  Decoded walk(LinkType link) {
    switch (link) {
      case LinkType::ethernet: return ethernet();
      case LinkType::linux_cooked: return after_link(16, 14);
      case LinkType::linux_cooked_v2: return after_link(20, 0);
      case LinkType::raw_ip: return bare_ip(0);
      case LinkType::null_loopback: return bare_ip(4);
    }
    return Decoded::not_ip;
  }

 private:
  bool holds(std::size_t at, std::size_t count) const {
    return at <= frame_.size() && count <= frame_.size() - at;
  }

  Decoded ethernet() { return after_link(14, 12); }

  // A link header of `size` bytes whose protocol stands at `type_at`; tags may follow.
  Decoded after_link(std::size_t size, std::size_t type_at) {
    if (!holds(0, size)) return Decoded::malformed;
    std::uint16_t type = load_be16(&frame_[type_at]);
    std::size_t at = size;
    while (is_tag(type)) {
      if (layers_.tag_count == layers_.vlan.size()) return Decoded::not_ip;
      if (!holds(at, 4)) return Decoded::malformed;
      layers_.vlan[layers_.tag_count++] = load_be16(&frame_[at]) & 0x0fff;
      type = load_be16(&frame_[at + 2]);
      at += 4;
    }
    if (type == kEtherIpv4) return ipv4(at);
    if (type == kEtherIpv6) return ipv6(at);
    return Decoded::not_ip;
  }

  Decoded bare_ip(std::size_t at) {
    if (!holds(at, 1)) return Decoded::malformed;
    switch (frame_[at] >> 4) {
      case 4: return ipv4(at);
      case 6: return ipv6(at);
      default: return Decoded::not_ip;
    }
  }

  Decoded ipv4(std::size_t at) {
    if (!holds(at, 20)) return Decoded::malformed;
    const std::uint8_t* header = &frame_[at];
    const std::size_t header_size = (header[0] & 0x0f) * 4u;
    const std::size_t total = load_be16(header + 2);
    if (header[0] >> 4 != 4 || header_size < 20 || total < header_size) return Decoded::malformed;
    if (at + total > wire_end_ || !holds(at, header_size)) return Decoded::malformed;
    layers_.ip_version = 4;
    layers_.network = static_cast<std::uint16_t>(at);
    layers_.protocol = header[9];
    layers_.source = IpAddress::from_v4(header + 12);
    layers_.destination = IpAddress::from_v4(header + 16);
    ip_end_ = at + total;
    layers_.transport = static_cast<std::uint16_t>(at + header_size);
    // More fragments, or an offset (RFC 791 section 3.1).
    if ((load_be16(header + 6) & 0x3fff) != 0) return Decoded::fragment;
    return transport();
  }

  Decoded ipv6(std::size_t at) {
    if (!holds(at, 40)) return Decoded::malformed;
    const std::uint8_t* header = &frame_[at];
    const std::size_t payload_length = load_be16(header + 4);
    if (header[0] >> 4 != 6 || at + 40 + payload_length > wire_end_) return Decoded::malformed;
    layers_.ip_version = 6;
    layers_.network = static_cast<std::uint16_t>(at);
    layers_.source = IpAddress::from_v6(header + 8);
    layers_.destination = IpAddress::from_v6(header + 24);
    ip_end_ = at + 40 + payload_length;
    return ipv6_extensions(header[6], at + 40);
  }

  Decoded ipv6_extensions(std::uint8_t next, std::size_t at) {
    for (std::size_t walked = 0; is_ipv6_extension(next); ++walked) {
      if (walked == kMaxIpv6Extensions || at + 8 > ip_end_ || !holds(at, 8)) {
        return Decoded::malformed;
      }
      const std::size_t units = frame_[at + 1];
      const std::size_t size = next == kAuthentication ? (units + 2) * 4 : (units + 1) * 8;
      next = frame_[at];
      at += size;
      if (at > ip_end_ || !holds(at, 0)) return Decoded::malformed;
    }
    layers_.protocol = next;
    layers_.transport = static_cast<std::uint16_t>(at);
    if (next == kIpv6Fragment) return Decoded::fragment;
    return transport();
  }

  Decoded transport() {
    if (layers_.protocol == kTcp) return tcp();
    if (layers_.protocol == kUdp) return udp();
    return Decoded::not_transport;
  }

  Decoded tcp() {
    const std::size_t at = layers_.transport;
    if (at + 20 > ip_end_ || !holds(at, 20)) return Decoded::malformed;
    const std::uint8_t* header = &frame_[at];
    const std::size_t header_size = (header[12] >> 4) * 4u;
    if (header_size < 20 || at + header_size > ip_end_) return Decoded::malformed;
    layers_.source_port = load_be16(header);
    layers_.destination_port = load_be16(header + 2);
    layers_.sequence = load_be32(header + 4);
    layers_.acknowledgment = load_be32(header + 8);
    layers_.flags = header[13] & 0x3f;
    layers_.window = load_be16(header + 14);
    return payload(at + header_size, ip_end_);
  }

  Decoded udp() {
    const std::size_t at = layers_.transport;
    if (at + 8 > ip_end_ || !holds(at, 8)) return Decoded::malformed;
    const std::uint8_t* header = &frame_[at];
    const std::size_t length = load_be16(header + 4);
    // A length shorter than the IP payload is legal; zero stands for a jumbogram (RFC 2675), which
    // no 16-bit IP length can hold.
    if (length < 8 || at + length > ip_end_) return Decoded::malformed;
    layers_.source_port = load_be16(header);
    layers_.destination_port = load_be16(header + 2);
    return payload(at + 8, at + length);
  }

  Decoded payload(std::size_t at, std::size_t end) {
    const std::size_t in_frame = std::min(end, frame_.size());
    layers_.payload = static_cast<std::uint16_t>(std::min(at, frame_.size()));
    layers_.payload_size = static_cast<std::uint16_t>(in_frame > at ? in_frame - at : 0);
    layers_.payload_missing = static_cast<std::uint16_t>(end - at - layers_.payload_size);
    return Decoded::transport;
  }

  const Bytes frame_;
  Layers& layers_;
  std::size_t wire_end_;    // where the frame ended on the wire
  std::size_t ip_end_ = 0;  // where the IP datagram ends
};

}  // namespace

void decode(const PacketView& packet, Layers& layers) {
  layers = Layers{};
  // Offsets are 16 bits wide; no device delivers more.
  if (packet.bytes.size() > 0xffff) {
    layers.outcome = Decoded::malformed;
    return;
  }
  layers.outcome = Decoder(packet, layers).walk(packet.link);
}

}  // namespace chatgate::net
