#include "policy/loader.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "catalog/builder.h"
#include "catalog/catalogue.h"

namespace chatgate::policy {
namespace {

using catalog::Application;
using catalog::CatalogueBuilder;
using catalog::Category;
using Lines = std::vector<std::string>;

Lines lines(const Diagnostics& diagnostics) {
  Lines all;
  for (const Diagnostic& each : diagnostics.all()) all.push_back(each.to_string());
  return all;
}

void fill(CatalogueBuilder& builder) {
  const std::pair<const char*, Category> table[] = {{"xmpp", Category::open_protocol},
                                                    {"whatsapp", Category::mobile_messenger},
                                                    {"telegram", Category::mobile_messenger}};
  for (const auto& [word, category] : table) {
    builder.add(word, {std::string(word) + ".json", 1, 1})->category = category;
  }
  builder.add_name(*builder.find("whatsapp"), {"whatsapp.net"}, {"whatsapp.json", 7, 5});
  builder.add_port(*builder.find("xmpp"),
                   {catalog::Transport::tcp, 5222, 5223, catalog::Service::any, true, true},
                   {"xmpp.json", 3, 5});
}

struct Finding {
  std::string text;
  Lines expected;
};

class PolicyText : public testing::TestWithParam<Finding> {};

TEST_P(PolicyText, IsAnswered) {
  Diagnostics diagnostics;
  CatalogueBuilder builder(diagnostics);
  fill(builder);
  load(GetParam().text, "p", builder, diagnostics);
  EXPECT_EQ(lines(diagnostics), GetParam().expected) << GetParam().text;
}

Finding rule(const std::string& rule, Lines expected) {
  return {"{\"rules\": [\n" + rule + "]}", std::move(expected)};
}

constexpr const char* kAnyRule = "\"rules\": [{\"application\": \"xmpp\", \"action\": \"allow\"}]";

Finding beside_a_rule(const std::string& text, Lines expected) {
  return {"{" + std::string(kAnyRule) + ",\n" + text + "}", std::move(expected)};
}

INSTANTIATE_TEST_SUITE_P(
    Top, PolicyText,
    testing::Values(
        Finding{"", {"p:1:1: the file is empty, expected a JSON object"}},
        Finding{"[]", {"p:1:1: the policy is a list, expected an object"}},
        Finding{"{", {"p:1:2: broken JSON: unexpected end of input, expected string literal"}},
        Finding{"{}", {"p:1:1: warning: the policy has no rules, everything meets its default"}},
        beside_a_rule("\"mode\": \"monitor\", \"default\": \"drop\", \"$schema\": \"x\"", {}),
        beside_a_rule("\"mod\": 1, \"mode\": \"monitr\", \"default\": \"deny\"",
                      {"p:2:1: unknown key \"mod\" in the policy, did you mean \"mode\"?",
                       "p:2:19: unknown mode \"monitr\", did you mean \"monitor\"?",
                       "p:2:40: unknown action \"deny\", did you mean \"reset\" or \"drop\"?"}),
        beside_a_rule("\"mode\": true, \"default\": []",
                      {"p:2:9: \"mode\" is true, expected a string",
                       "p:2:26: \"default\" is a list, expected a string"}),
        beside_a_rule("\"times\": {}, \"access\": [], \"lists\": {}, \"unclassified\": \"drp\",\n"
                      "\"http\": {}, \"dns\": {}, \"tls\": {}, \"evasion\": {}, \"signatures\": "
                      "[\"im.rules\"]",
                      {"p:2:57: unknown action \"drp\", did you mean \"drop\"?"}),
        beside_a_rule("\"tmies\": {}",
                      {"p:2:1: unknown key \"tmies\" in the policy, did you mean \"times\"?"}),
        Finding{"{\"rules\": {}}",
                {"p:1:1: warning: the policy has no rules, everything meets its "
                 "default",
                 "p:1:11: \"rules\" is an object, expected a list"}}));

INSTANTIATE_TEST_SUITE_P(
    Networks, PolicyText,
    testing::Values(
        beside_a_rule(
            "\"networks\": {\"inside\": [\"10.0.0.0/8\", \"fd00::/8\"], \"one\": \"10.0.0.1\"}",
            {}),
        beside_a_rule("\"networks\": []",
                      {"p:2:13: \"networks\" is a list, expected an object of names and their "
                       "addresses"}),
        beside_a_rule(
            "\"networks\": {\"any\": \"10.0.0.1\", \"10.0.0.1\": \"10.0.0.1\"}",
            {"p:2:14: \"any\" cannot name a network, choose a word that is not \"any\" and "
             "no address",
             "p:2:33: \"10.0.0.1\" cannot name a network, choose a word that is not \"any\" "
             "and no address"}),
        beside_a_rule(
            "\"networks\": {\"a\": [\"10.1.7.1/24\", \"10.0.0.256\", 7], \"b\": []}",
            {"p:2:20: \"10.1.7.1/24\" has bits set behind its prefix length, did you mean "
             "\"10.1.7.0/24\"?",
             "p:2:35: \"10.0.0.256\" is no address, expected one such as 10.0.0.1, "
             "10.0.0.0/8 or fd00::/8",
             "p:2:49: an entry of \"a\" is a number, expected a string",
             "p:2:58: \"b\" is an empty list, name at least one"})));

INSTANTIATE_TEST_SUITE_P(
    Applications, PolicyText,
    testing::Values(
        beside_a_rule("\"applications\": {\"whatsapp\": {\"servers\": {\"names\": \"wa.example\", "
                      "\"addresses\": [\"203.0.113.0/24\"]}, \"ports\": [\"tcp/5222\"]}}",
                      {}),
        beside_a_rule(
            "\"applications\": {\"whatsap\": {}, \"our-chat\": {}, \"Our\": {}}",
            {"p:2:18: unknown application \"whatsap\", did you mean \"whatsapp\"? A new one "
             "needs a \"category\"",
             "p:2:33: unknown application \"our-chat\", a new one needs a \"category\"",
             "p:2:49: \"Our\" is no identifier, lower-case letters, digits and single "
             "hyphens, at most 40"}),
        beside_a_rule("\"applications\": {\"xmpp\": {\"category\": \"p2p\"}}",
                      {"p:2:39: \"xmpp\" is in category \"open-protocol\" already, leave it out"}),
        beside_a_rule("\"applications\": {\"xmpp\": {\"server\": {}, \"servers\": {\"name\": 1}}}",
                      {"p:2:27: unknown key \"server\" in \"xmpp\", did you mean \"servers\"?",
                       "p:2:53: unknown key \"name\" in \"servers\", did you mean \"names\"?"}),
        beside_a_rule(
            "\"applications\": {\"xmpp\": {\"servers\": {\"names\": [\"whatsapp.net\", "
            "\"*.a.example\", \"com\"], \"addresses\": \"0.0.0.0/0\"}}}",
            {"p:2:49: \"whatsapp.net\" belongs to whatsapp already (whatsapp.json:7), a name "
             "is exclusive to one application",
             "p:2:65: \"*.a.example\" is a pattern, \"a.example\" covers everything below it "
             "already",
             "p:2:80: \"com\" has one label only, it would cover every name below it",
             "p:2:101: \"0.0.0.0/0\" is too wide for one application, at most a /8"}),
        beside_a_rule(
            "\"applications\": {\"xmpp\": {\"ports\": [\"5223\", \"tpc/1\", \"tcp/x\", "
            "\"udp/70000\", \"tcp/\"]}}",
            {"p:2:37: \"5223\" names no transport, expected one such as tcp/5223 or "
             "udp/4000-4010",
             "p:2:45: \"tpc/1\" names no transport, expected one such as tcp/5223 or "
             "udp/4000-4010",
             "p:2:54: \"tcp/x\" holds no port, expected a port from 1 to 65535, or two such "
             "as 5222-5223",
             "p:2:63: \"udp/70000\" holds no port, expected a port from 1 to 65535, or two "
             "such as 5222-5223",
             "p:2:76: \"tcp/\" holds no port, expected a port from 1 to 65535, or two such "
             "as 5222-5223"}),
        // One mistake is reported once, not again for the rule that names it.
        Finding{
            "{\"applications\": {\"our-chat\": {}},\n\"rules\": [{\"application\": \"our-chat\", "
            "\"action\": \"allow\"}]}",
            {"p:1:19: unknown application \"our-chat\", a new one needs a \"category\""}}));

INSTANTIATE_TEST_SUITE_P(
    Rules, PolicyText,
    testing::Values(
        rule("{\"category\": \"im\", \"action\": \"reset\", \"log\": true, \"name\": \"x\"}", {}),
        rule("7", {"p:2:1: rule 1 is a number, expected an object"}),
        rule("{}", {"p:2:1: rule 1 has no \"action\", one of allow, alert, drop, reset"}),
        rule("{\"action\": \"blokc\"}, {\"action\": \"rest\"}, {\"action\": \"block\"}, "
             "{\"action\": "
             "\"permit\"}",
             {"p:2:12: unknown action \"blokc\", one of allow, alert, drop, reset",
              "p:2:33: unknown action \"rest\", did you mean \"reset\"?",
              "p:2:53: unknown action \"block\", did you mean \"reset\" or \"drop\"?",
              "p:2:74: unknown action \"permit\", did you mean \"allow\"?"}),
        rule("{\"application\": [\"whatsap\", \"zzzzzzzzz\", \"im\"], \"action\": \"drop\"}",
             {"p:2:18: unknown application \"whatsap\", did you mean \"whatsapp\"?",
              "p:2:29: unknown application \"zzzzzzzzz\", one of telegram, whatsapp, xmpp",
              "p:2:42: unknown application \"im\", it is a category: write \"category\": \"im\""}),
        rule("{\"category\": [\"whatsapp\", \"legcy-im\", \"zzzzzzzzz\"], \"action\": \"drop\"}",
             {"p:2:15: unknown category \"whatsapp\", it is an application: write \"application\": "
              "\"whatsapp\"",
              "p:2:27: unknown category \"legcy-im\", did you mean \"legacy-im\"?",
              "p:2:39: unknown category \"zzzzzzzzz\", one of im, legacy-im, mobile-messenger, "
              "team-chat, voice-chat, open-protocol, p2p, social-dm, gaming, web-im, im-proxy, "
              "p2p-file, tunnel, evasion, adware"}),
        rule("{\"category\": \"adware\", \"action\": \"drop\"}",
             {"p:2:14: warning: no application of the catalogue is in category \"adware\""}),
        rule("{\"application\": [], \"action\": \"drop\", \"log\": \"yes\"}",
             {"p:2:17: \"application\" is an empty list, name at least one",
              "p:2:46: \"log\" is a string, expected true or false"}),
        rule("{\"acton\": 1, \"server\": \"login\", \"when\": \"x\", \"action\": \"drop\"}",
             {"p:2:2: unknown key \"acton\" in rule 1, did you mean \"action\"?",
              "p:2:24: \"login\" has one label only, it would cover every name below it",
              "p:2:41: unknown time \"x\", expected a name from \"times\""}),
        rule("{\"name\": \"default\", \"application\": \"xmpp\", \"action\": \"drop\"}",
             {"p:2:10: \"default\" cannot name a rule, it stands for the policy's own default"}),
        rule("{\"name\": \"a\", \"application\": \"xmpp\", \"action\": \"drop\"},\n{\"name\": "
             "\"a\", "
             "\"category\": \"im\", \"action\": \"drop\"}",
             {"p:3:10: warning: the name \"a\" is used twice, the first is on line 2, and events "
              "could "
              "not tell them apart"}),
        rule("{\"from\": [\"suport\", \"10.0.0.1\", \"10.0.0.1/8\", \"any\"], \"to\": \"1.2.3\", "
             "\"action\": \"drop\"}",
             {"p:2:11: unknown network \"suport\", expected an address, \"any\", or a name from "
              "\"networks\"",
              "p:2:33: \"10.0.0.1/8\" has bits set behind its prefix length, did you mean "
              "\"10.0.0.0/8\"?",
              "p:2:61: \"1.2.3\" is no address, expected one such as 10.0.0.1, 10.0.0.0/8 or "
              "fd00::/8"}),
        Finding{"{\"rules\": [{\"from\": \"suport\", \"action\": \"drop\"}],\n\"networks\": "
                "{\"support\": "
                "\"10.0.0.1\"}}",
                {"p:1:21: unknown network \"suport\", did you mean \"support\"?"}}));

Finding lists(const std::string& lists, const std::string& rule, Lines expected) {
  return {"{\"lists\": {" + lists + "},\n\"rules\": [{" + rule + ", \"action\": \"drop\"}]}",
          std::move(expected)};
}

constexpr const char* kOneList = "\"web-im\": {\"file\": \"web.txt\"}";

INSTANTIATE_TEST_SUITE_P(
    OfLists, PolicyText,
    testing::Values(
        lists(kOneList, "\"list\": \"web-im\"", {}),
        lists("\"a\": {\"files\": [\"x\", \"y\"]}, \"b\": {\"files\": \"z\"}",
              "\"list\": [\"a\", \"b\"], \"category\": \"im\", \"from\": \"10.0.0.1\"", {}),
        lists(kOneList, "\"list\": \"web-in\"",
              {"p:2:20: unknown list \"web-in\", did you mean \"web-im\"?"}),
        lists(kOneList, "\"list\": [\"web-im\", \"web-in\"]",
              {"p:2:31: unknown list \"web-in\", did you mean \"web-im\"?"}),
        lists(kOneList, "\"category\": \"im\"",
              {"p:1:12: warning: no rule names the list \"web-im\", a rule with \"list\" would"}),
        rule("{\"list\": \"web\", \"action\": \"drop\"}",
             {"p:2:10: unknown list \"web\", name its file under \"lists\""}),
        rule("{\"list\": [], \"action\": \"drop\"}",
             {"p:2:10: \"list\" is an empty list, name at least one"}),
        lists("\"a\": {}", "\"list\": \"a\"",
              {"p:1:12: the list \"a\" has no file, write \"file\": \"lists/name.txt\""}),
        lists("\"a\": {\"file\": \"x\", \"files\": [\"y\"]}", "\"list\": \"a\"",
              {"p:1:40: \"file\" is given too, put both into \"files\""}),
        lists("\"a\": {\"fle\": \"x\", \"file\": \"y\"}", "\"list\": \"a\"",
              {"p:1:18: unknown key \"fle\" in \"a\", did you mean \"file\"?"}),
        lists("\"a b\": {\"file\": \"x\"}", "\"list\": \"a b\"",
              {"p:1:12: \"a b\" cannot name a list, choose a word without blanks, of at most 64 "
               "characters"}),
        lists("\"a\": \"x\"", "\"list\": \"a\"", {"p:1:17: \"a\" is a string, expected an object"}),
        beside_a_rule("\"lists\": []", {"p:2:10: \"lists\" is a list, expected an object of names "
                                        "and their files"})));

TEST(Lists, AreAtMostAsManyAsAMaskHas) {
  const auto text = [](std::size_t count) {
    std::string all = "{\"rules\": [{\"list\": [";
    std::string files;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string comma = i == 0 ? "" : ", ";
      all += comma + "\"l" + std::to_string(i) + "\"";
      files += comma + "\"l" + std::to_string(i) + "\": {\"file\": \"x\"}";
    }
    return all + "], \"action\": \"drop\"}], \"lists\": {" + files + "}}";
  };
  const auto load_of = [&](std::size_t count, Diagnostics& diagnostics) {
    CatalogueBuilder builder(diagnostics);
    fill(builder);
    return load(text(count), "p", builder, diagnostics);
  };
  Diagnostics good;
  const Draft draft = load_of(lists::kMostLists, good);
  EXPECT_TRUE(good.empty());
  EXPECT_EQ(draft.rules[0].lists, ~lists::Mask{0});
  EXPECT_FALSE(draft.rules[0].unconditional());
  EXPECT_EQ(draft.lists[63].files[0].path, "x");
  Diagnostics bad;
  load_of(lists::kMostLists + 1, bad);
  EXPECT_TRUE(bad.has_errors());
}

constexpr const char* kNeverByRule1 =
    "can never match: \"rule 1\" on line 2 decides all that it names, move it up or remove it";

INSTANTIATE_TEST_SUITE_P(
    IdleRules, PolicyText,
    testing::Values(
        rule("{\"category\": \"im\", \"action\": \"drop\"},\n{\"application\": \"xmpp\", "
             "\"action\": "
             "\"allow\"}",
             {"p:3:1: warning: \"rule 2\" " + std::string(kNeverByRule1)}),
        rule("{\"action\": \"drop\"},\n{\"from\": \"10.0.0.1\", \"action\": \"allow\"}",
             {"p:3:1: warning: \"rule 2\" " + std::string(kNeverByRule1)}),
        rule("{\"category\": \"mobile-messenger\", \"action\": \"drop\"},\n{\"application\": "
             "\"xmpp\", \"action\": \"drop\"},\n{\"category\": \"im\", \"action\": \"allow\"}",
             {"p:4:1: warning: \"rule 3\" can never match: earlier rules decide all that it names, "
              "move it up or remove it"}),
        // An address leaves the later rule something, and so does what is not recognised.
        rule("{\"category\": \"im\", \"from\": \"10.0.0.0/8\", \"action\": \"drop\"},\n"
             "{\"application\": \"xmpp\", \"action\": \"allow\"}",
             {}),
        rule("{\"category\": \"im\", \"action\": \"drop\"},\n{\"action\": \"allow\"}", {}),
        rule("{\"application\": \"xmpp\", \"action\": \"allow\"},\n{\"category\": \"im\", "
             "\"action\": \"drop\"}",
             {}),
        rule("{\"category\": \"im\", \"to\": \"any\", \"action\": \"drop\"},\n{\"application\": "
             "\"xmpp\", \"action\": \"allow\"}",
             {"p:3:1: warning: \"rule 2\" " + std::string(kNeverByRule1)})));

TEST(PolicyLoader, CountsRulesWithAMistake) {
  Diagnostics diagnostics;
  CatalogueBuilder builder(diagnostics);
  fill(builder);
  const Draft draft = load(
      "{\"rules\": [{\"action\": \"drp\"}, {\"action\": \"drop\"}, {\"application\": \"zzz\", "
      "\"action\": \"drop\"}]}",
      "p", builder, diagnostics);
  EXPECT_EQ(draft.rules.size(), 1u);
  EXPECT_EQ(draft.refused, 2u);
}

TEST(PolicyLoader, AnIncompleteCatalogueMakesNoMoreNoise) {
  Diagnostics diagnostics;
  CatalogueBuilder builder(diagnostics);
  fill(builder);
  diagnostics.error({"signal.json", 1, 1}, "broken");
  load("{\"rules\": [{\"application\": \"signal\", \"action\": \"drop\"}, {\"action\": \"drp\"}]}",
       "p", builder, diagnostics);
  EXPECT_EQ(lines(diagnostics), (Lines{"signal.json:1:1: broken",
                                       "p:1:68: unknown action \"drp\", did you mean \"drop\"?"}));
}

TEST(PolicyLoader, CompilesWhatWasRead) {
  Diagnostics diagnostics;
  CatalogueBuilder builder(diagnostics);
  fill(builder);
  Draft draft = load(R"({
    "mode": "monitor", "default": "alert",
    "networks": { "inside": ["10.0.0.0/8", "fd00::/8"], "support": "10.1.7.0/24" },
    "applications": { "our-chat": { "name": "Ours", "category": "web-im", "ports": ["tcp/5223"],
        "servers": { "names": ["Chat.Example.com."], "addresses": ["203.0.113.8"] } },
      "whatsapp": { "servers": { "names": "wa.example.com" } } },
    "rules": [
      { "name": "ours", "application": "our-chat", "action": "allow" },
      { "application": ["whatsapp", "telegram"], "from": ["support", "192.0.2.1"],
        "to": ["any", "10.0.0.1"], "action": "drop", "log": true },
      { "category": ["web-im", "open-protocol"], "action": "reset" } ] })",
                     "p", builder, diagnostics);
  EXPECT_EQ(lines(diagnostics), Lines{});
  catalog::ApplicationRegistry registry;
  const catalog::Catalogue catalogue(builder.take(registry));
  const auto policy = compile(std::move(draft), catalogue);
  EXPECT_EQ(policy->mode(), Mode::monitor);
  EXPECT_EQ(policy->fallback(), Action::alert);
  EXPECT_EQ(policy->inside().size(), 2u);
  ASSERT_EQ(policy->rules().size(), 3u);
  EXPECT_EQ(policy->rules()[1].name, "rule 2");
  EXPECT_TRUE(policy->rules()[1].log);
  EXPECT_TRUE(policy->rules()[1].to.any());

  const auto decide = [&](const char* word, const char* client) {
    Connection connection;
    const Application* application = catalogue.find(word);
    if (application != nullptr) connection.im.application = application->id;
    connection.client = IpAddress::parse(client).value();
    return std::string(policy->rule_name(policy->decide(connection).rule));
  };
  EXPECT_EQ(decide("our-chat", "10.0.0.1"), "ours");
  EXPECT_EQ(decide("whatsapp", "10.1.7.9"), "rule 2");
  EXPECT_EQ(decide("whatsapp", "192.0.2.1"), "rule 2");
  EXPECT_EQ(decide("telegram", "10.1.8.1"), "default");
  EXPECT_EQ(decide("xmpp", "10.1.7.9"), "rule 3");
  EXPECT_EQ(decide("", "10.1.7.9"), "default");

  EXPECT_EQ(catalogue.find(catalogue.match_name("a.chat.example.com").application)->name, "Ours");
  EXPECT_EQ(catalogue.find(catalogue.match_name("wa.example.com").application)->word, "whatsapp");
  using catalog::Transport;
  const auto owner = catalogue.match_port(Transport::tcp, 5223).owner;
  EXPECT_EQ(catalogue.find(owner)->word, "our-chat");
  EXPECT_EQ(catalogue.find(catalogue.match_port(Transport::tcp, 5222).owner)->word, "xmpp");
}

TEST(PolicyLoader, EveryCutOfAPolicyIsRefusedWithOneError) {
  const std::string text =
      "{\"rules\": [{\"application\": [\"xmpp\"], \"from\": \"10.0.0.0/8\", \"action\": "
      "\"drop\"}]}";
  for (std::size_t size = 0; size < text.size(); ++size) {
    Diagnostics diagnostics;
    CatalogueBuilder builder(diagnostics);
    fill(builder);
    load(text.substr(0, size), "p", builder, diagnostics);
    EXPECT_EQ(diagnostics.error_count(), 1u) << size;
  }
}

TEST(PolicyLoader, AsManyRulesAsThereAreNumbersFor) {
  // One number stands for flows that no rule has decided, and one for none.
  for (const std::size_t count : {65535u, 65534u}) {
    std::string text = "{\"rules\": [";
    for (std::size_t i = 0; i < count; ++i) text += i == 0 ? "0" : ",0";
    Diagnostics diagnostics;
    CatalogueBuilder builder(diagnostics);
    fill(builder);
    load(text + "]}", "p", builder, diagnostics);
    const bool too_many = std::any_of(
        diagnostics.all().begin(), diagnostics.all().end(),
        [](const Diagnostic& finding) { return finding.message == "there are too many rules"; });
    EXPECT_EQ(too_many, count == 65535) << count;
  }
}

}  // namespace
}  // namespace chatgate::policy
