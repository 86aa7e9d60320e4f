// However bytes come, the same rules match: over generated rules and buffers, and within a budget.
#include <gtest/gtest.h>
#include <random>

#include "evaluation_case.h"

namespace chatgate::detect {
namespace {

// Few letters, so that what is generated meets often.
constexpr std::string_view kLetters = "ab%1 \n";

class Generator {
 public:
  explicit Generator(std::uint32_t seed) : random_(seed) {}

  std::string rule() {
    variables_ = 0;
    std::string options;
    for (int i = below(4); i >= 0; --i) {
      if (below(3) == 0) options += target();
      options += option();
    }
    return with_options(options);
  }

  std::string buffer() {
    std::string bytes;
    for (int i = below(14); i > 0; --i) {
      if (below(5) == 0) {
        bytes += static_cast<char>(below(5));  // a small number
      } else {
        bytes += kLetters[static_cast<std::size_t>(below(static_cast<int>(kLetters.size())))];
      }
    }
    return bytes;
  }

 private:
  int below(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }
  bool maybe() { return below(2) == 0; }
  template <std::size_t Count>
  std::string one_of(const char* const (&words)[Count]) {
    return words[below(Count)];
  }
  std::string number(int first, int last) {
    return std::to_string(first + below(last - first + 1));
  }
  // A variable, where there is one, or a number.
  std::string operand(int first, int last) {
    if (variables_ != 0 && below(3) == 0) return "v" + number(1, variables_);
    return number(first, last);
  }

  std::string target() {
    return one_of({"pkt_data; ", "http.uri; url_decode; ", "http.uri; to_lowercase; ",
                   "http.uri; compress_whitespace; ", "http.uri; strip_whitespace; ",
                   "http.uri; dotprefix; ", "http.uri; url_decode; compress_whitespace; ",
                   "http.uri; dotprefix; url_decode; url_decode; ", "file.data; "});
  }

  std::string content() {
    std::string text = "content:" + std::string(below(4) == 0 ? "!" : "") + "\"";
    const int size = 1 + below(3);
    for (int i = 0; i < size; ++i) text += one_of({"a", "b", "%", "1", " ", "|0a|", "A"});
    text += "\"; ";
    if (below(4) == 0) text += "nocase; ";
    const int place = below(5);
    if (place == 0) text += "startswith; ";
    if (place == 1) text += "offset:" + operand(0, 5) + "; ";
    if (place == 1 || place == 2) text += "depth:" + operand(size, size + 5) + "; ";
    if (place == 3) text += "distance:" + operand(-3, 3) + "; ";
    if (place == 3 || place == 4) text += "within:" + operand(size, size + 4) + "; ";
    if (below(5) == 0) text += "endswith; ";
    return text;
  }

  std::string pcre() {
    std::string text = "pcre:" + std::string(below(4) == 0 ? "!" : "") + "\"/";
    for (int i = below(3); i >= 0; --i) {
      text +=
          one_of({"a",      "b",      "1",       ".",          "[ab]",          "(?:a|ab)", "(a|b)",
                  "\\s",    "[^a]",   "^",       "$",          "\\b",           "\\B",      "(?=a)",
                  "(?!b)",  "(?<=a)", "(?<!b)",  "\\z",        "\\Z",           "(?>a|ab)", "\\R",
                  "(?:a|)", "\\Ka",   "(?:ab?)", "(*COMMIT)a", "(a)?(?(1)b|1)", "(?#x)"});
      text += one_of({"", "", "", "?", "*", "+", "+?", "*?", "{1,2}", "*+", "?+"});
    }
    text += "/";
    for (const char flag : std::string_view("ismxAEG")) {
      if (below(6) == 0) text += flag;
    }
    if (below(3) == 0) text += "R";
    return text + "\"; ";
  }

  std::string form() {
    std::string text;
    if (below(3) == 0) text += ",little";
    if (below(5) == 0) text += ",bitmask 0x6";
    return text;
  }

  std::string bytes_option() {
    const std::string relative = maybe() ? ",relative" : "";
    const std::string at = relative.empty() ? operand(0, 4) : operand(-2, 3);
    const bool text = below(3) == 0;
    const std::string rest = relative + (text ? one_of({",string,dec", ",string,hex"}) : form());
    switch (below(4)) {
      case 0:
        return "byte_test:" + number(1, 2) + "," + one_of({"<", ">", "=", "&", "!=", "^"}) + "," +
               operand(0, 5) + "," + at + rest + "; ";
      case 1:
        return "byte_jump:" + number(1, 2) + "," + at + rest +
               one_of({"", "", ",align", ",multiplier 2", ",from_beginning",
                       ",from_end,post_offset -2", ",post_offset -1"}) +
               "; ";
      case 2: {
        const std::string head = "byte_extract:1," + at + ",v";
        return head + std::to_string(++variables_) + rest + "; ";
      }
      default: {
        const std::string head = "byte_math:bytes 1,offset " + at + ",oper " +
                                 one_of({"+", "-", "*", "/", "<<", ">>"}) + ",rvalue " +
                                 operand(1, 3) + ",result v";
        return head + std::to_string(++variables_) + relative + "; ";
      }
    }
  }

  std::string option() {
    switch (below(8)) {
      case 0:
      case 1:
      case 2: return content();
      case 3:
      case 4: return pcre();
      case 5:
        return "isdataat:" + std::string(maybe() ? "!" : "") + operand(0, 4) +
               (maybe() ? ",relative; " : "; ");
      default: return bytes_option();
    }
  }

  std::mt19937 random_;
  int variables_ = 0;
};

// An answer on a beginning is the answer on the whole. That nothing is missed is then true of its
// own, as the whole is always looked at.
TEST(Growth, GeneratedRules) {
  std::size_t rules = 0, matched = 0, not_matched = 0, early_yes = 0, early_no = 0;
  for (std::uint32_t seed = 1; seed <= 6000; ++seed) {
    Generator generator(seed);
    const std::string text = generator.rule();
    RuleSet set = parse_rules(text, "f");
    if (set.rules.size() != 1) continue;  // e.g. (?!b)+ is no expression
    Numbering numbering;
    const auto program = Program::compile(set.rules[0], numbering, set.findings);
    if (!program) continue;
    ++rules;
    for (int i = 0; i < 12; ++i) {
      const std::string bytes = generator.buffer();
      const Truth whole = evaluate_on(*program, bytes, true);
      ASSERT_NE(whole, Truth::open) << text;
      (whole == Truth::yes ? matched : not_matched) += 1;
      for (std::size_t size = 0; size <= bytes.size(); ++size) {
        const Truth truth = evaluate_on(*program, bytes.substr(0, size), false);
        if (truth == Truth::open) continue;
        (truth == Truth::yes ? early_yes : early_no) += 1;
        ASSERT_EQ(truth, whole) << text << "\nseed " << seed << ", the first " << size
                                << " bytes of\n"
                                << testing::PrintToString(bytes);
      }
    }
  }
  // The test is of worth only where all of it occurs.
  EXPECT_GT(rules, 4000u);
  EXPECT_GT(matched, 4000u);
  EXPECT_GT(not_matched, 4000u);
  EXPECT_GT(early_yes, 4000u);
  EXPECT_GT(early_no, 4000u);
}

// Several buffers, of which some are complete and some grow.
TEST(Growth, BuffersGrowApart) {
  const auto program = program_of(
      with_options(R"(http.uri; content:"a"; file.data; content:"b"; content:!"c"; distance:0;)"));
  ASSERT_TRUE(program);
  const auto evaluate = [&](std::string_view uri, bool uri_complete, std::string_view body,
                            bool body_complete) {
    const auto uri_bytes = exactly(uri);
    const auto body_bytes = exactly(body);
    Buffers buffers;
    buffers.set(Buffer::http_uri, uri_bytes, uri_complete);
    buffers.set(Buffer::file_data, body_bytes, body_complete);
    return program->evaluate({}, buffers, test_scratch());
  };
  EXPECT_EQ(evaluate("a", true, "b", true), Truth::yes);
  EXPECT_EQ(evaluate("a", true, "b", false), Truth::open);
  EXPECT_EQ(evaluate("a", true, "bc", false), Truth::open);  // another b may follow
  EXPECT_EQ(evaluate("a", true, "bc", true), Truth::no);
  EXPECT_EQ(evaluate("x", true, "b", false), Truth::no);
  EXPECT_EQ(evaluate("x", false, "b", true), Truth::open);
  EXPECT_EQ(evaluate("a", false, "b", true), Truth::yes);
}

// A search that would try every one of many matches ends, does not match, and is counted.
TEST(Growth, StepsRunOut) {
  const auto program = program_of(with_options(
      R"(content:"a"; content:"a"; distance:0; content:"a"; distance:0; content:"b"; distance:0;)"));
  ASSERT_TRUE(program);
  EvaluationScratch scratch;
  const auto run = [&](const std::string& text, bool complete) {
    const auto bytes = exactly(text);
    return program->evaluate({}, all_buffers(bytes, complete), scratch);
  };
  const std::string many(kMaxTurn - 1, 'a');
  EXPECT_EQ(run(many, true), Truth::no);
  EXPECT_EQ(scratch.exhausted(), 1u);
  EXPECT_EQ(run(many, false), Truth::no);
  EXPECT_EQ(scratch.exhausted(), 2u);
  // Nothing is left of it for the next.
  EXPECT_EQ(run(many + "b", true), Truth::yes);
  EXPECT_EQ(run("aab", true), Truth::no);
  EXPECT_EQ(scratch.exhausted(), 2u);
  EXPECT_GT(scratch.memory(), sizeof scratch);
}

// An ordinary rule on the largest datagram stays within its steps.
TEST(Growth, StepsSuffice) {
  const auto program = program_of(with_options(
      R"(content:"first"; nocase; content:"second"; distance:0; pcre:"/third[0-9]+/"; content:!"never"; content:"last"; endswith;)"));
  ASSERT_TRUE(program);
  EvaluationScratch scratch;
  std::string text(65507, 'x');
  text.replace(30000, 5, "First");
  text.replace(40000, 6, "second");
  text.replace(50000, 7, "third42");
  text.replace(text.size() - 4, 4, "last");
  const auto bytes = exactly(text);
  EXPECT_EQ(program->evaluate({}, all_buffers(bytes, true), scratch), Truth::yes);
  EXPECT_EQ(scratch.exhausted(), 0u);
}

// As many options as a rule can have, each with a call of its own.
TEST(Growth, DeepestRule) {
  std::string options = R"(content:"a"; )";
  for (int i = 1; i < 256; ++i) options += R"(content:"a"; distance:0; )";
  const auto program = program_of(with_options(options));
  ASSERT_TRUE(program);
  EXPECT_EQ(evaluate_on(*program, std::string(256, 'a'), true), Truth::yes);
  EXPECT_EQ(evaluate_on(*program, std::string(256, 'a'), false), Truth::yes);
  EXPECT_EQ(evaluate_on(*program, std::string(255, 'a'), true), Truth::no);
  EXPECT_GT(program->memory(), 256u);
}

TEST(Growth, TooManyTransforms) {
  std::string options;
  const char* const kBuffers[] = {"http.uri",      "http.host",    "http.cookie",
                                  "http.method",   "http.referer", "http.start",
                                  "http.protocol", "http.header",  "tls.sni"};
  static_assert(std::size(kBuffers) == EvaluationScratch::kMaxTransforms + 1);
  for (const char* buffer : kBuffers) {
    options += std::string(buffer) + R"(; to_lowercase; content:"a"; )";
  }
  RuleSet set = parse_rules(with_options(options), "test.rules");
  ASSERT_EQ(set.rules.size(), 1u);
  Numbering numbering;
  EXPECT_FALSE(Program::compile(set.rules[0], numbering, set.findings));
  EXPECT_NE(findings_text(set).find("too many buffers with transforms"), std::string::npos);
}

}  // namespace
}  // namespace chatgate::detect
