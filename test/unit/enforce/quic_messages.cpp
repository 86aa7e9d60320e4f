// Reads a client's QUIC datagram from standard input, writes the names in it to standard error, one
// a line, and the gateway's refusal to standard output. For quic_clients_test.py.
#include <iostream>
#include <iterator>
#include <vector>

#include "enforce/quic_close.h"
#include "proto/quic.h"

int main() {
  using namespace chatgate;
  const std::vector<std::uint8_t> datagram((std::istreambuf_iterator<char>(std::cin)), {});
  proto::quic::Connections connections(1);
  proto::ParserState state;
  proto::Facts facts;
  connections.feed(state, datagram, proto::Direction::to_server, facts);
  for (std::size_t i = 0; i < facts.name_count; ++i) {
    std::cerr << facts.names[i].host.view() << '\n';
  }
  std::vector<std::uint8_t> out(enforce::kMaxQuicClose);
  const std::size_t size =
      enforce::build_quic_close(datagram, connections.ids(state), connections.crypto(), out);
  std::cout << as_text(Bytes(out).first(size));
  return size == 0 ? 1 : 0;
}
