#include "proto/stun.h"

#include <cstdint>
#include <vector>

#include "stream_target.h"

namespace chatgate::proto {
namespace {

void check_datagram(Bytes datagram) {
  Facts facts;
  const ParseStatus status = stun::parse(datagram, Direction::to_client, facts);
  FUZZ_CHECK(status == ParseStatus::done || status == ParseStatus::not_mine ||
             status == ParseStatus::malformed);
  if (status == ParseStatus::not_mine) return;
  FUZZ_CHECK(facts.protocol == AppProto::stun);
  for (std::size_t i = 0; i < facts.name_count; ++i) {
    FUZZ_CHECK(facts.names[i].source == NameSource::stun_realm);
  }

  // A message is whole or it is none.
  const std::vector<std::uint8_t> cut(datagram.begin(), datagram.end() - 1);
  Facts none;
  FUZZ_CHECK(stun::parse(cut, Direction::to_server, none) == ParseStatus::not_mine);

  // Both ways say the same of the same message, but for the dialect that is known in datagrams
  // only.
  if (datagram.size() % 4 != 0 || datagram.size() > stun::kByteLimit) return;
  Facts streamed;
  ParserState state;
  FUZZ_CHECK(stun::feed(state, datagram, streamed) == status);
  FUZZ_CHECK(test::names_of(streamed) == test::names_of(facts));
}

}  // namespace
}  // namespace chatgate::proto

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatgate::proto;
  check_datagram({data, size});
  test::check_stream_parser(stun::kParser, {data, size});
  return 0;
}
