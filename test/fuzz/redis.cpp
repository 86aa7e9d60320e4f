// What a server of Redis answers, cut at any place, and what a person writes as a sink. The same
// bytes are taken for both.
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "telemetry/redis_protocol.h"
#include "telemetry/sink.h"

#include "check.h"

namespace chatgate::telemetry {
namespace {

// Errors in the order in which they came; ends with "broken" where the bytes were no replies.
std::vector<std::string> replies(std::string_view bytes, std::size_t piece) {
  ReplyReader reader;
  std::vector<std::string> all;
  while (!bytes.empty() && reader.feed(bytes.substr(0, piece))) {
    bytes.remove_prefix(std::min(piece, bytes.size()));
    while (const auto reply = reader.next()) {
      FUZZ_CHECK(reply->is_error || reply->text.empty());
      all.push_back(reply->text);
    }
  }
  if (reader.broken()) all.emplace_back("broken");
  return all;
}

}  // namespace
}  // namespace chatgate::telemetry

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatgate;
  const std::string_view text = as_text({data, size});
  if (size < telemetry::ReplyReader::kLimit) {
    const auto whole = telemetry::replies(text, text.size());
    for (const std::size_t piece : {1, 7}) FUZZ_CHECK(telemetry::replies(text, piece) == whole);
  }
  for (const char* const before : {"", "redis:", "syslog:"}) {
    Diagnostics findings;
    const std::string word = before + std::string(text);
    const auto spec = telemetry::parse_sink(word, "--events", findings);
    FUZZ_CHECK(spec.has_value() != findings.has_errors());
    if (!spec || spec->password.empty()) continue;
    // No log may hold it.
    const std::size_t user_ends = word.find('@');
    FUZZ_CHECK(user_ends != std::string::npos && spec->word.size() < word.size());
  }
  return 0;
}
