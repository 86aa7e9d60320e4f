// XMPP from the initiating side, up to where TLS begins or it is clear that it will not.
//
// Sources: RFC 6120 sections 4.2, 4.7 and 5.4. Reads the stream header over TCP, with or without an
// XML declaration before it, in whatever prefix and quotes it is written, and gives its `to` as a
// name (NameSource::stream_to) with XML's references resolved: `done`, `next` = `message`. Then
// come pieces of white space until <starttls/>, behind which the stream of TLS begins (`done`, no
// names, `protocol`), or anything else: then the stream goes on in plain text (`done`, no names,
// `opaque`).
//
// A probe is certain with <stream:stream, or with a root element named stream whose attributes
// name the namespace of streams. Streams that are not UTF-8 are no XMPP (RFC 6120 section 11.6).
//
// Limits: kByteLimit for the header with what stands before it, and for <starttls/>; beyond them
// `malformed` and `opaque`. A header that is no XML is `malformed`.
//
// Called as every parser (proto/parser.h): a worker's thread, bytes of the caller, no state of its
// own beside ParserState. No allocation.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::xmpp {

constexpr std::uint32_t kByteLimit = 8 * 1024;

Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

inline constexpr StreamParser kParser = {AppProto::xmpp, Direction::to_server, kByteLimit, probe,
                                         feed};

}  // namespace chatgate::proto::xmpp
