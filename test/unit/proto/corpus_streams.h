// The table of labels of real captures, for tests of stream parsers.
#pragma once

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "capture_streams.h"

namespace chatgate::proto::test {

// Of a line of comma-separated values. The columns that are needed have no commas in them.
inline std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells(1);
  for (const char c : line) {
    if (c == ',') {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  return cells;
}

}  // namespace chatgate::proto::test
