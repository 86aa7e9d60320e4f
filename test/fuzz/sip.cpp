#include "proto/sip.h"

#include <cstddef>
#include <cstdint>

#include "datagram_target.h"
#include "messenger_target.h"

namespace chatgate::proto {
namespace {

// A message says the same in a datagram as in a stream, as long as both hold it whole.
void check_both(Bytes message) {
  static Context context(16);
  if (sip::probe_datagram(message) != Probe::certain) return;
  ParserState of_stream;
  Facts streamed;
  ParseStatus status = sip::feed(of_stream, message, streamed);
  if (status == ParseStatus::piece) {
    message = message.subspan(of_stream.offset);
    of_stream.offset = 0;
    status = sip::feed(of_stream, message, streamed);
  }
  ParserState of_flow;
  Facts facts;
  FUZZ_CHECK(sip::parse(of_flow, message, Direction::to_server, facts, context) ==
             ParseStatus::done);
  if (status != ParseStatus::done || of_stream.offset + of_stream.skip != message.size()) return;
  FUZZ_CHECK(test::to_line(streamed) == test::to_line(facts));
}

}  // namespace
}  // namespace chatgate::proto

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatgate::proto;
  test::check_messenger_parser(sip::kParser, {data, size});
  test::check_datagram_parser(sip::kDatagrams, {data, size});
  check_both({data, size});
  return 0;
}
