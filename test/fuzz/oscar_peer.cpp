#include "proto/oscar_peer.h"

#include <cstddef>
#include <cstdint>

#include "stream_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatgate::proto;
  test::check_stream_parser(oft::kParser, {data, size});
  test::check_stream_parser(odc::kParser, {data, size});
  test::check_stream_parser(rendezvous_proxy::kParser, {data, size});
  return 0;
}
