#include "proto/ymsg.h"

#include <cstddef>
#include <cstdint>

#include "proto/ymsg_webcam.h"

#include "messenger_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatgate::proto;
  test::check_messenger_parser(ymsg::kParser, {data, size});
  test::check_messenger_parser(ymsg_webcam::kParser, {data, size});
  return 0;
}
