// Assertions on how a stream parser behaves under every cut.
#pragma once

#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

#include "incremental.h"

namespace chatgate::proto::test {

// The same outcome whole, byte by byte, and in two pieces cut at every boundary (streams too long
// for that: at the boundaries of the first and last 300 bytes).
// Where `expected` names no `end`, what comes next and where is only held to be the same each time.
template <typename Parser>
void expect_outcome(const Parser& parser, Bytes stream, Outcome expected) {
  const Outcome whole = run_whole(parser, stream);
  if (expected.end == 0) {
    expected.next = whole.next;
    expected.end = whole.end;
  }
  EXPECT_EQ(whole, expected) << "whole";
  constexpr std::size_t kEnds = 300;
  const bool is_short = stream.size() <= 4 * kEnds;
  EXPECT_EQ(run_in_steps(parser, stream, is_short ? 1 : 97), expected) << "in small steps";
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    if (!is_short && cut > kEnds && cut < stream.size() - kEnds) continue;
    const Outcome outcome = run(parser, stream, {cut, stream.size()});
    ASSERT_EQ(outcome, expected) << "cut at " << cut;
  }
}

inline void expect_outcome(AppProto protocol, Bytes stream, const Outcome& expected) {
  expect_outcome(stream_parser(protocol), stream, expected);
}

inline Outcome found(AppProto protocol, std::vector<std::string> names) {
  return {.probe = Probe::certain,
          .status = ParseStatus::done,
          .protocol = protocol,
          .names = std::move(names)};
}

inline Outcome broken(AppProto protocol, std::vector<std::string> names = {}) {
  return {.probe = Probe::certain,
          .status = ParseStatus::malformed,
          .protocol = protocol,
          .names = std::move(names)};
}

inline Outcome not_mine() {
  return {.probe = Probe::not_mine};
}

}  // namespace chatgate::proto::test
