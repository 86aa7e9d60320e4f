#include <cstddef>
#include <cstdint>

#include "http2_message.h"
#include "stream_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatgate::proto;
  static http2::Connections connections(2);
  {
    const test::Http2Parser parser(connections);
    test::check_stream_parser(parser, {data, size});
  }
  FUZZ_CHECK(connections.in_use() == 0);
  return 0;
}
