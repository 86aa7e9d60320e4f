// No text makes the parser fail in any other way than by saying what is wrong.
#include <gtest/gtest.h>

#include "effort.h"
#include "rules.h"

namespace chatgate::detect {
namespace {

void expect_refused_or_sound(const std::string& text) {
  const RuleSet set = parse_rules(text, "f");
  EXPECT_LE(set.rules.size() + set.refused, 1u) << text;
  EXPECT_EQ(set.refused != 0, set.findings.has_errors()) << text;
  for (const Rule& rule : set.rules) {
    const std::string once = to_text(rule);
    EXPECT_EQ(canonical(once), once) << text;
  }
}

TEST(CutRules, SamplesLoad) {
  for (const std::string_view sample : kSampleRules) {
    const RuleSet set = parse_rules(sample, "f");
    EXPECT_EQ(set.rules.size(), 1u) << sample << "\n" << findings_text(set);
  }
}

TEST(CutRules, AtEveryByte) {
  for (const std::string_view sample : kSampleRules) {
    for (std::size_t size = 0; size < sample.size(); ++size) {
      const RuleSet set = parse_rules(sample.substr(0, size), "f");
      EXPECT_TRUE(set.rules.empty()) << sample.substr(0, size);
      EXPECT_EQ(set.refused, trimmed(sample.substr(0, size)).empty() ? 0u : 1u);
    }
  }
}

TEST(CutRules, EveryByteLeftOut) {
  for (const std::string_view sample : kSampleRules) {
    for (std::size_t at = 0; at < sample.size(); ++at) {
      std::string text(sample);
      text.erase(at, 1);
      expect_refused_or_sound(text);
    }
  }
}

TEST(CutRules, EveryByteReplaced) {
  for (const std::string_view sample : kSampleRules) {
    for (std::size_t at = 0; at < sample.size(); ++at) {
      constexpr std::string_view kReplacements("\0;:\"|\\,![)(\xff", 12);
      constexpr std::size_t kStep =
          chatgate::test::attempts(1u, 5u);  // no divisor: each comes in turn
      for (std::size_t i = at % kStep; i < kReplacements.size(); i += kStep) {
        std::string text(sample);
        text[at] = kReplacements[i];
        expect_refused_or_sound(text);
      }
    }
  }
}

// What would be slow if anything were quadratic; the test's time limit is the expectation.
TEST(CutRules, LongTexts) {
  constexpr std::size_t kLong = LineReader::kMaxLine - 200;
  const auto repeat = [](std::string_view part, std::size_t size) {
    std::string text;
    while (text.size() + part.size() <= size) text += part;
    return text;
  };
  for (const char* part : {"[", "!", "[!", "a,", "1,", "[1,", "1.2.3.4,"}) {
    for (const std::string& text :
         {"alert tcp any " + repeat(part, kLong) + " -> any any (sid:1;)",
          "alert tcp [" + repeat(part, kLong) + "] any -> any any (sid:1;)"}) {
      EXPECT_EQ(parse_rules(text, "f").refused, 1u) << part;
    }
  }
  for (const char* part : {";", "x;", "content;", "content:\"a\";", "nocase;", "http.uri;", "\\",
                           "\"", "metadata:a b;", "flowbits:set,a;", "byte_extract:1,0,a;"}) {
    const RuleSet set = parse_rules(std::string(kHeader) + repeat(part, kLong) + "sid:1;)", "f");
    EXPECT_EQ(set.rules.size() + set.refused, 1u) << part;
  }
  const RuleSet lines = parse_rules(repeat("alrt\n", 1 << 20), "f");
  EXPECT_EQ(lines.refused, (1u << 20) / 5);
}

}  // namespace
}  // namespace chatgate::detect
