// XMPP for the whole life of a stream, in both directions, between clients and servers and between
// servers.
//
// Sources: RFC 6120 and 6121, RFC 7395 (WebSocket), XEP-0124 (BOSH), the extensions that
// proto/xmpp_names.cpp lists, XML 1.0.
//
// Each message is one `done` with `next` = `message`:
//   the stream's header, with an XML declaration before it or not, in whatever prefix and quotes:
//     its `to` is a name (NameSource::stream_to), of the server's header its `from`;
//   each stanza, or other child of the root: what proto/xmpp_stanza.h tells of it.
// <starttls/>, and <proceed/> from the server, are `done` with `protocol`: the stream of TLS begins
// behind them. The root's end tag, and bytes between stanzas that are no ASCII text (TLS, or zlib
// after <compress/>), are `done` with `opaque`. Text, comments and instructions between stanzas are
// pieces: XMPP forbids them, and servers skip them.
//
// Bounds: kByteLimit bytes are held of a stanza. Of a longer one the facts are given once so much
// of it is there, and the rest passes tag by tag: a tag, with the text behind it, that tells
// something more is a message of its own; text is scanned for its end and dropped. Work is a small
// constant times the bytes that are new. A header longer than that, one that is no XML, an element
// more than kMaxNesting deep, and a document type are `malformed` (RFC 6120 section 11.1): there
// every server ends the stream.
//
// A probe is certain with <stream:stream, or with a root element named stream whose attributes
// name the namespace of streams. Streams that are not UTF-8 are no XMPP (RFC 6120 section 11.6).
//
// Called as every parser (proto/parser.h): a worker's thread, bytes of the caller, no state of its
// own beside ParserState. No allocation.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::xmpp {

constexpr std::uint32_t kByteLimit = 8 * 1024;
constexpr std::uint32_t kMaxNesting = 4095;

Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

// A state with which `feed` reads stanzas that have no stream of TCP around them: the body of one
// HTTP message (BOSH, RFC 7395's frames are alike), or the messages of one direction of a
// WebSocket with subprotocol "xmpp", one after the other. <body/> and <open/> count as headers,
// </body> as the end. `way` tells who sends.
ParserState framed(Direction way);

// Certain with a <body> in the namespace of BOSH, or an <open> in that of RFC 7395's framing.
Probe probe_framed(Bytes stream);

inline constexpr StreamParser kParser = {AppProto::xmpp, Direction::to_server, kByteLimit, probe,
                                         feed};
// For what others carry, begun with `framed`.
inline constexpr StreamParser kFramed = {AppProto::xmpp, Direction::to_server, kByteLimit,
                                         probe_framed, feed};

}  // namespace chatgate::proto::xmpp
