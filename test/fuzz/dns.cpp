// The input is a stream of DNS over TCP, and once more a single message.
#include "proto/dns.h"

#include <cstddef>
#include <cstdint>
#include <vector>

#include "proto/dns_form.h"

#include "stream_target.h"

namespace chatgate::proto::test {
namespace {

void check_message(Bytes message) {
  Facts facts;
  const ParseStatus status = dns::parse(message, Direction::to_server, facts);
  const auto query = dns::parse_dns_query(message);
  FUZZ_CHECK(status != ParseStatus::need_more);
  FUZZ_CHECK(!dns::is_well_formed(message) || status != ParseStatus::malformed);
  if (query) {
    FUZZ_CHECK(status == ParseStatus::done);
    FUZZ_CHECK(query->questions_end >= dns::kHeaderSize);
    FUZZ_CHECK(query->questions_end <= message.size());
  }
  if (message.size() > 0xffff) return;

  std::vector<std::uint8_t> stream(2 + message.size());
  store_be16(stream.data(), static_cast<std::uint16_t>(message.size()));
  std::copy(message.begin(), message.end(), stream.begin() + 2);
  ParserState state;
  Facts over_tcp;
  FUZZ_CHECK(dns::feed(state, stream, over_tcp) == ParseStatus::done);
  FUZZ_CHECK(state.offset == stream.size());
  FUZZ_CHECK(names_of(over_tcp) == names_of(facts));
}

}  // namespace
}  // namespace chatgate::proto::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatgate::proto;
  test::check_stream_parser(AppProto::dns, {data, size});
  test::check_message({data, size});
  return 0;
}
