#include "proto/mtproto.h"

#include <cstddef>
#include <cstdint>

#include "datagram_target.h"
#include "stream_target.h"

namespace chatgate::proto {
namespace {

// As the engine's table has it, with one worker's memory.
struct Obfuscated {
  std::uint32_t byte_limit = mtproto::kObfuscatedHeader;

  static Probe probe(Bytes stream) { return mtproto::probe_obfuscated(stream); }
  static ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
    static mtproto::Obfuscation obfuscation;
    return obfuscation.feed(state, stream, facts);
  }
};

}  // namespace
}  // namespace chatgate::proto

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatgate::proto;
  test::check_stream_parser(mtproto::kParser, {data, size});
  test::check_stream_parser(Obfuscated(), {data, size});
  test::check_datagram_parser(mtproto::kReflector, {data, size});
  return 0;
}
