#include "catalog/catalogue.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

#include "catalog/registry.h"

#include "allocation_count.h"

namespace chatgate::catalog {
namespace {

Application application(std::uint16_t id, const std::string& word) {
  Application made;
  made.id = ApplicationId(id);
  made.word = word;
  return made;
}

IpAddress address(const std::string& text) {
  return IpAddress::parse(text).value();
}

std::string word_of(const Catalogue& catalogue, ApplicationId id) {
  const Application* found = catalogue.find(id);
  return found == nullptr ? "" : found->word;
}

// "word", or "word shared", or "".
template <typename Match>
std::string text(const Catalogue& catalogue, const Match& match) {
  return word_of(catalogue, match.application) + (match.exclusive ? "" : " shared");
}

std::vector<Application> sample() {
  Application a = application(7, "whatsapp");
  a.names = {{"whatsapp.com"},
             {"web.whatsapp.com", true, true, Service::login},
             {"fbcdn.net", false, false},
             {"both.example"}};
  a.ports = {{Transport::tcp, 5222, 5222, Service::any, false, true}};
  a.addresses = {{Prefix::parse("10.0.0.0/8").value()},
                 {Prefix::parse("10.2.0.0/16").value(), false},
                 {Prefix::parse("2001:db8::/32").value()}};
  Application b = application(3, "telegram");
  b.names = {{"t.me"},
             {"work.whatsapp.com"},
             {"both.example", false, false},
             {"exact.example", true},
             {"discover", false, true, Service::any, true},
             {"fbcdn.net", false, false}};
  b.ports = {{Transport::tcp, 5200, 5299, Service::text_chat, false, false}};
  b.addresses = {{Prefix::parse("10.1.0.0/16").value()},
                 {Prefix::parse("10.1.2.3").value()},
                 {Prefix::parse("10.255.255.255").value()},
                 {Prefix::parse("ffff::/16").value()}};
  Application c = application(0, "xmpp");
  c.ports = {{Transport::tcp, 5222, 5223, Service::login, true, false},
             {Transport::udp, 65535, 65535, Service::voice, true, false}};
  c.alpn = {{"xmpp-client", Service::login}, {"x"}};
  return {a, b, c};
}

struct NameCase {
  std::string name;
  std::string expected;
};

class Names : public testing::TestWithParam<NameCase> {};

TEST_P(Names, LongestMatchOnLabelBoundaries) {
  const Catalogue catalogue(sample());
  EXPECT_EQ(text(catalogue, catalogue.match_name(GetParam().name)), GetParam().expected)
      << GetParam().name;
}

INSTANTIATE_TEST_SUITE_P(
    Table, Names,
    testing::Values(
        NameCase{"whatsapp.com", "whatsapp"}, NameCase{"www.whatsapp.com", "whatsapp"},
        NameCase{"a.b.c.d.e.whatsapp.com", "whatsapp"}, NameCase{"web.whatsapp.com", "whatsapp"},
        NameCase{"work.whatsapp.com", "telegram"}, NameCase{"x.work.whatsapp.com", "telegram"},
        NameCase{"homework.whatsapp.com", "whatsapp"}, NameCase{"exact.example", "telegram"},
        NameCase{"x.exact.example", ""}, NameCase{"t.me", "telegram"},
        NameCase{"fbcdn.net", "telegram shared"}, NameCase{"x.fbcdn.net", "telegram shared"},
        NameCase{"both.example", "whatsapp"},
        // The first label of anybody's name, where nothing else tells.
        NameCase{"discover.customer.example", "telegram"}, NameCase{"discover.x", "telegram"},
        NameCase{"discover.whatsapp.com", "whatsapp"},
        NameCase{"discover.fbcdn.net", "telegram shared"}, NameCase{"discover", ""},
        NameCase{"x.discover.example", ""}, NameCase{"x.discover", ""}, NameCase{"discover.", ""},
        NameCase{"discovery.example", ""}, NameCase{"xdiscover.example", ""},
        // Innocent names that only look alike.
        NameCase{"notwhatsapp.com", ""}, NameCase{"whatsapp.com.evil.example", ""},
        NameCase{"whatsapp.co", ""}, NameCase{"whatsapp.comm", ""}, NameCase{"whatsapp", ""},
        NameCase{"com", ""}, NameCase{"", ""}, NameCase{".", ""}, NameCase{"..", ""},
        NameCase{"at.me", ""}, NameCase{"t.me.", ""}, NameCase{"-t.me", ""}, NameCase{"ht.me", ""},
        NameCase{"WHATSAPP.COM", ""}, NameCase{"whatsapp.com/", ""}, NameCase{"whatsapp-com", ""},
        NameCase{"whatsappxcom", ""}, NameCase{"web-whatsapp.com", ""}, NameCase{"me", ""}));

TEST(Names, ExactNamesCarryTheirService) {
  const Catalogue catalogue(sample());
  EXPECT_EQ(catalogue.match_name("web.whatsapp.com").service, Service::login);
  EXPECT_EQ(catalogue.match_name("x.web.whatsapp.com").service, Service::any);
}

TEST(Names, AnEmptyLabelIsNoBoundaryToFallOver) {
  const Catalogue catalogue(sample());
  EXPECT_EQ(text(catalogue, catalogue.match_name(".whatsapp.com")), "whatsapp");
  EXPECT_EQ(text(catalogue, catalogue.match_name("..whatsapp.com")), "whatsapp");
}

TEST(Names, WorkIsBoundedForTheLongestNames) {
  const Catalogue catalogue(sample());
  std::string deep;
  while (deep.size() + 2 + 12 <= 253) deep += "a.";
  EXPECT_EQ(text(catalogue, catalogue.match_name(deep + "whatsapp.com")), "whatsapp");
  EXPECT_EQ(text(catalogue, catalogue.match_name(std::string(250, 'a') + ".t.me")), "telegram");
  EXPECT_EQ(text(catalogue, catalogue.match_name(std::string(300, 'a') + ".t.me")), "");
  EXPECT_EQ(text(catalogue, catalogue.match_name(std::string(255, '.'))), "");
}

// Against the plain definition, over many names that share parts.
TEST(Names, AgreesWithTheSimpleDefinition) {
  std::mt19937 random(7);
  const std::vector<std::string> labels = {"a", "b", "aa", "ab", "com", "net"};
  const auto random_name = [&](unsigned most) {
    std::string name = labels[random() % labels.size()];
    for (unsigned i = random() % most; i > 0; --i)
      name = labels[random() % labels.size()] + "." + name;
    return name;
  };
  std::vector<Application> applications;
  std::vector<std::string> taken;
  for (std::uint16_t id = 0; id < 40; ++id) {
    Application one = application(id, "app" + std::to_string(id));
    for (int i = 0; i < 3; ++i) {
      const std::string name = random_name(3);
      if (std::find(taken.begin(), taken.end(), name) != taken.end()) continue;
      taken.push_back(name);
      one.names.push_back({name});
    }
    applications.push_back(one);
  }
  const Catalogue catalogue(applications);
  for (int round = 0; round < 5000; ++round) {
    const std::string name = random_name(5);
    ApplicationId expected;
    std::size_t longest = 0;
    for (const Application& one : applications) {
      for (const ServerName& each : one.names) {
        const bool below = name.size() > each.name.size() && name.ends_with("." + each.name);
        if ((name == each.name || below) && each.name.size() > longest) {
          longest = each.name.size();
          expected = one.id;
        }
      }
    }
    ASSERT_EQ(catalogue.match_name(name).application, expected) << name;
  }
}

TEST(Ports, OwnerClaimantsAndSharing) {
  const Catalogue catalogue(sample());
  const auto words = [&](const PortMatch& match) {
    std::vector<std::string> all;
    for (const ApplicationId id : match.claimants) all.push_back(word_of(catalogue, id));
    return all;
  };
  using Words = std::vector<std::string>;
  const PortMatch both = catalogue.match_port(Transport::tcp, 5222);
  EXPECT_EQ(word_of(catalogue, both.owner), "xmpp");
  EXPECT_EQ(both.service, Service::login);
  EXPECT_TRUE(both.shared);
  EXPECT_EQ(words(both), (Words{"telegram", "whatsapp", "xmpp"}));

  const PortMatch next = catalogue.match_port(Transport::tcp, 5223);
  EXPECT_EQ(words(next), (Words{"telegram", "xmpp"}));
  EXPECT_FALSE(next.shared);

  const PortMatch nobody_s = catalogue.match_port(Transport::tcp, 5299);
  EXPECT_TRUE(nobody_s.found());
  EXPECT_FALSE(nobody_s.owner.valid());
  EXPECT_EQ(nobody_s.service, Service::text_chat);

  EXPECT_EQ(word_of(catalogue, catalogue.match_port(Transport::udp, 65535).owner), "xmpp");
  for (const std::uint16_t port : {0, 1, 80, 443, 5199, 5300, 65534, 65535}) {
    EXPECT_FALSE(catalogue.match_port(Transport::tcp, port).found()) << port;
  }
  EXPECT_FALSE(catalogue.match_port(Transport::udp, 5222).found());
}

TEST(Addresses, LongestPrefixWins) {
  const Catalogue catalogue(sample());
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"9.255.255.255", ""},
      {"10.0.0.0", "whatsapp"},
      {"10.0.255.255", "whatsapp"},
      {"10.1.0.0", "telegram"},
      {"10.1.2.2", "telegram"},
      {"10.1.2.3", "telegram"},
      {"10.1.255.255", "telegram"},
      {"10.2.0.0", "whatsapp shared"},
      {"10.2.255.255", "whatsapp shared"},
      {"10.3.0.0", "whatsapp"},
      {"10.255.255.254", "whatsapp"},
      {"10.255.255.255", "telegram"},
      {"11.0.0.0", ""},
      {"2001:db7:ffff::", ""},
      {"2001:db8::", "whatsapp"},
      {"2001:db8:ffff::1", "whatsapp"},
      {"2001:db9::", ""},
      {"::", ""},
      {"ffff::1", "telegram"},
      {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "telegram"},
      {"0.0.0.0", ""},
      {"255.255.255.255", ""}};
  for (const auto& [asked, expected] : cases) {
    EXPECT_EQ(text(catalogue, catalogue.match_address(address(asked))), expected) << asked;
  }
}

TEST(Alpn, IsFoundWholeAndAsWritten) {
  const Catalogue catalogue(sample());
  const AlpnMatch client = catalogue.match_alpn("xmpp-client");
  EXPECT_EQ(word_of(catalogue, client.application), "xmpp");
  EXPECT_EQ(client.service, Service::login);
  EXPECT_EQ(catalogue.match_alpn("x").service, Service::any);
  for (const char* other : {"", "h2", "xmpp", "xmpp-clients", "XMPP-client", "xmpp-clien"}) {
    EXPECT_FALSE(catalogue.match_alpn(other).found()) << other;
  }
}

TEST(Catalogue, FindsByWordAndId) {
  const Catalogue catalogue(sample());
  EXPECT_EQ(catalogue.applications().size(), 3u);
  EXPECT_EQ(catalogue.applications().front().word, "telegram");
  ASSERT_NE(catalogue.find("xmpp"), nullptr);
  EXPECT_EQ(catalogue.find("xmpp")->id, ApplicationId(0));
  EXPECT_EQ(catalogue.find("xmp"), nullptr);
  EXPECT_EQ(catalogue.find(ApplicationId(1)), nullptr);
  EXPECT_EQ(catalogue.find(ApplicationId::none()), nullptr);
  EXPECT_GT(catalogue.memory(), 0u);
}

TEST(Catalogue, AnEmptyOneMatchesNothing) {
  const Catalogue catalogue({});
  EXPECT_FALSE(catalogue.match_name("whatsapp.com").found());
  EXPECT_FALSE(catalogue.match_port(Transport::tcp, 5222).found());
  EXPECT_FALSE(catalogue.match_address(address("10.0.0.1")).found());
  EXPECT_FALSE(catalogue.match_alpn("h2").found());
}

TEST(Catalogue, LookUpsTakeNoMemory) {
  const Catalogue catalogue(sample());
  const std::string deep = std::string(120, 'x') + ".a.b.c.d.web.whatsapp.com";
  const IpAddress known = address("10.1.2.3");
  const std::size_t before = allocation_count();
  const bool found =
      catalogue.match_name(deep).found() && catalogue.match_port(Transport::tcp, 5222).found() &&
      catalogue.match_address(known).found() && catalogue.match_alpn("xmpp-client").found();
  const std::size_t after = allocation_count();
  EXPECT_TRUE(found);
  EXPECT_EQ(after, before);
  EXPECT_GT(before, 0u);  // the count works
}

TEST(Registry, KeepsNumbersAndHasAnEnd) {
  ApplicationRegistry registry;
  const auto first = registry.intern("a");
  EXPECT_NE(registry.intern("b"), first);
  EXPECT_EQ(registry.intern("a"), first);
  for (std::size_t i = 2; i < ApplicationRegistry::kCapacity; ++i) {
    ASSERT_TRUE(registry.intern("word" + std::to_string(i)));
  }
  EXPECT_FALSE(registry.intern("one more"));
  EXPECT_EQ(registry.intern("a"), first);
}

}  // namespace
}  // namespace chatgate::catalog
