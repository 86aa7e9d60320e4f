// The input is a list of packets that the target protects as their sender would. Each has four
// bytes, and behind them its frames:
//  0  bits 0-1 kind: Initial, Handshake, as it is in the input, as it is and the end of a flow;
//     2 from the server's side; 3 coalesced with the next; 4 version 2; 5 another destination;
//     6 keys of the first destination whatever the packet's is; 7 the server's keys
//  1  packet number
//  2  size of the frames, two bytes
#include "proto/quic.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "enforce/quic_close.h"

#include "check.h"
#include "quic_builder.h"

namespace chatgate::proto::quic {
namespace {

using namespace test;

struct Datagram {
  std::string bytes;
  Direction direction = Direction::to_server;
  bool ends_flow = false;
};

std::string packet_of(Bytes head, Bytes frames) {
  const std::uint8_t bits = head[0];
  if ((bits & 2) != 0) return std::string(as_text(frames));
  Long fields;
  fields.version = (bits & 0x10) != 0 ? kVersion2 : kVersion1;
  fields.type = (bits & 1) != 0 ? PacketType::handshake : PacketType::initial;
  if ((bits & 0x20) != 0) fields.destination = "elsewhere";
  if ((bits & 0x40) != 0) fields.keyed_by = "destinat";
  if ((bits & 0x80) != 0) {
    fields.sender = Sender::server;
    fields.destination = "source";
  }
  fields.number = head[1];
  fields.number_size = 1 + head[1] % 4u;
  std::string text(as_text(frames));
  if (text.size() < 4) text.resize(4);
  return packet(fields, text);
}

std::vector<Datagram> datagrams_of(Bytes input) {
  constexpr std::size_t kMaxDatagrams = 200;
  std::vector<Datagram> datagrams(1);
  while (input.size() >= 4 && datagrams.size() < kMaxDatagrams) {
    const Bytes head = input.first(4);
    input = input.subspan(4);
    const Bytes frames =
        input.first(std::min<std::size_t>({load_be16(&head[2]), input.size(), std::size_t{16000}}));
    input = input.subspan(frames.size());
    Datagram& datagram = datagrams.back();
    datagram.bytes += packet_of(head, frames);
    datagram.direction = (head[0] & 4) != 0 ? Direction::to_client : Direction::to_server;
    datagram.ends_flow = (head[0] & 3) == 3;
    if ((head[0] & 8) == 0 || datagram.bytes.size() > 40000) datagrams.emplace_back();
  }
  return datagrams;
}

void check_close(Bytes datagram, Connections& connections) {
  std::array<std::uint8_t, enforce::kMaxQuicClose> out;
  const std::size_t size = enforce::build_quic_close(datagram, {}, connections.crypto(), out);
  FUZZ_CHECK(size <= datagram.size());
  if (size == 0) return;
  PacketWalker walker(Bytes(out).first(size));
  Packet answer;
  FUZZ_CHECK(walker.next(answer) && answer.type == PacketType::initial);
  FUZZ_CHECK(answer.bytes.size() == size);
  InitialKeys keys;
  connections.crypto().derive(*answer.version, answer.source, Sender::server, keys);
  std::array<std::uint8_t, enforce::kMaxQuicClose> plain;
  FUZZ_CHECK(connections.crypto().open(keys, answer, 0, plain).has_value());
}

ParseStatus check_feed(Connections& connections, ParserState& state, const Datagram& datagram) {
  // A buffer of its own size, so that the sanitizers see a read beyond it.
  const std::vector<std::uint8_t> bytes(datagram.bytes.begin(), datagram.bytes.end());
  const bool had_session = state.session.valid();
  Facts facts;
  const ParseStatus status = connections.feed(state, bytes, datagram.direction, facts);
  const bool tells = status == ParseStatus::done || status == ParseStatus::malformed;
  FUZZ_CHECK(facts.protocol == (tells ? AppProto::quic : AppProto::unknown));
  FUZZ_CHECK(tells || facts.name_count == 0);
  FUZZ_CHECK(status != ParseStatus::piece);
  FUZZ_CHECK((status == ParseStatus::not_mine) ==
             (probe(bytes) == Probe::not_mine && !had_session));
  if (status == ParseStatus::done) {
    FUZZ_CHECK(state.session.valid() && facts.has_hello == (facts.next == Next::message));
    // Nothing is told twice.
    Facts again;
    const ParseStatus repeated = connections.feed(state, bytes, datagram.direction, again);
    FUZZ_CHECK(repeated != ParseStatus::done || !again.has_hello);
    FUZZ_CHECK(again.name_count == 0);
  }
  check_close(bytes, connections);
  return status;
}

void run(Bytes input) {
  static Connections connections(2);
  ParserState state;
  for (const Datagram& datagram : datagrams_of(input)) {
    const ParseStatus status = check_feed(connections, state, datagram);
    FUZZ_CHECK(connections.sessions_in_use() == (state.session.valid() ? 1 : 0));
    if (status == ParseStatus::malformed || datagram.ends_flow) connections.release(state);
  }
  connections.release(state);
  FUZZ_CHECK(connections.sessions_in_use() == 0);
}

}  // namespace
}  // namespace chatgate::proto::quic

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chatgate::proto::quic::run({data, size});
  return 0;
}
