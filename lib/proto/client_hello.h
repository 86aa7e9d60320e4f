// The ClientHello itself, whatever carried it: TLS records, QUIC's CRYPTO frames, DTLS.
//
// Adds every host_name of its server_name extensions (RFC 6066 section 3) as a name and fills
// `Facts::hello`, JA4 included (proto/ja4.h). What is read beside: supported_versions (the highest
// counts, else the hello's own version; GREASE of RFC 8701 is not counted), ALPN (RFC 7301),
// encrypted_client_hello of the outer kind and its forerunner encrypted_server_name, early_data,
// pre_shared_key (RFC 8446 section 4.2), session tickets (RFC 5077). A session id counts as
// resumption only where TLS 1.3 is not offered: clients of 1.3 send one that means nothing.
//
// Called by the parsers of those on a worker's thread. Bytes and facts are the caller's, nothing is
// allocated, work is linear in the message but for the sorting of at most ja4::kMaxValues numbers.
#pragma once

#include "base/bytes.h"
#include "proto/facts.h"
#include "proto/handshake_reader.h"

namespace chatgate::proto {

constexpr std::uint8_t kClientHelloMessage = 1;  // RFC 8446 section 4

// A whole handshake message in one piece, its four-byte header included (RFC 8446 section 4). Fills
// the names (as `source`) and `Facts::hello`, JA4 included (`transport` is JA4's first letter: 't',
// 'q' or 'd'; with 'd' the header is DTLS's of twelve bytes, RFC 9147 section 5.2, and the hello
// has a cookie). False where the hello contradicts itself: the facts then hold what was read
// before.
bool read_client_hello(Bytes message, NameSource source, char transport, Facts& facts);

// The same over a reader that stands at the message's header. Where it holds less than the message,
// what is there is read and the answer is false.
bool read_client_hello(HandshakeReader message, NameSource source, char transport, Facts& facts);

}  // namespace chatgate::proto
