// HTTP/2 in clear text from its preface on: prior knowledge, or behind an upgrade (RFC 9113 section
// 3).
//
// Names are `:authority` and `host` of every request, and the host of a `:path` that is a URI; of
// CONNECT, also for a websocket (RFC 8441), `:authority` is a tunnel's target, and its port
// Facts::target_port. Each complete block of header fields, HEADERS and its CONTINUATIONs
// decompressed (RFC 7541), is `done` with Next::message; trailers are too, without names. Preface
// and other frames are pieces, and `skip` is the payload of the latter, whatever the length: what
// the server allows cannot be known here.
//
// Decompression needs what went before, so each connection has a session. `malformed`, with the
// names of the block read until then, is
//
//   - a connection for which no session is left,
//   - a block of more than kMaxBlock bytes, kMaxBlockFields fields (a byte may stand for one) or
//     kMaxContinuations CONTINUATIONs (a flood of empty ones has no other end), another frame among
//     them, or CONTINUATION without a block,
//   - padding or priority that exceeds its frame; PUSH_PROMISE, which clients must not send,
//   - what the decoder refuses: indices out of the table, Huffman codes that are none, a table of
//     more than kMaxTable bytes, or one that an odd choice of encodings makes exceed kArena.
//
// What goes through a tunnel is in DATA frames and not looked at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "proto/http2_memory.h"
#include "proto/parser.h"

namespace chatgate::proto::http2 {

constexpr std::uint32_t kMaxContinuations = 512;
constexpr std::uint32_t kMaxBlockFields = 2048;
constexpr std::uint32_t kFrameHeader = 9;  // RFC 9113 section 4.1
constexpr std::uint32_t kByteLimit = kMaxBlock + (kMaxContinuations + 2) * kFrameHeader;

// Only so many :authority, host, :path and :method fields of a block are looked at. Where there are
// more, Facts::names_cut is set.
constexpr std::uint32_t kMaxFields = 64;

// Certain of the whole preface only. Keeps no state.
Probe probe(Bytes stream);

// The connections of one worker. Made before packets come; nothing is allocated after. Threads: the
// worker's. Bytes and facts belong to the caller.
class Connections {
 public:
  // `capacity`: how many connections are followed at once, at most 65535.
  explicit Connections(std::uint32_t capacity);
  ~Connections();
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  // As StreamParser::feed. Takes a session with the preface, and gives it back where the answer is
  // `malformed`.
  ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

  // Gives back the session of `state`, if it has one.
  void release(ParserState& state);

  std::uint32_t in_use() const;
  std::size_t memory() const;  // bytes; those of a session are touched only once it is used

 private:
  struct Session;
  struct Request;

  bool acquire(ParserState& state);
  ParseStatus feed_preface(ParserState& state, Bytes stream, Facts& facts);
  ParseStatus feed_frame(ParserState& state, Bytes stream, Facts& facts);
  ParseStatus broken(ParserState& state, Bytes frames, Facts& facts);
  bool read_block(Session& session, Bytes frames, Facts& facts);
  static bool read_fragment(Session& session, Bytes fragment, bool last, Request& request);

  std::unique_ptr<std::byte[]> arenas_;
  std::vector<Session> sessions_;
  std::vector<std::uint16_t> free_;
  std::unique_ptr<LongStrings> long_strings_;
};

}  // namespace chatgate::proto::http2
