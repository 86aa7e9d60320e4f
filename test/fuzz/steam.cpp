#include "proto/steam.h"

#include <cstddef>
#include <cstdint>

#include "datagram_target.h"
#include "stream_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatgate::proto;
  test::check_stream_parser(steam::kParser, {data, size});
  test::check_datagram_parser(steam::kDatagrams, {data, size});
  return 0;
}
