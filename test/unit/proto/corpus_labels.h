// The tables that say what is in real captures, for tests of parsers.
#pragma once

#include <cstdint>
#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/address.h"

namespace chatgate::proto::test {

using End = std::pair<IpAddress, std::uint16_t>;
using Way = std::pair<End, End>;  // from, to

// Rows of comma-separated values, without the heading. The columns that are needed have no commas
// in them.
inline std::vector<std::vector<std::string>> read_table(const std::string& path) {
  std::vector<std::vector<std::string>> rows;
  std::ifstream table(path);
  std::string line;
  std::getline(table, line);
  while (std::getline(table, line)) {
    std::vector<std::string>& cells = rows.emplace_back(1);
    for (const char c : line) {
      if (c == ',') {
        cells.emplace_back();
      } else {
        cells.back() += c;
      }
    }
  }
  return rows;
}

// A flow, and the packet that is enough to know it by the evidence.
struct Label {
  std::string file;
  bool tcp = false;
  Way way;  // of the client
  std::string app;
  std::string evidence;
  std::uint64_t packet = 0;
};

// Those whose evidence begins so, and whose application is one of `apps` where there are some.
inline std::vector<Label> read_labels(const std::string& corpus, std::string_view evidence,
                                      const std::set<std::string>& apps = {}) {
  std::vector<Label> labels;
  for (const auto& cells : read_table(corpus + "/flows.csv")) {
    if (cells.size() < 12 || !cells[9].starts_with(evidence)) continue;
    if (!apps.empty() && !apps.contains(cells[7])) continue;
    const auto client = IpAddress::parse(cells[2]);
    const auto server = IpAddress::parse(cells[4]);
    if (!client || !server) continue;
    const auto port = [](const std::string& text) {
      return static_cast<std::uint16_t>(std::stoi(text));
    };
    labels.push_back({cells[0],
                      cells[1] == "tcp",
                      {{*client, port(cells[3])}, {*server, port(cells[5])}},
                      cells[7],
                      cells[9],
                      cells[11].empty() ? 0 : std::stoull(cells[11])});
  }
  return labels;
}

}  // namespace chatgate::proto::test
