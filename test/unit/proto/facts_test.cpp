#include "proto/facts.h"

#include <gtest/gtest.h>
#include <set>
#include <string>
#include <string_view>

namespace chatgate::proto {
namespace {

struct NameCase {
  std::string raw;
  std::string normalised;
  bool well_formed;
};

TEST(HostName, HasOneFormToCompare) {
  const std::string label63(63, 'a');
  const std::string longest = label63 + '.' + label63 + '.' + label63 + '.' + label63;
  const NameCase cases[] = {
      {"example.com", "example.com", true},
      {"ExAmPlE.CoM", "example.com", true},
      {"example.com.", "example.com", true},
      {"example.com:443", "example.com", true},
      {"example.com.:443", "example.com", true},
      {"example.com:", "example.com", true},
      {"_xmpp-client._tcp.example.com", "_xmpp-client._tcp.example.com", true},
      {"xn--bcher-kva.example", "xn--bcher-kva.example", true},
      {"localhost", "localhost", true},
      {"192.0.2.1:80", "192.0.2.1", true},
      {longest, longest, true},
      // Kept as they are; not names of hosts.
      {"[2001:DB8::1]:443", "2001:db8::1", false},
      {"[2001:db8::1]", "2001:db8::1", false},
      {"2001:db8::1", "2001:db8::1", false},
      {"::1", "::1", false},
      {"[2001:db8::1", "[2001:db8::1", false},
      {"[::1]x", "[::1]x", false},
      {"example.com..", "example.com.", false},
      {".example.com", ".example.com", false},
      {"a..b", "a..b", false},
      {"example.com:http", "example.com:http", false},
      {"example.com:123456", "example.com:123456", false},
      {std::string("example.com\0.test", 17), std::string("example.com\0.test", 17), false},
      {"exam ple.com", "exam ple.com", false},
      {"b\xc3\xbc"
       "cher.example:443",
       "xn--bcher-kva.example", true},
      {"b\xc3.example", "b\xc3.example", false},
      {label63 + "a.com", label63 + "a.com", false},
      {longest + "x", longest, false},
      {std::string(400, 'a') + ":443", std::string(255, 'a'), false},
      {"", "", false},
      {".", "", false},
      {":80", "", false},
  };
  for (const NameCase& row : cases) {
    SCOPED_TRACE(row.raw);
    const HostName name = HostName::normalised(row.raw);
    EXPECT_EQ(name.view(), row.normalised);
    EXPECT_EQ(name.well_formed(), row.well_formed);
    EXPECT_EQ(name.empty(), row.normalised.empty());
  }
}

TEST(Facts, TakesEachNameOnceAndSaysWhenFull) {
  Facts facts;
  facts.add_name(NameSource::tls_sni, "A.example.");
  facts.add_name(NameSource::tls_sni, "a.example");
  facts.add_name(NameSource::tls_sni, "");
  EXPECT_EQ(facts.name_count, 1);
  facts.add_name(NameSource::http_host, "a.example");
  EXPECT_EQ(facts.name_count, 2);
  for (int i = 0; i < 6; ++i) facts.add_name(NameSource::tls_sni, std::to_string(i));
  EXPECT_EQ(facts.name_count, Facts::kMaxNames);
  facts.add_name(NameSource::tls_sni, "a.example");  // is there already
  EXPECT_FALSE(facts.names_cut);
  facts.add_name(NameSource::tls_sni, "ninth.example");
  EXPECT_TRUE(facts.names_cut);
  EXPECT_EQ(facts.name_count, Facts::kMaxNames);

  facts.clear();
  EXPECT_EQ(facts.name_count, 0);
  EXPECT_FALSE(facts.names_cut);
  EXPECT_EQ(facts.protocol, AppProto::unknown);
}

TEST(AppProto, HasTheWordsOfEve) {
  EXPECT_EQ(to_string(AppProto::unknown), "unknown");
  EXPECT_EQ(to_string(AppProto::failed), "failed");
  EXPECT_EQ(to_string(AppProto::tls), "tls");
  EXPECT_EQ(to_string(AppProto::http), "http");
  EXPECT_EQ(to_string(AppProto::dns), "dns");
}

TEST(AppProto, HasAWordOfItsOwnForEach) {
  std::set<std::string_view> words;
  for (int i = 0; i <= static_cast<int>(AppProto::rtp); ++i) {
    const std::string_view word = to_string(static_cast<AppProto>(i));
    EXPECT_EQ(word.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"), word.npos) << word;
    EXPECT_TRUE(words.insert(word).second) << word;
  }
}

}  // namespace
}  // namespace chatgate::proto
