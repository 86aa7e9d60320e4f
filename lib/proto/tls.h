// TLS: the client's first message, over any number of records and segments.
//
// Reads the ClientHello of TLS 1.0 to 1.3 (RFC 8446 section 4.1.2, RFC 5246 section 7.4.1.2) from
// the client's side of a TCP connection and adds every host_name of its server_name extensions
// (RFC 6066 section 3). A hello without the extension is `done` without names.
//
// How hellos are cut on the wire does not matter: records of one byte, a record header cut by a
// segment, a name cut by a record header. Nothing is copied but the names. Until the hello is
// complete only the record headers that are new are looked at; then it is walked once.
//
// Limits: a hello of kMaxHello bytes, kMaxEmptyRecords empty records, records of kMaxRecord bytes.
// Beyond them, and where the hello contradicts itself, the answer is `malformed`, and the facts
// hold the names that were read before the break.
//
// Called as every parser (proto/parser.h): a worker's thread, bytes of the caller, no state of its
// own beside ParserState.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::tls {

constexpr std::uint32_t kMaxHello = 64 * 1024;
constexpr std::uint32_t kMaxRecord = 16384 + 256;
constexpr std::uint32_t kMaxEmptyRecords = 32;

// Room for the longest hello in records of 22 bytes, or one of 13 KiB in records of one byte.
constexpr std::uint32_t kByteLimit = 80 * 1024;

Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

}  // namespace chatgate::proto::tls
