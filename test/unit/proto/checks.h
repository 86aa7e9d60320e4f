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
inline void expect_outcome(AppProto protocol, Bytes stream, const Outcome& expected) {
  const StreamParser& parser = stream_parser(protocol);
  EXPECT_EQ(run_whole(parser, stream), expected) << "whole";
  constexpr std::size_t kEnds = 300;
  const bool is_short = stream.size() <= 4 * kEnds;
  EXPECT_EQ(run_in_steps(parser, stream, is_short ? 1 : 97), expected) << "in small steps";
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    if (!is_short && cut > kEnds && cut < stream.size() - kEnds) continue;
    const Outcome outcome = run(parser, stream, {cut, stream.size()});
    ASSERT_EQ(outcome, expected) << "cut at " << cut;
  }
}

inline Outcome found(AppProto protocol, std::vector<std::string> names) {
  return {Probe::certain, ParseStatus::done, protocol, false, std::move(names)};
}

inline Outcome broken(AppProto protocol, std::vector<std::string> names = {}) {
  return {Probe::certain, ParseStatus::malformed, protocol, false, std::move(names)};
}

inline Outcome not_mine() {
  return {.probe = Probe::not_mine};
}

}  // namespace chatgate::proto::test
