// What `policy diff` says of each key of a policy, in words; and that it knows them all.

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>
#include <unistd.h>

#include "control/commands.h"

#include "fake_gateway.h"

namespace chatgate::control::testing {
namespace {

namespace fs = std::filesystem;

struct Change {
  const char* before;
  const char* after;
  const char* told;
  // Beside the policy it is `{"rules": []}`.
};

constexpr Change kChanges[] = {
    {R"("mode": "enforce")", R"("mode": "monitor")",
     "changed: policy, mode monitor instead of enforce\n"},
    {R"("default": "allow")", R"("default": "drop")",
     "changed: policy, default drop instead of allow\n"},
    {R"("mode": "enforce")", R"("unclassified": "alert")",
     "changed: policy, unclassified alert instead of as default\n"},
    {R"("confidence": "low")", R"("confidence": "high")",
     "changed: policy, confidence high instead of low\n"},
    {R"("networks": {"a": "10.0.0.0/8"})", R"("networks": {"a": ["10.0.0.0/8", "!10.1.0.0/16"]})",
     "changed: network \"a\", addresses 10.0.0.0/16, 10.2.0.0-10.255.255.255 instead of "
     "10.0.0.0/8\n"},
    {R"("networks": {"a": {"file": "a.txt"}})", R"("networks": {"b": {"file": "a.txt"}})",
     "new: network \"b\", addresses 192.0.2.0/24\ngone: network \"a\", addresses 192.0.2.0/24\n"},
    {R"("times": {"t": {"days": "mon-fri", "from": "08:00", "to": "18:30", "zone": "UTC"}})",
     R"("times": {"t": {"days": "sat", "start": "2026-12-01", "end": "2026-12-12 18:00", "zone": "UTC"}})",
     "changed: time \"t\", windows sat 00:00-24:00 from 2026-12-01 00:00 to 2026-12-12 18:00 UTC "
     "instead of mon,tue,wed,thu,fri 08:00-18:30 UTC\n"},
    {R"("access": [{"action": "deny", "from": "10.0.0.1"}])",
     R"("access": [{"action": "deny", "from": "10.0.0.1", "reset": true, "log": true}])",
     "changed: access line 1, entry deny ip host 10.0.0.1 any log instead of deny ip host 10.0.0.1 "
     "any; "
     "now with reset true\n"},
    {R"("applications": {})",
     R"("applications": {"ours": {"name": "Ours", "category": "im", "ports": ["tcp/5999"], "servers": )"
     R"({"names": ["chat.example"], "addresses": ["192.0.2.7"]}}})",
     "new: application \"ours\", name Ours; category im; names chat.example; addresses "
     "192.0.2.7/32; "
     "ports "
     "tcp/5999\n"},
    {R"("rules": [{"name": "a", "action": "allow"}])",
     R"("rules": [{"name": "a", "action": "drop", "monitor": true, "confidence": "high", "log": true}])",
     "changed: rule \"a\", action drop instead of allow; now with log true; now with monitor true; "
     "now with "
     "confidence high\n"},
    {R"("inspection": {})",
     R"("inspection": {"encapsulations": ["gre"], "midstream": "drop", "incomplete": "allow"})",
     "changed: inspection, encapsulations gre instead of pppoe, mpls, gre, ip-in-ip, gtp-u, vxlan, "
     "teredo; "
     "midstream drop instead of inspect; incomplete allow instead of reset\n"},
    {R"("inspection": {})",
     R"("inspection": {"encapsulations": [], "timeouts": {"udp": 5, "blocked": 6}, "exhaustion": {"flows": )"
     R"("open", "inspections": "closed", "fragments": "open"}})",
     "changed: inspection, encapsulations none instead of pppoe, mpls, gre, ip-in-ip, gtp-u, "
     "vxlan, teredo; "
     "timeout of udp 5 s instead of 60 s; timeout of blocked 6 s instead of 60 s; exhausted flows "
     "open "
     "instead of as the gateway was started; exhausted inspections closed instead of as the "
     "gateway was "
     "started; exhausted fragments open instead of closed\n"},
    {R"("dns": {})",
     R"("dns": {"answer": "address", "addresses": ["10.0.0.80", "fd00::80"], "learn_servers": false, )"
     R"("header": "drop", "message_length": {"max": 512, "action": "drop"}})",
     "changed: dns, answer address instead of nxdomain; now with addresses 10.0.0.80, fd00::80; "
     "learn_servers false instead of true; now with header drop; now with message_length at most "
     "512: "
     "drop\n"},
    {R"("tls": {})",
     R"("tls": {"encrypted_client_hello": "strip", "ech_public_names": ["a.example"], "quic": "block", )"
     R"("unreadable_quic": "drop"})",
     "changed: tls, encrypted_client_hello strip instead of allow; ech_public_names a.example "
     "instead of "
     "cloudflare-ech.com; quic block instead of inspect; unreadable_quic drop instead of allow\n"},
    {R"("evasion": {})", R"("evasion": {"doh": "reset", "dot": "drop", "proxies": "reset"})",
     "changed: evasion, doh reset instead of allow; dot drop instead of allow; proxies reset "
     "instead of "
     "inspect\n"},
    {R"("http": {})",
     R"("http": {"port_misuse": {"im": "reset", "p2p": "drop", "tunneling": "alert", "default": "allow"}, )"
     R"("protocol_violation": "alert", "content_type_verification": "alert"})",
     "changed: http, now with port_misuse of im reset; now with port_misuse of p2p drop; now with "
     "port_misuse of tunneling alert; now with port_misuse by default allow; now with "
     "protocol_violation "
     "alert; now with content_type_verification alert\n"},
    {R"("http": {"max_uri_length": {"bytes": 10, "action": "reset"}})",
     R"("http": {"max_uri_length": {"bytes": 20, "action": "drop"}, "max_header_length": {"bytes": 30, )"
     R"("action": "drop"}, "max_header_line_length": {"bytes": 40, "action": "drop"}, "max_header_count": )"
     R"({"count": 5, "action": "drop"}, "content_length": {"min": 1, "max": 9, "action": "drop"}})",
     "changed: http, max_uri_length at most 20: drop instead of at most 10: reset; now with "
     "max_header_count at most 5: drop; now with max_header_line_length at most 40: drop; now with "
     "max_header_length at most 30: drop; now with content_length from 1 to 9, else drop\n"},
    {R"("http": {})",
     R"("http": {"request_methods": {"allow": ["GET", "POST"], "action": "reset"}, "uri": [{"pattern": )"
     R"("a", "action": "allow"}, {"pattern": "b", "action": "drop"}], "arguments": [{"pattern": "c", )"
     R"("action": "drop"}], "headers": [{"name": "X", "pattern": "y", "action": "drop"}, )"
     R"({"name_pattern": "^z", "action": "alert"}], "transfer_encoding": {"allow": ["chunked"], "action": )"
     R"("reset"}})",
     "changed: http, now with request_methods only GET, POST, else reset; now with uri a: allow, "
     "b: drop; "
     "now with arguments c: drop; now with headers x y: drop, /^z/: alert; now with "
     "transfer_encoding only "
     "chunked, else reset\n"},
    {R"("lists": {"l": {"file": "l.txt"}})", R"("lists": {"l": {"files": ["l.txt", "m.txt"]}})",
     "changed: list \"l\", entries 2 instead of 1; files FOLDER/l.txt (SHA), FOLDER/m.txt (SHA) "
     "instead of "
     "FOLDER/l.txt (SHA)\n"},
    {R"("signatures": ["a.rules"])", R"("signatures": ["b.rules"])",
     "changed: Snort rule 1:1000001, text RULE instead of RULE\n"},
    {R"("rules": [{"action": "allow", "log": false}])", R"("rules": [{"action": "allow"}])",
     "Nothing: the file is written otherwise and says the same.\n"}};

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

// Digests and rules in one word, since they are long.
std::string shortened(std::string text, const std::string& folder) {
  text = replaced(std::move(text), folder, "FOLDER");
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text.compare(at, 6, "alert ") == 0 && text.find("sid:", at) != text.npos) {
      out += "RULE";
      at = text.find(')', at) + 1;
    } else if (text[at] == '(' && text.find(')', at) == at + 17) {
      out += "(SHA)";
      at += 18;
    } else {
      out += text[at++];
    }
  }
  return out;
}

class PolicyDiff : public ::testing::Test {
 protected:
  PolicyDiff() {
    fs::create_directories(folder_ / "catalog");
    write("catalog/xmpp.json",
          R"({"id": "xmpp", "name": "XMPP", "category": "open-protocol", "status": "alive"})");
    write("a.txt", "192.0.2.0/24\n");
    write("l.txt", "a.example\n");
    write("m.txt", "b.example\n");
    for (const char* name : {"a", "b"}) {
      write(std::string(name) + ".rules",
            R"(alert tcp any any -> any any (msg:"one"; content:"KEY)" + std::string(name) +
                R"("; sid:1000001; rev:1;))" + "\n");
    }
  }
  ~PolicyDiff() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }
  static std::string policy(std::string_view keys) {
    const bool rules = keys.find("\"rules\"") != keys.npos;
    return "{" + std::string(keys) + (rules ? "" : R"(, "rules": [])") + "}";
  }
  std::string diff(const Change& change) {
    write("policy.json", policy(change.before));
    CommandsConfig config;
    config.source.policy_file = (folder_ / "policy.json").string();
    config.source.catalogue_folder = (folder_ / "catalog").string();
    catalog::ApplicationRegistry registry;
    const LoadResult loaded = load(config.source, registry);
    if (loaded.snapshot == nullptr) return to_text(loaded.diagnostics);
    FakeGateway gateway;
    gateway.publish(loaded.snapshot);
    boost::asio::io_context io;
    Commands commands(io, gateway, registry, config);
    write("policy.json", policy(change.after));
    std::string text;
    commands.execute("policy diff", Caller{},
                     [&](Reply reply) { text = reply.error + reply.text; });
    return shortened(std::move(text), folder_.string());
  }

  const fs::path folder_ =
      fs::path(::testing::TempDir()) / ("chatgate-policy-diff-" + std::to_string(::getpid()));
};

TEST_F(PolicyDiff, EachKeyIsToldInWords) {
  for (const Change& change : kChanges) {
    EXPECT_EQ(diff(change), change.told) << change.before << "\n" << change.after;
  }
}

TEST_F(PolicyDiff, NothingIsToldOfWhatIsTheSame) {
  for (const Change& change : kChanges) {
    EXPECT_EQ(diff({change.after, change.after, ""}), "Nothing: it is the running policy.\n");
  }
}

// A key that the schema has and the table above does not would be one that the diff may not know.
TEST_F(PolicyDiff, TheTableHasEveryKeyOfTheSchema) {
  std::ifstream file(CHATGATE_SOURCE "/policy/policy.schema.json");
  const Json schema = Json::parse(file);
  std::string all;
  for (const Change& change : kChanges) all += change.after + std::string(change.before);
  std::set<std::string> missing;
  const auto look = [&](const Json& object) {
    for (const auto& [key, value] : object["properties"].items()) {
      if (all.find("\"" + key + "\"") == std::string::npos) missing.insert(key);
    }
  };
  look(schema);
  for (const char* part : {"inspection", "dns", "tls", "evasion", "http"}) {
    look(schema["properties"][part]);
  }
  EXPECT_THAT(missing, ::testing::ElementsAre("$schema"));
}

}  // namespace
}  // namespace chatgate::control::testing
