#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/bytes.h"
#include "detect/parser.h"
#include "detect/program.h"

#include "check.h"

namespace {

using namespace chatgate;
using namespace chatgate::detect;

constexpr std::size_t kMaxBytes = 512;
constexpr std::size_t kMaxExpression = 64;

EvaluationScratch& scratch() {
  static EvaluationScratch one;
  return one;
}

// What compiles in seconds is of no interest here; expressions are the rule author's.
bool is_small(const Rule& rule) {
  return std::all_of(rule.payload.begin(), rule.payload.end(), [](const PayloadOption& option) {
    const Pcre* pcre = std::get_if<Pcre>(&option);
    return pcre == nullptr || pcre->expression.size() <= kMaxExpression;
  });
}

Truth evaluate(const Program& program, Bytes bytes, bool complete) {
  // A buffer of its own size, so that the sanitizers see a read beyond it.
  const std::vector<std::uint8_t> copy(bytes.begin(), bytes.end());
  Buffers buffers;
  for (std::size_t i = 0; i < kBufferCount; ++i) {
    buffers.set(static_cast<Buffer>(i), copy, complete);
  }
  return program.evaluate(Subject{}, buffers, scratch());
}

// Headers and flow state of any bytes.
void look(const Program& program, Bytes bytes) {
  PacketFields packet;
  packet.ip_options = bytes.first(std::min<std::size_t>(bytes.size(), 40));
  Subject subject;
  subject.packet = &packet;
  FlowMemory flow;
  for (const std::uint8_t protocol : {1, 6, 17, 47, 58}) {
    subject.ip_protocol = protocol;
    program.header_fits(subject);
    program.flow_state_fits(&flow);
    program.apply_flow_state(&flow);
  }
}

}  // namespace

// A line with a rule, then bytes: what the rule says of a beginning of them that may grow, it says
// of all of them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* end =
      size == 0 ? nullptr : static_cast<const std::uint8_t*>(std::memchr(data, '\n', size));
  if (end == nullptr) return 0;
  const auto text_size = static_cast<std::size_t>(end - data);
  RuleSet set = parse_rules(as_text({data, text_size}), "fuzz");
  Bytes bytes{end + 1, size - text_size - 1};
  bytes = bytes.first(std::min(bytes.size(), kMaxBytes));
  for (const Rule& rule : set.rules) {
    if (!is_small(rule)) continue;
    Numbering numbering;
    Diagnostics findings;
    const auto program = Program::compile(rule, numbering, findings);
    FUZZ_CHECK(program.has_value() != findings.has_errors());
    if (!program) continue;
    look(*program, bytes);
    const std::uint64_t exhausted = scratch().exhausted();
    const Truth whole = evaluate(*program, bytes, true);
    FUZZ_CHECK(whole != Truth::open);
    for (std::size_t length = 0; length <= bytes.size(); ++length) {
      const Truth truth = evaluate(*program, bytes.first(length), false);
      // Where steps ran out, how far they went decides.
      if (scratch().exhausted() != exhausted) break;
      FUZZ_CHECK(truth == Truth::open || truth == whole);
    }
  }
  return 0;
}
