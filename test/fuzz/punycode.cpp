#include "proto/punycode.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/bytes.h"

#include "check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatgate;
  std::array<char, proto::kMaxAsciiHost> buffer;
  const auto mapped = proto::to_ascii_host(as_text({data, size}), buffer);
  if (!mapped) return 0;
  FUZZ_CHECK(proto::is_ascii(*mapped));
  FUZZ_CHECK(
      std::none_of(mapped->begin(), mapped->end(), [](char c) { return c >= 'A' && c <= 'Z'; }));
  std::array<char, proto::kMaxAsciiHost> other;
  const auto again = proto::to_ascii_host(*mapped, other);
  FUZZ_CHECK(again && *again == *mapped);
  return 0;
}
