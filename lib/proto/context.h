// What the parsers of one worker share and keep between calls: sessions and scratch memory.
//
// Made once for each worker, before packets come; the parsers take what they need from it and give
// it back with `release`. Threads: one worker's.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "proto/carriers.h"
#include "proto/dtls.h"
#include "proto/http2.h"
#include "proto/mtproto.h"
#include "proto/quic.h"

namespace chatgate::proto {

class Context {
 public:
  // `flows`: how many may be looked at at once; protocols that need a session of their own get a
  // part of that many.
  explicit Context(std::uint32_t flows)
      : quic(std::clamp<std::uint32_t>(flows, 16, 16384)),
        dtls(std::clamp<std::uint32_t>(flows / 16, 16, 1024)),
        http2(std::clamp<std::uint32_t>(flows / 64, 4, 64)),
        carriers(std::clamp<std::uint32_t>(flows / 16, 16, 1024)) {}

  std::size_t memory() const {
    return quic.memory() + dtls.memory() + http2.memory() + carriers.memory();
  }

  quic::Connections quic;
  dtls::Connections dtls;
  http2::Connections http2;
  Carriers carriers;
  mtproto::Obfuscation mtproto;
};

}  // namespace chatgate::proto
