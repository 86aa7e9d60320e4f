#include "proto/quic_frames.h"

#include <algorithm>

#include "proto/quic_packet.h"

namespace chatgate::proto::quic {
namespace {

enum FrameType : std::uint64_t {
  padding = 0x00,
  ping = 0x01,
  ack = 0x02,
  ack_ecn = 0x03,
  crypto = 0x06,
  connection_close = 0x1c,
  application_close = 0x1d,
};

void skip_padding(Cursor& cursor) {
  const Bytes rest = cursor.rest();
  const auto end =
      std::find_if(rest.begin(), rest.end(), [](std::uint8_t byte) { return byte != 0; });
  cursor.skip(static_cast<std::size_t>(end - rest.begin()));
}

}  // namespace

FrameReader::Next FrameReader::next(CryptoFrame& frame) {
  while (!cursor_.at_end()) {
    // A type may be written in more bytes than it needs; most ends read it all the same.
    switch (read_varint(cursor_)) {
      case padding: skip_padding(cursor_); break;
      case ping: break;
      case ack: skip_ack(false); break;
      case ack_ecn: skip_ack(true); break;
      case connection_close: skip_close(true); break;
      case application_close: skip_close(false); break;
      case crypto: {
        frame.offset = read_varint(cursor_);
        const std::uint64_t length = read_varint(cursor_);
        if (!cursor_.ok() || length > cursor_.remaining()) return Next::broken;
        frame.data = cursor_.take(length);
        return Next::crypto;
      }
      default: return Next::broken;
    }
  }
  return cursor_.ok() ? Next::end : Next::broken;
}

void FrameReader::skip_ack(bool with_ecn) {
  read_varint(cursor_);  // largest acknowledged
  read_varint(cursor_);  // delay
  // Of what follows, each number takes at least one byte.
  const std::uint64_t ranges = std::min<std::uint64_t>(read_varint(cursor_), cursor_.remaining());
  const std::uint64_t numbers = 1 + 2 * ranges + (with_ecn ? 3 : 0);
  for (std::uint64_t i = 0; i < numbers && cursor_.ok(); ++i) read_varint(cursor_);
}

void FrameReader::skip_close(bool with_frame_type) {
  read_varint(cursor_);  // error
  if (with_frame_type) read_varint(cursor_);
  const std::uint64_t reason = read_varint(cursor_);
  if (reason > cursor_.remaining()) return cursor_.fail();
  cursor_.skip(reason);
}

}  // namespace chatgate::proto::quic
