// The policy that an import puts together where the configuration says a thing twice, and the
// ledger of its lines.

#include "policy/import/output.h"

#include <algorithm>
#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/import/ports.h"
#include "policy/import/report.h"

namespace chatgate::policy::import {
namespace {

using testing::ElementsAre;

Json http_of(const Output& out) {
  return out.finish()["http"];
}

TEST(ImportOutput, OfTwoChecksTheStricterStands) {
  constexpr Action kByStrictness[] = {Action::allow, Action::alert, Action::drop, Action::reset};
  for (const Action one : kByStrictness) {
    for (const Action two : kByStrictness) {
      Output out;
      EXPECT_FALSE(out.check("protocol_violation", one));
      const auto lost = out.check("protocol_violation", two);
      const auto [weaker, stricter] =
          std::minmax(one, two, [](Action a, Action b) { return strictness(a) < strictness(b); });
      EXPECT_EQ(http_of(out)["protocol_violation"], to_string(stricter));
      EXPECT_EQ(lost, one == two ? std::nullopt : std::optional(weaker)) << to_string(one);
    }
  }
}

TEST(ImportOutput, OfTwoLimitsThatDoTheSameTheTighterStands) {
  Output out;
  EXPECT_FALSE(out.limit("max_uri_length", 2000, Action::reset));
  EXPECT_FALSE(out.limit("max_uri_length", 1000, Action::reset));
  EXPECT_FALSE(out.limit("max_uri_length", 3000, Action::reset));
  EXPECT_EQ(out.limit("max_uri_length", 500, Action::drop), Action::drop) << "the weaker one";
  EXPECT_EQ(http_of(out)["max_uri_length"], Json({{"bytes", 1000}, {"action", "reset"}}));
  EXPECT_FALSE(out.limit("max_header_length", 900, Action::alert));
  EXPECT_EQ(out.limit("max_header_length", 4000, Action::drop), Action::alert);
  EXPECT_EQ(http_of(out)["max_header_length"], Json({{"bytes", 4000}, {"action", "drop"}}));
}

TEST(ImportOutput, LengthsOfContentAreBroughtTogether) {
  Output out;
  EXPECT_FALSE(out.content_length(10, std::nullopt, Action::reset));
  EXPECT_FALSE(out.content_length(20, 5000, Action::reset));
  EXPECT_FALSE(out.content_length(std::nullopt, 9000, Action::reset));
  EXPECT_EQ(http_of(out)["content_length"],
            Json({{"min", 20}, {"max", 5000}, {"action", "reset"}}));
  EXPECT_EQ(out.content_length(1, 2, Action::alert), Action::alert);
  Output other;
  EXPECT_FALSE(other.content_length(1, std::nullopt, Action::alert));
  EXPECT_EQ(other.content_length(std::nullopt, 2, Action::drop), Action::alert);
  EXPECT_EQ(http_of(other)["content_length"], Json({{"max", 2}, {"action", "drop"}}));
}

TEST(ImportOutput, AMethodIsAllowedWhereBothAllowIt) {
  Output out;
  EXPECT_FALSE(out.methods({"GET", "POST", "PUT"}, true, Action::reset));
  EXPECT_FALSE(out.methods({"PUT", "DELETE"}, false, Action::reset));
  EXPECT_THAT(http_of(out)["request_methods"]["allow"].get<Texts>(), ElementsAre("GET", "POST"));
  EXPECT_EQ(out.methods({"GET"}, true, Action::alert), Action::alert);
  EXPECT_THAT(http_of(out)["request_methods"]["allow"].get<Texts>(), ElementsAre("GET", "POST"));
  // A method of one's own can be allowed too.
  Output own;
  EXPECT_FALSE(own.methods({"GET", "CHAT"}, true, Action::drop));
  EXPECT_EQ(own.methods({"HEAD"}, true, Action::reset), Action::drop);
  EXPECT_THAT(http_of(own)["request_methods"]["allow"].get<Texts>(), ElementsAre("HEAD"));
}

TEST(ImportOutput, CodingsLeaveTheListOneByOne) {
  Output out;
  EXPECT_FALSE(out.refuse_coding("gzip", Action::drop));
  EXPECT_FALSE(out.refuse_coding("deflate", Action::drop));
  EXPECT_EQ(out.refuse_coding("compress", Action::reset), Action::drop);
  EXPECT_EQ(out.refuse_coding("chunked", Action::alert), Action::alert);
  EXPECT_EQ(http_of(out)["transfer_encoding"],
            Json::parse(R"({"allow": ["identity"], "action": "reset"})"));
}

TEST(ImportOutput, NamesOfNetworksAreTheirOwn) {
  Output out;
  EXPECT_EQ(out.network("users", {"10.1.0.0/16"}), "users");
  EXPECT_EQ(out.network("users", {"10.1.0.0/16"}), "users");
  EXPECT_EQ(out.network("users", {"10.2.0.0/16"}), "users 2");
  EXPECT_EQ(out.network("any", {"10.3.0.0/16"}), "group any");
  EXPECT_EQ(out.network("10.4.0.0/16", {"10.4.0.0/16"}), "group 10-4-0-0-16");
  EXPECT_EQ(out.network("10.4.0.0:16", {"10.5.0.0/16"}), "group 10-4-0-0-16 2");
}

TEST(ImportOutput, ProtocolsByNumber) {
  constexpr std::array<std::string_view, 2> kWords[] = {
      {"0", "ip"},     {"1", "icmp"},  {"6", "tcp"}, {"17", "udp"}, {"132", "132"},
      {"sctp", "132"}, {"ipv6", "ip"}, {"256", ""},  {"-1", ""}};
  for (const auto& [number, word] : kWords) EXPECT_EQ(protocol_word(number), word) << number;
}

TEST(ImportLedger, EveryLineHasTheWorstOfWhatWasSaidOfIt) {
  Ledger ledger({"hostname fw", "access-list a deny", "inspect x", "what nobody spoke of"});
  ledger.harmless(1);
  ledger.converted(2);
  ledger.harmless(2);
  ledger.converted(3);
  ledger.not_converted(3, "because");
  ledger.not_converted(3, "because");
  ledger.not_converted(3, "of it");
  ledger.converted(3);
  ledger.not_converted(0, "no line");
  ledger.not_converted(5, "no line");
  ledger.warn(2, "look");
  ledger.warn(2, "look");
  ledger.warn(0, "all of it");
  EXPECT_EQ(ledger.report().to_json(), Json::parse(R"({
    "lines": 4, "converted": 1, "harmless": 1,
    "not_converted": [
      {"line": 3, "text": "inspect x", "why": "because; of it"},
      {"line": 4, "text": "what nobody spoke of", "why": "this command is not known here"}],
    "warnings": [{"line": 0, "message": "all of it"}, {"line": 2, "message": "look"}]})"));
}

}  // namespace
}  // namespace chatgate::policy::import
