// What is kept of a flow while its payload is still looked at, and the looking.
//
// An Inspection exists from the first payload until the verdict. It holds the in-order view of both
// directions and which parser each is read by. Taken from a fixed pool; when the pool is empty the
// flow is judged by what is known without payload.
//
// Threads: one worker's.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "engine/turn.h"
#include "flow/flow.h"
#include "proto/context.h"
#include "proto/facts.h"
#include "proto/http_types.h"
#include "proto/parser.h"
#include "stream/buffer_pool.h"
#include "stream/tcp_stream.h"

namespace chatgate::engine {

// One direction of an inspected connection.
struct Half {
  static constexpr std::uint8_t kNoParser = 0xff;
  static constexpr std::size_t kMaxUrgent = 4;

  enum class Phase : std::uint8_t {
    looking,    // parsers are fed
    listening,  // put in order for Snort rules only
    settled,  // nothing more is read; what was read is kept until the receiver has acknowledged it
    done,     // nothing is kept
  };

  stream::TcpStream stream;
  std::uint32_t begin = 0;  // in the view: where the current message starts
  std::uint64_t skip = 0;   // bytes from there on that nobody looks at, such as a body
  // In the view: bytes before it were read, so another version of them must not pass before the
  // receiver has acknowledged them. What was skipped need not be guarded.
  std::uint32_t guarded = 0;
  bool first = true;   // no message has been complete yet
  bool heard = false;  // rules listen: what is to be skipped has to come in order all the same
  flow::Way way = flow::Way::to_server;
  proto::ParserState state;
  std::uint64_t candidates = 0;  // bit i: parser i has not said "not mine"
  std::uint8_t parser = kNoParser;
  Phase phase = Phase::looking;
  // Sequence numbers of bytes that were marked urgent: some receivers take them out of the stream.
  std::uint8_t urgent_count = 0;
  std::array<std::uint32_t, kMaxUrgent> urgent;

  // What its parser reads is a server's: an answer.
  bool speaks_as_server() const {
    return parser != kNoParser &&
           proto::stream_parsers()[parser].direction == proto::Direction::to_client;
  }
  // It is one of HTTP, and no messenger was found in it.
  bool reads_plain_answer() const {
    return speaks_as_server() && !state.carriage.found &&
           proto::stream_parsers()[parser].protocol == proto::AppProto::http;
  }
  // A parser knows what it reads and waits for the rest.
  bool message_in_progress() const {
    return phase == Phase::looking && parser != kNoParser && stream.contiguous() > begin;
  }
};

// The requests of an HTTP connection that await their answers, in order: what the policy's checks
// of answers need to know of them.
class OpenRequests {
 public:
  struct Request {
    proto::http::Accepted accepted;
    bool head = false;
    bool connect = false;
  };
  // As many as ASA lets wait.
  static constexpr std::size_t kMax = 10;

  // False, and nothing is known any more, where there are too many.
  bool add(const Request& request) {
    lost_ = lost_ || count_ == kMax;
    if (!lost_) requests_[(first_ + count_++) % kMax] = request;
    return !lost_;
  }
  // Null where no request awaits an answer, or which one does is no longer known.
  const Request* oldest() const { return lost_ || count_ == 0 ? nullptr : &requests_[first_]; }
  void take_oldest() {
    first_ = static_cast<std::uint8_t>((first_ + 1) % kMax);
    --count_;
  }

 private:
  std::array<Request, kMax> requests_;
  std::uint8_t first_ = 0;
  std::uint8_t count_ = 0;
  bool lost_ = false;
};

struct Inspection {
  flow::FlowIndex flow;
  Tick started;
  std::array<Half, 2> halves;  // by flow::Way
  std::array<std::uint32_t, 2> first_sequence{};
  std::array<std::uint32_t, 2> recent_timestamp{};  // RFC 7323's TS.Recent of the receiver; 0: none
  std::uint32_t reopening_sequence = 0;             // see HotFlow::reopening
  // UDP: the parser that follows the flow's datagrams, and its memory.
  std::uint8_t datagram_parser = Half::kNoParser;
  bool datagram_done = false;  // it has read a message to its end
  proto::ParserState datagrams;
  std::uint8_t conflicts = 0;
  bool in_use = false;
  bool at_start = false;  // TCP: the opening was seen, and nothing said of what it opens
  // Of a messenger's session: what was told already, and what later messages do not repeat.
  std::uint16_t services_told = 0;  // bit by proto::Service
  proto::ShortText login, version, client;
  OpenRequests requests;
  // What the answer that is being read says of its body.
  proto::http::MediaType answer_type = proto::http::MediaType::other;

  // A message that is known to be one, and waits for its rest. Of datagrams, one that is kept in a
  // session; a parser may also wait for an answer to what could be its own.
  bool message_in_progress() const {
    return halves[0].message_in_progress() || halves[1].message_in_progress() ||
           (datagrams.session.valid() && !datagram_done);
  }
  Half& half(flow::Way way) { return halves[flow::index(way)]; }
  const Half& half(flow::Way way) const { return halves[flow::index(way)]; }
  // Kept for the rules' sake alone: no parser reads any more, and not everything is settled.
  bool only_listens() const {
    const auto looks = [](const Half& half) { return half.phase == Half::Phase::looking; };
    const auto listens = [](const Half& half) { return half.phase == Half::Phase::listening; };
    return !looks(halves[0]) && !looks(halves[1]) && (listens(halves[0]) || listens(halves[1]));
  }
  bool all_done() const {
    return halves[0].phase == Half::Phase::done && halves[1].phase == Half::Phase::done;
  }
};

enum class Inspected : std::uint8_t {
  undecided,     // more payload may tell
  message,       // a parser completed a message: facts are filled
  half_message,  // so it is in one reading; in another more payload may tell
  nothing,       // no parser knows these bytes
  settled,       // this direction was done with before
  passed,        // within a body or the like that nobody looks at
  malformed,     // a parser knew them, and they are broken
  conflict,      // a segment contradicts bytes seen before
  scattered,     // too far ahead, or too many holes: to be sent again
  too_long,      // a message exceeds what is looked at
  cut,           // the capture holds only a part of it
  urgent,        // urgent bytes in a number or a place that no client needs
  out_of_memory  // no buffer left
};

class InspectionPool {
 public:
  // `context` must outlive it.
  InspectionPool(std::uint32_t capacity, proto::Context& context);

  // None where the pool is empty. `first_sequence` by Way.
  flow::InspectionIndex acquire(flow::FlowIndex flow, Tick now,
                                const std::array<std::uint32_t, 2>& first_sequence);
  void release(flow::InspectionIndex inspection);
  Inspection& get(flow::InspectionIndex inspection) { return pool_[inspection.value()]; }
  const Inspection& get(flow::InspectionIndex inspection) const {
    return pool_[inspection.value()];
  }

  // A segment's payload as the parsers should see it.
  struct Segment {
    std::uint32_t sequence = 0;
    Bytes payload;
    bool cut = false;  // the capture holds only a part of it
    bool urgent = false;
    std::uint32_t urgent_sequence = 0;  // of the urgent byte
    Turn* turn = nullptr;               // where rules listen: gets the bytes that came in order
  };

  // Looks at a segment.
  Inspected feed(Inspection& inspection, flow::Way way, const Segment& segment,
                 proto::Facts& facts);

  // After `message`, where the same direction goes on being looked at: as the message said, for the
  // next of its kind (Next::message) or for anything (Next::protocol). Looks at what is there.
  Inspected go_on(Inspection& inspection, flow::Way way, proto::Next next, proto::Facts& facts);

  // Whether a datagram may begin what a parser keeps a session of, such as a handshake.
  static bool may_begin_session(Bytes payload, std::uint16_t port);

  // Looks at a datagram of a flow that a parser follows, or may want to follow. `port` is the
  // server's. Answers undecided, message, nothing or malformed.
  Inspected feed_datagram(Inspection& inspection, Bytes payload, proto::Direction direction,
                          std::uint16_t port, proto::Facts& facts);

  // No parser knows the bytes so far, and the one that is still in question would take any.
  static bool only_last_resort(const Half& half);

  // The message that has just been complete.
  Bytes message(Half& half) {
    return half.stream.view(buffers_).subspan(half.begin).first(half.state.offset);
  }

  // Stores what is still borrowed from the segment in hand; false where there is no buffer.
  bool keep(Half& half) { return half.stream.keep(buffers_); }

  // Stops parsing a direction but goes on putting it in order, for the rules' sake.
  void listen(Inspection& inspection, flow::Way way);

  // What rules remember of the flow. Of an earlier flow until `begin_session`.
  RuleSession& session(flow::InspectionIndex inspection) { return sessions_[inspection.value()]; }
  const RuleSession& session(flow::InspectionIndex inspection) const {
    return sessions_[inspection.value()];
  }
  void begin_session(flow::InspectionIndex inspection, std::uint32_t generation, bool listens);
  void end_turn(Turn& turn) { turn.restart(buffers_); }
  Bytes turn_bytes(const Turn& turn) { return turn.bytes(buffers_); }

  // Stops reading a direction but keeps its bytes until they are acknowledged. False where they
  // could not be kept: then nothing guards them, and the direction is done.
  bool settle(Inspection& inspection, flow::Way way);

  // The receiver of `way` has acknowledged everything before `sequence`.
  void acknowledge(Inspection& inspection, flow::Way way, std::uint32_t sequence);

  // The inspection that has lasted longest among the next handful; none where none of them has
  // lasted at least `ticks`.
  flow::InspectionIndex stalest(Tick now, std::uint32_t ticks);

  std::uint32_t in_use() const { return static_cast<std::uint32_t>(pool_.size() - free_.size()); }
  std::size_t memory() const;

 private:
  Inspected parse(Half& half, proto::Facts& facts);
  Inspected look(Half& half, proto::Facts& facts);
  void pass_on(Half& half);
  static void pass_over(Half& half);
  void let_go(Half& half);
  void drop_parser(Half& half);
  void drop_datagram_parser(Inspection& inspection);
  Inspected read_datagram(Inspection& inspection, std::size_t parser, Bytes payload,
                          proto::Direction direction, proto::Facts& facts);
  void finish(Half& half);
  Inspected parse_both_readings(Half& half, proto::Facts& facts);
  Inspected parse_without_urgent(const Half& half, proto::Facts& facts);
  bool choose_parser(Half& half, Bytes view);

  proto::Context& context_;
  // By a stream's first byte: bit i where parser i may take it. Most are struck off by that alone.
  std::array<std::uint64_t, 256> by_first_byte_;
  std::vector<Inspection> pool_;
  std::vector<std::uint32_t> free_;
  std::uint32_t hand_ = 0;
  std::vector<RuleSession> sessions_;  // by inspection
  stream::BufferPool buffers_;
  // A stream without its urgent bytes, rebuilt for each look at it.
  std::vector<std::uint8_t> without_urgent_;
};

}  // namespace chatgate::engine
