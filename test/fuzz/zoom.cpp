#include "proto/zoom.h"

#include <cstddef>
#include <cstdint>

#include "datagram_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatgate::proto;
  test::check_datagram_parser(zoom::kParser, {data, size});
  return 0;
}
