#include "proto/starttls.h"

#include <cstddef>
#include <cstdint>

#include "stream_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatgate::proto;
  for (const StreamParser& parser : {smtp::kParser, imap::kParser}) {
    test::check_stream_parser(parser, {data, size});
  }
  return 0;
}
