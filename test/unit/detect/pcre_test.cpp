// pcre with every flag, and what it may say of bytes that are not all there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "evaluation_case.h"

namespace chatgate::detect {
namespace {

using namespace std::string_view_literals;

TEST(EvaluatePcre, Flags) {
  constexpr Case kCases[] = {
      {R"(pcre:"/ab+c/";)", "xabbbc", true},
      {R"(pcre:"/ab+c/";)", "ac", false},
      {R"(pcre:"/ab+c/";)", "ABC", false},
      {R"(pcre:"/ab+c/i";)", "ABC", true},
      {R"(pcre:"/ab+c/i";)", "AC", false},
      {R"(pcre:"/\x00\xff/";)", "\0\xff"sv, true},
      {R"(pcre:"/\xe4/i";)", "\xc4", false},  // octets, not Latin-1 letters
      {R"(pcre:"/a.b/";)", "a\nb", false},
      {R"(pcre:"/a.b/";)", "a\rb", true},
      {R"(pcre:"/a.b/s";)", "a\nb", true},
      {R"(pcre:"/^b/";)", "a\nb", false},
      {R"(pcre:"/^b/m";)", "a\nb", true},
      {R"(pcre:"/^b/m";)", "a\rb", false},
      {R"(pcre:"/a$/";)", "a\nb", false},
      {R"(pcre:"/a$/m";)", "a\nb", true},
      {R"(pcre:"/a b # comment/x";)", "ab", true},
      {R"(pcre:"/a b/x";)", "a b", false},
      {R"(pcre:"/a b/";)", "a b", true},
      {R"(pcre:"/b/A";)", "ba", true},
      {R"(pcre:"/b/A";)", "ab", false},
      {R"(pcre:"/a$/";)", "a", true},
      {R"(pcre:"/a$/";)", "a\n", true},
      {R"(pcre:"/a$/E";)", "a\n", false},
      {R"(pcre:"/a$/E";)", "a", true},
      // Greedy: the cursor is behind the last b; ungreedy: behind the first.
      {R"(pcre:"/ab*/"; content:"c"; within:1;)", "abbc", true},
      {R"(pcre:"/ab*/G"; content:"c"; within:1;)", "abbc", false},
      {R"(pcre:"/ab*/"; content:"b"; within:1;)", "abb", false},
      {R"(pcre:"/ab*/G"; content:"b"; within:1;)", "abb", true},
      {R"(pcre:"/ab/O";)", "xab", true},
      {R"(pcre:"/ab/O";)", "ba", false},
      {R"(pcre:"m#a/b#";)", "a/b", true},
      {R"(pcre:"/a\/b/";)", "a/b", true},
      {R"(pcre:"/(?i)ab/";)", "AB", true},
      {R"(pcre:"/(a)(b)(c)\3/";)", "abcc", true},
      {R"(pcre:"/(a)(b)(c)\3/";)", "abcb", false},
      {R"(pcre:"/a|b/";)", "b", true},
      {R"(pcre:"/x*/";)", "", true},  // nothing is a match
      {R"(pcre:"/(?=a)1?a/";)", "xa", true},
      {R"(pcre:"/(*pla:a)1?a/";)", "xa", true},
      {R"(pcre:"/(?=a)1?a/";)", "x1", false},
      {R"(pcre:"/^$/";)", "", true},
      {R"(pcre:"/^$/";)", "a", false},
  };
  expect_cases(kCases);
}

TEST(EvaluatePcre, NegatedAndRelative) {
  constexpr Case kCases[] = {
      {R"(pcre:!"/a+/"; content:"b";)", "b", true},
      {R"(pcre:!"/a+/"; content:"b";)", "ba", false},
      {R"(pcre:!"/^a/";)", "ba", true},
      {R"(pcre:!"/^a/";)", "ab", false},
      {R"(pcre:!"/a$/";)", "ab", true},
      {R"(pcre:!"/a$/";)", "ba", false},
      {R"(content:"a"; pcre:"/b/R";)", "ba", false},
      {R"(content:"a"; pcre:"/b/R";)", "ab", true},
      {R"(content:"a"; pcre:"/^b/R";)", "ab", true},
      {R"(content:"a"; pcre:"/^b/R";)", "acb", false},
      {R"(content:"a"; pcre:"/^b/R";)", "acab", true},  // the next a
      {R"(content:"a"; pcre:"/b/AR";)", "ab", true},
      {R"(content:"a"; pcre:"/b/AR";)", "acb", false},
      {R"(content:"a"; pcre:"/(?<=a)b/R";)", "ab", false},  // it sees nothing before the cursor
      {R"(pcre:"/(?<=a)b/";)", "ab", true},
      {R"(content:"a"; pcre:!"/b/R";)", "ab", false},
      {R"(content:"a"; pcre:!"/b/R";)", "ba", true},
      {R"(content:"a"; pcre:!"/^b/R";)", "abac", true},
      {R"(pcre:"/a/"; content:"b"; within:1;)", "acab", true},  // its next match
      {R"(pcre:"/a/A"; content:"b"; within:1;)", "acab", false},
      {R"(pcre:"/^a/"; content:"b"; within:1;)", "acab", false},
      {R"(pcre:"/a./"; content:"b"; within:1;)", "aaab", true},
      {R"(pcre:"/a./"; content:"b"; within:1;)", "aaaab", true},  // matches may overlap
      {R"(pcre:"/a./"; pcre:"/^c/R"; isdataat:!1,relative;)", "abcabcc", false},
      {R"(pcre:"/a./"; pcre:"/^c/R"; isdataat:!1,relative;)", "abccabc", true},
      {R"(pcre:"/a*/"; content:"b"; within:1;)", "ccb", true},
      {R"(pcre:"/a\Kb/"; content:"c"; within:1;)", "abc", true},
      {R"(pcre:"/a/"; content:"b"; distance:0;)", "ba", false},
      {R"(pcre:"/b/"; pcre:"/a/";)", "ab", true},
  };
  expect_cases(kCases);
}

TEST(EvaluatePcre, BuffersByFlag) {
  struct Row {
    char flag;
    Buffer buffer;
  };
  using enum Buffer;
  constexpr Row kRows[] = {
      {'U', http_uri},        {'I', http_raw_uri},  {'P', http_client_body}, {'H', http_header},
      {'D', http_raw_header}, {'M', http_method},   {'C', http_cookie},      {'K', http_raw_cookie},
      {'S', http_stat_code},  {'Y', http_stat_msg}, {'V', http_user_agent},  {'W', http_host},
      {'Z', http_raw_host},   {'Q', file_data},     {'B', raw_payload},
  };
  const auto yes = exactly("abbc");
  const auto no = exactly("bac");
  for (const Row& row : kRows) {
    const auto program = program_of(with_options(std::string("pcre:\"/ab+/") + row.flag + "\";"));
    ASSERT_TRUE(program) << row.flag;
    Buffers buffers = all_buffers(no, true);
    buffers.set(row.buffer, yes);
    EXPECT_EQ(program->evaluate({}, buffers, test_scratch()), Truth::yes) << row.flag;
    buffers = all_buffers(yes, true);
    buffers.set(row.buffer, no);
    EXPECT_EQ(program->evaluate({}, buffers, test_scratch()), Truth::no) << row.flag;
  }
}

// On bytes that may grow; and whatever these are, it is not contradicted by what follows.
TEST(EvaluatePcre, Growing) {
  struct Row {
    std::string_view options;
    std::string_view bytes;
    Truth truth;
  };
  constexpr Row kRows[] = {
      {R"(pcre:"/abc/";)", "", Truth::open},
      {R"(pcre:"/abc/";)", "ab", Truth::open},
      {R"(pcre:"/abc/";)", "abc", Truth::yes},
      {R"(pcre:"/^abc/";)", "", Truth::open},
      {R"(pcre:"/^abc/";)", "ab", Truth::open},
      {R"(pcre:"/^abc/";)", "abd", Truth::no},
      {R"(pcre:"/^abc/m";)", "abd", Truth::open},
      {R"(pcre:"/abc/A";)", "abd", Truth::no},
      {R"(pcre:"/a+/";)", "xa", Truth::yes},  // more a's make no difference
      {R"(pcre:"/a.*b/s";)", "acb", Truth::yes},
      {R"(pcre:"/a.*b/s";)", "ac", Truth::open},
      {R"(pcre:"/a++/";)", "xa", Truth::open},  // possessive: not known to last
      {R"(pcre:"/(?>a+)b?/";)", "xa", Truth::open},
      {R"(pcre:"/a$/";)", "a", Truth::open},
      {R"(pcre:"/a\b/";)", "a", Truth::open},
      {R"(pcre:"/a\b/";)", "a b", Truth::yes},
      {R"(pcre:"/a(?!b)/";)", "a", Truth::open},
      {R"(pcre:"/a(?!b)/";)", "ac", Truth::yes},
      {R"(pcre:"/a(?!b).*/s";)", "ac", Truth::open},
      {R"(pcre:"/^a(?!b)/";)", "ab", Truth::no},
      {R"(pcre:"/a+/"; content:"b"; within:1;)", "xa", Truth::open},
      {R"(pcre:"/a+/"; content:"b"; within:1;)", "xab", Truth::yes},
      {R"(pcre:!"/abc/";)", "ab", Truth::open},
      {R"(pcre:!"/abc/";)", "abc", Truth::no},
      {R"(pcre:!"/a+/";)", "ba", Truth::no},
      {R"(pcre:!"/^abc/";)", "abd", Truth::yes},
      {R"(pcre:!"/^abc/";)", "", Truth::open},
      {R"(pcre:!"/\B/A";)", "", Truth::open},
      {R"(pcre:"/a+/"; content:"x"; content:"c"; within:1;)", "xca", Truth::yes},
      // A line begins behind a line end only where something follows.
      {R"(pcre:!"/a\n^/mA";)", "a\n", Truth::open},
      {R"(pcre:!"/a\n^/mA";)", "a\nb", Truth::no},
      {R"(pcre:!"/a\n(?m)^/A";)", "a\n", Truth::open},
      {R"(pcre:!"/(*CR)a\r^/mA";)", "a\r", Truth::open},
      {R"(pcre:"/^a/m";)", "b\na\n", Truth::yes},
      {R"(pcre:!"/a$/";)", "a", Truth::open},
      {R"(content:"a"; depth:1; pcre:"/^b/R";)", "a", Truth::open},
      {R"(content:"a"; depth:1; pcre:"/^b/R";)", "ab", Truth::yes},
      {R"(content:"a"; depth:1; pcre:"/^b/R";)", "ac", Truth::no},
  };
  for (const Row& row : kRows) {
    const auto program = program_of(with_options(row.options));
    ASSERT_TRUE(program);
    EXPECT_EQ(evaluate_on(*program, row.bytes, false), row.truth)
        << row.options << " on " << row.bytes;
  }
}

// What is and what is not taken for lasting, from its effect: a match that reaches the end of
// bytes that may grow.
TEST(EvaluatePcre, Lasting) {
  constexpr std::string_view kLasting[] = {"a+",      "[ab]+",    "(?:a|b)+",  "(?i)A+", "a+?a*",
                                           "(a)\\1*", "(?<n>a)+", "(?P<n>a)+", "a{1,9}", "\\w+",
                                           "\\++|a+", "(?<=x)a+", "(?<!y)a+",  "a*|b",   "^.a+"};
  constexpr std::string_view kNot[] = {
      "a++",      "xa*+",        "xa?+a*",   "a{1,9}+",      "(?>a+)",  "a+(?!b)",
      "a+(?=a|)", "a+$",         "a+\\z",    "a+\\Z",        "a+\\b",   "x\\Ka+",
      "(?|a|b)+", "(*COMMIT)a+", "(?x)a+ +", "a+(?(?!b)|c)", "(?#$)a+", "\\Qa\\E+",
      "a+\\R?",   "(a)(?1)+",    "(a)\\g1*", "(?^)a+"};
  for (const std::string_view expression : kLasting) {
    const auto program = program_of(with_options("pcre:\"/" + std::string(expression) + "/\";"));
    ASSERT_TRUE(program);
    EXPECT_EQ(evaluate_on(*program, "xaa", false), Truth::yes) << expression;
  }
  for (const std::string_view expression : kNot) {
    const auto program = program_of(with_options("pcre:\"/" + std::string(expression) + "/\";"));
    ASSERT_TRUE(program);
    EXPECT_EQ(evaluate_on(*program, "xaa", true), Truth::yes) << expression;
    EXPECT_EQ(evaluate_on(*program, "xaa", false), Truth::open) << expression;
  }
  const auto extended = program_of(with_options(R"(pcre:"/a+ +/x";)"));
  ASSERT_TRUE(extended);
  EXPECT_EQ(evaluate_on(*extended, "xaa", false), Truth::open);
}

TEST(EvaluatePcre, Refused) {
  const auto findings_of = [](std::string_view options) {
    RuleSet set = parse_rules(with_options(options), "test.rules");
    EXPECT_EQ(set.rules.size(), 1u) << options;
    Numbering numbering;
    EXPECT_FALSE(Program::compile(set.rules.at(0), numbering, set.findings)) << options;
    return findings_text(set);
  };
  using testing::HasSubstr;
  const std::string place = "1:" + std::to_string(kHeader.size() + 1) + ": ";
  EXPECT_THAT(findings_of(R"(pcre:"/a(b/";)"), testing::StartsWith(place));
  EXPECT_THAT(findings_of(R"(pcre:"/a(b/";)"), HasSubstr("missing closing parenthesis"));
  EXPECT_THAT(findings_of(R"(pcre:"/*a/";)"), HasSubstr("does not compile"));
  EXPECT_THAT(findings_of(R"(pcre:"/(*UTF)a/";)"), HasSubstr("does not compile"));
  EXPECT_THAT(findings_of(R"(pcre:"/(*UCP)a/";)"), HasSubstr("does not compile"));
  EXPECT_THAT(findings_of(R"(pcre:"/(*NO_JIT)a/";)"), HasSubstr("machine code"));
  EXPECT_THAT(findings_of(R"(pcre:"/(/"; pcre:"/)/";)"),
              HasSubstr("unmatched closing"));  // both are named
}

// What would go on for minutes ends, is no match, and is counted.
TEST(EvaluatePcre, Limits) {
  const auto program = program_of(with_options(R"(pcre:"/^(?:a|aa)+$/"; content:"b";)"));
  ASSERT_TRUE(program);
  const std::string bytes = std::string(4000, 'a') + "b";
  const std::uint64_t before = test_scratch().exhausted();
  EXPECT_EQ(evaluate_on(*program, bytes, true), Truth::no);
  EXPECT_EQ(test_scratch().exhausted(), before + 1);
  EXPECT_EQ(evaluate_on(*program, "aaab", true), Truth::no);
  EXPECT_EQ(test_scratch().exhausted(), before + 1);
  // A negated one does not match for it.
  const auto negated = program_of(with_options(R"(pcre:!"/^(?:a|aa)+$/"; content:"b";)"));
  ASSERT_TRUE(negated);
  EXPECT_EQ(evaluate_on(*negated, bytes, true), Truth::no);
  EXPECT_EQ(test_scratch().exhausted(), before + 2);
  EXPECT_EQ(evaluate_on(*negated, "aaab", true), Truth::yes);
  // Deep recursion ends with the stack.
  const auto deep = program_of(with_options(R"(pcre:"/^(a(?1)?b)/O";)"));
  ASSERT_TRUE(deep);
  EXPECT_EQ(evaluate_on(*deep, "aaabbb", true), Truth::yes);
  EXPECT_EQ(evaluate_on(*deep, std::string(8000, 'a') + "cb", true), Truth::no);
  EXPECT_EQ(test_scratch().exhausted(), before + 3);
  // Many bytes to begin at, of which each needs a few hundred steps.
  const auto many = program_of(with_options(R"(pcre:"/1[^\n]{0,200}[bc]/";)"));
  ASSERT_TRUE(many);
  EXPECT_EQ(evaluate_on(*many, std::string(kMaxTurn, '1'), true), Truth::no);
  EXPECT_EQ(evaluate_on(*many, std::string(kMaxTurn, '1') + "b", true), Truth::yes);
  EXPECT_EQ(test_scratch().exhausted(), before + 3);
  // What is far behind a greedy repeat that went further.
  const auto far = program_of(with_options(R"(pcre:"/a.*[0-9][bc]/s";)"));
  ASSERT_TRUE(far);
  EXPECT_EQ(evaluate_on(*far, "xa1b" + std::string(kMaxTurn, '1'), true), Truth::yes);
  EXPECT_EQ(test_scratch().exhausted(), before + 3);
  // O allows for four times as much: this needs some fifty thousand steps.
  const std::string longer = std::string(22, 'a') + "b";
  for (const auto& [options, truth] : {std::pair{R"(pcre:!"/^(?:a|aa)+$/";)", Truth::no},
                                       {R"(pcre:!"/^(?:a|aa)+$/O";)", Truth::yes}}) {
    const auto one = program_of(with_options(options));
    ASSERT_TRUE(one);
    EXPECT_EQ(evaluate_on(*one, longer, true), truth) << options;
  }
}

TEST(EvaluatePcre, ASearchTakesItsStepsAndNoMore) {
  Pcre pcre;
  pcre.expression = "b$";
  Diagnostics findings;
  const auto expression = Expression::compile(pcre, {}, findings);
  ASSERT_TRUE(expression);
  ExpressionScratch scratch;
  const auto bytes = exactly(std::string(6400, 'a') + "b");
  std::uint32_t steps = 1000;
  EXPECT_EQ(expression->find(bytes, 0, false, scratch, steps).result, Expression::Result::match);
  EXPECT_LT(steps, 1000u - 6400 / Expression::kBytesPerStep);
  steps = 6400 / Expression::kBytesPerStep;
  EXPECT_EQ(expression->find(bytes, 0, false, scratch, steps).result, Expression::Result::failed);
  EXPECT_EQ(steps, 0u) << "nothing is left for what comes behind it";
}

}  // namespace
}  // namespace chatgate::detect
