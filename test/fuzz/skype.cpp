#include "proto/skype.h"

#include <cstddef>
#include <cstdint>

#include "stream_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatgate::proto;
  test::check_stream_parser(skype::kParser, {data, size});
  return 0;
}
