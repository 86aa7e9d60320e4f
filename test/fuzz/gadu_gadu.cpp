#include "proto/gadu_gadu.h"

#include <cstddef>
#include <cstdint>

#include "stream_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatgate::proto;
  test::check_stream_parser(gadu_gadu::kClient, {data, size});
  test::check_stream_parser(gadu_gadu::kServer, {data, size});
  return 0;
}
