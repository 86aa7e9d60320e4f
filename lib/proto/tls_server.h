// TLS: the server's first messages, for flows whose client did not say a name.
//
// Reads ServerHello and, up to TLS 1.2, the Certificate behind it, which is in the clear (RFC 5246
// sections 7.4.1.3 and 7.4.2), from the server's side of a TCP connection. Of the chain the first
// certificate counts, the server's own; for its names see proto/certificate.h. With TLS 1.3, where
// the certificate is encrypted, a resumed session, which has none, and a certificate that is broken
// the parser is `done` with the names there are, possibly none; nothing is to be followed.
//
// A HelloRetryRequest (RFC 8446 section 4.1.4) is a `piece`: it answers nothing yet, since the
// client says its hello again.
//
// Records and segments are cut as on the client's side (proto/tls.h), with the same limits; the
// messages up to the server's certificate may be kByteLimit bytes long and kMaxMessages in number.
//
// Called as every parser (proto/parser.h): a worker's thread, bytes of the caller, no state of its
// own beside ParserState.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::tls_server {

constexpr std::uint32_t kByteLimit = 64 * 1024;
constexpr std::uint32_t kMaxMessages = 8;

Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

// The DER of the server's own certificate. To be asked when `feed` has answered `done`, with the
// state that it left and the view that it was given. Borrowed from `stream`, or from `scratch`
// where records cut the certificate in pieces. Empty where the server sent none in the clear, and
// where `scratch` has no room for it; kByteLimit bytes always have.
Bytes first_certificate(const ParserState& state, Bytes stream, MutableBytes scratch);

inline constexpr StreamParser kParser = {AppProto::tls, Direction::to_client, kByteLimit, probe,
                                         feed};

}  // namespace chatgate::proto::tls_server
