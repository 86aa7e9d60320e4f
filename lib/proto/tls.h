// TLS: the client's hellos, over any number of records and segments.
//
// Reads the ClientHello of TLS 1.0 to 1.3 (RFC 8446 section 4.1.2, RFC 5246 section 7.4.1.2) from
// the client's side of a TCP connection; see proto/client_hello.h for what is read. A hello of
// SSLv2's form (RFC 5246 appendix E.2) is recognised and has no name.
//
// How hellos are cut on the wire does not matter: records of one byte, a record header cut by a
// segment, a name cut by a record header. Nothing is copied but the names. Until the hello is
// complete only the record headers that are new are looked at; then it is walked once. It counts as
// complete with the record in which it ends, as it does to servers.
//
// Warnings before the hello are passed over, as servers do.
//
// What comes next, after a hello without a name, is `answer`: the server's certificate may name it
// (proto/tls_server.h). After one that offers TLS 1.3 it is `message`: the server may ask for
// another hello, and that one may have another name (RFC 8446 section 4.1.4). Fed on, the parser
// skips change_cipher_spec records, and application data where early data was offered, kMaxSkipped
// bytes of them; a second hello is read as the first was; with anything else the messages in the
// clear are over: `done`, no names, `opaque`. Fed on after `answer` it does the same.
//
// Limits: a hello of kMaxHello bytes, kMaxWarnings warnings before it, kMaxEmptyRecords empty
// records, records of kMaxRecord bytes. Beyond them, and where the hello contradicts itself or
// another kind of record stands between its own, the answer is `malformed`, and the facts hold the
// names that were read before the break.
//
// Called as every parser (proto/parser.h): a worker's thread, bytes of the caller, no state of its
// own beside ParserState.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/handshake_records.h"
#include "proto/parser.h"

namespace chatgate::proto::tls {

constexpr std::uint32_t kMaxHello = 64 * 1024;
constexpr std::uint32_t kMaxRecord = HandshakeRecords::kMaxRecord;
constexpr std::uint32_t kMaxEmptyRecords = HandshakeRecords::kMaxEmptyRecords;
constexpr std::uint32_t kMaxWarnings = 16;
constexpr std::uint32_t kMaxSkipped = 64 * 1024;  // between two hellos

// Room for the longest hello in records of 22 bytes, or one of 13 KiB in records of one byte.
constexpr std::uint32_t kByteLimit = 80 * 1024;

Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

inline constexpr StreamParser kParser = {AppProto::tls, Direction::to_server, kByteLimit, probe,
                                         feed};

}  // namespace chatgate::proto::tls
