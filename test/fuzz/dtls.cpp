// A flow: datagrams with two bytes of length before each, whose first bit is the direction.
#include "proto/dtls.h"

#include <cstdint>
#include <vector>

#include "check.h"

namespace chatgate::proto::dtls {
namespace {

constexpr std::uint32_t kSessions = 2;

void check_flow(Connections& connections, Bytes flow) {
  ParserState state;
  bool known = false;
  while (flow.size() >= 2) {
    const std::uint16_t prefix = load_be16(flow.data());
    const std::size_t size = std::min<std::size_t>(prefix & 0x7fff, flow.size() - 2);
    const auto direction = static_cast<Direction>(prefix >> 15);
    const std::vector<std::uint8_t> datagram(flow.begin() + 2,
                                             flow.begin() + 2 + static_cast<std::ptrdiff_t>(size));
    flow = flow.subspan(2 + size);

    Facts facts;
    const ParseStatus status = connections.feed(state, datagram, direction, facts);
    const bool mine = status != ParseStatus::not_mine;
    FUZZ_CHECK(mine == (known || probe(datagram) == Probe::certain));
    known = known || mine;
    FUZZ_CHECK(status != ParseStatus::piece);
    FUZZ_CHECK(!mine || facts.protocol == AppProto::dtls);
    FUZZ_CHECK(status != ParseStatus::done || facts.has_hello == (facts.next == Next::message));
    FUZZ_CHECK(status != ParseStatus::need_more || facts.name_count == 0);
    FUZZ_CHECK(connections.sessions_in_use() == (state.session.valid() ? 1 : 0));
    if (status == ParseStatus::malformed) break;
  }
  connections.release(state);
  FUZZ_CHECK(connections.sessions_in_use() == 0);
}

}  // namespace
}  // namespace chatgate::proto::dtls

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static chatgate::proto::dtls::Connections connections(chatgate::proto::dtls::kSessions);
  chatgate::proto::dtls::check_flow(connections, {data, size});
  return 0;
}
