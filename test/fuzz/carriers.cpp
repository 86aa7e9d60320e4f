// HTTP's parsers with what bodies and WebSockets carry: what is said does not depend on the cuts,
// and every session comes back. What begins like an answer goes to the client.
#include <cstddef>
#include <cstdint>

#include "carrier_run.h"
#include "check.h"
#include "stream_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatgate::proto;
  constexpr std::size_t kMaxBytewise = 700;
  static Carriers carriers(1);
  if (size == 0) return 0;
  const Direction way = data[0] == 'H' ? Direction::to_client : Direction::to_server;
  const chatgate::Bytes stream(data, size);
  const test::Carried whole = test::carry(carriers, way, stream, {size});
  FUZZ_CHECK(whole.fault.empty());
  FUZZ_CHECK(test::carry(carriers, way, stream, test::lengths_chosen_by(stream)) == whole);
  if (size <= kMaxBytewise) {
    FUZZ_CHECK(test::carry(carriers, way, stream, test::steps(size, 1)) == whole);
  }
  FUZZ_CHECK(carriers.in_use() == 0);
  return 0;
}
