// Feeds HTTP's parsers with what bodies carry as the engine does, and writes down what the carried
// messages say. Shared by the unit tests and the fuzz target; both compare what comes of different
// cuts.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "proto/carriers.h"
#include "proto/http.h"

#include "messenger_run.h"

namespace chatgate::proto::test {

struct Carried {
  Lines lines;        // the protocol and what is said; "malformed" where it comes to that
  std::string fault;  // what no parser may do; empty where it did not

  bool operator==(const Carried&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const Carried& carried) {
  for (const std::string& line : carried.lines) out << "\n  " << line;
  return out << carried.fault;
}

// The view has each of `lengths` in turn, each in a buffer of its own size.
inline Carried carry(Carriers& carriers, Direction way, Bytes stream,
                     const std::vector<std::size_t>& lengths) {
  Carried carried;
  ParserState state;
  state.way = way;
  std::uint64_t begin = 0;
  std::size_t still = 0;  // messages without a byte, in a row
  const auto feed = [&](Bytes view, Facts& facts) {
    return way == Direction::to_server ? carriers.feed_requests(state, view, facts)
                                       : carriers.feed_answers(state, view, facts);
  };
  const auto ends = [&](std::size_t length) {
    const std::vector<std::uint8_t> view(stream.begin() + static_cast<std::ptrdiff_t>(begin),
                                         stream.begin() + static_cast<std::ptrdiff_t>(length));
    Facts facts;
    const ParseStatus status = feed(view, facts);
    if (status == ParseStatus::need_more) {
      if (view.size() >= http::kByteLimit) carried.fault = "asks for more than its limit";
      return true;
    }
    if (status == ParseStatus::malformed || status == ParseStatus::not_mine) {
      carried.lines.emplace_back("malformed");
      begin = stream.size();
      return true;
    }
    if (state.offset > view.size()) carried.fault = "goes beyond its view";
    const std::uint64_t dealt = state.offset + state.skip;
    still = dealt == 0 ? still + 1 : 0;
    if (dealt == 0 && status == ParseStatus::piece) carried.fault = "a piece of nothing";
    if (still > Carriers::kRoom) carried.fault = "does not go on";
    state.offset = 0;
    state.skip = 0;
    begin += dealt;
    if (status == ParseStatus::piece) return false;
    if (facts.carrier != AppProto::unknown) {
      carried.lines.push_back(std::string(to_string(facts.protocol)) + " " + to_line(facts));
    }
    if (facts.next != Next::message) begin = stream.size();
    return false;
  };
  for (const std::size_t length : lengths) {
    while (begin < length && carried.fault.empty() && !ends(length)) {
    }
  }
  carriers.release(state);
  return carried;
}

}  // namespace chatgate::proto::test
