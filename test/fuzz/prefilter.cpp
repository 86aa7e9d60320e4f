#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>

#include "base/bytes.h"
#include "detect/fast_pattern.h"
#include "detect/parser.h"
#include "detect/program.h"

#include "check.h"
#include "plain_search.h"

namespace {

using namespace chatgate;
using namespace chatgate::detect;

constexpr std::size_t kMaxBytes = 512;
constexpr std::size_t kMaxExpression = 64;

bool is_small(const Rule& rule) {
  for (const PayloadOption& option : rule.payload) {
    const Pcre* pcre = std::get_if<Pcre>(&option);
    if (pcre != nullptr && pcre->expression.size() > kMaxExpression) return false;
  }
  return true;
}

}  // namespace

// A line with a rule, then bytes: where the rule matches them, its fast pattern is there.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* end =
      size == 0 ? nullptr : static_cast<const std::uint8_t*>(std::memchr(data, '\n', size));
  if (end == nullptr) return 0;
  const auto text_size = static_cast<std::size_t>(end - data);
  const RuleSet set = parse_rules(as_text({data, text_size}), "fuzz");
  Bytes bytes{end + 1, size - text_size - 1};
  bytes = bytes.first(std::min(bytes.size(), kMaxBytes));
  static EvaluationScratch scratch;
  for (const Rule& rule : set.rules) {
    if (!is_small(rule)) continue;
    const std::optional<FastPattern> pattern = choose_fast_pattern(rule);
    if (!pattern) continue;
    FUZZ_CHECK(!pattern->literal.bytes.empty() && pattern->literal.bytes.size() <= kMaxFastPattern);
    Numbering numbering;
    Diagnostics findings;
    const auto program = Program::compile(rule, numbering, findings);
    if (!program) continue;
    Buffers buffers;
    for (std::size_t i = 0; i < kBufferCount; ++i) buffers.set(static_cast<Buffer>(i), bytes);
    if (program->evaluate(Subject(), buffers, scratch) != Truth::yes) continue;
    FUZZ_CHECK(contains(as_text(bytes), pattern->literal));
  }
  return 0;
}
