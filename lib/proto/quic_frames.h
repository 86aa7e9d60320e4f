// The frames of an opened Initial packet.
//
// CRYPTO frames are handed out, PADDING, PING, ACK and CONNECTION_CLOSE are walked over (RFC 9000
// section 19; section 12.4 says that an Initial may hold no other). Called on a worker's thread;
// borrows from the payload, allocates nothing, linear in it.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/cursor.h"

namespace chatgate::proto::quic {

struct CryptoFrame {
  std::uint64_t offset = 0;
  Bytes data;
};

class FrameReader {
 public:
  enum class Next : std::uint8_t {
    crypto,
    end,
    broken,  // a frame that is cut or may not stand here; what is behind it cannot be read
  };

  explicit FrameReader(Bytes payload) : cursor_(payload) {}

  // Sets `frame` where the answer is `crypto`.
  Next next(CryptoFrame& frame);

 private:
  void skip_ack(bool with_ecn);
  void skip_close(bool with_frame_type);

  Cursor cursor_;
};

}  // namespace chatgate::proto::quic
