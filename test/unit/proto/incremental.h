// Feeds a stream parser as the engine does: the probe first, then the same view each time it has
// grown. Shared by the unit tests and the fuzz targets; both compare what comes of different cuts.
#pragma once

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::test {

struct Outcome {
  Probe probe = Probe::unsure;
  ParseStatus status = ParseStatus::need_more;
  AppProto protocol = AppProto::unknown;
  bool names_cut = false;
  std::vector<std::string> names = {};  // of all messages
  Next next = Next::opaque;             // of the last message
  std::size_t end = 0;  // where what was dealt with ends, where a message was complete

  bool operator==(const Outcome&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  constexpr const char* kNexts[] = {"opaque", "message", "protocol", "answer"};
  constexpr const char* kProbes[] = {"certain", "unsure", "not_mine"};
  constexpr const char* kStatuses[] = {"need_more", "done", "piece", "not_mine", "malformed"};
  out << kProbes[static_cast<int>(outcome.probe)] << ' '
      << kStatuses[static_cast<int>(outcome.status)] << ' ' << to_string(outcome.protocol);
  for (const std::string& name : outcome.names) out << " [" << name << ']';
  return out << (outcome.names_cut ? " ..." : "") << " then "
             << kNexts[static_cast<int>(outcome.next)] << " at " << outcome.end;
}

inline std::vector<std::string> names_of(const Facts& facts) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < facts.name_count; ++i) names.emplace_back(facts.names[i].host.view());
  return names;
}

inline void add_message(const Facts& facts, Outcome& outcome) {
  outcome.protocol = facts.protocol;
  outcome.names_cut = outcome.names_cut || facts.names_cut;
  outcome.next = facts.next;
  for (std::string& name : names_of(facts)) {
    if (std::find(outcome.names.begin(), outcome.names.end(), name) == outcome.names.end()) {
      outcome.names.push_back(std::move(name));
    }
  }
}

// `parser`: a StreamParser, or what has `probe` and `feed` as it does.
//
// The view has each of `lengths` in turn; the last should be the whole stream. Messages that follow
// one another are all fed. Every view is a buffer of its own size, so that the sanitizers see a
// read beyond it.
template <typename Parser>
Outcome run(const Parser& parser, Bytes stream, const std::vector<std::size_t>& lengths) {
  Outcome outcome;
  ParserState state;
  std::size_t begin = 0;  // of the current message
  for (const std::size_t length : lengths) {
    while (begin <= length) {
      const std::vector<std::uint8_t> view(stream.begin() + static_cast<std::ptrdiff_t>(begin),
                                           stream.begin() + static_cast<std::ptrdiff_t>(length));
      if (outcome.probe == Probe::unsure) outcome.probe = parser.probe(view);
      if (outcome.probe == Probe::not_mine) return outcome;
      if (outcome.probe == Probe::unsure) break;
      Facts facts;
      const ParseStatus status = parser.feed(state, view, facts);
      if (status == ParseStatus::need_more) break;
      if (status == ParseStatus::not_mine && begin == 0) outcome.status = status;
      if (status == ParseStatus::done || status == ParseStatus::malformed) {
        outcome.status = status;
        add_message(facts, outcome);
      }
      const bool goes_on = status == ParseStatus::piece ||
                           (status == ParseStatus::done && facts.next == Next::message);
      if (status == ParseStatus::done) outcome.end = begin + state.offset;
      if (!goes_on) return outcome;
      begin += state.offset + std::min<std::uint64_t>(state.skip, stream.size() + 1);
      state.offset = 0;
      state.skip = 0;
    }
  }
  return outcome;
}

template <typename Parser>
Outcome run_whole(const Parser& parser, Bytes stream) {
  return run(parser, stream, {stream.size()});
}

template <typename Parser>
Outcome run_in_steps(const Parser& parser, Bytes stream, std::size_t step) {
  std::vector<std::size_t> lengths;
  for (std::size_t at = std::min(step, stream.size()); at < stream.size(); at += step) {
    lengths.push_back(at);
  }
  lengths.push_back(stream.size());
  return run(parser, stream, lengths);
}

inline const StreamParser& stream_parser(AppProto protocol,
                                         Direction direction = Direction::to_server) {
  const auto parsers = stream_parsers();
  return *std::find_if(parsers.begin(), parsers.end(), [&](const StreamParser& parser) {
    return parser.protocol == protocol && parser.direction == direction;
  });
}

}  // namespace chatgate::proto::test
