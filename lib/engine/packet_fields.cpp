#include "engine/packet_fields.h"

#include <algorithm>

#include "base/ip_protocol.h"

namespace chatgate::engine {

using ip_protocol::is_icmp;

namespace {

constexpr std::size_t kIpv4Header = 20;
constexpr std::size_t kIpv6Header = 40;
constexpr std::size_t kIcmpHeader = 8;

bool is_echo(std::uint8_t protocol, std::uint8_t type) {
  return protocol == ip_protocol::kIcmp ? type == 0 || type == 8 : type == 128 || type == 129;
}

void fill_ipv4(Bytes header, detect::PacketFields& fields) {
  const std::size_t size = std::size_t{header[0] & 0x0fu} * 4;
  fields.tos = header[1];
  fields.ip_id = load_be16(&header[4]);
  const std::uint16_t fragment = load_be16(&header[6]);
  fields.fragbits =
      static_cast<std::uint8_t>(((fragment & 0x2000) != 0 ? detect::kFragMore : 0) |
                                ((fragment & 0x4000) != 0 ? detect::kFragDont : 0) |
                                ((fragment & 0x8000) != 0 ? detect::kFragReserved : 0));
  fields.fragment_offset = fragment & 0x1fff;
  fields.ttl = header[8];
  if (size > kIpv4Header && size <= header.size()) {
    fields.ip_options = header.subspan(kIpv4Header, size - kIpv4Header);
  }
}

void fill_icmp(Bytes message, std::uint8_t protocol, detect::PacketFields& fields) {
  if (message.size() < 4) return;
  fields.icmp_type = message[0];
  fields.icmp_code = message[1];
  if (!is_echo(protocol, message[0]) || message.size() < kIcmpHeader) return;
  fields.has_icmp_id = true;
  fields.icmp_id = load_be16(&message[4]);
  fields.icmp_sequence = load_be16(&message[6]);
}

}  // namespace

detect::PacketFields packet_fields(const net::PacketView& packet, const net::Layers& layers) {
  detect::PacketFields fields;
  fields.is_v4 = layers.ip_version == 4;
  const Bytes header = packet.bytes.subspan(layers.network);
  if (fields.is_v4 && header.size() >= kIpv4Header) {
    fill_ipv4(header, fields);
  } else if (!fields.is_v4 && header.size() >= kIpv6Header) {
    fields.tos = static_cast<std::uint8_t>(load_be16(&header[0]) >> 4);
    fields.ttl = header[7];
  }
  fields.payload_size = std::uint32_t{layers.payload_size} + layers.payload_missing;
  if (layers.protocol == net::kTcp) {
    fields.tcp_flags = packet.bytes[layers.transport + 13u];
    fields.window = layers.window;
    fields.sequence = layers.sequence;
    fields.acknowledgment = layers.acknowledgment;
  } else if (is_icmp(layers.protocol)) {
    fields.payload_size -= std::min<std::uint32_t>(fields.payload_size, kIcmpHeader);
    fill_icmp(layers.payload_of(packet), layers.protocol, fields);
  }
  return fields;
}

Bytes payload_for_rules(const net::PacketView& packet, const net::Layers& layers) {
  const Bytes payload = layers.payload_of(packet);
  return is_icmp(layers.protocol) ? payload.subspan(std::min(payload.size(), kIcmpHeader))
                                  : payload;
}

}  // namespace chatgate::engine
