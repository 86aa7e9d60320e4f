// The ClientHello itself, whatever carried it: TLS records, QUIC's CRYPTO frames, DTLS.
//
// Called by the parsers of those on a worker's thread. Bytes and facts are the caller's, nothing is
// allocated, work is linear in the message.
#pragma once

#include "base/bytes.h"
#include "proto/facts.h"

namespace chatgate::proto {

// A whole handshake message in one piece, its four-byte header included (RFC 8446 section 4). Fills
// the names (as `source`) and `Facts::hello`, JA4 included (`transport` is JA4's first letter: 't',
// 'q' or 'd'). False where the hello contradicts itself: the facts then hold what was read before.
bool read_client_hello(Bytes message, NameSource source, char transport, Facts& facts);

}  // namespace chatgate::proto
