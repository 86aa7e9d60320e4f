// What every protocol parser looks like, and the table of them.
//
// A stream parser sees the in-order bytes of one direction of a TCP connection from their start.
// It is first asked whether they are its own (`probe`, on as little as one byte), then fed the same
// view again each time it has grown, until it is done. It keeps where it stopped in `ParserState`,
// so that a stream that grows byte by byte costs linear work. A datagram parser sees one UDP
// payload and answers at once.
//
// Facts are complete with `done`; with `malformed` they hold the names that were read before the
// break; `need_more` and `not_mine` come without. Where a connection carries message after message
// (DNS), `done` comes with the names of all that are complete, and `ParserState::offset` lies
// behind them: there the next begins, to be fed with the same state once the view has grown, or
// with a new one and a view that starts there. Once the view holds `byte_limit` bytes no parser
// answers `need_more`.
//
// Called by the engine on a worker's thread. Bytes and facts belong to the caller. No parser
// allocates, throws, or reads outside its view; work per call is bounded by the bytes that are new.
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "proto/facts.h"

namespace chatgate::proto {

enum class Direction : std::uint8_t { to_server, to_client };

enum class Probe : std::uint8_t {
  certain,  // these bytes are this protocol's
  unsure,   // too few bytes to tell
  not_mine,
};

enum class ParseStatus : std::uint8_t {
  need_more,  // call again when the view has grown
  done,       // facts are complete
  not_mine,   // the probe was wrong, try others
  malformed,  // is this protocol, but broken: nothing more will come of it
};

// A stream parser's memory between two calls; zero at the start of a flow.
struct ParserState {
  std::uint32_t offset = 0;  // bytes that need not be looked at again
  std::uint32_t mark = 0;    // parser's own
};

struct StreamParser {
  AppProto protocol;
  Direction direction;
  std::uint32_t byte_limit;  // never asks for more than this many bytes of the stream
  Probe (*probe)(Bytes stream);
  ParseStatus (*feed)(ParserState& state, Bytes stream, Facts& facts);
};

struct DatagramParser {
  AppProto protocol;
  std::uint16_t server_port;  // looked at on this server port only; 0: on every port
  ParseStatus (*parse)(Bytes payload, Direction direction, Facts& facts);
};

// All parsers, in the order in which they are asked. At most 16 of each.
std::span<const StreamParser> stream_parsers();
std::span<const DatagramParser> datagram_parsers();

}  // namespace chatgate::proto
