#include <cstddef>
#include <cstdint>

#include "proto/msnp_direct.h"

#include "messenger_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatgate::proto;
  for (const StreamParser& parser : {msnftp::kParser, msn_peers::kParser, msn_webcam::kParser}) {
    test::check_messenger_parser(parser, {data, size});
  }
  return 0;
}
