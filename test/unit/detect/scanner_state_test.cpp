// Rules that depend on one another and on what was before: bits, counters, rates.
#include <gtest/gtest.h>

#include "scan.h"

namespace chatgate::detect {
namespace {

const std::string kChain = rule(3, R"(flowbits:isset,b; content:"three";)") +
                           rule(2, R"(flowbits:isset,a; flowbits:set,b; content:"two";)") +
                           rule(1, R"(flowbits:set,a; flowbits:noalert; content:"one";)");

TEST(ScannerState, AChainAcrossLooks) {
  Rig rig(kChain);
  EXPECT_EQ(rig.look("three"), "");
  EXPECT_EQ(rig.look("two"), "");
  EXPECT_EQ(rig.look("one"), "");
  EXPECT_EQ(rig.look("three"), "");
  EXPECT_EQ(rig.look("two"), "2");
  EXPECT_EQ(rig.look("three"), "3");
  rig.flow = FlowMemory();
  EXPECT_EQ(rig.look("three"), "");
}

TEST(ScannerState, AChainWithinOneLook) {
  Rig rig(kChain);
  EXPECT_EQ(rig.look("three two one"), "2 3");
}

// The bytes of the testing rule are there before those of the setting one.
TEST(ScannerState, AChainWithinOneGrowingTurn) {
  Rig rig(kChain);
  LookState state;
  const std::string text = "three two one";
  EXPECT_EQ(rig.look(payload(text.substr(0, 5), false), client_of(80), state), "");
  EXPECT_EQ(rig.look(payload(text.substr(0, 9), false), client_of(80), state), "");
  EXPECT_EQ(rig.look(payload(text, false), client_of(80), state), "2 3");
  EXPECT_EQ(rig.look(payload(text, true), client_of(80), state), "");
}

TEST(ScannerState, BothWays) {
  Rig rig(rule(1, R"(flow:to_server; flowbits:set,asked; flowbits:noalert; content:"ask";)") +
          rule(2, R"(flow:to_client; flowbits:isset,asked; content:"answer";)"));
  EXPECT_EQ(rig.look(payload("answer"), answer_to(client_of(80))), "");
  EXPECT_EQ(rig.look(payload("ask"), client_of(80)), "");
  EXPECT_EQ(rig.look(payload("answer"), client_of(80)), "");
  EXPECT_EQ(rig.look(payload("answer"), answer_to(client_of(80))), "2");
}

TEST(ScannerState, WithoutFlowBitsAreUnset) {
  Rig rig(rule(1, R"(flowbits:set,a; content:"abc";)") +
          rule(2, R"(flowbits:isset,a; content:"abc";)") +
          rule(3, R"(flowbits:isnotset,a; content:"abc";)"));
  LookState state;
  Hits hits;
  rig.scanner.scan(rig.signatures(), client_of(80), payload("abc"), state, nullptr, hits);
  EXPECT_EQ(to_text(rig.signatures(), hits), "1 3");
  EXPECT_EQ(rig.look("abc"), "1 2");
}

TEST(ScannerState, Counters) {
  Rig rig(rule(1, R"(flowint:tries,+,1; noalert; content:"log-in";)") +
          rule(2, R"(flowint:tries,>,2; content:"log-in";)"));
  EXPECT_EQ(rig.look("log-in"), "");
  EXPECT_EQ(rig.look("log-in"), "");
  EXPECT_EQ(rig.look("log-in"), "2");
}

TEST(ScannerState, PassThatDependsOnABit) {
  Rig rig(rule(1, R"(flowbits:set,friend; content:"abc";)", "drop tcp any any -> any any") +
          rule(2, R"(flowbits:isset,friend; content:"abc";)", "pass tcp any any -> any any"));
  EXPECT_EQ(rig.look("abc"), "~2");
}

Subject at(double seconds, std::string_view source = "192.168.1.10") {
  Subject subject = client_of(80);
  subject.source = *IpAddress::parse(source);
  subject.now = Time{subject.now.nanoseconds + static_cast<std::uint64_t>(seconds * 1e9)};
  return subject;
}

TEST(ScannerState, Thresholds) {
  Rig rig(rule(1, R"(content:"a"; threshold:type limit,track by_src,count 1,seconds 10;)") +
          rule(2, R"(content:"a"; threshold:type threshold,track by_src,count 2,seconds 10;)") +
          rule(3, R"(content:"a"; threshold:type both,track by_src,count 2,seconds 10;)") +
          rule(4, R"(content:"a"; threshold:type limit,track by_src,count 1,seconds 10;)",
               "drop tcp any any -> any any"));
  EXPECT_EQ(rig.look(payload("a"), at(0)), "4 1");
  EXPECT_EQ(rig.look(payload("a"), at(1)), "~4 2 3");
  EXPECT_EQ(rig.look(payload("a"), at(2)), "~4");
  EXPECT_EQ(rig.look(payload("a"), at(3)), "~4 2");
  EXPECT_EQ(rig.look(payload("a"), at(3, "192.168.1.11")), "4 1");
  EXPECT_EQ(rig.look(payload("a"), at(10)), "4 1");
}

TEST(ScannerState, DetectionFilterHoldsBackTheAction) {
  Rig rig(rule(1, R"(content:"a"; detection_filter:track by_src,count 2,seconds 10;)",
               "drop tcp any any -> any any"));
  EXPECT_EQ(rig.look(payload("a"), at(0)), "");
  EXPECT_EQ(rig.look(payload("a"), at(1)), "");
  EXPECT_EQ(rig.look(payload("a"), at(2)), "1");
  EXPECT_EQ(rig.look(payload("a"), at(2, "192.168.1.11")), "");
}

TEST(ScannerState, DetectionFilterBeforeThreshold) {
  Rig rig(rule(1, R"(content:"a"; detection_filter:track by_src,count 1,seconds 10; )"
                  R"(threshold:type limit,track by_src,count 1,seconds 10;)"));
  EXPECT_EQ(rig.look(payload("a"), at(0)), "");
  EXPECT_EQ(rig.look(payload("a"), at(1)), "1");
  EXPECT_EQ(rig.look(payload("a"), at(2)), "");
}

TEST(ScannerState, AMatchIsCountedOnceForATurn) {
  Rig rig(rule(1, R"(content:"a"; detection_filter:track by_src,count 1,seconds 10;)"));
  LookState state;
  for (const std::string_view text : {"a", "aa", "aaa"}) {
    EXPECT_EQ(rig.look(payload(text, false), at(0), state), "");
  }
  EXPECT_EQ(rig.look("a"), "1");
}

TEST(ScannerState, XbitsOutliveTheFlow) {
  Rig rig(rule(1, R"(content:"one"; xbits:set,seen,track ip_src,expire 10; noalert;)") +
          rule(2, R"(content:"two"; xbits:isset,seen,track ip_src;)") +
          rule(3, R"(content:"two"; xbits:isnotset,seen,track ip_src;)"));
  EXPECT_EQ(rig.look(payload("two"), at(0)), "3");
  EXPECT_EQ(rig.look(payload("one"), at(0)), "");
  rig.flow = FlowMemory();
  EXPECT_EQ(rig.look(payload("two"), at(9)), "2");
  EXPECT_EQ(rig.look(payload("two"), at(9, "192.168.1.11")), "3");
  EXPECT_EQ(rig.look(payload("two"), at(10)), "3");
}

TEST(ScannerState, XbitsWithinOneLook) {
  Rig rig(rule(1, R"(content:"two"; xbits:isset,seen,track ip_src;)") +
          rule(2, R"(content:"one"; xbits:set,seen,track ip_src,expire 10;)"));
  EXPECT_EQ(rig.look("two one"), "1 2");
}

TEST(ScannerState, RatesOutliveAReload) {
  const std::string text =
      rule(7, R"(content:"a"; threshold:type limit,track by_src,count 1,seconds 60;)");
  const auto first = compile(text);
  const auto second = compile(rule(1, R"(content:"nothing";)") + text);
  Scanner scanner(WorkerId(0), Scanner::Limits());
  const auto look = [&](const Signatures& signatures) {
    LookState state;
    Hits hits;
    scanner.scan(signatures, client_of(80), payload("a"), state, nullptr, hits);
    return to_text(signatures, hits);
  };
  EXPECT_EQ(look(*first), "7");
  EXPECT_EQ(look(*second), "");
}

}  // namespace
}  // namespace chatgate::detect
