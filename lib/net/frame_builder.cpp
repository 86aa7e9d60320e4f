#include "net/frame_builder.h"

#include <cstring>

#include "net/checksum.h"
#include "net/wrapping.h"

namespace chatgate::net {
namespace {

constexpr std::size_t kEthernetMinimum = 60;
constexpr std::size_t kTcpHeader = 20;
constexpr std::size_t kUdpHeader = 8;
// RFC 1700's recommended default; a frame that continues in the packet's own direction keeps its
// hop limit, so that it looks no different to what lies behind.
constexpr std::uint8_t kHopLimit = 64;

struct Direction {
  const IpAddress& source;
  const IpAddress& destination;
  std::uint16_t source_port;
  std::uint16_t destination_port;
};

Direction direction(const Layers& layers, Toward toward) {
  if (toward == Toward::receiver) {
    return {layers.source, layers.destination, layers.source_port, layers.destination_port};
  }
  return {layers.destination, layers.source, layers.destination_port, layers.source_port};
}

// What a frame is made of besides its transport header.
struct Blueprint {
  const PacketView& original;
  const Layers& layers;
  Toward toward;
  const Opposite* back;

  bool has_template() const { return toward == Toward::sender && back != nullptr; }
  const PacketView& outside() const { return has_template() ? back->packet : original; }
  const Layers& outside_layers() const { return has_template() ? back->layers : layers; }
  Course course() const {
    if (toward == Toward::receiver) return Course::onward;
    return has_template() ? Course::beside : Course::turned;
  }
};

// Writes everything before `transport_size` bytes of `protocol`; returns where it ends, 0 where
// there is no room or no way.
std::size_t build_below(const Blueprint& blueprint, Wrapping& wrapping, std::uint8_t protocol,
                        std::size_t transport_size, MutableBytes out) {
  const auto& [original, layers, toward, back] = blueprint;
  const bool v4 = layers.ip_version == 4;
  const std::size_t ip_size = v4 ? 20 : 40;
  const std::size_t size = blueprint.outside_layers().network + ip_size + transport_size;
  if (size > out.size() || size > 0xffff) return 0;
  const Course course = blueprint.course();
  if (course == Course::turned && !wrapping.can_turn()) return 0;
  const std::size_t link_size = wrapping.copy(course, out);

  const Direction way = direction(layers, toward);
  const std::uint8_t* seen = original.bytes.data() + layers.network;
  std::uint8_t* ip = out.data() + link_size;
  const std::uint8_t hop_limit = toward == Toward::sender ? kHopLimit : seen[v4 ? 8 : 7];
  std::memset(ip, 0, ip_size);
  if (v4) {
    ip[0] = 0x45;
    store_be16(ip + 2, static_cast<std::uint16_t>(ip_size + transport_size));
    ip[6] = 0x40;  // don't fragment, so that the identification may be zero (RFC 6864 section 4.1)
    ip[8] = hop_limit;
    ip[9] = protocol;
    std::memcpy(ip + 12, way.source.bytes.data() + 12, 4);
    std::memcpy(ip + 16, way.destination.bytes.data() + 12, 4);
    store_be16(ip + 10, checksum_fold(checksum_add(Bytes(ip, ip_size))));
  } else {
    ip[0] = 0x60;
    store_be16(ip + 4, static_cast<std::uint16_t>(transport_size));
    ip[6] = protocol;
    ip[7] = hop_limit;
    std::memcpy(ip + 8, way.source.bytes.data(), 16);
    std::memcpy(ip + 24, way.destination.bytes.data(), 16);
  }
  return link_size + ip_size;
}

std::uint16_t transport_checksum(const Layers& layers, Toward toward, std::uint8_t protocol,
                                 Bytes segment) {
  const Direction way = direction(layers, toward);
  return checksum_fold(checksum_add(
      segment, pseudo_header_sum(way.source, way.destination, layers.ip_version == 4, protocol,
                                 static_cast<std::uint32_t>(segment.size()))));
}

// Lengths and checksums outside, and padding; returns the size of the frame.
std::size_t finish(const Blueprint& blueprint, const Wrapping& wrapping, std::size_t size,
                   MutableBytes out) {
  wrapping.close(out.first(size));
  if (blueprint.outside().link != LinkType::ethernet || size >= kEthernetMinimum) return size;
  if (out.size() < kEthernetMinimum) return size;
  std::memset(out.data() + size, 0, kEthernetMinimum - size);
  return kEthernetMinimum;
}

}  // namespace

std::size_t build_tcp(const PacketView& original, const Layers& layers, Toward toward,
                      const TcpFields& fields, Bytes payload, MutableBytes out,
                      const Opposite* back) {
  const Blueprint blueprint{original, layers, toward, back};
  Wrapping wrapping(blueprint.outside(), blueprint.outside_layers());
  const std::size_t size = kTcpHeader + payload.size();
  const std::size_t at = build_below(blueprint, wrapping, kTcp, size, out);
  if (at == 0) return 0;
  const Direction way = direction(layers, toward);
  std::uint8_t* tcp = out.data() + at;
  std::memset(tcp, 0, kTcpHeader);
  store_be16(tcp, way.source_port);
  store_be16(tcp + 2, way.destination_port);
  store_be32(tcp + 4, fields.sequence);
  store_be32(tcp + 8, fields.acknowledgment);
  tcp[12] = static_cast<std::uint8_t>(kTcpHeader / 4 << 4);
  tcp[13] = fields.flags;
  store_be16(tcp + 14, fields.window);
  if (!payload.empty()) std::memcpy(tcp + kTcpHeader, payload.data(), payload.size());
  store_be16(tcp + 16, transport_checksum(layers, toward, kTcp, Bytes(tcp, size)));
  return finish(blueprint, wrapping, at + size, out);
}

std::size_t build_udp(const PacketView& original, const Layers& layers, Toward toward,
                      Bytes payload, MutableBytes out, const Opposite* back) {
  const Blueprint blueprint{original, layers, toward, back};
  Wrapping wrapping(blueprint.outside(), blueprint.outside_layers());
  const std::size_t size = kUdpHeader + payload.size();
  const std::size_t at = build_below(blueprint, wrapping, kUdp, size, out);
  if (at == 0) return 0;
  const Direction way = direction(layers, toward);
  std::uint8_t* udp = out.data() + at;
  store_be16(udp, way.source_port);
  store_be16(udp + 2, way.destination_port);
  store_be16(udp + 4, static_cast<std::uint16_t>(size));
  store_be16(udp + 6, 0);
  if (!payload.empty()) std::memcpy(udp + kUdpHeader, payload.data(), payload.size());
  const std::uint16_t checksum = transport_checksum(layers, toward, kUdp, Bytes(udp, size));
  // Zero means "none" (RFC 768), so a sum of zero is sent as all ones.
  store_be16(udp + 6, checksum == 0 ? 0xffff : checksum);
  return finish(blueprint, wrapping, at + size, out);
}

bool needs_opposite(const PacketView& original, const Layers& layers) {
  return !Wrapping(original, layers).can_turn();
}

}  // namespace chatgate::net
