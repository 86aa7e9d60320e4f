// However a buffer is cut, the same rules match: as on the whole, and as without any prefilter.
//
// Random rules over an alphabet of three letters, so that partial and repeated matches abound.
#include <gtest/gtest.h>
#include <random>
#include <set>

#include "detect/evaluation_scratch.h"
#include "detect/numbering.h"
#include "detect/program.h"

#include "scan.h"

namespace chatgate::detect {
namespace {

using Sids = std::set<std::uint32_t>;

constexpr std::uint32_t kRules = 12;

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t limit) { return random_() % limit; }

  std::string letters(std::size_t least, std::size_t most) {
    std::string text;
    for (std::size_t i = least + below(most - least + 1); i > 0; --i) {
      text += static_cast<char>("abcA"[below(4)]);
    }
    return text;
  }

  std::string rule_text(std::uint32_t sid) {
    std::string options;
    if (below(4) == 0) options += "http.request_body; ";
    for (std::size_t i = 1 + below(3); i > 0; --i) options += option();
    return rule(sid, options);
  }

 private:
  std::string number(std::size_t limit) { return std::to_string(below(limit)); }

  std::string option() {
    switch (below(10)) {
      case 0:
        return "isdataat:" + std::string(below(2) == 0 ? "!" : "") + number(12) + ",relative; ";
      case 1: return "isdataat:" + std::string(below(2) == 0 ? "!" : "") + number(40) + "; ";
      case 2:
        return "pcre:\"/" + expression() + "/" + (below(3) == 0 ? "R" : "") +
               (below(3) == 0 ? "i" : "") + "\"; ";
      case 3:
        return "byte_test:1,=," + std::to_string(97 + below(3)) + "," + number(3) + ",relative; ";
      case 4: return "bsize:" + std::string(below(2) == 0 ? "<" : ">") + number(40) + "; ";
      default: return content();
    }
  }

  std::string content() {
    const bool negated = below(4) == 0;
    std::string text = "content:" + std::string(negated ? "!" : "") + "\"" + letters(1, 4) + "\"; ";
    if (below(4) == 0) text += "nocase; ";
    switch (below(6)) {
      case 0: text += "depth:" + std::to_string(4 + below(12)) + "; "; break;
      case 1: text += "offset:" + number(8) + "; "; break;
      case 2: text += "distance:" + number(6) + "; "; break;
      case 3: text += "within:" + std::to_string(4 + below(8)) + "; "; break;
      case 4: text += below(2) == 0 ? "endswith; " : "startswith; "; break;
      default: break;
    }
    return text;
  }

  std::string expression() {
    constexpr const char* kExpressions[] = {"a+b",        "^ab",    "bc$",    "a[bc]a",
                                            "(?:ab|ca)b", "c.{2}a", "a(?!b)", "ab?c",
                                            "(?<=a)bb",   "b*?c",   "aab",    "[^a]{3}"};
    return kExpressions[below(std::size(kExpressions))];
  }

  std::mt19937 random_;
};

Buffers both(std::string_view payload, std::string_view body, bool complete) {
  Buffers buffers;
  buffers.set(Buffer::payload, as_bytes(payload), complete);
  buffers.set(Buffer::http_client_body, as_bytes(body), complete);
  return buffers;
}

Sids sids(const Signatures& signatures, const Hits& hits) {
  Sids found;
  EXPECT_FALSE(hits.more);
  for (std::size_t i = 0; i < hits.count; ++i) {
    EXPECT_TRUE(found.insert(signatures.find(hits.signatures[i])->sid).second) << "twice";
  }
  return found;
}

// Each rule by itself, on the whole.
Sids without_prefilter(const Signatures& signatures, const Buffers& buffers) {
  Sids found;
  Numbering numbering;
  EvaluationScratch scratch;
  for (const Rule& rule : signatures.rules()) {
    Diagnostics findings;
    const auto program = Program::compile(rule, numbering, findings);
    const Subject subject = client_of(80);
    if (program && program->header_fits(subject) &&
        program->evaluate(subject, buffers, scratch) == Truth::yes) {
      found.insert(rule.sid);
    }
  }
  return found;
}

// The two looks that the engine gives a turn with a message of HTTP in it: one at the turn, one at
// the message.
struct TwoLooks {
  LookState turn, message;

  void look(const Signatures& signatures, Scanner& scanner, std::string_view payload,
            std::string_view body, bool complete, FlowMemory& flow, Hits& hits) {
    Buffers alone;
    alone.set(Buffer::payload, as_bytes(payload), complete);
    scanner.scan(signatures, client_of(80), alone, turn, &flow, hits);
    scanner.scan(signatures, client_of(80), both(payload, body, complete), message, &flow, hits);
  }
};

// `next` says at which size the next look is; the last is always of everything, complete.
template <typename Next>
Sids in_pieces(const Signatures& signatures, Scanner& scanner, const std::string& payload,
               const std::string& body, const Next& next) {
  TwoLooks looks;
  FlowMemory flow;
  Hits hits;
  const std::size_t longest = std::max(payload.size(), body.size());
  for (std::size_t size = next(0); size < longest; size = next(size)) {
    looks.look(signatures, scanner, payload.substr(0, size), body.substr(0, size), false, flow,
               hits);
  }
  looks.look(signatures, scanner, payload, body, true, flow, hits);
  return sids(signatures, hits);
}

TEST(ScannerGrowth, CutsMakeNoDifference) {
  Scanner scanner(WorkerId(0), Scanner::Limits());
  std::size_t matches = 0;
  std::size_t possible = 0;
  for (unsigned seed = 0; seed < 300; ++seed) {
    Generator generator(seed);
    std::string rules;
    for (std::uint32_t sid = 1; sid <= kRules; ++sid) rules += generator.rule_text(sid);
    Diagnostics findings;
    const auto signatures = compile(rules, findings);
    ASSERT_GE(signatures->rules().size(), kRules / 2) << rules;
    for (int round = 0; round < 8; ++round) {
      const std::string payload = generator.letters(0, 40);
      const std::string body = generator.letters(0, 40);
      const Sids expected = without_prefilter(*signatures, both(payload, body, true));
      matches += expected.size();
      possible += signatures->rules().size();
      const auto whole = [&](std::size_t) { return SIZE_MAX; };
      const auto bytes = [&](std::size_t size) { return size + 1; };
      const auto random = [&](std::size_t size) { return size + 1 + generator.below(9); };
      const std::string what = rules + payload + "\n" + body;
      ASSERT_EQ(in_pieces(*signatures, scanner, payload, body, whole), expected) << what;
      ASSERT_EQ(in_pieces(*signatures, scanner, payload, body, bytes), expected) << what;
      ASSERT_EQ(in_pieces(*signatures, scanner, payload, body, random), expected) << what;
    }
  }
  // Neither of the two is rare, or the comparison would say little.
  EXPECT_GT(matches, possible / 20);
  EXPECT_LT(matches, possible / 2);
  EXPECT_EQ(scanner.dropped(), 0u);
}

// Patterns that lie across a cut, of every length up to the longest.
TEST(ScannerGrowth, PatternsAcrossTheCut) {
  std::string alphabet;
  for (char c = 'A'; c <= 'Z'; ++c) alphabet += c;
  for (char c = 'a'; c <= 'z'; ++c) alphabet += c;
  std::string rules;
  for (std::uint32_t size = 1; size <= alphabet.size(); ++size) {
    if (size > 20 && size < 45) continue;
    rules += rule(size, "content:\"" + alphabet.substr(0, size) + "\";",
                  "alert tcp any any -> any " + std::to_string(size));
  }
  const auto signatures = compile(rules);
  Scanner scanner(WorkerId(0), Scanner::Limits());
  const std::string text = "..." + alphabet + "...";
  for (const Rule& rule : signatures->rules()) {
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      LookState state;
      Hits hits;
      const Subject subject = client_of(static_cast<std::uint16_t>(rule.sid));
      scanner.scan(*signatures, subject, payload(text.substr(0, cut), false), state, nullptr, hits);
      EXPECT_EQ(hits.count, cut >= 3 + rule.sid ? 1 : 0) << rule.sid << " " << cut;
      scanner.scan(*signatures, subject, payload(text, false), state, nullptr, hits);
      EXPECT_EQ(hits.count, 1) << rule.sid << " " << cut;
    }
  }
}

// raw_payload grows with payload, and has patterns of its own.
TEST(ScannerGrowth, RawPayload) {
  const auto signatures =
      compile(rule(1, R"(content:"abcdef"; rawbytes;)") + rule(2, R"(content:"abcdef";)"));
  Scanner scanner(WorkerId(0), Scanner::Limits());
  LookState state;
  Hits hits;
  const std::string text = "--abcdef--";
  for (std::size_t size = 0; size <= text.size(); ++size) {
    Buffers buffers = payload(std::string_view(text).substr(0, size), false);
    buffers.set(Buffer::raw_payload, as_bytes(text).first(size), false);
    scanner.scan(*signatures, client_of(80), buffers, state, nullptr, hits);
    EXPECT_EQ(to_text(*signatures, hits), size < 8 ? "" : "1 2") << size;
  }
}

}  // namespace
}  // namespace chatgate::detect
