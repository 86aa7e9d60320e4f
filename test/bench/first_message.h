// A flow's first bytes read as the engine has them read: all parsers are asked, and the one that is
// certain reads.
//
// One thread; facts are the caller's.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/context.h"
#include "proto/facts.h"
#include "proto/parser.h"

namespace chatgate::bench {

// True where a parser was certain and has read a whole message.
inline bool read_stream(Bytes bytes, proto::Facts& facts, proto::Context& context) {
  for (const proto::StreamParser& parser : proto::stream_parsers()) {
    if (parser.probe(bytes) != proto::Probe::certain) continue;
    proto::ParserState parsing;
    facts.clear();
    return parser.read(parsing, bytes, facts, context) == proto::ParseStatus::done;
  }
  return false;
}

inline bool read_datagram(Bytes payload, std::uint16_t port, proto::Facts& facts,
                          proto::Context& context) {
  bool done = false;
  for (const proto::DatagramParser& parser : proto::datagram_parsers()) {
    if (parser.server_port != 0 && parser.server_port != port) continue;
    if (parser.probe(payload) == proto::Probe::not_mine) continue;
    proto::ParserState parsing;
    facts.clear();
    done = parser.read(parsing, payload, proto::Direction::to_server, facts, context) ==
           proto::ParseStatus::done;
    if (parser.release != nullptr) parser.release(parsing, context);
    if (done) break;
  }
  return done;
}

}  // namespace chatgate::bench
