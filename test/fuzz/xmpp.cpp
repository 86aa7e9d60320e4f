#include "proto/xmpp.h"

#include <cstddef>
#include <cstdint>

#include "stream_target.h"

namespace {

// The body of an HTTP message, or a WebSocket's messages.
struct Framed {
  static constexpr std::uint32_t byte_limit = chatgate::proto::xmpp::kByteLimit;

  static chatgate::proto::Probe probe(chatgate::Bytes) { return chatgate::proto::Probe::certain; }
  static chatgate::proto::ParseStatus feed(chatgate::proto::ParserState& state,
                                           chatgate::Bytes stream, chatgate::proto::Facts& facts) {
    using namespace chatgate::proto;
    if (state.mark == 0 && state.extra == 0) state = xmpp::framed(Direction::to_server);
    return xmpp::feed(state, stream, facts);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatgate::proto;
  test::check_stream_parser(xmpp::kParser, {data, size});
  test::check_stream_parser(Framed{}, {data, size});
  return 0;
}
