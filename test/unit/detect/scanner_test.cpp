// Rules from text, compiled, against looks: which are found, for whom, and in which order.
#include "detect/scanner.h"

#include <gtest/gtest.h>

#include "detect/buffers.h"

#include "scan.h"

namespace chatgate::detect {
namespace {

TEST(Scanner, NoRules) {
  Rig rig("");
  EXPECT_EQ(rig.look("abc"), "");
  EXPECT_FALSE(rig.scanner.concerns(rig.signatures(), client_of(80)));
}

TEST(Scanner, AContent) {
  Rig rig(rule(1, R"(content:"abc";)"));
  EXPECT_EQ(rig.look("xxabcxx"), "1");
  EXPECT_EQ(rig.look("abc"), "1");
  EXPECT_EQ(rig.look("ab"), "");
  EXPECT_EQ(rig.look("aBc"), "");
  EXPECT_EQ(rig.look(""), "");
}

TEST(Scanner, NocaseAndBinary) {
  Rig rig(rule(1, R"(content:"abc"; nocase;)") + rule(2, R"(content:"|00 01 00|";)") +
          rule(3, R"(content:"abc";)"));
  EXPECT_EQ(rig.look("xABc"), "1");
  EXPECT_EQ(rig.look(std::string_view("x\0\1\0", 4)), "2");
  EXPECT_EQ(rig.look("xabc"), "1 3");
}

// The prefilter finds the pattern, the program says that it does not fit.
TEST(Scanner, FastPatternAloneIsNotEnough) {
  Rig rig(rule(1, R"(content:"abcdef"; depth:6; content:"x"; distance:0;)"));
  EXPECT_EQ(rig.look("abcdefx"), "1");
  EXPECT_EQ(rig.look("xabcdef"), "");
  EXPECT_EQ(rig.look("-abcdefx"), "");
}

TEST(Scanner, LongPatternIsComparedWhole) {
  Rig rig(rule(1, R"(content:"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGH";)"));
  EXPECT_EQ(rig.look("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGH"), "1");
  EXPECT_EQ(rig.look("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGx"), "");
  EXPECT_EQ(rig.look("x123456789abcdefghijklmnopqrstuvwxyzABCDEFGH"), "");
}

// Each buffer with a database of its own: the pattern is found there and nowhere else.
TEST(Scanner, EveryBuffer) {
  std::string rules;
  std::uint32_t sid = 0;
  for (std::size_t i = 0; i < kBufferCount; ++i) {
    const auto buffer = static_cast<Buffer>(i);
    std::string header = "alert tcp any any -> any any";
    std::string options = std::string(to_string(buffer)) + "; content:\"needle\";";
    if (buffer == Buffer::payload) options = "content:\"needle\";";
    if (buffer == Buffer::raw_payload) options = "content:\"needle\"; rawbytes;";
    rules += rule(++sid, options, header);
  }
  Rig rig(rules);
  ASSERT_EQ(rig.signatures().rules().size(), kBufferCount);
  for (std::size_t i = 0; i < kBufferCount; ++i) {
    Buffers buffers;
    // A look at the payload has no buffer of a protocol in it.
    const std::size_t end = i <= static_cast<std::size_t>(Buffer::raw_payload) ? 2 : kBufferCount;
    for (std::size_t other = 0; other < end; ++other) {
      buffers.set(static_cast<Buffer>(other), as_bytes(other == i ? "a needle b" : "a need b"));
    }
    const std::string found = rig.look(buffers, client_of(80));
    const std::string back = rig.look(buffers, answer_to(client_of(80)));
    EXPECT_TRUE(found == std::to_string(i + 1) || back == std::to_string(i + 1))
        << to_string(static_cast<Buffer>(i)) << " " << found << " " << back;
  }
}

TEST(Scanner, SeveralBuffersInOneRule) {
  Rig rig(rule(1, R"(content:"POST"; http_method; content:"/chat/send"; http_uri;)"));
  Buffers buffers;
  buffers.set(Buffer::http_method, as_bytes("POST"));
  buffers.set(Buffer::http_uri, as_bytes("/chat/send"));
  EXPECT_EQ(rig.look(buffers, client_of(80)), "1");
  buffers.set(Buffer::http_method, as_bytes("GET"));
  EXPECT_EQ(rig.look(buffers, client_of(80)), "");
}

TEST(Scanner, BuffersThatComeOneAfterAnother) {
  Rig rig(rule(1, R"(content:"abcdef"; content:"/x"; http_uri;)"));
  LookState state;
  Buffers buffers = payload("abcdef", false);
  EXPECT_EQ(rig.look(buffers, client_of(80), state), "");
  buffers.set(Buffer::http_uri, as_bytes("/x"));
  EXPECT_EQ(rig.look(buffers, client_of(80), state), "1");
  EXPECT_EQ(rig.look(buffers, client_of(80), state), "");
}

TEST(Scanner, WithoutFastPattern) {
  Diagnostics findings;
  const auto signatures =
      compile(rule(1, R"(pcre:"/[0-9]{3}[+-][0-9]{3}/";)") + rule(2, R"(content:!"abc";)") +
                  rule(3, R"(pcre:"/x[0-9]+yz/";)") + rule(4, R"(content:"x";)") +
                  rule(5, "tls.sni; bsize:5;"),
              findings);
  std::string warnings;
  for (const Diagnostic& finding : findings.all()) warnings += finding.message + "\n";
  EXPECT_NE(warnings.find("sid 1 "), std::string::npos) << warnings;
  EXPECT_NE(warnings.find("absent"), std::string::npos) << warnings;
  EXPECT_EQ(findings.all().size(), 2u) << warnings;
  Rig rig(signatures);
  EXPECT_EQ(rig.look("call 555-123"), "1 2");
  EXPECT_EQ(rig.look("call 555-12 abc"), "");
  EXPECT_EQ(rig.look("abc x5yz"), "3 4");
  Buffers buffers = payload("abc");
  buffers.set(Buffer::tls_sni, as_bytes("abcde"));
  EXPECT_EQ(rig.look(buffers, client_of(443)), "5");
}

TEST(Scanner, Ways) {
  Rig rig(rule(1, R"(flow:to_server; content:"abc";)") +
          rule(2, R"(flow:to_client; content:"abc";)") + rule(3, R"(content:"abc";)"));
  EXPECT_EQ(rig.look(payload("abc"), client_of(80)), "1 3");
  EXPECT_EQ(rig.look(payload("abc"), answer_to(client_of(80))), "2 3");
}

TEST(Scanner, Ports) {
  Rig rig(rule(1, R"(content:"abc";)", "alert tcp any any -> any 5222") +
          rule(2, R"(content:"abc";)", "alert tcp any 5222 -> any any") +
          rule(3, R"(content:"abc";)", "alert tcp any any -> any [5190,6000:6010]") +
          rule(4, R"(content:"abc";)", "alert tcp any any -> any !5222") +
          rule(5, R"(content:"abc";)", "alert tcp any any <> any 5222") +
          rule(6, R"(content:"abc";)", "alert tcp any 50000 -> any 6010:"));
  EXPECT_EQ(rig.look(payload("abc"), client_of(5222)), "1 5");
  EXPECT_EQ(rig.look(payload("abc"), answer_to(client_of(5222))), "2 4 5");
  EXPECT_EQ(rig.look(payload("abc"), client_of(5190)), "3 4");
  EXPECT_EQ(rig.look(payload("abc"), client_of(6010)), "3 4 6");
  EXPECT_EQ(rig.look(payload("abc"), client_of(6011)), "4 6");
  EXPECT_EQ(rig.look(payload("abc"), answer_to(client_of(6010))), "4");
}

// A port at the client's end is looked for as well: it is not what groups are made by.
TEST(Scanner, PortOfTheClient) {
  Rig rig(rule(1, R"(content:"abc";)", "alert tcp any 50000 -> any any") +
          rule(2, R"(content:"abc";)", "alert tcp any any -> any 50000"));
  EXPECT_EQ(rig.look(payload("abc"), client_of(80)), "1");
  EXPECT_EQ(rig.look(payload("abc"), answer_to(client_of(80))), "2");
}

TEST(Scanner, Addresses) {
  Rig rig(rule(1, R"(content:"abc";)", "alert tcp 192.168.0.0/16 any -> any any") +
          rule(2, R"(content:"abc";)", "alert tcp !192.168.0.0/16 any -> any any") +
          rule(3, R"(content:"abc";)", "alert tcp 203.0.113.5 any <> any any"));
  EXPECT_EQ(rig.look(payload("abc"), client_of(80)), "1 3");
  EXPECT_EQ(rig.look(payload("abc"), answer_to(client_of(80))), "2 3");
}

TEST(Scanner, Transports) {
  Rig rig(rule(1, R"(content:"abc";)", "alert tcp any any -> any any") +
          rule(2, R"(content:"abc";)", "alert udp any any -> any any") +
          rule(3, R"(content:"abc";)", "alert icmp any any -> any any") +
          rule(4, R"(content:"abc";)", "alert ip any any -> any any") +
          rule(5, R"(content:"abc"; dsize:3;)", "alert tcp any any -> any any") +
          rule(6, R"(content:"abc"; dsize:3;)", "alert ip any any -> any any"));
  EXPECT_EQ(rig.look(payload("abc"), client_of(80)), "1 4");
  PacketFields fields;
  fields.payload_size = 3;
  const auto packet = [&](std::uint8_t protocol) {
    Subject subject = client_of(80, protocol);
    subject.packet = &fields;
    return rig.look(payload("abc"), subject);
  };
  EXPECT_EQ(packet(6), "5 6");
  EXPECT_EQ(packet(17), "2 4 6");
  EXPECT_EQ(packet(1), "3 4 6");
  EXPECT_EQ(packet(58), "3 4 6");
  EXPECT_EQ(packet(47), "4 6");
}

TEST(Scanner, Applications) {
  Rig rig(rule(1, R"(content:"abc";)", "alert http any any -> any any") +
          rule(2, R"(content:"abc"; app-layer-protocol:tls;)"));
  Subject subject = client_of(80);
  EXPECT_EQ(rig.look(payload("abc"), subject), "");
  subject.protocol = proto::AppProto::http;
  EXPECT_EQ(rig.look(payload("abc"), subject), "1");
  subject.protocol = proto::AppProto::tls;
  EXPECT_EQ(rig.look(payload("abc"), subject), "2");
}

// Recognised only after the content was seen.
TEST(Scanner, ApplicationKnownLater) {
  Rig rig(rule(1, R"(content:"abc";)", "alert http any any -> any any"));
  LookState state;
  Subject subject = client_of(80);
  EXPECT_EQ(rig.look(payload("abc", false), subject, state), "");
  subject.protocol = proto::AppProto::http;
  EXPECT_EQ(rig.look(payload("abcdef", false), subject, state), "1");
}

TEST(Scanner, OrderOfHits) {
  Rig rig(rule(5, R"(content:"abc"; priority:1;)", "log tcp any any -> any any") +
          rule(4, R"(content:"abc"; priority:2;)") + rule(3, R"(content:"abc"; priority:1;)") +
          rule(2, R"(content:"abc"; priority:9;)", "reject tcp any any -> any any") +
          rule(9, R"(content:"abc"; priority:1;)") +
          rule(1, R"(content:"abc"; priority:9;)", "drop tcp any any -> any any"));
  EXPECT_EQ(rig.look("abc"), "1 2 3 9 4 5");
}

// Hits of several looks, as of several messages in one packet, keep the order.
TEST(Scanner, HitsAreAdded) {
  Rig rig(rule(1, R"(content:"abc";)") + rule(2, R"(content:"def";)") +
          rule(3, R"(content:"ghi";)", "drop tcp any any -> any any"));
  Hits hits;
  for (const std::string_view text : {"def", "abc", "ghi"}) {
    LookState state;
    rig.scanner.scan(rig.signatures(), client_of(80), payload(text), state, &rig.flow, hits);
  }
  EXPECT_EQ(to_text(rig.signatures(), hits), "3 1 2");
}

TEST(Scanner, Pass) {
  Rig rig(rule(1, R"(content:"abc";)", "drop tcp any any -> any any") +
          rule(2, R"(content:"friend";)", "pass tcp any any -> any any"));
  EXPECT_EQ(rig.look("abc"), "1");
  EXPECT_FALSE(rig.flow.passed);
  EXPECT_EQ(rig.look("abc friend"), "~2");
  EXPECT_TRUE(rig.flow.passed);
  EXPECT_EQ(rig.look("abc"), "");
}

TEST(Scanner, PassWithoutFlow) {
  Rig rig(rule(1, R"(content:"abc";)", "alert icmp any any -> any any") +
          rule(2, R"(content:"friend";)", "pass icmp any any -> any any"));
  const auto look = [&](std::string_view text) {
    LookState state;
    Hits hits;
    rig.scanner.scan(rig.signatures(), client_of(0, 1), payload(text), state, nullptr, hits);
    return to_text(rig.signatures(), hits);
  };
  EXPECT_EQ(look("abc friend"), "~2");
  EXPECT_EQ(look("abc"), "1");
}

TEST(Scanner, NoalertKeepsTheAction) {
  Rig rig(rule(1, R"(content:"abc"; noalert;)") +
          rule(2, R"(content:"abc"; noalert;)", "drop tcp any any -> any any"));
  EXPECT_EQ(rig.look("abc"), "~2");
}

TEST(Scanner, Concerns) {
  const auto concerns = [](const std::string& rules, const Subject& client) {
    Rig rig(rules);
    return rig.scanner.concerns(rig.signatures(), client);
  };
  const std::string content = R"(content:"abc";)";
  EXPECT_TRUE(concerns(rule(1, content, "alert tcp any any -> any 5222"), client_of(5222)));
  EXPECT_FALSE(concerns(rule(1, content, "alert tcp any any -> any 5222"), client_of(80)));
  EXPECT_FALSE(concerns(rule(1, content, "alert udp any any -> any 5222"), client_of(5222)));
  EXPECT_TRUE(concerns(rule(1, content, "alert ip any any -> any 5222"), client_of(5222, 17)));
  EXPECT_TRUE(concerns(rule(1, content, "alert tcp any 5222 -> any any"), client_of(5222)));
  EXPECT_TRUE(concerns(rule(1, "flags:S;"), client_of(5222)));
  EXPECT_TRUE(concerns(rule(1, content, "alert tcp 192.168.0.0/16 any -> any any"), client_of(1)));
  EXPECT_FALSE(concerns(
      rule(1, "flow:to_server; " + content, "alert tcp 10.0.0.0/8 any -> any any"), client_of(1)));
  EXPECT_TRUE(
      concerns(rule(1, "flow:to_client; " + content, "alert tcp 203.0.113.0/24 any -> any any"),
               client_of(1)));
  EXPECT_FALSE(
      concerns(rule(1, "flow:to_server; " + content, "alert tcp 203.0.113.0/24 any -> any any"),
               client_of(1)));
  EXPECT_TRUE(
      concerns(rule(1, "flow:to_server; " + content, "alert tcp 203.0.113.0/24 any <> any any"),
               client_of(1)));
}

TEST(Scanner, RefusedRulesAreLeftOut) {
  Diagnostics findings;
  const auto signatures =
      compile(rule(1, R"(content:"abc"; pcre:"/(/";)") + rule(2, R"(content:"abc";)"), findings);
  EXPECT_TRUE(findings.has_errors());
  EXPECT_EQ(signatures->refused(), 1u);
  ASSERT_EQ(signatures->rules().size(), 1u);
  Rig rig(signatures);
  EXPECT_EQ(rig.look("abc"), "2");
}

TEST(Scanner, TagIsWarnedAbout) {
  Diagnostics findings;
  const auto signatures = compile(rule(1, R"(content:"abc"; tag:session,5,packets;)"), findings);
  ASSERT_EQ(findings.all().size(), 1u);
  EXPECT_EQ(findings.all()[0].message,
            "tag has no effect: packets after an alert are not recorded (1 rule)");
  Rig rig(signatures);
  EXPECT_EQ(rig.look("abc"), "1");
}

TEST(Scanner, SeveralWorkers) {
  Diagnostics findings;
  Signatures::Options options;
  options.workers = 3;
  const auto signatures =
      compile(rule(1, R"(content:"abc"; threshold:type limit,track by_rule,count 1,seconds 60;)"),
              findings, options);
  for (std::uint8_t worker = 0; worker < 4; ++worker) {
    Scanner scanner{WorkerId(worker), Scanner::Limits()};
    Hits hits;
    for (int i = 0; i < 2; ++i) {
      LookState state;
      scanner.scan(*signatures, client_of(80), payload("abc"), state, nullptr, hits);
    }
    // Each counts by itself; there is no fourth.
    EXPECT_EQ(to_text(*signatures, hits), worker < 3 ? "1" : "");
  }
}

}  // namespace
}  // namespace chatgate::detect
