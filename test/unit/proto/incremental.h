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
  std::vector<std::string> names = {};

  bool operator==(const Outcome&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  constexpr const char* kProbes[] = {"certain", "unsure", "not_mine"};
  constexpr const char* kStatuses[] = {"need_more", "done", "not_mine", "malformed"};
  out << kProbes[static_cast<int>(outcome.probe)] << ' '
      << kStatuses[static_cast<int>(outcome.status)] << ' ' << to_string(outcome.protocol);
  for (const std::string& name : outcome.names) out << " [" << name << ']';
  return out << (outcome.names_cut ? " ..." : "");
}

inline std::vector<std::string> names_of(const Facts& facts) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < facts.name_count; ++i) names.emplace_back(facts.names[i].host.view());
  return names;
}

// The view has each of `lengths` in turn; the last should be the whole stream. Every view is a
// buffer of its own size, so that the sanitizers see a read beyond it.
inline Outcome run(const StreamParser& parser, Bytes stream,
                   const std::vector<std::size_t>& lengths) {
  Outcome outcome;
  Facts facts;
  ParserState state;
  for (const std::size_t length : lengths) {
    const std::vector<std::uint8_t> view(stream.begin(),
                                         stream.begin() + static_cast<std::ptrdiff_t>(length));
    if (outcome.probe == Probe::unsure) outcome.probe = parser.probe(view);
    if (outcome.probe == Probe::not_mine) break;
    if (outcome.probe == Probe::unsure) continue;
    const ParseStatus status = parser.feed(state, view, facts);
    if (status == ParseStatus::need_more) continue;
    outcome.status = status;
    // DNS carries message after message: `done` is said of some, and stays so while others come.
    if (status != ParseStatus::done || parser.protocol != AppProto::dns) break;
  }
  outcome.protocol = facts.protocol;
  outcome.names_cut = facts.names_cut;
  outcome.names = names_of(facts);
  return outcome;
}

inline Outcome run_whole(const StreamParser& parser, Bytes stream) {
  return run(parser, stream, {stream.size()});
}

inline Outcome run_in_steps(const StreamParser& parser, Bytes stream, std::size_t step) {
  std::vector<std::size_t> lengths;
  for (std::size_t at = std::min(step, stream.size()); at < stream.size(); at += step) {
    lengths.push_back(at);
  }
  lengths.push_back(stream.size());
  return run(parser, stream, lengths);
}

inline const StreamParser& stream_parser(AppProto protocol) {
  const auto parsers = stream_parsers();
  return *std::find_if(parsers.begin(), parsers.end(),
                       [&](const StreamParser& parser) { return parser.protocol == protocol; });
}

}  // namespace chatgate::proto::test
