#include "enforce/quic_close.h"

#include <algorithm>
#include <array>

#include "proto/quic_packet.h"

namespace chatgate::enforce {
namespace {

using namespace proto::quic;

constexpr std::size_t kNumberSize = 4;
// Not a number that a server's own Initial of the same connection may have had: a client drops what
// has the number of a packet that it saw.
constexpr std::uint32_t kNumber = 0x00100000;

// CONNECTION_CLOSE (RFC 9000 section 19.19): type, error, type of the frame at fault, no reason.
constexpr std::array<std::uint8_t, 4> kFrames = {0x1c, kConnectionRefused, 0x00, 0x00};

constexpr std::size_t kMaxHeader = 1 + 4 + 2 * (1 + kMaxConnectionId) + 1 + 2 + kNumberSize;
static_assert(kMaxHeader + kFrames.size() + kTagSize <= kMaxQuicClose);

class Header {
 public:
  void byte(std::size_t value) { bytes_[size_++] = static_cast<std::uint8_t>(value); }
  void be32(std::uint32_t value) {
    store_be32(&bytes_[size_], value);
    size_ += 4;
  }
  void id(Bytes id) {
    byte(id.size());
    std::copy(id.begin(), id.end(), &bytes_[size_]);
    size_ += id.size();
  }
  Bytes view() const { return Bytes(bytes_).first(size_); }

 private:
  std::array<std::uint8_t, kMaxHeader> bytes_;
  std::size_t size_ = 0;
};

std::size_t type_bits(const Version& version) {
  const auto at = std::ranges::find(version.types, PacketType::initial);
  return static_cast<std::size_t>(at - version.types.begin()) << 4;
}

// A client addresses the server by the id that the server has chosen, and keeps the keys.
bool belongs(const Packet& packet, const ConnectionIds& known) {
  if (known.keyed_by.empty()) return false;
  if (known.keyed_by == packet.destination || known.server == packet.destination) return true;
  return known.server.empty() && known.client == packet.source;
}

}  // namespace

std::size_t build_quic_close(Bytes client_datagram, const ConnectionIds& known,
                             InitialCrypto& crypto, MutableBytes out) {
  PacketWalker walker(client_datagram);
  Packet packet;
  do {
    if (!walker.next(packet)) return 0;
  } while (packet.type != PacketType::initial);

  Header header;
  header.byte(0xc0 | type_bits(*packet.version) | (kNumberSize - 1));
  header.be32(packet.version_number);
  header.id(packet.source);
  header.id(known.keyed_by == packet.destination && !known.server.empty() ? known.server.view()
                                                                          : packet.destination);
  header.byte(0);  // no token
  header.byte(kNumberSize + kFrames.size() + kTagSize);
  header.be32(kNumber);
  InitialKeys keys;
  crypto.derive(*packet.version,
                belongs(packet, known) ? known.keyed_by.view() : packet.destination, Sender::server,
                keys);
  const std::size_t size = header.view().size() + kFrames.size() + kTagSize;
  if (size > packet.bytes.size()) return 0;
  return crypto.seal(keys, header.view(), kNumber, kFrames, out);
}

}  // namespace chatgate::enforce
