// The parser of requests on the input as a stream, and the checks of a policy on it as a head.
#include "proto/http.h"

#include <cstddef>
#include <cstdint>

#include "proto/http_checks.h"

#include "check.h"
#include "stream_target.h"

namespace {

void check_head(std::string_view head) {
  const auto checks = chatgate::proto::http::check_request(head);
  const auto lies_within = [&](std::string_view part) {
    return part.empty() ||
           (part.data() >= head.data() && part.data() + part.size() <= head.data() + head.size());
  };
  FUZZ_CHECK(lies_within(checks.method) && lies_within(checks.target));
  FUZZ_CHECK(checks.header_length + checks.method.size() + checks.target.size() <= head.size());
  FUZZ_CHECK(checks.violation || !checks.target.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatgate::proto;
  test::check_stream_parser(http::kParser, {data, size});
  check_head(chatgate::as_text({data, size}));
  return 0;
}
