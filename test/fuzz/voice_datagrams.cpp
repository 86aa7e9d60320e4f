#include "proto/voice_datagrams.h"

#include <cstddef>
#include <cstdint>

#include "datagram_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatgate::proto;
  test::check_datagram_parser(discord::kParser, {data, size});
  test::check_datagram_parser(line::kParser, {data, size});
  test::check_datagram_parser(zalo::kParser, {data, size});
  test::check_datagram_parser(mumble::kParser, {data, size});
  test::check_datagram_parser(tox::kParser, {data, size});
  return 0;
}
