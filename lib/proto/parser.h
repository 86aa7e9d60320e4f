// What every protocol parser looks like, and the table of them.
//
// A stream parser sees the in-order bytes of one direction of a TCP connection from their start.
// It is first asked whether they are its own (`probe`, on as little as one byte), then fed the same
// view again each time it has grown, until it is done. It keeps where it stopped in `ParserState`,
// so that a stream that grows byte by byte costs linear work. A datagram parser sees one UDP
// payload at a time.
//
// Facts are complete with `done`; with `malformed` they hold the names that were read before the
// break, and with `need_more` those that a hello may have shown so far; the other answers come
// without. `Facts::next` of a message that is `done` says what
// follows it. With `done` and `piece` the state's `offset` is the length of what was dealt with,
// and `skip` how much behind it nobody needs to look at; where more is to come the caller takes
// both off the view's front, sets them to zero and goes on with the same state: a view always
// starts with a message or a piece. Once the view holds `byte_limit` bytes no parser answers
// `need_more`.
//
// Called by the engine on a worker's thread. Bytes and facts belong to the caller. No parser
// allocates, throws, or reads outside its view; work per call is bounded by the bytes that are new.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/strong_id.h"
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
  piece,      // a part that says nothing is complete, such as the head of a chunk: go on behind it
  not_mine,   // the probe was wrong, try others
  malformed,  // is this protocol, but broken: nothing more will come of it
};

// What a parser keeps in its worker's Context for one flow, where ParserState has no room for it.
using SessionIndex = StrongId<struct SessionTag, std::uint16_t>;

// What a parser whose messages have bodies keeps of the body at its view's front, for the protocols
// that it may carry: proto/carriers.h.
struct Carriage {
  enum class Stage : std::uint8_t {
    none,     // there is no body, or nobody looks at it
    fresh,    // nothing of it was looked at
    reading,  // a session holds what was not read yet
    frames,   // of a WebSocket
  };
  std::uint64_t left = 0;  // bytes from the view's front on that belong to it
  Stage stage = Stage::none;
  std::uint8_t coding = 0;   // 0: none; else one more than http::Coding
  bool chunked = false;      // behind these bytes more of it may come
  bool xmpp = false;         // a WebSocket whose subprotocol was said to be that
  bool found = false;        // a messenger's message was
  bool msnp = false;         // bodies are said to be MSNP, or one before was
  std::uint32_t memory = 0;  // of MSNP's session, from one body to the next
};

// A parser's memory of one direction (stream) or flow (datagrams) between two calls; as made here
// at the start.
struct ParserState {
  std::uint32_t offset = 0;  // bytes of the view that need not be looked at again
  std::uint32_t mark = 0;    // parser's own
  std::uint32_t extra = 0;   // parser's own
  SessionIndex session;      // parser's own
  Carriage carriage;         // parser's own
  std::uint64_t skip = 0;    // bytes behind `offset` that nobody needs to look at, such as a body
  // Which end sends these bytes, as far as the handshake told: set by the caller before each call.
  // Whoever did not open the connection may yet be the client.
  Direction way = Direction::to_server;
};

// What the parsers of one worker share: proto/context.h.
class Context;

struct StreamParser {
  AppProto protocol;
  Direction direction;       // who speaks it
  std::uint32_t byte_limit;  // of one message: never asks for more than this many bytes
  Probe (*probe)(Bytes stream);
  // One of the two. The second is for parsers that keep a session; `release` gives it back.
  ParseStatus (*feed)(ParserState& state, Bytes stream, Facts& facts) = nullptr;
  ParseStatus (*feed_session)(ParserState& state, Bytes stream, Facts& facts,
                              Context& context) = nullptr;
  void (*release)(ParserState& state, Context& context) = nullptr;

  ParseStatus read(ParserState& state, Bytes stream, Facts& facts, Context& context) const {
    return feed != nullptr ? feed(state, stream, facts)
                           : feed_session(state, stream, facts, context);
  }
};

struct DatagramParser {
  AppProto protocol;
  std::uint16_t server_port;  // looked at on this server port only; 0: on every port
  // Whether a flow's datagram is this protocol's, when nothing is known of the flow: `not_mine`, or
  // fed.
  Probe (*probe)(Bytes payload);
  // One of the two, as above. One that keeps a session answers `need_more` until it is done, and is
  // then asked first about the flow's next datagrams.
  ParseStatus (*parse)(Bytes payload, Direction direction, Facts& facts) = nullptr;
  ParseStatus (*parse_session)(ParserState& state, Bytes payload, Direction direction, Facts& facts,
                               Context& context) = nullptr;
  void (*release)(ParserState& state, Context& context) = nullptr;

  ParseStatus read(ParserState& state, Bytes payload, Direction direction, Facts& facts,
                   Context& context) const {
    return parse != nullptr ? parse(payload, direction, facts)
                            : parse_session(state, payload, direction, facts, context);
  }
};

// All parsers, in the order in which they are asked. At most 64 of each. The last of the streams'
// takes any bytes, since they may be obfuscated ones, and tells when enough of them have come.
std::span<const StreamParser> stream_parsers();
std::span<const DatagramParser> datagram_parsers();

// Whether whatever is said in clear between the application's client and server begins with bytes
// that a parser is certain of, so that a flow in which none is was somebody else's.
bool begins_recognisably(std::string_view application, bool tcp);

}  // namespace chatgate::proto
