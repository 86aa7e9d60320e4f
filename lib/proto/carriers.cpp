#include "proto/carriers.h"

#include <algorithm>
#include <cstring>

#include "proto/msnp.h"
#include "proto/oscar_http.h"
#include "proto/xmpp.h"

namespace chatgate::proto {
namespace {

// Whether a stream's parser is asked about what others carry: those of messengers whose first bytes
// leave little doubt, since a body may begin with anything.
bool is_carried(const StreamParser& parser) {
  if (parser.feed == nullptr) return false;
  switch (parser.protocol) {
    case AppProto::xmpp:
    case AppProto::msnp:
    case AppProto::ymsg:
    case AppProto::oscar:
    case AppProto::irc:
    case AppProto::gadu_gadu:
    case AppProto::sametime:
    case AppProto::oicq:
    case AppProto::sip:
    case AppProto::msrp:
    case AppProto::mmtls:
    case AppProto::lwp: return true;
    default: return false;
  }
}

// A command of MSNP: three capitals and a blank, or the line's end.
Probe probe_command(Bytes bytes) {
  constexpr std::size_t kName = 3;
  const std::string_view text = as_text(bytes).substr(0, kName + 1);
  const std::string_view name = text.substr(0, kName);
  if (!std::all_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; })) {
    return Probe::not_mine;
  }
  if (text.size() <= kName) return Probe::unsure;
  return text[kName] == ' ' || text[kName] == '\r' ? Probe::certain : Probe::not_mine;
}

}  // namespace

Carriers::Carriers(std::uint32_t sessions)
    : sessions_(sessions), decoded_(std::make_unique<std::uint8_t[]>(kRoom)) {
  const auto add = [&](const StreamParser& parser) { parsers_[parser_count_++] = &parser; };
  for (const StreamParser& parser : stream_parsers()) {
    if (parser.feed == msnp::feed) msnp_ = parser_count_;
    if (is_carried(parser)) add(parser);
  }
  framed_ = parser_count_;
  add(xmpp::kFramed);
  add(oscar_http::kParser);
  for (Session& session : sessions_) session.bytes = std::make_unique<std::uint8_t[]>(kRoom);
  free_.reserve(sessions);
  for (std::uint32_t i = sessions; i-- > 0;) free_.push_back(static_cast<std::uint16_t>(i));
}

std::size_t Carriers::memory() const {
  return sessions_.size() * (sizeof(Session) + kRoom + sizeof(std::uint16_t)) + kRoom +
         decoder_.memory();
}

bool Carriers::acquire(ParserState& state) {
  if (free_.empty()) return false;
  state.session = SessionIndex(free_.back());
  free_.pop_back();
  session(state).start((Mask{1} << parser_count_) - 1, state.way);
  session(state).compressed = session(state).told = false;
  session(state).memory = state.carriage.memory;
  session(state).msnp = state.carriage.msnp;
  return true;
}

void Carriers::release(ParserState& state) {
  if (!state.session.valid()) return;
  const Session& last = session(state);
  if (last.parser == msnp_) {
    state.carriage.memory = last.inner.extra;
    state.carriage.msnp = true;
  }
  free_.push_back(state.session.value());
  state.session = SessionIndex::none();
}

// --- A session's bytes

void Carriers::Session::start(Mask all, Direction way) {
  candidates = all;
  parser = kNone;
  over = known = unpacked = false;
  begin = end = ahead = 0;
  look_at = kFirstLook;
  skip = 0;
  inner = {};
  inner.way = way;
}

void Carriers::Session::add(Bytes from) {
  std::uint8_t* const to = bytes.get() + end;
  for (std::size_t i = 0; i < from.size(); ++i) to[i] = from[i] ^ key[(phase + i) % key.size()];
  end += static_cast<std::uint32_t>(from.size());
}

// Takes what there is room for, or passes over what nobody wants. How much.
std::size_t Carriers::Session::take(Bytes from) {
  std::size_t count = 0;
  if (held() == 0) begin = end = 0;
  if (held() == 0 && skip != 0) {
    count = static_cast<std::size_t>(std::min<std::uint64_t>(skip, from.size()));
    skip -= count;
  } else {
    if (end == kRoom && begin != 0) {
      std::memmove(bytes.get(), bytes.get() + begin, held());
      end -= begin;
      begin = 0;
    }
    count = std::min<std::size_t>(from.size(), kRoom - end);
    add(from.first(count));
  }
  phase = static_cast<std::uint32_t>((phase + count) % key.size());
  return count;
}

void Carriers::Session::consume(std::uint32_t count) {
  begin += count;
}

// --- Their parser

Carriers::Choice Carriers::choose(Bytes bytes, Mask candidates, bool msnp) const {
  if (bytes.empty()) return {Probe::unsure, kNone, candidates};
  const Probe command = msnp ? probe_command(bytes) : Probe::not_mine;
  if (command == Probe::certain) return {command, msnp_, candidates};
  if (command == Probe::unsure) return {command, kNone, candidates};
  for (std::uint8_t i = 0; i < parser_count_; ++i) {
    const Mask bit = Mask{1} << i;
    if ((candidates & bit) == 0) continue;
    switch (parsers_[i]->probe(bytes)) {
      case Probe::certain: return {Probe::certain, i, candidates};
      case Probe::not_mine: candidates &= ~bit; break;
      case Probe::unsure: break;
    }
  }
  return {candidates == 0 ? Probe::not_mine : Probe::unsure, kNone, candidates};
}

void Carriers::read_by(Session& session, std::uint8_t parser) {
  const Direction way = session.inner.way;
  session.parser = parser;
  session.inner = parser == framed_ ? xmpp::framed(way) : ParserState{};
  session.inner.way = way;
  if (parser == msnp_) session.inner.extra = session.memory;
}

// Reads on in what is held.
Carriers::Step Carriers::step(Session& session, Facts& facts) {
  // Each time around takes bytes away, strikes a parser off, or ends.
  while (!session.over) {
    if (session.skip != 0) {
      const auto now =
          static_cast<std::uint32_t>(std::min<std::uint64_t>(session.skip, session.held()));
      session.consume(now);
      session.skip -= now;
    }
    const Bytes held = session.view();
    if (held.empty()) return Step::more;
    if (session.parser == kNone) {
      const Choice choice = choose(held, session.candidates, session.msnp);
      session.candidates = choice.candidates;
      if (choice.probe == Probe::not_mine) break;
      if (choice.probe == Probe::unsure) return Step::more;
      read_by(session, choice.parser);
    }
    const StreamParser& parser = *parsers_[session.parser];
    ParserState& inner = session.inner;
    facts.clear();
    const ParseStatus status = parser.feed(inner, held, facts);
    if (status == ParseStatus::need_more && held.size() < parser.byte_limit) return Step::more;
    if (status == ParseStatus::not_mine) {
      session.candidates &= ~(Mask{1} << session.parser);
      session.parser = kNone;
      continue;
    }
    const bool goes_on = status == ParseStatus::piece || facts.next == Next::message;
    const bool sound = status == ParseStatus::piece || status == ParseStatus::done;
    if (!sound || (goes_on && inner.offset + inner.skip == 0)) break;
    session.over = !goes_on;
    session.consume(inner.offset);
    session.skip = inner.skip;
    inner.offset = 0;
    inner.skip = 0;
    if (status == ParseStatus::done && (facts.has_messenger || facts.name_count != 0)) {
      facts.carrier = AppProto::http;
      facts.next = Next::message;
      return Step::message;
    }
  }
  session.over = true;
  facts.clear();
  return Step::over;
}

// Reads on in `span`, which is at the front of the caller's view. `done` with a message; what is
// held of `span` behind it stays in the view.
ParseStatus Carriers::read(Session& session, ParserState& state, Bytes span, Facts& facts) {
  std::size_t taken = session.ahead;
  while (true) {
    const std::size_t now = session.take(span.subspan(taken));
    taken += now;
    switch (step(session, facts)) {
      case Step::message:
        session.ahead = static_cast<std::uint32_t>(std::min<std::size_t>(session.held(), taken));
        state.offset = static_cast<std::uint32_t>(taken - session.ahead);
        return ParseStatus::done;
      case Step::more:
        if (taken < span.size() && (now != 0 || session.held() == 0)) break;
        if (taken < span.size()) session.over = true;  // more than there is room for
        [[fallthrough]];
      case Step::over:
        session.ahead = 0;
        state.offset = static_cast<std::uint32_t>(span.size());
        return ParseStatus::piece;
    }
  }
}

}  // namespace chatgate::proto
