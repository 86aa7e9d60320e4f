#include "engine/inspection.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace chatgate::engine {
namespace {

// Both directions are asked all parsers: who is the client is for the payload to say, since a
// handshake can be arranged to look the other way round.
std::uint64_t all_candidates() {
  const std::size_t count = proto::stream_parsers().size();
  return count == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

// A parser that says of one byte that it is not its own says so of all that begins with it.
std::array<std::uint64_t, 256> candidates_by_first_byte() {
  const auto parsers = proto::stream_parsers();
  std::array<std::uint64_t, 256> table{};
  for (std::size_t byte = 0; byte < table.size(); ++byte) {
    const auto first = static_cast<std::uint8_t>(byte);
    for (std::size_t i = 0; i < parsers.size(); ++i) {
      const bool may_be = parsers[i].probe(Bytes(&first, 1)) != proto::Probe::not_mine;
      if (may_be) table[byte] |= std::uint64_t{1} << i;
    }
  }
  return table;
}

// On a flow's server port.
bool is_asked(const proto::DatagramParser& parser, std::uint16_t port) {
  return parser.server_port == 0 || parser.server_port == port;
}

proto::Direction direction(flow::Way way) {
  return way == flow::Way::to_server ? proto::Direction::to_server : proto::Direction::to_client;
}

}  // namespace

InspectionPool::InspectionPool(std::uint32_t capacity, proto::Context& context)
    : context_(context),
      by_first_byte_(candidates_by_first_byte()),
      pool_(std::max<std::uint32_t>(capacity, 1)),
      sessions_(pool_.size()),
      buffers_(static_cast<std::uint32_t>(pool_.size())),
      without_urgent_(stream::TcpStream::kMaxAhead) {
  free_.reserve(pool_.size());
  for (auto index = static_cast<std::uint32_t>(pool_.size()); index-- > 0;) free_.push_back(index);
}

flow::InspectionIndex InspectionPool::acquire(flow::FlowIndex flow, Tick now,
                                              const std::array<std::uint32_t, 2>& first_sequence) {
  if (free_.empty()) return flow::InspectionIndex::none();
  const flow::InspectionIndex index(free_.back());
  free_.pop_back();
  Inspection& inspection = get(index);
  inspection = Inspection{};
  inspection.flow = flow;
  inspection.started = now;
  inspection.in_use = true;
  inspection.first_sequence = first_sequence;
  for (const flow::Way way : {flow::Way::to_server, flow::Way::to_client}) {
    Half& half = inspection.half(way);
    half.way = way;
    half.stream.start(first_sequence[flow::index(way)]);
    half.candidates = all_candidates();
  }
  return index;
}

void InspectionPool::release(flow::InspectionIndex index) {
  Inspection& inspection = get(index);
  inspection.in_use = false;
  for (Half& half : inspection.halves) finish(half);
  drop_datagram_parser(inspection);
  RuleSession& session = sessions_[index.value()];
  for (Turn& turn : session.turns) turn.release(buffers_);
  session.generation = 0;
  session.listens = false;
  free_.push_back(index.value());
}

void InspectionPool::begin_session(flow::InspectionIndex index, std::uint32_t generation,
                                   bool listens) {
  RuleSession& session = sessions_[index.value()];
  for (Turn& turn : session.turns) turn.release(buffers_);
  session = RuleSession();
  session.generation = generation;
  session.listens = listens;
  for (Half& half : get(index).halves) half.heard = listens;
}

void InspectionPool::listen(Inspection& inspection, flow::Way way) {
  Half& half = inspection.half(way);
  if (half.phase != Half::Phase::looking) return;
  drop_parser(half);
  half.phase = Half::Phase::listening;
  half.skip = 0;
  half.begin = half.guarded = half.stream.contiguous();
  if (!half.stream.keep(buffers_)) finish(half);
}

// Nothing is read or kept of a direction any more.
void InspectionPool::finish(Half& half) {
  half.phase = Half::Phase::done;
  drop_parser(half);
  half.stream.release(buffers_);
}

void InspectionPool::drop_parser(Half& half) {
  if (half.parser == Half::kNoParser) return;
  const proto::StreamParser& parser = proto::stream_parsers()[half.parser];
  if (parser.release != nullptr) parser.release(half.state, context_);
  half.parser = Half::kNoParser;
  half.state = {};
}

void InspectionPool::drop_datagram_parser(Inspection& inspection) {
  if (inspection.datagram_parser == Half::kNoParser) return;
  const proto::DatagramParser& parser = proto::datagram_parsers()[inspection.datagram_parser];
  if (parser.release != nullptr) parser.release(inspection.datagrams, context_);
  inspection.datagram_parser = Half::kNoParser;
  inspection.datagrams = {};
  inspection.datagram_done = false;
}

Inspected InspectionPool::feed(Inspection& inspection, flow::Way way, const Segment& segment,
                               proto::Facts& facts) {
  Half& half = inspection.half(way);
  if (half.phase == Half::Phase::done) return Inspected::settled;
  if (half.phase == Half::Phase::settled) {
    return half.stream.contradicts(segment.sequence, segment.payload, buffers_)
               ? Inspected::conflict
               : Inspected::settled;
  }
  if (segment.urgent) {
    const bool known =
        std::find(half.urgent.begin(), half.urgent.begin() + half.urgent_count,
                  segment.urgent_sequence) != half.urgent.begin() + half.urgent_count;
    const std::uint32_t offset = segment.urgent_sequence - segment.sequence;
    const bool odd = half.urgent_count == Half::kMaxUrgent || offset >= segment.payload.size();
    if (!known && (odd || !half.first)) return Inspected::urgent;
    if (!known) half.urgent[half.urgent_count++] = segment.urgent_sequence;
  }
  const std::uint32_t known = half.stream.contiguous();
  switch (half.stream.add(segment.sequence, segment.payload, buffers_)) {
    case stream::Added::grown:
      if (segment.turn != nullptr) {
        segment.turn->append(half.stream.view(buffers_).subspan(known), buffers_);
      }
      break;
    case stream::Added::held:
    case stream::Added::nothing_new: return Inspected::undecided;
    case stream::Added::conflict: return Inspected::conflict;
    case stream::Added::beyond_limit: return Inspected::scattered;
    case stream::Added::no_memory: return Inspected::out_of_memory;
  }
  if (half.phase == Half::Phase::listening) {
    half.begin = half.guarded = half.stream.contiguous();
  } else {
    pass_over(half);
  }
  const bool passed = half.stream.contiguous() == half.begin;
  const Inspected result = passed ? Inspected::passed : look(half, facts);
  if (result == Inspected::passed) {
    let_go(half);
    return half.stream.keep(buffers_) ? result : Inspected::out_of_memory;
  }
  if (result != Inspected::undecided && result != Inspected::half_message) return result;
  if (segment.cut) return Inspected::cut;
  return half.stream.keep(buffers_) ? result : Inspected::out_of_memory;
}

Inspected InspectionPool::look(Half& half, proto::Facts& facts) {
  return half.urgent_count == 0 ? parse(half, facts) : parse_both_readings(half, facts);
}

// Takes a message or a piece that was dealt with off the front, and what is to be skipped behind
// it.
void InspectionPool::pass_on(Half& half) {
  half.first = false;
  half.begin += half.state.offset;
  half.guarded = half.begin;
  half.skip += half.state.skip;
  half.state.offset = 0;
  half.state.skip = 0;
  pass_over(half);
}

// Takes what is to be skipped off the front, as far as it is there.
void InspectionPool::pass_over(Half& half) {
  const std::uint32_t there = half.stream.contiguous() - half.begin;
  const auto now = static_cast<std::uint32_t>(std::min<std::uint64_t>(half.skip, there));
  half.begin += now;
  half.skip -= now;
}

// Lets bytes go that were dealt with and, where they were read, acknowledged. Where nothing else is
// there, what is to be skipped need not even arrive in order. Not over a hole, though: what is held
// beyond it would come to be read when no segment is in hand to be stopped.
void InspectionPool::let_go(Half& half) {
  // Sequence numbers compare over half their range.
  constexpr std::uint64_t kMaxLeap = std::uint64_t{1} << 30;
  // An answer that is nobody's is guarded as far as a middle-sized buffer goes.
  constexpr std::uint32_t kMostGuarded = 16 * 1024;
  if (half.reads_plain_answer() && half.stream.contiguous() > kMostGuarded) half.guarded = 0;
  const std::uint32_t acknowledged = half.stream.acknowledged();
  std::uint32_t count =
      acknowledged >= half.guarded ? half.begin : std::min(half.begin, acknowledged);
  half.begin -= count;
  half.guarded -= std::min(half.guarded, count);
  const bool empty = half.stream.contiguous() == count && !half.stream.has_holes();
  if (half.skip != 0 && empty && !half.heard) {
    const auto leap = static_cast<std::uint32_t>(std::min(half.skip, kMaxLeap));
    half.skip -= leap;
    count += leap;
  }
  if (count != 0) half.stream.consume(count, buffers_);
}

Inspected InspectionPool::parse(Half& half, proto::Facts& facts) {
  // Every turn returns, goes on by at least a byte, or strikes one parser off.
  while (true) {
    const Bytes view = half.stream.view(buffers_).subspan(half.begin);
    if (half.parser == Half::kNoParser && !choose_parser(half, view)) {
      facts.clear();
      return half.candidates == 0 ? Inspected::nothing : Inspected::undecided;
    }
    const proto::StreamParser& parser = proto::stream_parsers()[half.parser];
    facts.clear();
    half.state.way = direction(half.way);
    switch (parser.read(half.state, view, facts, context_)) {
      case proto::ParseStatus::done: return Inspected::message;
      case proto::ParseStatus::malformed: return Inspected::malformed;
      case proto::ParseStatus::need_more:
        return view.size() < parser.byte_limit ? Inspected::undecided : Inspected::too_long;
      case proto::ParseStatus::piece:
        if (half.state.offset + half.state.skip == 0) return Inspected::malformed;
        pass_on(half);
        if (half.stream.contiguous() == half.begin) return Inspected::passed;
        break;
      case proto::ParseStatus::not_mine:
        half.candidates &= ~(std::uint64_t{1} << half.parser);
        drop_parser(half);
        break;
    }
  }
}

// A stream with urgent bytes has two readings (RFC 6093): the receiver leaves them in place, or
// takes them out. The names of both count, and while one may still become a message the looking
// goes on.
Inspected InspectionPool::parse_both_readings(Half& half, proto::Facts& facts) {
  // Each look starts from the front, so it is kept short.
  constexpr std::size_t kMaxView = 4096;
  if (half.stream.contiguous() > kMaxView) return Inspected::urgent;
  drop_parser(half);
  const Inspected in_place = parse(half, facts);
  const proto::Facts first = facts;
  const Inspected taken_out = parse_without_urgent(half, facts);
  if (in_place != Inspected::message) {
    if (taken_out == Inspected::message && in_place == Inspected::undecided) {
      return Inspected::half_message;
    }
    return taken_out == Inspected::nothing ? in_place : taken_out;
  }
  if (taken_out != Inspected::message) facts.clear();
  facts.protocol = first.protocol;
  for (std::size_t i = 0; i < first.name_count; ++i) {
    facts.add_name(first.names[i].source, first.names[i].host.view());
  }
  return taken_out == Inspected::undecided ? Inspected::half_message : Inspected::message;
}

Inspected InspectionPool::parse_without_urgent(const Half& half, proto::Facts& facts) {
  const Bytes view = half.stream.view(buffers_);
  const auto end = half.urgent.begin() + half.urgent_count;
  std::uint32_t sequence = half.stream.next_sequence() - half.stream.contiguous();
  std::size_t size = 0;
  for (const std::uint8_t byte : view) {
    if (std::find(half.urgent.begin(), end, sequence++) == end) without_urgent_[size++] = byte;
  }
  const Bytes reading = Bytes(without_urgent_).first(size);
  bool unsure = false;
  for (const proto::StreamParser& parser : proto::stream_parsers()) {
    if (parser.probe(reading) == proto::Probe::not_mine) continue;
    proto::ParserState state;
    state.way = direction(half.way);
    facts.clear();
    const proto::ParseStatus status = parser.read(state, reading, facts, context_);
    if (parser.release != nullptr) parser.release(state, context_);
    switch (status) {
      case proto::ParseStatus::done: return Inspected::message;
      case proto::ParseStatus::need_more:
      case proto::ParseStatus::piece: unsure = true; break;
      case proto::ParseStatus::not_mine:
      case proto::ParseStatus::malformed: break;
    }
  }
  facts.clear();
  return unsure ? Inspected::undecided : Inspected::nothing;
}

// Asks the parsers that are still in question; true where one is certain.
bool InspectionPool::choose_parser(Half& half, Bytes view) {
  const auto parsers = proto::stream_parsers();
  if (!view.empty()) half.candidates &= by_first_byte_[view[0]];
  for (std::uint64_t left = half.candidates; left != 0; left &= left - 1) {
    const auto i = static_cast<std::size_t>(std::countr_zero(left));
    switch (parsers[i].probe(view)) {
      case proto::Probe::certain: half.parser = static_cast<std::uint8_t>(i); return true;
      case proto::Probe::not_mine: half.candidates &= ~(std::uint64_t{1} << i); break;
      case proto::Probe::unsure: break;
    }
  }
  return false;
}

bool InspectionPool::only_last_resort(const Half& half) {
  const std::size_t last = proto::stream_parsers().size() - 1;
  return half.phase == Half::Phase::looking && half.parser == Half::kNoParser &&
         half.candidates == std::uint64_t{1} << last;
}

Inspected InspectionPool::go_on(Inspection& inspection, flow::Way way, proto::Next next,
                                proto::Facts& facts) {
  Half& half = inspection.half(way);
  pass_on(half);
  if (next == proto::Next::protocol) {
    drop_parser(half);
    half.candidates = all_candidates();
  }
  const bool more = half.stream.contiguous() > half.begin;
  Inspected result = Inspected::passed;
  if (more) result = parse(half, facts);
  if (result == Inspected::passed) let_go(half);
  if (result != Inspected::passed && result != Inspected::undecided) return result;
  return half.stream.keep(buffers_) ? result : Inspected::out_of_memory;
}

bool InspectionPool::may_begin_session(Bytes payload, std::uint16_t port) {
  const auto parsers = proto::datagram_parsers();
  return std::any_of(parsers.begin(), parsers.end(), [&](const proto::DatagramParser& parser) {
    return parser.release != nullptr && is_asked(parser, port) &&
           parser.probe(payload) != proto::Probe::not_mine;
  });
}

Inspected InspectionPool::feed_datagram(Inspection& inspection, Bytes payload,
                                        proto::Direction direction, std::uint16_t port,
                                        proto::Facts& facts) {
  const auto parsers = proto::datagram_parsers();
  const std::size_t followed = inspection.datagram_parser;
  if (followed != Half::kNoParser) {
    const Inspected result = read_datagram(inspection, followed, payload, direction, facts);
    if (result != Inspected::nothing) return result;
    drop_datagram_parser(inspection);  // another protocol has the floor now
  }
  for (std::size_t i = 0; i < parsers.size(); ++i) {
    if (i == followed || !is_asked(parsers[i], port)) continue;
    if (parsers[i].probe(payload) == proto::Probe::not_mine) continue;
    const Inspected result = read_datagram(inspection, i, payload, direction, facts);
    if (result != Inspected::nothing) return result;
  }
  facts.clear();
  return Inspected::nothing;
}

Inspected InspectionPool::read_datagram(Inspection& inspection, std::size_t parser, Bytes payload,
                                        proto::Direction direction, proto::Facts& facts) {
  facts.clear();
  const proto::ParseStatus status = proto::datagram_parsers()[parser].read(
      inspection.datagrams, payload, direction, facts, context_);
  if (status == proto::ParseStatus::not_mine) return Inspected::nothing;
  inspection.datagram_parser = static_cast<std::uint8_t>(parser);
  switch (status) {
    case proto::ParseStatus::done: inspection.datagram_done = true; return Inspected::message;
    case proto::ParseStatus::malformed: return Inspected::malformed;
    default: return Inspected::undecided;
  }
}

bool InspectionPool::settle(Inspection& inspection, flow::Way way) {
  Half& half = inspection.half(way);
  if (half.phase == Half::Phase::settled || half.phase == Half::Phase::done) return true;
  const bool kept = half.stream.keep(buffers_);
  half.phase = kept && half.stream.unacknowledged() ? Half::Phase::settled : Half::Phase::done;
  if (half.phase == Half::Phase::done) finish(half);
  return kept;
}

void InspectionPool::acknowledge(Inspection& inspection, flow::Way way, std::uint32_t sequence) {
  Half& half = inspection.half(way);
  half.stream.acknowledge(sequence);
  if (half.phase == Half::Phase::settled && !half.stream.unacknowledged()) {
    finish(half);
  } else if ((half.phase == Half::Phase::looking && !half.first) ||
             half.phase == Half::Phase::listening) {
    let_go(half);
  }
}

flow::InspectionIndex InspectionPool::stalest(Tick now, std::uint32_t ticks) {
  constexpr std::uint32_t kLooks = 16;
  flow::InspectionIndex stalest;
  for (std::uint32_t look = 0; look < kLooks && look < pool_.size(); ++look) {
    const flow::InspectionIndex candidate(hand_);
    hand_ = hand_ + 1 == pool_.size() ? 0 : hand_ + 1;
    const std::uint32_t age = now.since(get(candidate).started);
    if (!get(candidate).in_use || age < ticks) continue;
    if (!stalest.valid() || age > now.since(get(stalest).started)) stalest = candidate;
  }
  return stalest;
}

std::size_t InspectionPool::memory() const {
  return sizeof *this +
         pool_.size() * (sizeof(Inspection) + sizeof(RuleSession) + sizeof(std::uint32_t)) +
         buffers_.memory() + without_urgent_.size();
}

}  // namespace chatgate::engine
