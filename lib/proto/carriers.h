// Messengers' protocols within others: bodies of HTTP/1, requests' and answers', and WebSockets.
//
// Sources: RFC 9112 sections 6 and 7, RFC 6455 section 5, RFC 7395, XEP-0124. What clients send so
// is told in docs/design/messengers/carriers.md.
//
// The parsers here are those of proto/http.h and proto/http_response.h, and read on where those
// pass over: each body, and each message of a WebSocket, is asked about from its first byte as a
// stream of TCP is, by those of its parsers that read messengers' protocols, by that of BOSH and by
// that of AOL's proxy (proto/oscar_http.h). The one that is certain is fed until the body ends. In
// a WebSocket it goes on with the next message, since there the messages are one stream; a message
// that none was certain of is passed over, and the next is asked about anew.
//
// Bodies of MSN's gateway (its path, its fields, or MSNP in a body before) may begin with any of
// its commands. Who is in a session of MSNP is remembered from body to body.
//
// What a carried message says is `done` with its own protocol, Facts::carrier `http` and
// Next::message. Whatever is wrong within a body ends the reading of that body and nothing else:
// what carries it is sound. Of HTTP itself everything is told as those parsers tell it, except that
// the first frame of a WebSocket is no message.
//
// Bounds. A body costs one look at its first bytes, in most cases where they lie. While it may be,
// or is, a messenger's, its bytes are copied once into a session's kRoom bytes, of which each
// worker has a fixed number; a body that finds no session is passed over. No parser is fed more
// than kRoom bytes at once. A body coded with gzip or deflate is collected up to its end or kRoom
// bytes, and then decoded, kRoom bytes at most; what its first bytes turn into is looked at when
// 256 are there, and with each doubling. Not read: bodies in several codings or others, transfer
// codings beside chunked, compressed messages of WebSockets (RFC 7692), of which only the
// subprotocol `xmpp` tells.
//
// Frames are read as tolerantly as endpoints may: masked or not, in either direction, with opcodes
// that are not assigned, whose payload is passed over. A length over 2^63 ends the reading.
//
// Called through the table of parsers (proto/parser.h): a worker's thread, bytes of the caller. All
// memory is taken by the constructor.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "proto/http_coding.h"
#include "proto/parser.h"

namespace chatgate::proto {

class Carriers {
 public:
  static constexpr std::uint32_t kRoom = 16 * 1024;

  explicit Carriers(std::uint32_t sessions);

  ParseStatus feed_requests(ParserState& state, Bytes stream, Facts& facts);
  ParseStatus feed_answers(ParserState& state, Bytes stream, Facts& facts);
  // Gives a session back that `state` has.
  void release(ParserState& state);

  std::size_t in_use() const { return sessions_.size() - free_.size(); }
  std::size_t memory() const;

 private:
  using Mask = std::uint64_t;  // bit i: of `parsers_`
  static constexpr std::uint8_t kNone = 0xff;
  static constexpr std::uint32_t kFirstLook = 256;

  struct Session {
    Mask candidates = 0;
    std::uint8_t parser = kNone;
    bool over = false;        // nothing more of this body is read
    bool known = false;       // coded: whose it is
    bool unpacked = false;    // coded: what is held is decoded
    bool compressed = false;  // a WebSocket's message is
    bool told = false;        // and what it carries
    bool msnp = false;        // as Carriage has it
    std::uint32_t begin = 0;  // in `bytes`, of what is held
    std::uint32_t end = 0;
    std::uint32_t ahead = 0;  // so many of those held are still at the front of the caller's view
    std::uint32_t look_at = kFirstLook;
    std::uint32_t phase = 0;  // in `key`
    std::array<std::uint8_t, 4> key{};
    std::uint32_t memory = 0;  // of MSNP's session, see Carriage
    std::uint64_t skip = 0;    // bytes behind those held that the parser does not want
    ParserState inner;
    std::unique_ptr<std::uint8_t[]> bytes;

    std::uint32_t held() const { return end - begin; }
    std::uint32_t room() const { return kRoom - held(); }
    Bytes view() const { return {bytes.get() + begin, held()}; }
    void start(Mask all, Direction way);
    std::size_t take(Bytes from);
    void add(Bytes from);
    void consume(std::uint32_t count);
  };
  enum class Step : std::uint8_t { more, message, over };
  struct Choice {
    Probe probe = Probe::unsure;
    std::uint8_t parser = kNone;
    Mask candidates = 0;
  };

  // carriers.cpp: a session's bytes and their parser
  Session& session(const ParserState& state) { return sessions_[state.session.value()]; }
  bool acquire(ParserState& state);
  // `msnp`: where it is known to be spoken a command alone tells it.
  Choice choose(Bytes bytes, Mask candidates, bool msnp) const;
  void read_by(Session& session, std::uint8_t parser);
  Step step(Session& session, Facts& facts);
  ParseStatus read(Session& session, ParserState& state, Bytes span, Facts& facts);

  // carried_bodies.cpp: HTTP
  using Feed = ParseStatus (*)(ParserState& state, Bytes stream, Facts& facts);
  ParseStatus feed_body(ParserState& state, Bytes stream, Facts& facts);
  ParseStatus pass_body(ParserState& state);
  Probe look_ahead(const Carriage& carriage, Bytes bytes, bool whole);
  ParseStatus collect(Session& session, ParserState& state, Bytes span, Facts& facts);
  ParseStatus give_unpacked(Session& session, ParserState& state, std::uint32_t base, Facts& facts);
  bool ends_unpacked(ParserState& state, Facts& facts);
  std::optional<ParseStatus> go_on(ParserState& state, Bytes stream, Facts& facts);
  void unpack(Session& session, std::uint8_t coding);
  void begin_message(ParserState& state, Bytes head);
  static void look_at_body(ParserState& state);
  ParseStatus behind_piece(ParserState& state, Bytes stream, Facts& facts);
  void behind_first_bytes(ParserState& state, Bytes stream, Facts& facts);

  // websocket.cpp
  bool begin_frames(ParserState& state);
  ParseStatus feed_frames(ParserState& state, Bytes stream, Facts& facts);
  ParseStatus feed_frame_head(ParserState& state, Bytes stream, Facts& facts);

  std::array<const StreamParser*, 64> parsers_{};
  std::uint8_t parser_count_ = 0;
  std::uint8_t framed_ = kNone;  // of `parsers_`: XMPP without a stream around it
  std::uint8_t msnp_ = kNone;
  std::vector<Session> sessions_;
  std::vector<std::uint16_t> free_;
  std::unique_ptr<std::uint8_t[]> decoded_;
  http::ContentDecoder decoder_;
};

}  // namespace chatgate::proto
