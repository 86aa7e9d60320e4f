// wire-load INSIDE-SOCKET OUTSIDE-SOCKET: what is sent through a forwarder, and what comes out.
//
// Connects as a memif client to both, and then takes commands, one a line, each a word and
// KEY=VALUE words; answers each with a JSON object on a line (test/bench/wire.py reads them):
//
//   load rate=FRAMES/S seconds=S flows=N sizes=60,590   datagrams at a rate, with loss and latency
//   connect seconds=S|count=N at_once=K hold=0|1 name=HOST   TLS connections in a closed loop
//   state                                               whether both ends are still there
//
// Ends with its input. Latencies are nanoseconds.

#include <charconv>
#include <cstdio>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string>

#include "wire_trials.h"

namespace chatgate::bench {
namespace {

constexpr unsigned kPatience = 30;  // s until the other side is there

using Json = nlohmann::json;
using Words = std::map<std::string, std::string>;

template <typename Number>
void take(Words& words, const std::string& key, Number& value) {
  const auto found = words.find(key);
  if (found == words.end()) return;
  const char* end = found->second.data() + found->second.size();
  const auto [stop, error] = std::from_chars(found->second.data(), end, value);
  if (error != std::errc() || stop != end) {
    throw std::runtime_error("\"" + found->second + "\" is no number for " + key);
  }
  words.erase(found);
}

std::vector<std::uint32_t> take_sizes(Words& words) {
  std::vector<std::uint32_t> sizes;
  std::istringstream list(words["sizes"]);
  words.erase("sizes");
  for (std::string each; std::getline(list, each, ',');) {
    Words one = {{"sizes", each}};
    take(one, "sizes", sizes.emplace_back());
  }
  return sizes;
}

Json latency_json(const LatencyHistogram& latency) {
  Json quantiles;
  for (const char* word : {"50", "75", "90", "95", "99", "99.5", "99.9", "99.95", "99.99"}) {
    quantiles[word] = latency.at(std::stod(word) / 100);
  }
  return {{"count", latency.count()},
          {"min", latency.least()},
          {"mean", latency.mean()},
          {"max", latency.most()},
          {"quantiles", std::move(quantiles)}};
}

Json load(Wire wire, Words& words) {
  LoadRequest request;
  take(words, "rate", request.rate);
  take(words, "seconds", request.seconds);
  take(words, "flows", request.flows);
  if (words.count("sizes") != 0) request.sizes = take_sizes(words);
  if (!words.empty()) throw std::runtime_error("load has no " + words.begin()->first);
  const LoadOutcome outcome = run_load(wire, request);
  return {{"offered", outcome.offered},
          {"refused", outcome.refused},
          {"received", outcome.received},
          {"lost", outcome.lost},
          {"reordered", outcome.reordered},
          {"seconds", outcome.seconds},
          {"behind", outcome.behind},
          {"stood_still", outcome.stood_still},
          {"latency", latency_json(outcome.latency)}};
}

Json connections(Wire wire, Words& words) {
  ConnectionRequest request;
  unsigned hold = 0;
  take(words, "seconds", request.seconds);
  take(words, "count", request.count);
  take(words, "at_once", request.at_once);
  take(words, "hold", hold);
  request.hold = hold != 0;
  if (words.count("name") != 0) request.name = words["name"];
  words.erase("name");
  if (!words.empty()) throw std::runtime_error("connect has no " + words.begin()->first);
  const ConnectionOutcome outcome = run_connections(wire, request);
  return {{"completed", outcome.completed},
          {"frames", outcome.frames},
          {"resent", outcome.resent},
          {"unknown", outcome.unknown},
          {"seconds", outcome.seconds},
          {"stood_still", outcome.stood_still},
          {"stuck", outcome.stuck},
          {"first_bytes", latency_json(outcome.first_bytes)},
          {"whole", latency_json(outcome.whole)}};
}

Json answer(Wire wire, const std::string& line) {
  std::istringstream in(line);
  std::string command;
  in >> command;
  Words words;
  for (std::string word; in >> word;) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos) throw std::runtime_error("\"" + word + "\" is no KEY=VALUE");
    words[word.substr(0, equals)] = word.substr(equals + 1);
  }
  if (command == "load") return load(wire, words);
  if (command == "connect") return connections(wire, words);
  if (command != "state") throw std::runtime_error("\"" + command + "\" is no command");
  return {{"connected", wire.inside.connected() && wire.outside.connected()}};
}

int run(const char* inside, const char* outside) {
  constexpr std::uint8_t kFiller = 0x55;
  MemifClient in(inside, 0, kFiller, kPatience), out(outside, 0, kFiller, kPatience);
  for (std::string line; std::getline(std::cin, line);) {
    try {
      std::cout << answer({in, out}, line) << std::endl;
    } catch (const std::runtime_error& error) {
      std::fprintf(stderr, "wire-load: %s\n", error.what());
      return 2;
    }
  }
  return 0;
}

}  // namespace
}  // namespace chatgate::bench

int main(int count, char** words) {
  if (count != 3) {
    std::fprintf(stderr, "usage: wire-load INSIDE-SOCKET OUTSIDE-SOCKET\n");
    return 2;
  }
  try {
    return chatgate::bench::run(words[1], words[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "wire-load: %s\n", error.what());
    return 1;
  }
}
