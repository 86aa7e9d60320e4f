#include "proto/oicq.h"

#include <cstddef>
#include <cstdint>

#include "stream_target.h"

namespace chatgate::proto {
namespace {

// What counts anywhere counts on the port, and is read as one message.
void check_datagram(Bytes datagram) {
  if (oicq::probe_datagram(datagram) == Probe::certain) {
    FUZZ_CHECK(oicq::probe_datagram_on_port(datagram) == Probe::certain);
  }
  Facts facts;
  const ParseStatus status = oicq::parse(datagram, Direction::to_server, facts);
  FUZZ_CHECK(status == ParseStatus::done || status == ParseStatus::not_mine);
  if (oicq::probe_datagram_on_port(datagram) == Probe::certain) {
    FUZZ_CHECK(status == ParseStatus::done);
    FUZZ_CHECK(facts.has_messenger && facts.messenger.application == "qq");
  }
}

}  // namespace
}  // namespace chatgate::proto

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatgate::proto;
  check_datagram({data, size});
  test::check_stream_parser(oicq::kParser, {data, size});
  return 0;
}
