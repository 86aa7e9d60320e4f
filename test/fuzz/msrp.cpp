#include "proto/msrp.h"

#include <cstddef>
#include <cstdint>

#include "messenger_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatgate::proto;
  test::check_messenger_parser(msrp::kParser, {data, size});
  return 0;
}
