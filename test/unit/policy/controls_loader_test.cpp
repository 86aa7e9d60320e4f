// The policy's keys `inspection`, `dns`, `tls` and lines of `access`: what is read, and what is
// refused where.

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "catalog/builder.h"
#include "policy/loader.h"

namespace chatgate::policy {
namespace {

struct Read {
  Draft draft;
  std::string findings;
};

Read read(const std::string& section) {
  Diagnostics diagnostics;
  catalog::CatalogueBuilder builder(diagnostics);
  Read result{
      load("{\"rules\": [{\"action\": \"allow\"}],\n" + section + "}", "p", builder, diagnostics),
      {}};
  for (const Diagnostic& each : diagnostics.all()) result.findings += each.to_string() + "\n";
  return result;
}

TEST(ControlsLoader, ReadsInspection) {
  const Read found = read(R"("inspection": { "encapsulations": ["gre", "vxlan"],
    "midstream": "drop", "incomplete": "allow",
    "timeouts": { "embryonic": 1, "established": 86400, "closing": 3, "udp": 4, "blocked": 5,
                  "incomplete": 6 },
    "exhaustion": { "flows": "open", "fragments": "open" } })");
  EXPECT_EQ(found.findings, "");
  const InspectionControls& controls = found.draft.controls.inspection;
  EXPECT_EQ(
      controls.look_through,
      net::Encapsulations::none().with(net::Encapsulation::gre).with(net::Encapsulation::vxlan));
  EXPECT_EQ(controls.midstream, Midstream::drop);
  EXPECT_EQ(controls.incomplete, Action::allow);
  EXPECT_EQ(controls.timeouts.embryonic, 1u);
  EXPECT_EQ(controls.timeouts.established, 86400u);
  EXPECT_EQ(controls.timeouts.closing, 3u);
  EXPECT_EQ(controls.timeouts.udp, 4u);
  EXPECT_EQ(controls.timeouts.blocked, 5u);
  EXPECT_EQ(controls.timeouts.incomplete, 6u);
  EXPECT_EQ(controls.flows, OnExhaustion::open);
  EXPECT_FALSE(controls.inspections.has_value()) << "as the gateway was started";
  EXPECT_EQ(controls.fragments, OnExhaustion::open);
  EXPECT_EQ(
      read(R"("inspection": { "encapsulations": [] })").draft.controls.inspection.look_through,
      net::Encapsulations::none());
}

TEST(ControlsLoader, ReadsDnsAndTls) {
  const Read found = read(R"("dns": { "answer": "address",
    "addresses": ["10.0.0.80", "2001:db8::80"], "learn_servers": false },
    "tls": { "encrypted_client_hello": "strip", "ech_public_names": ["public.example"] })");
  EXPECT_EQ(found.findings, "");
  const Controls& controls = found.draft.controls;
  EXPECT_EQ(controls.dns.answer, DnsAnswer::address);
  EXPECT_EQ(controls.dns.ipv4, IpAddress::parse("10.0.0.80"));
  EXPECT_EQ(controls.dns.ipv6, IpAddress::parse("2001:db8::80"));
  EXPECT_FALSE(controls.dns.learn_servers);
  EXPECT_EQ(controls.tls.ech, EncryptedClientHello::strip);
  EXPECT_EQ(controls.tls.ech_public_names.size(), 1u);
}

TEST(ControlsLoader, SaysWhatIsWrong) {
  struct Row {
    const char* section;
    const char* told;
  };
  const Row rows[] = {
      {R"("inspection": { "encapsulations": ["gree"] })", "did you mean \"gre\"?"},
      {R"("inspection": { "encapsulations": 7 })", "p:2:35: "},
      {R"("inspection": { "timeouts": { "udp": 0 } })", "\"udp\""},
      {R"("inspection": { "timeouts": { "udp": 86401 } })", "\"udp\""},
      {R"("inspection": { "timeouts": [] })", "\"timeouts\""},
      {R"("inspection": { "exhaustion": "open" })", "\"exhaustion\""},
      {R"("inspection": { "exhaustion": { "flows": "opened" } })", "did you mean \"open\"?"},
      {R"("dns": { "answer": "address" })", "needs \"addresses\""},
      {R"("dns": { "addresses": "10.0.0.80" })", "for the answer \"address\" only"},
      {R"("dns": { "answer": "address", "addresses": ["10.0.0.256"] })", "is no address"},
      {R"("dns": { "answer": "address", "addresses": ["10.0.0.1", "10.0.0.2"] })",
       "of this family already"},
      {R"("tls": { "ech_public_names": ["a..b"] })", "a..b"},
      {R"("access": [ { "action": "permit", "reset": true } ])", "\"reset\" is for \"deny\" only"},
      {R"("access": [ { "action": "deny", "protocol": [] } ])", "\"protocol\" is an empty list"},
      {R"("access": [ { "action": "deny", "protocol": "tpc" } ])", "unknown protocol \"tpc\""},
      {R"("access": [ { "action": "deny", "protocol": "quantum" } ])",
       "unknown protocol \"quantum\", one of ip, tcp"},
      {R"("access": [ { "action": "deny", "protocol": 256 } ])", "\"protocol\""},
      {R"("access": [ { "action": "deny", "port": [] } ])", "\"port\" is an empty list"},
      {R"("access": [ { "action": "deny", "protocol": "icmp", "port": 5 } ])",
       "\"port\" is for \"tcp\" and \"udp\" only"},
  };
  for (const Row& row : rows) {
    const std::string findings = read(row.section).findings;
    EXPECT_NE(findings.find(row.told), findings.npos) << row.section << "\n" << findings;
    EXPECT_TRUE(findings.starts_with("p:2:")) << findings;
  }
}

}  // namespace
}  // namespace chatgate::policy
