// More than there is room for: candidates, matches, hits, looks.
#include <gtest/gtest.h>

#include "scan.h"

namespace chatgate::detect {
namespace {

// `count` rules of which each needs "a" and a number.
std::string numbered(std::uint32_t count, const std::string& more) {
  std::string rules;
  for (std::uint32_t sid = 1; sid <= count; ++sid) {
    rules += rule(sid, "content:\"abcdef\"; content:\"<" + std::to_string(sid) + ">\"; " + more +
                           " fast_pattern;");
  }
  return rules;
}

std::string open_rules(std::uint32_t count) {
  std::string rules;
  for (std::uint32_t sid = 1; sid <= count; ++sid) {
    rules += rule(sid, "content:\"begin\"; fast_pattern; content:\"<" + std::to_string(sid) +
                           ">\"; distance:0;");
  }
  return rules;
}

TEST(ScannerLimits, HitsBeyondTheMost) {
  Rig rig(numbered(20, "priority:3;"));
  std::string text = "abcdef";
  for (int i = 1; i <= 20; ++i) text += "<" + std::to_string(i) + ">";
  EXPECT_EQ(rig.look(text), "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16+");
}

TEST(ScannerLimits, TheMostImportantHitsStay) {
  Rig rig(open_rules(20) + rule(100, R"(content:"later";)", "drop tcp any any -> any any"));
  std::string text = "begin";
  for (int i = 1; i <= 20; ++i) text += "<" + std::to_string(i) + ">";
  Hits hits;
  for (const std::string& bytes : {text, std::string("later")}) {
    LookState state;
    rig.scanner.scan(rig.signatures(), client_of(80), payload(bytes), state, &rig.flow, hits);
  }
  EXPECT_EQ(to_text(rig.signatures(), hits), "100 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15+");
}

TEST(ScannerLimits, OpenRulesFillTheState) {
  const std::uint32_t most = LookState::kMaxCandidates;
  Rig rig(open_rules(most + 3));
  LookState state;
  EXPECT_EQ(rig.look(payload("begin", false), client_of(80), state), "");
  EXPECT_EQ(rig.scanner.dropped(), 3u);
  // The first are kept; the last are found again only where their pattern comes again.
  EXPECT_EQ(rig.look(payload("begin <24><25>", false), client_of(80), state), "24");
  EXPECT_EQ(rig.look(payload("begin <24><25> begin", false), client_of(80), state), "25");
}

TEST(ScannerLimits, AsManyAsThereIsRoomFor) {
  Rig rig(open_rules(LookState::kMaxCandidates));
  LookState state;
  EXPECT_EQ(rig.look(payload("begin", false), client_of(80), state), "");
  EXPECT_EQ(rig.look(payload("begin <24>", false), client_of(80), state), "24");
  EXPECT_EQ(rig.scanner.dropped(), 0u);
}

// Whatever is beyond the room is evaluated for this look at least.
TEST(ScannerLimits, BeyondTheRoomThisLookCounts) {
  Rig rig(open_rules(40));
  LookState state;
  EXPECT_EQ(rig.look(payload("begin <40>", false), client_of(80), state), "40");
}

TEST(ScannerLimits, EvaluationsOfOneLook) {
  const std::uint32_t most = Scanner::kMaxEvaluated;
  Rig rig(open_rules(most + 2));
  const std::string last = std::to_string(most);
  EXPECT_EQ(rig.look("begin <" + last + ">"), last);
  EXPECT_EQ(rig.look("begin <" + std::to_string(most + 1) + ">"), "");
  EXPECT_GT(rig.scanner.dropped(), 0u);
}

// Other addresses cost no evaluation.
TEST(ScannerLimits, OnlyRulesWhoseHeaderFitsCount) {
  std::string rules;
  for (std::uint32_t sid = 1; sid <= 300; ++sid) {
    rules += rule(sid, R"(content:"begin";)", "alert tcp 10.0.0.1 any -> any any");
  }
  Rig rig(rules + rule(301, R"(content:"begin";)"));
  EXPECT_EQ(rig.look("begin"), "301");
  EXPECT_EQ(rig.scanner.dropped(), 0u);
}

TEST(ScannerLimits, FoundByThePrefilter) {
  std::string rules;
  for (std::uint32_t sid = 1; sid <= 3000; ++sid) {
    rules += rule(sid, R"(content:"begin";)", "alert tcp 10.0.0.1 any -> any any");
  }
  Rig rig(rules + rule(3001, R"(content:"other";)"));
  EXPECT_EQ(rig.look("begin begin begin"), "");
  EXPECT_EQ(rig.scanner.dropped(), 1u);
  EXPECT_EQ(rig.look("other"), "3001");
}

// No rule matches twice in a turn, however many match and however often their bytes come.
TEST(ScannerLimits, MatchesOfOneTurn) {
  std::string rules;
  for (std::uint32_t sid = 1; sid <= 30; ++sid) {
    rules += rule(sid, "content:\"<" + std::to_string(sid) + ">\";");
  }
  Rig rig(rules);
  LookState state;
  std::string text;
  std::vector<int> matched(31);
  for (int round = 0; round < 3; ++round) {
    for (int sid = 1; sid <= 30; ++sid) {
      text += "<" + std::to_string(sid) + ">";
      Hits hits;
      rig.scanner.scan(rig.signatures(), client_of(80), payload(text, false), state, &rig.flow,
                       hits);
      for (std::size_t i = 0; i < hits.count; ++i) {
        ++matched[rig.signatures().find(hits.signatures[i])->sid];
      }
      EXPECT_EQ(hits.more, sid > 24) << round << " " << sid;
    }
  }
  for (int sid = 1; sid <= 30; ++sid) EXPECT_EQ(matched[sid], sid <= 24 ? 1 : 0) << sid;
}

// Rules without a fast pattern need no room until they match.
TEST(ScannerLimits, ManyRulesWithoutFastPattern) {
  std::string rules;
  for (std::uint32_t sid = 1; sid <= 60; ++sid) {
    rules += rule(sid, "pcre:\"/[<][" + std::to_string(sid / 10) + "][" + std::to_string(sid % 10) +
                           "][>]/\";");
  }
  Diagnostics findings;
  Rig rig(compile(rules, findings));
  LookState state;
  EXPECT_EQ(rig.look(payload("<", false), client_of(80), state), "");
  EXPECT_EQ(rig.look(payload("<60", false), client_of(80), state), "");
  EXPECT_EQ(rig.look(payload("<60>", false), client_of(80), state), "60");
  EXPECT_EQ(rig.look(payload("<60><59><60>", false), client_of(80), state), "59");
  EXPECT_EQ(rig.look(payload("<60><59><60>", true), client_of(80), state), "");
  EXPECT_EQ(rig.scanner.dropped(), 0u);
}

TEST(ScannerLimits, LooksBecomeFewer) {
  Rig rig(rule(1, R"(content:"needle";)"));
  LookState state;
  std::string text;
  for (std::uint32_t i = 0; i < Scanner::kMaxLooks; ++i) {
    text += '.';
    EXPECT_EQ(rig.look(payload(text, false), client_of(80), state), "");
  }
  text += "needle";
  EXPECT_EQ(rig.look(payload(text, false), client_of(80), state), "");  // grown by 6 of 256
  EXPECT_EQ(state.looks, Scanner::kMaxLooks);
  text += std::string(10, '.');
  EXPECT_EQ(rig.look(payload(text, false), client_of(80), state), "1");
  text += "needle";
  EXPECT_EQ(rig.look(payload(text, true), client_of(80), state), "");
}

TEST(ScannerLimits, CompleteIsAlwaysLookedAt) {
  Rig rig(rule(1, R"(content:"needle";)"));
  LookState state;
  std::string text;
  for (std::uint32_t i = 0; i < Scanner::kMaxLooks; ++i) {
    text += '.';
    rig.look(payload(text, false), client_of(80), state);
  }
  text += "needle";
  EXPECT_EQ(rig.look(payload(text, true), client_of(80), state), "1");
}

// Too many ways to match: the search ends, and says so.
TEST(ScannerLimits, StepsOfOneEvaluation) {
  std::string options;
  for (int i = 0; i < 8; ++i) options += R"(content:"a"; distance:0; )";
  Rig rig(rule(1, options + R"(content:"needle"; distance:0; content:"end"; within:4;)"));
  EXPECT_EQ(rig.look("aaaaaaaaneedle end"), "1");
  EXPECT_EQ(rig.scanner.exhausted(), 0u);
  EXPECT_EQ(rig.look(std::string(200, 'a') + "needle -- end"), "");
  EXPECT_EQ(rig.scanner.exhausted(), 1u);
}

// What a state holds of another set of rules does no harm.
TEST(ScannerLimits, StateOfAnotherSet) {
  Rig rig(rule(1, R"(content:"abc";)"));
  LookState state;
  state.candidate_count = 200;
  state.settled = UINT32_MAX;
  state.candidates.fill(SignatureId(4'000'000));
  EXPECT_EQ(rig.look(payload("abc"), client_of(80), state), "1");
}

}  // namespace
}  // namespace chatgate::detect
