// The parser of responses on the input as a stream, and what a policy reads in it as a head.
#include "proto/http_response.h"

#include <cstddef>
#include <cstdint>

#include "proto/http_types.h"

#include "check.h"
#include "stream_target.h"

namespace {

using namespace chatgate::proto;

void check_head(std::string_view head) {
  const http::ResponseChecks checks = http::check_response(head);
  FUZZ_CHECK(checks.status < 1000);
  FUZZ_CHECK(checks.content_type.size() <= head.size());
  http::Accepted accepted;
  accepted.add(head);
  accepted.add("*/*");
  FUZZ_CHECK(accepted.accepts(checks.content_type));
}

void check_types(std::string_view body) {
  for (int i = 0; i <= static_cast<int>(http::MediaType::executable); ++i) {
    const auto type = static_cast<http::MediaType>(i);
    FUZZ_CHECK(http::verify(type, body, true) != http::Agreement::unsure);
    const http::Agreement early = http::verify(type, body, false);
    // What is in no doubt stays as it is, whatever follows.
    if (!http::is_in_doubt(body) && !body.empty()) {
      FUZZ_CHECK(early != http::Agreement::unsure);
      FUZZ_CHECK(early == http::verify(type, std::string(body) + "GIF89a\1\2", false));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const chatgate::Bytes bytes(data, size);
  test::check_stream_parser(http::kResponseParser, bytes);
  const std::string_view text = chatgate::as_text(bytes);
  check_head(text);
  for (std::size_t length = 0; length <= std::min<std::size_t>(size, 12); ++length) {
    check_types(text.substr(0, length));
  }
  return 0;
}
