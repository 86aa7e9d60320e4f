#include "net/validity.h"

#include "net/checksum.h"
#include "net/headers.h"

namespace chatgate::net {
namespace {

bool ipv4_header_right(Bytes frame, std::size_t at) {
  const std::size_t size = (frame[at] & 0x0f) * 4u;
  return checksum_fold(checksum_add(frame.subspan(at, size))) == 0;
}

struct Carrier {
  std::uint8_t version;
  std::size_t network;    // offset of the IP header
  std::size_t transport;  // offset of what it carries
};

// Where the datagram of an IP header ends; a length of zero is a capture's (see net/decode.h).
std::size_t datagram_end(Bytes frame, const Carrier& carrier) {
  const std::uint8_t* header = &frame[carrier.network];
  if (carrier.version == 6) return carrier.network + 40 + load_be16(header + 4);
  const std::size_t total = load_be16(header + 2);
  return total == 0 ? frame.size() : carrier.network + total;
}

// Checks a segment against its checksum and pseudo header.
bool segment_right(Bytes frame, const Carrier& carrier, std::uint8_t protocol, std::size_t size) {
  const std::uint8_t* header = &frame[carrier.network];
  const bool v4 = carrier.version == 4;
  const IpAddress source = v4 ? IpAddress::from_v4(header + 12) : IpAddress::from_v6(header + 8);
  const auto target = v4 ? std::optional(IpAddress::from_v4(header + 16))
                         : ipv6_final_destination(frame, carrier.network, carrier.transport);
  if (!target) return true;
  const Bytes segment = frame.subspan(carrier.transport, size);
  return checksum_fold(checksum_add(
             segment, pseudo_header_sum(source, *target, v4, protocol,
                                        static_cast<std::uint32_t>(segment.size())))) == 0;
}

bool udp_right(Bytes frame, const Carrier& carrier, bool zero_allowed) {
  const std::uint8_t* header = &frame[carrier.transport];
  std::size_t size = load_be16(header + 4);
  if (size == 0 && carrier.version == 6) size = datagram_end(frame, carrier) - carrier.transport;
  if (carrier.transport + size > frame.size()) return true;
  if (load_be16(header + 6) == 0) return zero_allowed;
  return segment_right(frame, carrier, kUdp, size);
}

bool tcp_right(Bytes frame, const Carrier& carrier) {
  const std::size_t end = datagram_end(frame, carrier);
  if (end > frame.size()) return true;
  return segment_right(frame, carrier, kTcp, end - carrier.transport);
}

// The checksum covers the GRE header and all behind it (RFC 2784 section 2.1).
bool gre_right(Bytes frame, const Carrier& carrier) {
  if ((load_be16(&frame[carrier.transport]) & gre_flag::checksum) == 0) return true;
  const std::size_t end = datagram_end(frame, carrier);
  if (end > frame.size()) return true;
  return checksum_fold(checksum_add(frame.subspan(carrier.transport, end - carrier.transport))) ==
         0;
}

}  // namespace

bool ip_checksum_right(const PacketView& packet, const Layers& layers) {
  for (std::size_t i = 0; i < layers.encapsulation_count; ++i) {
    const Encapsulated& around = layers.encapsulation[i];
    if (around.carrier_version == 4 && !ipv4_header_right(packet.bytes, around.carrier)) {
      return false;
    }
  }
  return layers.ip_version != 4 || ipv4_header_right(packet.bytes, layers.network);
}

bool transport_checksum_right(const PacketView& packet, const Layers& layers) {
  const Bytes frame = packet.bytes;
  for (std::size_t i = 0; i < layers.encapsulation_count; ++i) {
    const Encapsulated& around = layers.encapsulation[i];
    const Carrier gre{around.carrier_version, around.carrier, around.offset};
    const Carrier udp{around.carrier_version, around.carrier, around.offset - 8u};
    switch (around.kind) {
      case Encapsulation::gre:
        if (!gre_right(frame, gre)) return false;
        break;
      case Encapsulation::gtp_u:
      case Encapsulation::vxlan:
      case Encapsulation::teredo:
        if (!udp_right(frame, udp, true)) return false;
        break;
      case Encapsulation::pppoe:
      case Encapsulation::mpls:
      case Encapsulation::ip_in_ip: break;
    }
  }
  const Carrier own{layers.ip_version, layers.network, layers.transport};
  return layers.protocol == kTcp ? tcp_right(frame, own)
                                 : udp_right(frame, own, layers.ip_version == 4);
}

}  // namespace chatgate::net
