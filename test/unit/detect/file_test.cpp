// Files: lines, comments, definitions, what two rules have to do with each other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules.h"

namespace chatgate::detect {
namespace {

using testing::HasSubstr;

constexpr std::string_view kRule = "alert tcp any any -> any any (sid:1;)";

TEST(Files, EmptyAndBlank) {
  for (const char* text : {"", "\n", " \t\r\n\n", "\xef\xbb\xbf", "# only a comment", "\\\n\\\n"}) {
    const RuleSet set = parse_rules(text, "f");
    EXPECT_TRUE(set.rules.empty());
    EXPECT_TRUE(set.findings.empty()) << text << findings_text(set);
  }
}

TEST(Files, LineEndsAndMark) {
  const std::string rule(kRule);
  for (const std::string& text : {rule, rule + "\n", rule + "\r\n", "\xef\xbb\xbf" + rule,
                                  "\r\n  " + rule + "  \r\n", "\n\n" + rule}) {
    EXPECT_EQ(parse_rules(text, "f").rules.size(), 1u) << text;
  }
}

TEST(Files, ContinuedLines) {
  const RuleSet set = parse_rules(
      "# a comment \\\n"
      "alert tcp any any -> any any (msg:\"a\"; \\\r\n"
      "    content:\"b\"; \\  \n"
      "  dpeth:3; sid:1;)\n"
      "alert tcp any any -> \\\n"
      " any any (sid:2;)\n",
      "f");
  EXPECT_EQ(findings_text(set), "4:3: unknown option \"dpeth\", did you mean \"depth\"?\n");
  ASSERT_EQ(set.rules.size(), 1u);
  EXPECT_EQ(set.rules[0].spot.line, 5u);
}

TEST(Files, RefusedOnesDoNotStopTheRest) {
  const RuleSet set = parse_rules(
      "alert tcp any any -> any any (sid:1;)\n"
      "alert tcp any any -> any any (sid:2; nonsense;)\n"
      "what is this\n"
      "alert tcp any any -> any any (sid:3;)\n",
      "f");
  EXPECT_EQ(set.rules.size(), 2u);
  EXPECT_EQ(set.refused, 2u);
  EXPECT_EQ(set.findings.error_count(), 2u);
}

TEST(Files, Comments) {
  const RuleSet set = parse_rules(
      "# alert tcp any any -> any any (sid:1;)\n"
      "#drop tcp any any -> any any (sid:2;)\n"
      "## alert tcp any any -> any any (sid:3;)\n"
      "# alert levels are explained elsewhere\n",
      "f");
  EXPECT_EQ(set.disabled, 3u);
  EXPECT_TRUE(set.rules.empty());
  EXPECT_TRUE(set.findings.empty());
}

TEST(Files, Definitions) {
  const RuleSet set = parse_rules(
      "ipvar LAN [10.0.0.0/8,192.168.0.0/16]\n"
      "portvar WEB [80,8080]\n"
      "var SERVERS 192.0.2.0/24\n"
      "var P2P 6881:6889\n"
      "var RULE_PATH ../rules\n"
      "ipvar BROKEN 1.2.3\n"
      "portvar NOTHING\n"
      "config classification: own-kind,My Kind,4\n"
      "alert tcp $LAN $WEB -> $SERVERS $P2P (sid:1; classtype:own-kind;)\n",
      "f");
  ASSERT_EQ(set.rules.size(), 1u);
  EXPECT_THAT(
      to_text(set.rules[0]),
      HasSubstr("alert tcp [10.0.0.0/8,192.168.0.0/16] [80,8080] -> 192.0.2.0/24 6881:6889"));
  EXPECT_EQ(set.rules[0].category, "My Kind");
  EXPECT_EQ(set.rules[0].priority, 4u);
  const std::string findings = findings_text(set);
  EXPECT_THAT(findings, HasSubstr("5:15: warning: \"../rules\" is neither addresses nor ports"));
  EXPECT_THAT(findings, HasSubstr("6:14: \"1.2.3\" is not an address"));
  EXPECT_THAT(findings, HasSubstr("7:9: the definition of a variable is not complete"));
  EXPECT_EQ(set.refused, 0u);
}

TEST(Files, ConfigurationIsSkipped) {
  const RuleSet set = parse_rules(
      "include other.rules\n"
      "config disable_decode_alerts\n"
      "preprocessor stream5_global: track_tcp yes\n"
      "output unified2: filename x\n"
      "event_filter gen_id 1, sig_id 2, type limit, track by_src, count 1, seconds 60\n",
      "f");
  EXPECT_EQ(set.skipped, 5u);
  EXPECT_EQ(set.refused, 0u);
  EXPECT_FALSE(set.findings.has_errors());
  EXPECT_THAT(findings_text(set),
              HasSubstr("1:1: warning: the line \"include\" is skipped, name that file beside"));
}

std::string rule_of(int sid, int rev, int gid = 1) {
  return "alert tcp any any -> any any (sid:" + std::to_string(sid) +
         "; rev:" + std::to_string(rev) + "; gid:" + std::to_string(gid) + ";)\n";
}

TEST(Files, SameRuleTwice) {
  RuleParser parser;
  parser.parse(rule_of(1, 1) + rule_of(2, 5), "a.rules");
  parser.parse(rule_of(1, 2) + rule_of(2, 5) + rule_of(1, 1, 3), "b.rules");
  const RuleSet set = parser.finish();
  ASSERT_EQ(set.rules.size(), 3u);
  EXPECT_EQ(set.rules[0].rev, 2u);
  EXPECT_EQ(set.rules[0].file, "b.rules");
  EXPECT_EQ(set.replaced, 1u);
  EXPECT_EQ(set.refused, 1u);
  ASSERT_EQ(set.findings.all().size(), 2u);
  EXPECT_EQ(set.findings.all()[0].to_string(),
            "b.rules:1:1: warning: rule 1:1 replaces its older rev at a.rules:1");
  EXPECT_THAT(set.findings.all()[1].to_string(),
              HasSubstr("b.rules:2:1: rule 1:2 is there already, at a.rules:2, a higher rev"));
}

TEST(Files, FlowbitsThatNobodySets) {
  const RuleSet set = parse_rules(
      "alert tcp any any -> any any (flowbits:isset,a; flowbits:isset,b; sid:1;)\n"
      "alert tcp any any -> any any (flowbits:set,b; flowbits:isnotset,c; sid:2;)\n"
      "alert tcp any any -> any any (flowbits:isset,a; sid:3;)\n",
      "f");
  EXPECT_EQ(set.rules.size(), 3u);
  EXPECT_EQ(findings_text(set),
            "1:31: warning: the flowbit \"a\" is tested and set by no rule, load the rules that "
            "set it\n");
}

TEST(Files, BothWaysAtOnceIsFlagged) {
  const RuleSet set = parse_rules(with_options("flow:to_client; content:\"a\"; http_uri;"), "f");
  EXPECT_EQ(set.rules.size(), 1u);
  EXPECT_THAT(findings_text(set), HasSubstr("can never match"));
}

TEST(Files, ProtocolsThatAreNotRecognised) {
  const RuleSet set = parse_rules(
      "alert smb any any -> any any (flow:to_server; sid:1;)\n"
      "alert ssh any any -> any any (flow:to_client; sid:2;)\n",
      "f");
  ASSERT_EQ(set.rules.size(), 2u);
  EXPECT_THAT(to_text(set.rules[0]), HasSubstr("alert tcp any any -> any [139,445] ("));
  EXPECT_THAT(to_text(set.rules[1]), HasSubstr("alert tcp any 22 -> any any ("));
  EXPECT_THAT(findings_text(set),
              HasSubstr("1:7: warning: \"smb\" is not recognised by its content; the rule is held "
                        "to the ports [139,445]"));
}

TEST(Files, LongLines) {
  const std::string filler(LineReader::kMaxLine, 'x');
  const RuleSet set =
      parse_rules(with_options("msg:\"" + filler + "\";") + "\n" + std::string(kRule), "f");
  EXPECT_EQ(set.rules.size(), 1u);
  EXPECT_EQ(set.refused, 1u);
  EXPECT_THAT(findings_text(set), HasSubstr("1:1: the line is too long, at most 65536 bytes"));
}

}  // namespace
}  // namespace chatgate::detect
