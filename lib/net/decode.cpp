#include "net/decode.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "net/checksum.h"
#include "net/headers.h"
#include "net/validity.h"

namespace chatgate::net {
namespace {

constexpr std::size_t kMaxIpv6Extensions = 8;
constexpr std::size_t kMaxIpv6Chain = 256;
constexpr std::size_t kMaxLabels = 4;
constexpr std::size_t kMaxGtpExtensions = 8;
constexpr std::size_t kMaxTags = 2;

// Beside the kinds of encapsulation, in what makes the tunnel's identifier.
constexpr std::uint8_t kInnerTag = 0xff;

bool is_tag(std::uint16_t ether_type) {
  return ether_type == kEtherVlan || ether_type == kEtherServiceVlan ||
         ether_type == kEtherOldServiceVlan;
}

// 2001::/32, RFC 4380 section 2.6.
bool is_teredo_address(const std::uint8_t* address) {
  return load_be32(address) == 0x20010000;
}

// As IpAddress::from_v4, but in stores of whole words, since the flow's key is made of words next.
void set_v4(IpAddress& address, const std::uint8_t* network_order) {
  constexpr std::array<std::uint8_t, 4> kMapped = {0, 0, 0xff, 0xff};
  std::array<std::uint32_t, 2> half{std::bit_cast<std::uint32_t>(kMapped)};
  std::memcpy(&half[1], network_order, sizeof half[1]);
  const std::uint64_t high = 0;  // an address of IPv6 around this packet may stand there
  const auto low = std::bit_cast<std::uint64_t>(half);
  std::memcpy(address.bytes.data(), &high, sizeof high);
  std::memcpy(address.bytes.data() + 8, &low, sizeof low);
}

// How it is known that what follows is IP: a header says so, or only a port number or four bits.
enum class Certainty : std::uint8_t { told, guessed };

// The decoder of one frame: each step answers where the next header starts or ends the walk. A step
// into an encapsulation that answers `not_ip` has left no trace in the facts.
class Decoder {
 public:
  Decoder(const PacketView& packet, Layers& layers, Encapsulations look_through)
      : frame_(packet.bytes),
        layers_(layers),
        end_(std::max<std::size_t>(packet.wire_length, packet.bytes.size())),
        look_through_(look_through),
        captured_(packet.number != 0) {}

  // The steps of a plain frame are one function; whatever is rarer is called.
  Decoded walk(LinkType link) {
    switch (link) {
      case LinkType::ethernet: return after_link(14, 12);
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

  // The outcome where `count` bytes at `at` are not in the frame: a capture may have cut them.
  Decoded missing(std::size_t at, std::size_t count) const {
    return at + count <= end_ ? Decoded::undecodable : Decoded::malformed;
  }

  // A link header of `size` bytes whose protocol stands at `type_at`; tags may follow.
  [[gnu::always_inline]] inline Decoded after_link(std::size_t size, std::size_t type_at) {
    if (!holds(0, size)) return Decoded::undecodable;
    std::uint16_t type = load_be16(&frame_[type_at]);
    std::size_t at = size;
    while (is_tag(type)) {
      if (layers_.tag_count == kMaxTags) return Decoded::not_ip;
      if (!holds(at, 4)) return Decoded::undecodable;
      layers_.vlan[layers_.tag_count++] = load_be16(&frame_[at]) & 0x0fff;
      type = load_be16(&frame_[at + 2]);
      at += 4;
    }
    if (type == kEtherIpv4) return ipv4(at);
    if (type == kEtherIpv6) return ipv6(at);
    return below_ip(type, at, Certainty::told);
  }

  Decoded bare_ip(std::size_t at) {
    if (!holds(at, 1)) return Decoded::undecodable;
    switch (frame_[at] >> 4) {
      case 4: return ipv4(at);
      case 6: return ipv6(at);
      default: return Decoded::not_ip;
    }
  }

  [[gnu::always_inline]] inline Decoded ipv4(std::size_t at) {
    if (!holds(at, 20)) return missing(at, 20);
    const std::uint8_t* header = &frame_[at];
    const std::size_t header_size = (header[0] & 0x0f) * 4u;
    std::size_t total = load_be16(header + 2);
    if (total == 0 && captured_) total = std::min<std::size_t>(end_ - at, 0xffff);
    if (header[0] >> 4 != 4 || header_size < 20 || total < header_size) return Decoded::malformed;
    if (at + total > end_) return Decoded::malformed;
    if (!holds(at, header_size)) return Decoded::undecodable;
    layers_.ip_version = 4;
    layers_.network = static_cast<std::uint16_t>(at);
    layers_.protocol = header[9];
    set_v4(layers_.source, header + 12);
    set_v4(layers_.destination, header + 16);
    ip_end_ = at + total;
    layers_.transport = static_cast<std::uint16_t>(at + header_size);
    // More fragments, or an offset (RFC 791 section 3.1).
    const std::uint16_t fragment = load_be16(header + 6);
    if ((fragment & 0x3fff) != 0) {
      layers_.fragment_more = (fragment & 0x2000) != 0;
      layers_.fragment_offset = static_cast<std::uint16_t>((fragment & 0x1fff) * 8);
      layers_.fragment_id = load_be16(header + 4);
      payload(layers_.transport, ip_end_);
      return Decoded::fragment;
    }
    return transport();
  }

  Decoded ipv6(std::size_t at) {
    if (!holds(at, 40)) return missing(at, 40);
    const std::uint8_t* header = &frame_[at];
    const std::size_t payload_length = load_be16(header + 4);
    if (header[0] >> 4 != 6 || at + 40 + payload_length > end_) return Decoded::malformed;
    layers_.ip_version = 6;
    layers_.network = static_cast<std::uint16_t>(at);
    layers_.source = IpAddress::from_v6(header + 8);
    layers_.destination = IpAddress::from_v6(header + 24);
    ip_end_ = at + 40 + payload_length;
    layers_.protocol = header[6];
    layers_.transport = static_cast<std::uint16_t>(at + 40);
    if (is_ipv6_extension(header[6]) || header[6] == kIpv6Fragment) return ipv6_extensions();
    return transport();
  }

  Decoded ipv6_extensions() {
    const std::size_t start = layers_.transport;
    std::size_t at = start;
    std::uint8_t type = layers_.protocol;
    for (std::size_t walked = 0; is_ipv6_extension(type) || type == kIpv6Fragment; ++walked) {
      if (at + 8 > ip_end_) return Decoded::malformed;
      if (walked == kMaxIpv6Extensions) return Decoded::header_chain;
      // Only the first, and with that only one (RFC 8200 section 4.1).
      if (type == kHopByHop && at != start) return Decoded::header_chain;
      if (!holds(at, 8)) return Decoded::undecodable;
      const std::uint8_t* header = &frame_[at];
      const std::size_t size = ipv6_extension_size(type, header);
      if (at + size > ip_end_) return Decoded::malformed;
      if (at + size - start > kMaxIpv6Chain) return Decoded::header_chain;
      if (!holds(at, size)) return Decoded::undecodable;
      at += size;
      layers_.protocol = header[0];
      layers_.transport = static_cast<std::uint16_t>(at);
      if (type == kIpv6Fragment && (load_be16(header + 2) & 0xfff9) != 0) {
        layers_.fragment_more = (header[3] & 1) != 0;
        layers_.fragment_offset = load_be16(header + 2) & 0xfff8;
        layers_.fragment_id = load_be32(header + 4);
        payload(at, ip_end_);
        return Decoded::fragment;
      }
      type = header[0];
    }
    return transport();
  }

  [[gnu::always_inline]] inline Decoded transport() {
    switch (layers_.protocol) {
      case kTcp: return tcp();
      case kUdp: return udp();
      case kGre: return gre();
      case kIpv4InIp:
      case kIpv6InIp: return ip_in_ip();
      default: payload(layers_.transport, ip_end_); return Decoded::not_transport;
    }
  }

  [[gnu::always_inline]] inline Decoded tcp() {
    const std::size_t at = layers_.transport;
    if (at + 20 > ip_end_) return Decoded::malformed;
    if (!holds(at, 20)) return Decoded::undecodable;
    const std::uint8_t* header = &frame_[at];
    const std::size_t header_size = (header[12] >> 4) * 4u;
    if (header_size < 20 || at + header_size > ip_end_) return Decoded::malformed;
    layers_.source_port = load_be16(header);
    layers_.destination_port = load_be16(header + 2);
    layers_.sequence = load_be32(header + 4);
    layers_.acknowledgment = load_be32(header + 8);
    layers_.flags = header[13] & 0x3f;
    layers_.window = load_be16(header + 14);
    payload(at + header_size, ip_end_);
    return Decoded::transport;
  }

  [[gnu::always_inline]] inline Decoded udp() {
    const std::size_t at = layers_.transport;
    if (at + 8 > ip_end_) return Decoded::malformed;
    if (!holds(at, 8)) return Decoded::undecodable;
    const std::uint8_t* header = &frame_[at];
    std::size_t length = load_be16(header + 4);
    // A length shorter than the IP payload is legal. Zero stands for a jumbogram (RFC 2675), and
    // Linux takes it over IPv6 in any datagram for all that there is.
    if (length == 0 && layers_.ip_version == 6) length = ip_end_ - at;
    if (length < 8 || at + length > ip_end_) return Decoded::malformed;
    const std::uint16_t from = load_be16(header);
    const std::uint16_t to = load_be16(header + 2);
    if (may_encapsulate(from, to)) {
      const Decoded inside = in_udp(from, to, at + 8, at + length);
      if (inside != Decoded::not_ip) return inside;
    }
    layers_.source_port = from;
    layers_.destination_port = to;
    payload(at + 8, at + length);
    return Decoded::transport;
  }

  void payload(std::size_t at, std::size_t end) {
    const std::size_t in_frame = std::min(end, frame_.size());
    layers_.payload = static_cast<std::uint16_t>(std::min(at, frame_.size()));
    layers_.payload_size = static_cast<std::uint16_t>(in_frame > at ? in_frame - at : 0);
    layers_.payload_missing = static_cast<std::uint16_t>(end - at - layers_.payload_size);
  }

  // Encapsulations. Each step answers `not_ip` where it is switched off, is not what it seemed, or
  // holds no sane IP header.

  // Runs `inside` within an encapsulation whose header is at `offset`, and which ends at `end`.
  template <typename Inside>
  Decoded look_into(Encapsulation kind, std::size_t offset, std::size_t end, Inside inside) {
    if (!look_through_.has(kind)) return Decoded::not_ip;
    const std::uint8_t count = layers_.encapsulation_count;
    if (count == kMaxEncapsulations) return Decoded::not_ip;
    const Layers before = layers_;
    const std::size_t outer_end = end_, outer_ip_end = ip_end_;

    const bool over_ip = kind != Encapsulation::pppoe && kind != Encapsulation::mpls;
    Encapsulated& entry = layers_.encapsulation[count];
    entry.kind = kind;
    entry.carrier_version = over_ip ? layers_.ip_version : 0;
    entry.carrier = over_ip ? layers_.network : 0;
    entry.offset = static_cast<std::uint16_t>(offset);
    layers_.encapsulation_count = static_cast<std::uint8_t>(count + 1);
    end_ = end;
    const Decoded outcome = inside();
    if (outcome == Decoded::not_ip) {  // nothing of what was tried stays
      layers_ = before;
      end_ = outer_end;
      ip_end_ = outer_ip_end;
    }
    return outcome;
  }

  // Adds an identifier of what `salt` tells apart; the product's high bits depend on all of it.
  void mix_tunnel_id(std::uint8_t salt, std::uint32_t id) {
    const std::uint64_t all =
        std::uint64_t{layers_.tunnel_id} << 40 | std::uint64_t{salt} << 32 | id;
    const auto mixed = static_cast<std::uint16_t>((all + 0x7f4a7c15) * 0x9e3779b97f4a7c15 >> 48);
    layers_.tunnel_id = mixed == 0 ? 1 : mixed;
  }
  void mix_tunnel_id(Encapsulation kind, std::uint32_t id) {
    mix_tunnel_id(static_cast<std::uint8_t>(kind), id);
  }

  Decoded inside_type(std::uint16_t type, std::size_t at, Certainty certainty) {
    if (type == kEtherIpv4) return inside_ipv4(at, certainty);
    if (type == kEtherIpv6) return inside_ipv6(at);
    return below_ip(type, at, certainty);
  }

  Decoded inside_ipv4(std::size_t at, Certainty certainty) {
    if (!holds(at, 20)) return Decoded::not_ip;
    const std::uint8_t* header = &frame_[at];
    const std::size_t size = (header[0] & 0x0f) * 4u;
    const std::size_t total = load_be16(header + 2);
    const bool sane =
        header[0] >> 4 == 4 && size >= 20 && total >= size && at + total <= end_ && holds(at, size);
    if (!sane) return Decoded::not_ip;
    if (certainty == Certainty::guessed && checksum_fold(checksum_add({header, size})) != 0) {
      return Decoded::not_ip;
    }
    return ipv4(at);
  }

  Decoded inside_ipv6(std::size_t at) {
    if (!holds(at, 40) || frame_[at] >> 4 != 6) return Decoded::not_ip;
    if (at + 40 + load_be16(&frame_[at + 4]) > end_) return Decoded::not_ip;
    return ipv6(at);
  }

  Decoded inside_nibble(std::size_t at) {
    if (!holds(at, 1)) return Decoded::not_ip;
    return frame_[at] >> 4 == 4 ? inside_ipv4(at, Certainty::guessed) : inside_ipv6(at);
  }

  // An Ethernet frame without FCS; no tags of it are kept but in the identifier.
  Decoded inside_ethernet(std::size_t at, Certainty certainty) {
    if (!holds(at, 14)) return Decoded::not_ip;
    std::uint16_t type = load_be16(&frame_[at + 12]);
    at += 14;
    for (std::size_t tags = 0; is_tag(type); ++tags) {
      if (tags == kMaxTags || !holds(at, 4)) return Decoded::not_ip;
      const std::uint32_t tag = load_be16(&frame_[at]) & 0x0fffu;
      if (tag != 0) mix_tunnel_id(kInnerTag, tag);  // zero is a priority alone
      type = load_be16(&frame_[at + 2]);
      at += 4;
    }
    return inside_type(type, at, certainty);
  }

  [[gnu::noinline]] Decoded below_ip(std::uint16_t type, std::size_t at, Certainty certainty) {
    if (type == kEtherPppoeSession) return pppoe(at, certainty);
    if (type == kEtherMpls || type == kEtherMplsMulticast) return mpls(at);
    return Decoded::not_ip;
  }

  Decoded pppoe(std::size_t at, Certainty certainty) {
    // Version 1, type 1, code 0; then a two-byte protocol, or one of a single odd byte where both
    // ends agreed to compress it (RFC 1661 section 6.5).
    if (!holds(at, 8) || load_be16(&frame_[at]) != 0x1100) return Decoded::not_ip;
    const std::size_t end = at + 6 + load_be16(&frame_[at + 4]);
    if (end > end_) return Decoded::not_ip;
    const bool compressed = (frame_[at + 6] & 1) != 0;
    const std::uint16_t protocol = compressed ? frame_[at + 6] : load_be16(&frame_[at + 6]);
    const std::size_t inside = at + (compressed ? 7 : 8);
    return look_into(Encapsulation::pppoe, at, end, [&] {
      if (protocol == 0x0021) return inside_ipv4(inside, certainty);
      if (protocol == 0x0057) return inside_ipv6(inside);
      return Decoded::not_ip;
    });
  }

  Decoded mpls(std::size_t at) {
    std::size_t inside = at;
    for (std::size_t labels = 0;; ++labels, inside += 4) {
      if (labels == kMaxLabels || !holds(inside, 5)) return Decoded::not_ip;
      if ((frame_[inside + 2] & 1) != 0) break;
    }
    inside += 4;
    const bool v6 = frame_[inside] >> 4 == 6;
    if (v6 && !holds(inside, 40)) return Decoded::not_ip;
    const bool fills = !v6 || inside + 40 + load_be16(&frame_[inside + 4]) == end_;
    return look_into(Encapsulation::mpls, at, end_, [&] {
      const Decoded outcome = inside_nibble(inside);
      return fills || outcome == Decoded::fragment || transport_is_right(outcome) ? outcome
                                                                                  : Decoded::not_ip;
    });
  }

  // Whether what was taken for a packet is one beyond doubt.
  bool transport_is_right(Decoded outcome) const {
    PacketView packet;
    packet.bytes = frame_;
    return outcome == Decoded::transport && transport_checksum_right(packet, layers_);
  }

  // The carrier's IP header is the one walked last: `transport`, `ip_end_`.
  [[gnu::noinline]] Decoded gre() {
    const std::size_t at = layers_.transport;
    if (!holds(at, 4)) return Decoded::not_transport;
    const std::uint16_t flags = load_be16(&frame_[at]);
    // Other bits of the first word are ignored, as receivers do.
    if ((flags & (gre_flag::version | gre_flag::routing)) != 0) return Decoded::not_transport;
    const std::size_t size = gre_header_size(flags);
    if (at + size > ip_end_ || !holds(at, size)) return Decoded::not_transport;
    const std::uint16_t type = load_be16(&frame_[at + 2]);
    const Decoded inside = look_into(Encapsulation::gre, at, ip_end_, [&] {
      if ((flags & gre_flag::key) != 0) {
        const std::size_t key_at = at + ((flags & gre_flag::checksum) != 0 ? 8 : 4);
        const std::uint32_t key = load_be32(&frame_[key_at]);
        // With Ethernet inside, the low byte of the key is a hash of the flow (RFC 7637 section
        // 3.2), which may differ between the directions.
        mix_tunnel_id(Encapsulation::gre, type == kTransparentEthernet ? key >> 8 : key);
      }
      if (type == kTransparentEthernet) return inside_ethernet(at + size, Certainty::told);
      return inside_type(type, at + size, Certainty::told);
    });
    return inside == Decoded::not_ip ? Decoded::not_transport : inside;
  }

  [[gnu::noinline]] Decoded ip_in_ip() {
    const std::size_t at = layers_.transport;
    const Decoded inside = look_into(Encapsulation::ip_in_ip, at, ip_end_, [&] {
      return layers_.protocol == kIpv4InIp ? inside_ipv4(at, Certainty::told) : inside_ipv6(at);
    });
    return inside == Decoded::not_ip ? Decoded::not_transport : inside;
  }

  // A UDP payload from `at` to `end`.
  [[gnu::noinline]] Decoded in_udp(std::uint16_t from, std::uint16_t to, std::size_t at,
                                   std::size_t end) {
    // A client of Teredo may have any port, those of the others too.
    Decoded inside = Decoded::not_ip;
    if (to == kGtpPort) inside = gtp(at, end);
    if (to == kVxlanPort) inside = vxlan(at, end);
    const bool teredo_port = to == kTeredoPort || from == kTeredoPort;
    return inside == Decoded::not_ip && teredo_port ? teredo(at, end) : inside;
  }

  // The length in the header is not asked: receivers take what UDP and the inside say.
  Decoded gtp(std::size_t at, std::size_t end) {
    if (!holds(at, 8) || (frame_[at] & 0xf0) != 0x30 || frame_[at + 1] != 255) {
      return Decoded::not_ip;
    }
    const std::uint8_t flags = frame_[at];
    std::size_t inside = at + 8;
    if ((flags & 0x07) != 0) {  // any of extension, sequence, N-PDU: all three fields are there
      inside += 4;
      if (!holds(inside, 0)) return Decoded::not_ip;
      std::uint8_t extension = (flags & 0x04) != 0 ? frame_[inside - 1] : 0;
      for (std::size_t walked = 0; extension != 0; ++walked) {
        if (walked == kMaxGtpExtensions || !holds(inside, 1)) return Decoded::not_ip;
        const std::size_t size = frame_[inside] * 4u;
        if (size == 0 || !holds(inside, size)) return Decoded::not_ip;
        inside += size;
        extension = frame_[inside - 1];
      }
    }
    return look_into(Encapsulation::gtp_u, at, end, [&] { return inside_nibble(inside); });
  }

  Decoded vxlan(std::size_t at, std::size_t end) {
    // The bit that says there is a network identifier. Others are for extensions, but the second is
    // reserved in all of them, and set in QUIC.
    if (!holds(at, 8) || (frame_[at] & 0x48) != 0x08) return Decoded::not_ip;
    return look_into(Encapsulation::vxlan, at, end, [&] {
      mix_tunnel_id(Encapsulation::vxlan, load_be24(&frame_[at + 4]));
      return inside_ethernet(at + 8, Certainty::guessed);
    });
  }

  // RFC 4380 section 5.1.1: an authentication and an origin header may come first.
  Decoded teredo(std::size_t at, std::size_t end) {
    std::size_t inside = at;
    if (holds(inside, 4) && load_be16(&frame_[inside]) == 0x0001) {
      inside += 13u + frame_[inside + 2] + frame_[inside + 3];
    }
    if (holds(inside, 8) && load_be16(&frame_[inside]) == 0x0000) inside += 8;
    if (!holds(inside, 40)) return Decoded::not_ip;
    if (!is_teredo_address(&frame_[inside + 8]) && !is_teredo_address(&frame_[inside + 24])) {
      return Decoded::not_ip;
    }
    return look_into(Encapsulation::teredo, at, end, [&] { return inside_ipv6(inside); });
  }

  const Bytes frame_;
  Layers& layers_;
  std::size_t end_;         // where the frame, or the encapsulation being read, ends on the wire
  std::size_t ip_end_ = 0;  // where the IP datagram ends
  const Encapsulations look_through_;
  const bool captured_;
};

}  // namespace

void decode(const PacketView& packet, Layers& layers, Encapsulations look_through,
            std::uint16_t tunnel_id) {
  layers = Layers{};
  layers.tunnel_id = tunnel_id;
  // Offsets are 16 bits wide; no device delivers more.
  if (packet.bytes.size() > 0xffff) {
    layers.outcome = Decoded::undecodable;
    return;
  }
  layers.outcome = Decoder(packet, layers, look_through).walk(packet.link);
}

}  // namespace chatgate::net
