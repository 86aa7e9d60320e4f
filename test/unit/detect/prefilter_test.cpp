// A rule that matches has its fast pattern in the buffer, whatever transforms and expressions it
// uses: otherwise the prefilter would lose it.
#include <gtest/gtest.h>
#include <random>

#include "detect/fast_pattern.h"
#include "detect/numbering.h"
#include "detect/program.h"

#include "plain_search.h"
#include "scan.h"

namespace chatgate::detect {
namespace {

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t limit) { return random_() % limit; }

  std::string of(std::initializer_list<const char*> pieces, std::size_t least, std::size_t most) {
    std::string text;
    for (std::size_t i = least + below(most - least + 1); i > 0; --i) {
      text += pieces.begin()[below(pieces.size())];
    }
    return text;
  }

  std::string bytes(std::size_t most) {
    return of({"a", "b", "A", ".", " ", "%61", "+", "ab", "abc"}, 0, most);
  }

  std::string transforms() {
    return of({"dotprefix; ", "to_lowercase; ", "to_uppercase; ", "strip_whitespace; ",
               "compress_whitespace; ", "url_decode; "},
              0, 2);
  }

  std::string content() {
    return "content:\"" + of({"a", "b", "A", ".", " ", "ab"}, 1, 4) + "\"; " +
           of({"nocase; "}, 0, 1);
  }

  std::string expression() {
    std::string text = of(
        {"a",      "b",     "ab",      "A",      "\\.",    ".",    "a?",    "b*",    "a+",   "b{2}",
         "a{0,2}", "b{0}",  "(?:a|b)", "(ab)?",  "[ab]",   "[^a]", "\\x61", "^",     "(?i)", "a|b",
         "(?=a)",  "(?#c)", "\\d",     "(b(a))", "(?:a)*", "\\w+", "ab+?",  "a{,2}", "[]a]"},
        1, 6);
    return "pcre:\"/" + text + "/" + of({"i", "s", "m"}, 0, 1) + "\"; ";
  }

 private:
  std::mt19937 random_;
};

// How often a rule matched; each time its fast pattern, if it has one, has to be there.
std::size_t matches_of(const std::string& options, Generator& generator,
                       std::size_t& with_pattern) {
  const RuleSet set = parse_rules(with_options("http.uri; " + options), "f");
  if (set.rules.size() != 1) return 0;
  Numbering numbering;
  Diagnostics findings;
  const auto program = Program::compile(set.rules[0], numbering, findings);
  if (!program) return 0;
  const auto pattern = choose_fast_pattern(set.rules[0]);
  static EvaluationScratch scratch;
  std::size_t matches = 0;
  for (int round = 0; round < 20; ++round) {
    const std::string text = generator.bytes(8);
    Buffers buffers;
    buffers.set(Buffer::http_uri, as_bytes(text));
    if (program->evaluate(Subject(), buffers, scratch) != Truth::yes) continue;
    ++matches;
    if (!pattern) continue;
    ++with_pattern;
    EXPECT_TRUE(contains(text, pattern->literal))
        << options << "\n\"" << text << "\" has no \"" << pattern->literal.bytes << '"';
  }
  return matches;
}

TEST(PrefilterLosesNothing, Transforms) {
  Generator generator(1);
  std::size_t matches = 0;
  std::size_t with_pattern = 0;
  for (int i = 0; i < 4000; ++i) {
    const std::string options = generator.transforms() + generator.content() +
                                (generator.below(2) == 0 ? generator.content() : "");
    matches += matches_of(options, generator, with_pattern);
  }
  EXPECT_GT(with_pattern, 2000u);
  EXPECT_GT(matches, with_pattern);
}

TEST(PrefilterLosesNothing, Expressions) {
  Generator generator(2);
  std::size_t matches = 0;
  std::size_t with_pattern = 0;
  for (int i = 0; i < 8000; ++i) {
    matches += matches_of(generator.transforms() + generator.expression(), generator, with_pattern);
  }
  EXPECT_GT(with_pattern, 2000u);
  EXPECT_GT(matches, with_pattern);
}

}  // namespace
}  // namespace chatgate::detect
