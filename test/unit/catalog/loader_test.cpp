#include "catalog/loader.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "catalog/builder.h"
#include "catalog/catalogue.h"

namespace chatgate::catalog {
namespace {

using Lines = std::vector<std::string>;

Lines lines(const Diagnostics& diagnostics) {
  Lines all;
  for (const Diagnostic& each : diagnostics.all()) all.push_back(each.to_string());
  return all;
}

constexpr const char* kHead =
    "{ \"id\": \"a\", \"name\": \"A\", \"category\": \"p2p\", \"status\": \"alive\"";

struct BadFile {
  std::string text;
  Lines expected;
};

// The text as it is, or, where it begins with a comma, the rest of a good file on a second line.
class CatalogueFile : public testing::TestWithParam<BadFile> {};

TEST_P(CatalogueFile, IsRefusedWithThePlace) {
  Diagnostics diagnostics;
  CatalogueBuilder builder(diagnostics);
  const std::string& text = GetParam().text;
  load_application(text.starts_with(",") ? kHead + ("\n" + text) + "}" : text, "a.json", builder,
                   diagnostics);
  EXPECT_EQ(lines(diagnostics), GetParam().expected) << text;
}

INSTANTIATE_TEST_SUITE_P(
    Object, CatalogueFile,
    testing::Values(
        BadFile{"[]", {"a.json:1:1: an application is a list, expected an object"}},
        BadFile{"{}",
                {"a.json:1:1: an application has no \"id\", write its identifier, such as "
                 "\"whatsapp\""}},
        BadFile{"{\"id\": \"a\"}",
                {"a.json:1:1: an application has no \"name\"",
                 "a.json:1:1: an application has no \"category\"",
                 "a.json:1:1: an application has no \"status\""}},
        BadFile{"{\"id\": \"A b\"}",
                {"a.json:1:8: \"A b\" is no identifier, lower-case letters, digits and single "
                 "hyphens, at most 40"}},
        BadFile{"{\"id\": \"b\"}",
                {"a.json:1:8: \"b\" does not match the file's name, expected the file b.json"}},
        BadFile{"{\"id\": \"a\", \"name\": \"A\", \"category\": \"p3p\", \"status\": \"dead\"}",
                {"a.json:1:38: unknown category \"p3p\", did you mean \"p2p\"?",
                 "a.json:1:55: unknown status \"dead\", one of alive, shut-down, unknown"}},
        BadFile{"{\"id\": \"a\", \"name\": \"A\", \"category\": \"im\", \"status\": \"alive\"}",
                {"a.json:1:38: \"im\" is the category of categories, name one below it, such as "
                 "\"mobile-messenger\""}},
        BadFile{", \"ended\": 2017, \"prots\": []",
                {"a.json:2:18: unknown key \"prots\" in an application, did you mean \"ports\"?",
                 "a.json:2:12: \"ended\" contradicts \"status\": \"alive\""}}));

INSTANTIATE_TEST_SUITE_P(
    Ports, CatalogueFile,
    testing::Values(
        BadFile{",\"ports\": [{}]",
                {"a.json:2:12: a port entry has no \"source\", name a key of the catalogue's "
                 "README, such as \"rfc\"",
                 "a.json:2:12: a port entry has no \"transport\", \"tcp\" or \"udp\"",
                 "a.json:2:12: a port entry has no \"ports\", such as \"5222-5223\""}},
        BadFile{",\"ports\": [{\"transport\": \"sctp\", \"ports\": \"1\", \"source\": []}]",
                {"a.json:2:58: \"source\" is an empty list, name at least one",
                 "a.json:2:26: unknown transport \"sctp\", one of tcp, udp"}},
        BadFile{
            ",\"ports\": [{\"transport\": \"tcp\", \"ports\": \"0\", \"source\": \"\"}]",
            {"a.json:2:57: \"source\" is empty",
             "a.json:2:42: \"0\" holds no port, expected a port from 1 to 65535, or two such as "
             "5222-5223"}},
        BadFile{
            ",\"ports\": [{\"transport\": \"tcp\", \"ports\": \"65536\", \"source\": \"x\"}]",
            {"a.json:2:42: \"65536\" holds no port, expected a port from 1 to 65535, or two such "
             "as 5222-5223"}},
        BadFile{",\"ports\": [{\"transport\": \"tcp\", \"ports\": \"9-8\", \"source\": \"x\"}]",
                {"a.json:2:42: \"9-8\" holds no port, expected a port from 1 to 65535, or two such "
                 "as 5222-5223"}},
        BadFile{",\"ports\": [{\"transport\": \"tcp\", \"ports\": \"80 \", \"source\": \"x\"}]",
                {"a.json:2:42: \"80 \" holds no port, expected a port from 1 to 65535, or two such "
                 "as 5222-5223"}},
        BadFile{",\"ports\": [{\"transport\": \"tcp\", \"ports\": 80, \"source\": \"x\"}]",
                {"a.json:2:42: \"ports\" is a number, expected a string"}},
        BadFile{",\"ports\": [{\"transport\": \"tcp\", \"ports\": \"80\", \"source\": \"x\",\n"
                "\"service\": \"vioce\", \"shared\": 1}]",
                {"a.json:3:12: unknown service \"vioce\", did you mean \"voice\"?",
                 "a.json:3:31: \"shared\" is a number, expected true or false"}}));

INSTANTIATE_TEST_SUITE_P(
    Names, CatalogueFile,
    testing::Values(
        BadFile{",\"names\": [{\"name\": \"a.example\"}]",
                {"a.json:2:12: a name entry has no \"source\", name a key of the catalogue's "
                 "README, such as \"rfc\""}},
        BadFile{",\"names\": [{\"name\": \"a.example\", \"source\": \"x\", \"exclusive\": false}]",
                {"a.json:2:12: a name entry has no \"shared_with\", say who else uses a name that "
                 "is not exclusive"}},
        BadFile{
            ",\"names\": [{\"name\": \"a.example\", \"source\": \"x\", \"shared_with\": \"b\"}]",
            {"a.json:2:64: a shared name is not exclusive, expected \"exclusive\": false"}},
        BadFile{",\"names\": [{\"name\": \"a.example\", \"source\": \"x\", \"match\": \"sufix\"}]",
                {"a.json:2:58: unknown match \"sufix\", did you mean \"suffix\"?"}},
        BadFile{",\"names\": [{\"name\": \"a.example\", \"source\": \"x\"},\n"
                "{\"name\": \"A.example.\", \"source\": \"x\"}]",
                {"a.json:3:10: \"a.example\" is listed twice for a"}}));

INSTANTIATE_TEST_SUITE_P(
    Labels, CatalogueFile,
    testing::Values(
        BadFile{",\"names\": [{\"name\": \"a.b\", \"match\": \"label\", \"source\": \"x\"}]",
                {"a.json:2:21: \"a.b\" is no first label of host names, lower-case letters, digits "
                 "and single hyphens, such as \"lyncdiscover\""}},
        BadFile{",\"names\": [{\"name\": \"ab\", \"source\": \"x\"}]",
                {"a.json:2:21: \"ab\" has one label only, it would cover every name below it"}},
        BadFile{",\"names\": [{\"name\": \"a.example\", \"use\": [\"chat\", \"vioce\"], "
                "\"source\": \"x\"}]",
                {"a.json:2:50: unknown use \"vioce\", did you mean \"voice\"?"}}));

INSTANTIATE_TEST_SUITE_P(
    Description, CatalogueFile,
    testing::Values(
        BadFile{
            ",\"tags\": [\"Web client\"]",
            {"a.json:2:11: \"Web client\" is no identifier, lower-case letters, digits and single "
             "hyphens, at most 40"}},
        BadFile{",\"limits\": \"none\"", {"a.json:2:12: \"limits\" is a string, expected a list"}},
        BadFile{",\"over_blocking\": [\"\"]",
                {"a.json:2:20: an entry of \"over_blocking\" is empty"}},
        BadFile{",\"protocols\": [\"ymgs\"]",
                {"a.json:2:16: unknown protocol \"ymgs\", did you mean \"ymsg\"?"}},
        BadFile{",\"signatures\": [0]",
                {"a.json:2:17: an entry of \"signatures\" is 0, expected a number from 1 to "
                 "4294967295"}},
        BadFile{",\"services\": [{\"service\": \"calls\", \"separable\": \"yes\"}]",
                {"a.json:2:15: an entry of \"services\" has no \"how\", say by what, or why not",
                 "a.json:2:27: unknown service \"calls\", one of any, login, presence, text-chat, "
                 "file-transfer, voice, video, webcam, conference, games, screen-share, other"}},
        BadFile{
            ",\"services\": [{\"service\": \"voice\", \"separable\": \"part\", \"how\": \"x\"}]",
            {"a.json:2:49: unknown separable \"part\", one of yes, partly, no"}},
        BadFile{",\"needs\": [{\"reason\": \"x\"}]",
                {"a.json:2:12: a need is one thing, expected one of \"application\", \"name\" and "
                 "\"ports\""}},
        BadFile{
            ",\"needs\": [{\"name\": \"b.example\", \"application\": \"b\", \"reason\": \"x\"}]",
            {"a.json:2:12: a need is one thing, expected one of \"application\", \"name\" and "
             "\"ports\""}},
        BadFile{",\"needs\": [{\"ports\": \"5222\", \"reason\": \"x\"}]",
                {"a.json:2:22: \"5222\" names no transport, expected one such as tcp/5223 or "
                 "udp/4000-4010"}},
        BadFile{
            ",\"needs\": [{\"name\": \"b.example\", \"or\": [\"tcp/1\"], \"reason\": \"x\"}]",
            {"a.json:2:40: \"or\" says which ports serve as well, expected it beside \"ports\""}},
        BadFile{",\"needs\": [{\"ports\": \"tcp/1\", \"or\": [\"443\"], \"reason\": \"x\"}]",
                {"a.json:2:38: \"443\" names no transport, expected one such as tcp/5223 or "
                 "udp/4000-4010"}},
        BadFile{",\"needs\": [{\"ports\": \"tcp/1\", \"service\": \"voices\", \"reason\": \"x\"}]",
                {"a.json:2:42: unknown service \"voices\", did you mean \"voice\"?"}},
        BadFile{",\"needs\": [{\"ports\": \"tcp/5222\"}]",
                {"a.json:2:12: an entry of \"needs\" has no \"reason\", say what does not work "
                 "without it"}}));

INSTANTIATE_TEST_SUITE_P(
    Addresses, CatalogueFile,
    testing::Values(
        BadFile{",\"addresses\": [{\"prefix\": \"10.0.0.1/8\", \"as_of\": \"2026\", \"source\": "
                "\"x\"}]",
                {"a.json:2:50: \"2026\" is no day, expected one such as 2026-08-01",
                 "a.json:2:27: \"10.0.0.1/8\" has bits set behind its prefix length, did you mean "
                 "\"10.0.0.0/8\"?"}},
        BadFile{
            ",\"addresses\": [{\"prefix\": \"10.0.0/8\", \"source\": \"x\"}]",
            {"a.json:2:16: an address entry has no \"as_of\", the day on which it was true, such "
             "as \"2026-08-01\"",
             "a.json:2:27: \"10.0.0/8\" is no address, expected one such as 10.0.0.1, "
             "10.0.0.0/8 or fd00::/8"}},
        BadFile{
            ",\"addresses\": [{\"prefix\": \"8.0.0.0/6\", \"as_of\": \"2026-01-01\", \"source\": "
            "\"x\"},\n{\"prefix\": \"2000::/3\", \"as_of\": \"2026-01-01\", \"source\": \"x\"}]",
            {"a.json:2:27: \"8.0.0.0/6\" is too wide for one application, at most a /8",
             "a.json:3:12: \"2000::/3\" is too wide for one application, at most a /16"}}));

INSTANTIATE_TEST_SUITE_P(
    Alpn, CatalogueFile,
    testing::Values(
        BadFile{
            ",\"alpn\": [{}]",
            {"a.json:2:11: an ALPN entry has no \"source\", name a key of the catalogue's README, "
             "such as \"rfc\"",
             "a.json:2:11: an ALPN entry has no \"id\", such as \"xmpp-client\""}},
        BadFile{",\"alpn\": [{\"id\": \"a b\", \"service\": \"vioce\", \"source\": \"x\"}]",
                {"a.json:2:36: unknown service \"vioce\", did you mean \"voice\"?",
                 "a.json:2:18: \"a b\" is no ALPN id, letters, digits and signs of ASCII, at most "
                 "23"}},
        // Of 24 bytes it might be the beginning of another's.
        BadFile{",\"alpn\": [{\"id\": \"123456789-123456789-1234\", \"source\": \"x\"},\n"
                "{\"id\": \"123456789-123456789-123\", \"source\": \"x\"}]",
                {"a.json:2:18: \"123456789-123456789-1234\" is no ALPN id, letters, digits and "
                 "signs of ASCII, at most 23"}},
        BadFile{
            ",\"alpn\": [{\"id\": \"b\", \"source\": \"x\"}, {\"id\": \"b\", \"source\": \"x\"}]",
            {"a.json:2:46: \"b\" belongs to a already (a.json:2), an ALPN id is listed once"}}));

// Names that a person might write, and what is said about them.
TEST(CatalogueNames, BadOnesAreRefused) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"*.a.example", "is a pattern, \"a.example\" covers everything below it already"},
      {"https://a.example", "is not a host name, write the name alone, without scheme and path"},
      {"a.example/x", "is not a host name, write the name alone, without scheme and path"},
      {"a.example:443", "holds a port, ports have a key of their own"},
      {"10.0.0.1", "is an address, addresses have a key of their own"},
      {"fd00::1", "is an address, addresses have a key of their own"},
      {"com", "has one label only, it would cover every name below it"},
      {"a..example", "is not a host name, a label between two dots is empty"},
      {".a.example", "is not a host name, a label between two dots is empty"},
      {"a.example..", "is not a host name, a label between two dots is empty"},
      {"a b.example", "is not a host name, letters, digits, hyphens and dots only"},
      {"\xc3\xa4.example", "is not ASCII, write its form on the wire, beginning with xn--"},
      {std::string(64, 'a') + ".example", "is not a host name, a label is longer than 63"},
      {std::string(250, 'a') + ".example", "is longer than a host name can be"}};
  for (const auto& [name, expected] : cases) {
    Diagnostics diagnostics;
    CatalogueBuilder builder(diagnostics);
    load_application(
        std::string(kHead) + ", \"names\": [{\"name\": \"" + name + "\", \"source\": \"x\"}]}",
        "a.json", builder, diagnostics);
    ASSERT_EQ(diagnostics.all().size(), 1u) << name;
    const std::string text = diagnostics.all()[0].to_string();
    EXPECT_EQ(text.substr(text.find(": ") + 2), "\"" + name + "\" " + expected);
  }
}

std::string file(const std::string& id, const std::string& rest) {
  return "{ \"id\": \"" + id +
         "\", \"name\": \"N\", \"category\": \"p2p\", \"status\": \"alive\",\n" + rest + "}";
}

TEST(CatalogueConflicts, NameBothPlaces) {
  Diagnostics diagnostics;
  CatalogueBuilder builder(diagnostics);
  const std::string rest =
      "\"names\": [{\"name\": \"x.example\", \"source\": \"x\"}],\n"
      "\"ports\": [{\"transport\": \"udp\", \"ports\": \"4000-4010\", \"default\": true, "
      "\"source\": "
      "\"x\"}],\n"
      "\"addresses\": [{\"prefix\": \"10.0.0.0/8\", \"as_of\": \"2026-01-01\", \"source\": "
      "\"x\"}],\n"
      "\"alpn\": [{\"id\": \"x/1\", \"source\": \"x\"}]";
  load_application(file("a", rest), "a.json", builder, diagnostics);
  EXPECT_TRUE(diagnostics.empty());
  load_application(file("b", rest), "b.json", builder, diagnostics);
  load_application(file("a", rest), "other/a.json", builder, diagnostics);
  EXPECT_EQ(
      lines(diagnostics),
      (Lines{"b.json:3:41: UDP port 4000 is the default of a already (a.json:3), a port means "
             "one application",
             "b.json:2:20: \"x.example\" belongs to a already (a.json:2), a name is exclusive "
             "to one application",
             "b.json:4:26: \"10.0.0.0/8\" belongs to a already (a.json:4), a prefix is listed "
             "once",
             "b.json:5:17: \"x/1\" belongs to a already (a.json:5), an ALPN id is listed once",
             "other/a.json:1:9: application \"a\" exists, the first is in a.json:1"}));
}

TEST(CatalogueConflicts, SharedClaimsAndNestedNamesAreNone) {
  Diagnostics diagnostics;
  CatalogueBuilder builder(diagnostics);
  load_application(
      file("a",
           "\"names\": [{\"name\": \"x.example\", \"source\": \"x\"}, {\"name\": \"s.example\", "
           "\"exclusive\": false, \"shared_with\": \"b\", \"source\": \"x\"}],"
           "\"ports\": [{\"transport\": \"udp\", \"ports\": \"4000\", \"default\": true, "
           "\"source\": \"x\"}]"),
      "a.json", builder, diagnostics);
  load_application(
      file("b",
           "\"names\": [{\"name\": \"y.x.example\", \"source\": \"x\"}, {\"name\": "
           "\"s.example\", \"exclusive\": false, \"shared_with\": \"a\", \"source\": \"x\"}],"
           "\"ports\": [{\"transport\": \"udp\", \"ports\": \"4000\", \"source\": \"x\"}, "
           "{\"transport\": \"tcp\", \"ports\": \"4000\", \"default\": true, \"source\": "
           "[\"x\", \"y\"]}]"),
      "b.json", builder, diagnostics);
  EXPECT_EQ(lines(diagnostics), Lines{});
}

// What the policy says of a port outranks the shipped files, for that port alone.
TEST(CatalogueBuilder, ThePolicyTakesADefaultPort) {
  Diagnostics diagnostics;
  CatalogueBuilder builder(diagnostics);
  ApplicationRegistry registry;
  Application* shipped = builder.add("shipped", {"s", 1, 1});
  builder.add_port(*shipped, {Transport::tcp, 10, 20, Service::any, true, true}, {"s", 2, 1});
  Application* ours = builder.add("ours", {"p", 1, 1});
  builder.add_port(*ours, {Transport::tcp, 15, 16}, {"p", 2, 1}, CatalogueBuilder::Source::policy);
  EXPECT_TRUE(diagnostics.empty());
  Application* other = builder.add("other", {"p", 3, 1});
  builder.add_port(*other, {Transport::tcp, 16, 16}, {"p", 4, 1}, CatalogueBuilder::Source::policy);
  EXPECT_EQ(lines(diagnostics), Lines{"p:4:1: TCP port 16 is the default of ours already (p:2), a "
                                      "port means one application"});
  const Catalogue catalogue(builder.take(registry));
  const auto owner = [&](std::uint16_t port) {
    return catalogue.find(catalogue.match_port(Transport::tcp, port).owner)->word;
  };
  EXPECT_EQ(owner(14), "shipped");
  EXPECT_EQ(owner(15), "ours");
  EXPECT_EQ(owner(17), "shipped");
  EXPECT_EQ(owner(10), "shipped");
  EXPECT_EQ(owner(20), "shipped");
  const PortMatch taken = catalogue.match_port(Transport::tcp, 15);
  EXPECT_EQ(taken.claimants.size(), 2u);
  EXPECT_TRUE(taken.shared);
}

TEST(CatalogueFolder, IsReadWholeInOrder) {
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / "chatgate-folder";
  std::filesystem::remove_all(folder);
  Diagnostics diagnostics;
  CatalogueBuilder builder(diagnostics);
  load_folder(folder.string(), builder, diagnostics);
  std::filesystem::create_directories(folder);
  load_folder(folder.string(), builder, diagnostics);
  std::ofstream(folder / "b.json") << "{";
  std::ofstream(folder / "a.json") << "[]";
  std::ofstream(folder / "c.json") << kHead << "}";
  std::ofstream(folder / "README.md") << "not read";
  load_folder(folder.string(), builder, diagnostics);
  const std::string f = folder.string();
  EXPECT_EQ(lines(diagnostics),
            (Lines{f + ": the catalogue cannot be read: No such file or directory",
                   f + ": the catalogue is empty, expected files such as whatsapp.json",
                   f + "/a.json:1:1: an application is a list, expected an object",
                   f + "/b.json:1:2: broken JSON: unexpected end of input, expected string literal",
                   f + "/c.json:1:9: \"a\" does not match the file's name, expected the file "
                       "a.json"}));
  std::filesystem::remove_all(folder);
}

TEST(CatalogueDescription, IsKept) {
  Diagnostics diagnostics;
  CatalogueBuilder builder(diagnostics);
  load_application(std::string(kHead) +
                       R"(, "ended": 0, "aliases": ["Aa"], "tags": ["calls"], "note": "n",
    "names": [{"name": "a.example", "use": ["chat", "discovery"], "source": "x"},
              {"name": "adiscover", "match": "label", "use": "discovery", "source": "x"}],
    "addresses": [{"prefix": "192.0.2.1", "plain_dns": true, "as_of": "2026-01-01", "source": "x"}],
    "protocols": ["xmpp"], "signatures": [7], "limits": ["l"], "over_blocking": ["o"],
    "services": [{"service": "voice", "separable": "partly", "how": "h"}],
    "needs": [{"name": "b.example", "reason": "r"}, {"ports": "udp/1-2", "or": ["tcp/443"], "service": "voice", "reason": "s"}],
    "unrecognised": "u"})",
                   "a.json", builder, diagnostics);
  // A year that nobody can mean is refused; everything else is kept.
  EXPECT_EQ(diagnostics.all().size(), 2u);
  ApplicationRegistry registry;
  const auto all = builder.take(registry);
  ASSERT_EQ(all.size(), 1u);
  const Description& description = all[0].description;
  EXPECT_EQ(description.status, Status::alive);
  EXPECT_EQ(description.note, "n");
  EXPECT_EQ(description.aliases, Lines{"Aa"});
  EXPECT_EQ(description.tags, Lines{"calls"});
  EXPECT_EQ(description.protocols, Lines{"xmpp"});
  EXPECT_EQ(description.signatures, std::vector<std::uint32_t>{7});
  EXPECT_EQ(description.limits, Lines{"l"});
  EXPECT_EQ(description.over_blocking, Lines{"o"});
  EXPECT_EQ(description.unrecognised, "u");
  ASSERT_EQ(description.services.size(), 1u);
  EXPECT_EQ(description.services[0].service, Service::voice);
  EXPECT_EQ(description.services[0].separable, Separable::partly);
  EXPECT_EQ(description.services[0].how, "h");
  ASSERT_EQ(description.needs.size(), 2u);
  EXPECT_EQ(description.needs[0].name, "b.example");
  EXPECT_EQ(description.needs[1].ports, "udp/1-2");
  EXPECT_EQ(description.needs[1].reason, "s");
  EXPECT_EQ(description.needs[1].serve, std::vector<std::string>{"tcp/443"});
  EXPECT_EQ(description.needs[1].service, Service::voice);
  ASSERT_EQ(description.needs[1].any_of.size(), 2u);
  EXPECT_FALSE(description.needs[1].any_of[0].tcp);
  EXPECT_EQ(description.needs[1].any_of[0].last, 2);
  EXPECT_EQ(description.needs[1].any_of[1].first, 443);
  ASSERT_EQ(all[0].names.size(), 2u);
  EXPECT_EQ(all[0].names[0].uses, (NameUses{1} << 1 | NameUses{1} << 19));
  EXPECT_TRUE(all[0].names[1].label);
  ASSERT_EQ(all[0].addresses.size(), 1u);
  EXPECT_TRUE(all[0].addresses[0].plain_dns);
}

TEST(CatalogueNeeds, AreHeldAgainstOtherApplications) {
  Diagnostics diagnostics;
  CatalogueBuilder builder(diagnostics);
  load_application(std::string(kHead) +
                       R"(, "needs": [{"application": "c", "reason": "r"},
                                      {"application": "a", "reason": "r"},
                                      {"application": "b", "reason": "r"},
                                      {"name": "b.example", "reason": "r"},
                                      {"name": "c.example", "reason": "r"}]})",
                   "a.json", builder, diagnostics);
  load_application(R"({"id": "b", "name": "B", "category": "p2p", "status": "alive",
                       "names": [{"name": "b.example", "source": "x"}]})",
                   "b.json", builder, diagnostics);
  EXPECT_EQ(lines(diagnostics), Lines{});
  ApplicationRegistry registry;
  builder.take(registry);
  EXPECT_EQ(lines(diagnostics),
            (Lines{"a.json:1:9: a needs \"c\", which is no other application, did you mean \"b\"?",
                   "a.json:1:9: a needs \"a\", which is no other application, did you mean \"b\"?",
                   "a.json:1:9: a needs \"b.example\", which is b's alone, write "
                   "\"application\": \"b\""}));
}

}  // namespace
}  // namespace chatgate::catalog
