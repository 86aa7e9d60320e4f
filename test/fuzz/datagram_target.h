// What must hold of a datagram parser, whatever a flow's datagrams are: it can be asked at any
// time, says the same of the same, and what it is certain of is a message.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "proto/context.h"
#include "proto/parser.h"

#include "check.h"

namespace chatgate::proto::test {

struct FuzzedDatagram {
  Direction direction = Direction::to_server;
  std::vector<std::uint8_t> payload;  // of its own size, so that the sanitizers see its end
};

// The input is a flow: for each datagram a byte for its direction (odd: to the client), a byte for
// its size, and its payload, the last as long as there is input.
inline std::vector<FuzzedDatagram> datagrams_of(Bytes input) {
  std::vector<FuzzedDatagram> flow;
  while (input.size() >= 2) {
    const Direction direction = (input[0] & 1) == 0 ? Direction::to_server : Direction::to_client;
    const std::size_t size = std::min<std::size_t>(input[1], input.size() - 2);
    const Bytes payload = input.subspan(2, size);
    flow.push_back({direction, {payload.begin(), payload.end()}});
    input = input.subspan(2 + size);
  }
  return flow;
}

inline void check_datagram_parser(const DatagramParser& parser, Bytes input) {
  static Context context(16);
  ParserState state;
  bool first = true;
  for (const FuzzedDatagram& each : datagrams_of(input)) {
    const Probe probe = parser.probe(each.payload);
    ParserState again = state;
    Facts facts;
    Facts repeated;
    const ParseStatus status = parser.read(state, each.payload, each.direction, facts, context);
    FUZZ_CHECK(parser.read(again, each.payload, each.direction, repeated, context) == status);
    FUZZ_CHECK(again.mark == state.mark && again.extra == state.extra);
    FUZZ_CHECK(status == ParseStatus::done || status == ParseStatus::need_more ||
               status == ParseStatus::not_mine);
    if (first) {
      FUZZ_CHECK((probe == Probe::certain) == (status == ParseStatus::done));
      FUZZ_CHECK((probe == Probe::not_mine) == (status == ParseStatus::not_mine));
    }
    if (status == ParseStatus::not_mine) return;
    if (status == ParseStatus::done) {
      FUZZ_CHECK(facts.protocol == parser.protocol && facts.has_messenger);
      FUZZ_CHECK(repeated.messenger.service == facts.messenger.service);
      if (facts.next == Next::opaque) return;
    }
    first = false;
  }
}

}  // namespace chatgate::proto::test
