#include "proto/quic_packet.h"

namespace chatgate::proto::quic {

std::uint64_t read_varint(Cursor& cursor) {
  const std::uint8_t first = cursor.u8();
  std::uint64_t value = first & 0x3f;
  for (const std::uint8_t byte : cursor.take((std::size_t{1} << (first >> 6)) - 1)) {
    value = value << 8 | byte;
  }
  return cursor.ok() ? value : 0;
}

bool read_invariant_header(Cursor& cursor, Packet& packet) {
  if ((cursor.u8() & 0x80) == 0) return false;
  packet.version_number = cursor.be32();
  packet.destination = cursor.take(cursor.u8());
  packet.source = cursor.take(cursor.u8());
  if (!cursor.ok()) return false;
  packet.version = find_version(packet.version_number);
  if (packet.version_number == 0) packet.type = PacketType::version_negotiation;
  return packet.version == nullptr || (packet.destination.size() <= kMaxConnectionId &&
                                       packet.source.size() <= kMaxConnectionId);
}

bool PacketWalker::next(Packet& packet) {
  Cursor cursor(rest_);
  packet = {};
  packet.bytes = rest_;
  if (!read_invariant_header(cursor, packet)) return false;
  if (packet.version == nullptr) {
    rest_ = {};
    return true;
  }
  packet.type = packet.version->types[rest_[0] >> 4 & 3];
  if (packet.type == PacketType::retry) {
    rest_ = {};
    return true;
  }
  if (packet.type == PacketType::initial) {
    const std::uint64_t length = read_varint(cursor);
    if (length > cursor.remaining()) return false;
    packet.token = cursor.take(length);
  }
  const std::uint64_t length = read_varint(cursor);
  if (!cursor.ok() || length > cursor.remaining()) return false;
  packet.number_offset = cursor.position();
  packet.bytes = rest_.first(cursor.position() + length);
  rest_ = rest_.subspan(packet.bytes.size());
  return true;
}

}  // namespace chatgate::proto::quic
