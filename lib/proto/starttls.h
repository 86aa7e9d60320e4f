// SMTP and IMAP from the client's side, up to where TLS begins or it is clear that it will
// not.
//
// Sources: RFC 5321 and RFC 3207 (SMTP), RFC 3501 section 6 (IMAP). Of these protocols nothing
// else is read and no name is taken. Each parser looks at lines that end with LF, with or without
// CR before, in either case of letters.
//
// `done` with `next` = `protocol`: STARTTLS was asked for, and the stream of TLS begins behind its
// line. Whether the server agrees is not seen here; if it does not, what follows is plain text of
// the same protocol and is found to be so by the same probes. `done` with `opaque`: a command that
// comes with the wish to go on in plain text, such as MAIL and LOGIN, or kByteLimit bytes
// without either. Commands that are not known change nothing, as servers only complain about them.
// The contents of literals in IMAP are looked at as lines.
//
// A probe is certain on a whole first line that these protocols have and others have not: see the
// tests for what is told apart.
//
// Called as every parser (proto/parser.h): a worker's thread, bytes of the caller, no state of its
// own beside ParserState. No allocation.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto {

namespace smtp {

constexpr std::uint32_t kByteLimit = 8 * 1024;

Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

inline constexpr StreamParser kParser = {AppProto::smtp, Direction::to_server, kByteLimit, probe,
                                         feed};

}  // namespace smtp

namespace imap {

constexpr std::uint32_t kByteLimit = 8 * 1024;

Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

inline constexpr StreamParser kParser = {AppProto::imap, Direction::to_server, kByteLimit, probe,
                                         feed};

}  // namespace imap

}  // namespace chatgate::proto
