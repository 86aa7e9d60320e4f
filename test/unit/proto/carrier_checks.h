// What a stream of HTTP carries, the same however it is cut.
#pragma once

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "carrier_run.h"
#include "messenger_checks.h"

namespace chatgate::proto::test {

constexpr Direction kAsked = Direction::to_server;
constexpr Direction kAnswered = Direction::to_client;

inline Lines said(const std::string& stream, Direction way = kAsked) {
  Carriers carriers(1);
  const auto hear = [&](const std::vector<std::size_t>& lengths) {
    return carry(carriers, way, as_bytes(stream), lengths);
  };
  const Carried whole = hear({stream.size()});
  EXPECT_EQ(whole.fault, "");
  const std::vector<std::size_t> cuts = steps(stream.size(), stream.size() > 3000 ? 61 : 1);
  EXPECT_EQ(hear(cuts), whole) << "in small steps";
  for (const std::size_t cut : cuts) {
    const Carried carried = hear({cut, stream.size()});
    EXPECT_EQ(carried, whole) << "cut at " << cut;
    if (carried != whole) break;
  }
  EXPECT_EQ(carriers.in_use(), 0u);
  return whole.lines;
}

}  // namespace chatgate::proto::test
