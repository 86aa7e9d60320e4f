// The catalogue as shipped: it loads, its ports are those promised, and innocent names stay free.

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "catalog/builder.h"
#include "catalog/catalogue.h"
#include "catalog/loader.h"

namespace chatgate::catalog {
namespace {

const std::string kFolder = CHATGATE_POLICY_FOLDER "/catalog";

class Shipped : public testing::Test {
 protected:
  Shipped() : builder_(diagnostics_) { load_folder(kFolder, builder_, diagnostics_); }

  void SetUp() override {
    for (const Diagnostic& each : diagnostics_.all()) ADD_FAILURE() << each.to_string();
    ApplicationRegistry registry;
    catalogue_ = std::make_unique<Catalogue>(builder_.take(registry));
  }
  std::string word(ApplicationId id) const {
    const Application* found = catalogue_->find(id);
    return found == nullptr ? "" : found->word;
  }
  // Empty for a name that decides nothing.
  std::string application_of(const std::string& name) const {
    const NameMatch match = catalogue_->match_name(name);
    return match.exclusive ? word(match.application) : "";
  }

  Diagnostics diagnostics_;
  CatalogueBuilder builder_;
  std::unique_ptr<Catalogue> catalogue_;
};

TEST_F(Shipped, HoldsTheApplications) {
  for (const char* each : {"msn",
                           "yahoo",
                           "aim",
                           "icq",
                           "xmpp",
                           "skype",
                           "google-talk",
                           "google-chat",
                           "sametime",
                           "lync",
                           "irc",
                           "gadu-gadu",
                           "facebook-chat-xmpp",
                           "web-meebo",
                           "web-ebuddy",
                           "web-iloveim",
                           "whatsapp",
                           "telegram",
                           "signal",
                           "discord",
                           "slack",
                           "ms-teams",
                           "encrypted-dns",
                           "icloud-private-relay"}) {
    EXPECT_NE(catalogue_->find(each), nullptr) << each;
  }
}

TEST_F(Shipped, DefaultPorts) {
  const struct {
    Transport transport;
    std::uint16_t first, last;
    std::string owner;
  } table[] = {
      {Transport::udp, 4000, 4000, "icq"},         {Transport::tcp, 5190, 5193, "aim"},
      {Transport::tcp, 5222, 5223, "xmpp"},        {Transport::tcp, 5269, 5269, "xmpp"},
      {Transport::tcp, 1863, 1863, "msn"},         {Transport::tcp, 5050, 5050, "yahoo"},
      {Transport::tcp, 1533, 1533, "sametime"},    {Transport::tcp, 5061, 5061, "lync"},
      {Transport::tcp, 853, 853, "encrypted-dns"}, {Transport::udp, 853, 853, "encrypted-dns"}};
  for (const auto& row : table) {
    for (std::uint16_t port = row.first; port <= row.last; ++port) {
      EXPECT_EQ(word(catalogue_->match_port(row.transport, port).owner), row.owner) << port;
    }
  }
}

TEST_F(Shipped, PortsOfTheWholeWorldAreNobodysDefault) {
  for (const std::uint16_t port :
       {22, 25, 53, 80, 110, 123, 143, 443, 784, 993, 3128, 3389, 5353, 8080}) {
    for (const Transport transport : {Transport::tcp, Transport::udp}) {
      EXPECT_FALSE(catalogue_->match_port(transport, port).owner.valid()) << port;
    }
  }
  // Known to be used by others: never refused by the port alone.
  EXPECT_TRUE(catalogue_->match_port(Transport::tcp, 5222).shared);
  EXPECT_TRUE(catalogue_->match_port(Transport::tcp, 5223).shared);
  EXPECT_TRUE(catalogue_->match_port(Transport::tcp, 5061).shared);
  EXPECT_TRUE(catalogue_->match_port(Transport::udp, 4000).shared);
}

TEST_F(Shipped, ServerNames) {
  const std::pair<const char*, const char*> table[] = {
      {"web.whatsapp.com", "whatsapp"},
      {"g.whatsapp.net", "whatsapp"},
      {"venus.web.telegram.org", "telegram"},
      {"t.me", "telegram"},
      {"chat.signal.org", "signal"},
      {"gateway.discord.gg", "discord"},
      {"team.slack.com", "slack"},
      {"teams.microsoft.com", "ms-teams"},
      {"messenger.hotmail.com", "msn"},
      {"scsa.msg.yahoo.com", "yahoo"},
      {"login.oscar.aol.com", "aim"},
      {"login.icq.com", "icq"},
      {"talk.google.com", "google-talk"},
      {"chatenabled.mail.google.com", "google-talk"},
      {"chat.google.com", "google-chat"},
      {"chat.facebook.com", "facebook-chat-xmpp"},
      {"www.meebo.com", "web-meebo"},
      {"www.ebuddy.com", "web-ebuddy"},
      {"www.iloveim.com", "web-iloveim"},
      {"irc.libera.chat", "irc"},
      {"appmsg.gadu-gadu.pl", "gadu-gadu"},
      {"web.skype.com", "skype"},
      {"dns.google", "encrypted-dns"},
      {"mozilla.cloudflare-dns.com", "encrypted-dns"},
      {"one.one.one.one", "encrypted-dns"},
      {"dns.quad9.net", "encrypted-dns"},
      {"mask.icloud.com", "icloud-private-relay"}};
  for (const auto& [name, expected] : table) EXPECT_EQ(application_of(name), expected) << name;
}

TEST_F(Shipped, InnocentNamesDecideNothing) {
  for (const char* name : {"mail.google.com",
                           "www.google.com",
                           "google",
                           "www.icloud.com",
                           "www.cloudflare.com",
                           "www.opendns.com",
                           "my.nextdns.io",
                           "use-application-dns.net",
                           "resolver.arpa",
                           "yahoo.com",
                           "mail.yahoo.com",
                           "login.yahoo.com",
                           "live.com",
                           "login.live.com",
                           "outlook.live.com",
                           "hotmail.com",
                           "www.msn.com",
                           "aol.com",
                           "mail.aol.com",
                           "aim.com",
                           "facebook.com",
                           "graph.facebook.com",
                           "static.xx.fbcdn.net",
                           "www.facebook.com",
                           "login.microsoftonline.com",
                           "sharepoint.com",
                           "hooks.slack.com",
                           "www.twitch.tv",
                           "telegra.ph",
                           "ton.org",
                           "notwhatsapp.com",
                           "whatsapp.com.evil.example",
                           "web.whatsapp.com.example.org",
                           "mytelegram.org",
                           "chat.me",
                           "signal.organic.example",
                           "discord.community",
                           "apple.com",
                           "example.com"}) {
    EXPECT_EQ(application_of(name), "") << name;
  }
}

TEST_F(Shipped, EncryptedDnsIsNoMessenger) {
  for (const char* each : {"encrypted-dns", "icloud-private-relay"}) {
    const Application* application = catalogue_->find(each);
    ASSERT_NE(application, nullptr);
    EXPECT_EQ(application->category, Category::evasion) << each;
    EXPECT_FALSE(covers(Category::im, application->category)) << each;
    // Their servers answer plain DNS at the same addresses, which is nobody's business.
    for (const ServerAddress& address : application->addresses) {
      EXPECT_TRUE(address.plain_dns) << each << ' ' << address.prefix.to_string();
    }
  }
}

TEST_F(Shipped, EverySourceIsExplained) {
  std::ifstream stream(kFolder + "/README.md");
  const std::string readme((std::istreambuf_iterator<char>(stream)), {});
  std::set<std::string> missing;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream file(entry.path());
    const auto application = nlohmann::json::parse(file, nullptr, true, true);
    for (const char* kind : {"ports", "names", "addresses"}) {
      for (const auto& claim : application.value(kind, nlohmann::json::array())) {
        const auto& source = claim["source"];
        for (const std::string key : source.is_array() ? source : nlohmann::json::array({source})) {
          if (readme.find("`" + key + "`") == std::string::npos) missing.insert(key);
        }
      }
    }
  }
  EXPECT_EQ(missing, std::set<std::string>{});
}

}  // namespace
}  // namespace chatgate::catalog
