// The page and the JSON of more than they show: what is left out is counted, and of a proof it is
// said whether it is the proof of the policy that was in force.
#include <algorithm>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "report/html.h"
#include "report/report.h"

namespace chatgate::report {
namespace {

using Json = nlohmann::json;

std::string event(std::uint64_t second, const char* type, Json rest) {
  std::string time = moment_of(1'795'392'000 + second);
  time = time.substr(0, time.size() - 4);
  rest["timestamp"] = time;
  rest["event_type"] = type;
  rest["host"] = "gw1";
  return rest.dump();
}

class ReportPage : public testing::Test {
 protected:
  void add(std::uint64_t second, const char* type, const Json& rest) {
    tally_.add(event(second, type, rest), "eve.json", ++line_);
  }
  void make(std::optional<Proof> proof = std::nullopt) {
    const ReportSource source{tally_, {"eve.json"}, std::move(proof), "today"};
    page_ = to_html(source);
    json_ = Json::parse(to_json(source));
  }
  void expect_said(const std::string& text) {
    EXPECT_NE(page_.find(escaped(text)), page_.npos) << text;
  }
  void expect_not_said(const std::string& text) {
    EXPECT_EQ(page_.find(escaped(text)), page_.npos) << text;
  }

  Tally tally_{{}};
  std::uint64_t line_ = 0;
  std::string page_;
  Json json_;
};

TEST_F(ReportPage, NothingIsSaidOfNothing) {
  make();
  for (const char* said :
       {"Nothing was blocked or told of.", "No loss was reported.", "Every line could be read.",
        "Nothing was blocked.", "No event tells of a change or of a start in this period."}) {
    expect_said(said);
  }
  expect_not_said("Proof that the control works");
  EXPECT_EQ(json_["lines"], 0);
  EXPECT_EQ(json_["timeline"]["steps"], Json::array());
}

TEST_F(ReportPage, NamesThatAreTooManyAreCounted) {
  for (std::size_t i = 0; i < Names::kMost + 3; ++i) {
    const std::string client = "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250);
    add(i / 100, "alert",
        {{"src_ip", client},
         {"alert", {{"action", "blocked"}, {"signature", "no IM"}}},
         {"im", {{"application", "msn"}, {"name", "m.example"}, {"action", "reset"}}}});
  }
  make();
  expect_said("The first 20 of 10,000.");
  expect_said(
      "More than 10,000 different ones: 3 events have others and are not told apart in "
      "this table.");
  expect_said("More than 10,000 different ones: 3 events have others.");
  EXPECT_EQ(json_["clients"]["names"], 10'000);
  EXPECT_EQ(json_["clients"]["top"].size(), 100u);
  EXPECT_EQ(json_["clients"]["events_of_others"], 3);
  EXPECT_EQ(json_["blocked"], 10'003);
  EXPECT_EQ(json_["rules"]["top"][0]["name"], "no IM") << "its signature, without a rule";
}

TEST_F(ReportPage, AFlowIsCountedByWhatItWas) {
  add(0, "flow",
      {{"src_ip", "10.0.0.1"},
       {"flow", {{"reason", "timeout"}}},
       {"im", {{"application", "msn"}, {"category", "legacy-im"}}}});
  add(7200, "flow",
      {{"src_ip", "10.0.0.1"},
       {"dest_ip", "192.0.2.1"},
       {"dest_port", 443},
       {"proto", "TCP"},
       {"app_proto", "tls"},
       {"im", {{"application", "unknown"}}}});
  add(7201, "flow", {{"im", {{"application", "unknown"}, {"name", "x.example"}}}});
  add(7202, "ssh", {{"src_ip", "10.0.0.9"}});
  make();
  EXPECT_EQ(json_["flows"], 3);
  EXPECT_EQ(json_["clients"]["top"][0]["flows"], 2);
  EXPECT_EQ(json_["categories"]["top"][0]["name"], "legacy-im");
  EXPECT_EQ(json_["ends"]["top"][0]["name"], "timeout");
  std::vector<std::string> unknown;
  for (const Json& each : json_["unknown"]["top"]) unknown.push_back(each["name"]);
  EXPECT_EQ(unknown, (std::vector<std::string>{"192.0.2.1 port 443 TCP (tls)", "x.example"}));
  EXPECT_EQ(json_["missing"]["gaps"].size(), 1u);
  EXPECT_EQ(json_["missing"]["gaps"][0]["to"], 1'795'392'000 + 7200);
}

TEST_F(ReportPage, ListsAreCutAndSaySo) {
  for (int i = 0; i < 201; ++i) {
    add(900 - static_cast<std::uint64_t>(i), "audit",
        {{"audit",
          {{"what", "policy refused"},
           {"uid", 7},
           {"errors", {"a", i}},
           {"error", "it is none"}}}});
    add(1000, "stats", {{"stats", {{"events", {{"lost", 2}}}}}});
  }
  for (int i = 0; i < 51; ++i) tally_.add("{", "eve.json", ++line_);
  add(1001, "alert", {{"alert", {{"action", "allowed"}}}, {"im", {{"action", "reset"}}}});
  make();
  expect_said("1 more is not shown.");
  expect_said("402 events were lost, as the gateway itself reported: this report is incomplete.");
  expect_said("1 more report is not shown.");
  expect_said("1 more line could not be read and is not shown.");
  expect_said(
      "1 event was to be blocked by a rule and passed, because the mode was monitor, for "
      "the policy or for the rule.");
  expect_said("error: it is none; errors: [\"a\",200]");
  EXPECT_EQ(json_["audits"].size(), 201u);
  EXPECT_EQ(json_["audits"][0]["by"], "uid 7");
  EXPECT_EQ(json_["missing"]["damaged"], 51);
  EXPECT_EQ(json_["missing"]["damages"].size(), 50u);
  EXPECT_EQ(json_["would_block"], 1);
}

TEST_F(ReportPage, AProofIsThatOfThePolicyInForceOrSaysThatItMayNotBe) {
  add(0, "audit", {{"audit", {{"what", "gateway started"}, {"sha256", "aaaa"}}}});
  Proof proof;
  proof.policy_file = "p.json";
  proof.sha256 = "aaaa";
  proof.audit.sessions = 1234;
  proof.audit.leaks = 1;
  for (const bool blocked : {true, true, false}) {
    explain::Cell cell;
    cell.path = "tls-sni";
    cell.blocked = blocked;
    proof.audit.cells.push_back(cell);
  }
  proof.audit.findings.push_back({"<msn> leaks", 1, 0, {}});
  const std::string doubt = "No event of the period tells that this policy was in force";
  make(proof);
  expect_not_said(doubt);
  expect_said("<msn> leaks");
  EXPECT_NE(page_.find("<td>tls-sni</td><td class=\"n\">2</td><td class=\"n\">1</td>"), page_.npos);
  EXPECT_EQ(json_["proof"], (Json{{"policy", "p.json"},
                                  {"sha256", "aaaa"},
                                  {"cells", 3},
                                  {"leaks", 1},
                                  {"overblocked", 0}}));
  EXPECT_EQ(json_["restarts"], 1);
  proof.sha256 = "bbbb";
  proof.audit.findings.clear();
  make(proof);
  expect_said(doubt);
  expect_said("No fault was found.");
}

}  // namespace
}  // namespace chatgate::report
