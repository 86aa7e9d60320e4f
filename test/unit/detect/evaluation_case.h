// What the tests of evaluation share: options in, the answer on bytes out, whole and as they grow.
#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "detect/program.h"

#include "rules.h"

namespace chatgate::detect {

inline std::ostream& operator<<(std::ostream& out, Truth truth) {
  return out << (truth == Truth::yes ? "yes" : truth == Truth::no ? "no" : "open");
}

// The program of the only rule in a text; a failure, and nothing, where there is none.
inline std::optional<Program> program_of(const std::string& text, Numbering& numbering) {
  RuleSet set = parse_rules(text, "test.rules");
  if (set.rules.size() != 1) {
    ADD_FAILURE() << text << "\n" << findings_text(set);
    return {};
  }
  auto program = Program::compile(set.rules[0], numbering, set.findings);
  if (!program) ADD_FAILURE() << text << "\n" << findings_text(set);
  return program;
}

inline std::optional<Program> program_of(const std::string& text) {
  Numbering numbering;
  return program_of(text, numbering);
}

// Bytes in a buffer of exactly their size, so that the sanitizers see a read beyond it.
inline std::vector<std::uint8_t> exactly(std::string_view text) {
  return {text.begin(), text.end()};
}

// Every buffer holds the same bytes.
inline Buffers all_buffers(Bytes bytes, bool complete) {
  Buffers buffers;
  for (std::size_t i = 0; i < kBufferCount; ++i) {
    buffers.set(static_cast<Buffer>(i), bytes, complete);
  }
  return buffers;
}

inline EvaluationScratch& test_scratch() {
  static EvaluationScratch scratch;
  return scratch;
}

inline Truth evaluate_on(const Program& program, std::string_view text, bool complete) {
  const auto bytes = exactly(text);
  return program.evaluate(Subject{}, all_buffers(bytes, complete), test_scratch());
}

// The same answer on the whole, and never another one on a beginning of it that may yet grow.
inline void expect_settles(const Program& program, std::string_view text, Truth whole,
                           const std::string& what) {
  EXPECT_NE(whole, Truth::open) << what;
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const Truth truth = evaluate_on(program, text.substr(0, size), false);
    EXPECT_TRUE(truth == Truth::open || truth == whole)
        << what << "\nof the first " << size << " bytes " << truth << ", of all " << whole;
  }
}

struct Case {
  std::string_view options;
  std::string_view bytes;
  bool matches;
};

inline void expect_cases(std::span<const Case> cases) {
  for (const Case& one : cases) {
    const std::string what = std::string(one.options) + " on \"" + std::string(one.bytes) + "\"";
    const auto program = program_of(with_options(one.options));
    if (!program) continue;
    const Truth whole = evaluate_on(*program, one.bytes, true);
    EXPECT_EQ(whole, one.matches ? Truth::yes : Truth::no) << what;
    expect_settles(*program, one.bytes, whole, what);
  }
}

}  // namespace chatgate::detect
