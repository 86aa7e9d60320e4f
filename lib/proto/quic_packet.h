// The long-header packets of a QUIC datagram, one after another.
//
// Reads what is in clear: version, connection ids, token, length (RFC 9000 sections 12.2 and 17.2,
// RFC 8999). Nothing is decrypted, nothing is copied: a packet's views borrow from the datagram.
// Called on a worker's thread; keeps nothing, allocates nothing, linear in the datagram.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/cursor.h"
#include "proto/quic_version.h"

namespace chatgate::proto::quic {

constexpr std::size_t kMaxConnectionId = 20;  // RFC 9000 section 17.2; RFC 8999 allows 255

// A variable-length integer, RFC 9000 section 16; at most 2^62 - 1.
std::uint64_t read_varint(Cursor& cursor);

// A copy of a connection id, for what outlives the datagram.
struct ConnectionId {
  std::uint8_t size = 0;
  std::array<std::uint8_t, kMaxConnectionId> bytes;

  // `from` has at most kMaxConnectionId bytes.
  void assign(Bytes from) {
    size = static_cast<std::uint8_t>(from.size());
    std::copy(from.begin(), from.end(), bytes.begin());
  }
  Bytes view() const { return {bytes.data(), size}; }
  bool empty() const { return size == 0; }
  bool operator==(Bytes other) const { return std::ranges::equal(view(), other); }
};

// What whoever speaks in a server's place has to know of a connection.
struct ConnectionIds {
  ConnectionId keyed_by;  // that the keys come from: the client's first destination
  ConnectionId client;
  ConnectionId server;  // that the server has chosen; empty where it has not answered
};

struct Packet {
  PacketType type = PacketType::unknown;
  std::uint32_t version_number = 0;
  const Version* version = nullptr;  // null where it cannot be read
  Bytes destination;                 // connection ids
  Bytes source;
  Bytes token;                    // of an Initial
  Bytes bytes;                    // the whole packet, header included
  std::size_t number_offset = 0;  // where the protected packet number begins, in `bytes`
};

// What all versions have in common (RFC 8999 section 5.1), and `version`. False where there is no
// such header, or an id is too long for a version that is read.
bool read_invariant_header(Cursor& cursor, Packet& packet);

class PacketWalker {
 public:
  explicit PacketWalker(Bytes datagram) : rest_(datagram) {}

  // The next packet. False at the end of the datagram and where no long header can be read: a short
  // header, padding behind the last packet, a header or packet that is cut, a connection id that is
  // too long for a version that is read. Retry, version negotiation and packets of versions that
  // are not read take all that is left.
  bool next(Packet& packet);

 private:
  Bytes rest_;
};

}  // namespace chatgate::proto::quic
