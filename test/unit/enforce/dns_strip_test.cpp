#include "enforce/dns_strip.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "proto/dns_response.h"

#include "../proto/dns_message.h"

namespace chatgate::enforce {
namespace {

using namespace std::string_literals;
using namespace proto::test;

constexpr std::string_view kQuestion = "\xc0\x0c";
const std::string kRoot(1, '\0');
const std::string kKeys = "\0\6key-12"s;
const std::string kAlpn = svc_param(1, "\2h3\2h2");
const std::string kHint = svc_param(4, "\xc0\x00\x02\x01"s);
const std::string kHint6 = svc_param(6, std::string(16, '\x26'));

std::string message(const std::vector<std::string>& answers, std::uint16_t type = 65,
                    std::uint16_t flags = 0x81a0) {
  std::string text =
      dns_header({.flags = flags, .answers = static_cast<std::uint16_t>(answers.size())}) +
      dns_question(dns_name("chat.example"), type);
  for (const std::string& answer : answers) text += answer;
  return text;
}

std::string https(const std::string& parameters, std::uint16_t type = 65) {
  return dns_record(kQuestion, type, svc_data(1, kRoot, parameters));
}

std::string key(unsigned number, const std::string& value) {
  return svc_param(static_cast<std::uint16_t>(number), value);
}

DnsStripped strip(std::string& text) {
  return strip_ech({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
}

TEST(DnsStrip, MakesTheKeyOneThatNobodyKnows) {
  const std::string blank(kKeys.size(), '\0');
  struct Case {
    std::string what;
    std::vector<std::string> before, after;
  };
  const std::string address = dns_record(kQuestion, 1, "\xc0\x00\x02\x01"s);
  const Case cases[] = {
      {"alone", {https(key(5, kKeys))}, {https(key(65280, blank))}},
      {"empty", {https(key(5, ""))}, {https(key(65280, ""))}},
      {"among others",
       {https(kAlpn + kHint + key(5, kKeys) + kHint6)},
       {https(kAlpn + kHint + kHint6 + key(65280, blank))}},
      {"last", {https(kAlpn + key(5, kKeys))}, {https(kAlpn + key(65280, blank))}},
      {"SVCB", {https(key(5, kKeys), 64)}, {https(key(65280, blank), 64)}},
      {"before a private key",
       {https(key(5, kKeys) + key(65300, "mine"))},
       {https(key(65300, "mine") + key(65301, blank))}},
      {"mandatory: the record wants a key that nobody knows",
       {https(key(0, "\0\1\0\5"s) + kAlpn + key(5, kKeys) + kHint6)},
       {https(key(0, "\0\1\xff\0"s) + kAlpn + kHint6 + key(65280, blank))}},
      {"mandatory, before another",
       {https(key(0, "\0\1\0\5\0\6"s) + kAlpn + key(5, kKeys) + kHint6)},
       {https(key(0, "\0\1\0\6\xff\0"s) + kAlpn + kHint6 + key(65280, blank))}},
      {"other keys are mandatory",
       {https(key(0, "\0\1"s) + kAlpn + key(5, kKeys))},
       {https(key(0, "\0\1"s) + kAlpn + key(65280, blank))}},
      {"in two records, with others around",
       {address, https(key(5, kKeys)), address, https(kAlpn + key(5, kKeys)), address},
       {address, https(key(65280, blank)), address, https(kAlpn + key(65280, blank)), address}},
      {"the owner of the next record points to a target before the key",
       {dns_record(kQuestion, 65, svc_data(1, dns_name("svc.example"), key(5, kKeys))),
        dns_record("\xc0\x2c", 1, "abcd")},
       {dns_record(kQuestion, 65, svc_data(1, dns_name("svc.example"), key(65280, blank))),
        dns_record("\xc0\x2c", 1, "abcd")}},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.what);
    std::string text = message(row.before);
    EXPECT_EQ(strip(text), DnsStripped::stripped);
    EXPECT_EQ(text, message(row.after, 65, 0x8180));
    // Every record is still one that clients read, and none has keys.
    proto::dns::DnsResponse parsed;
    ASSERT_TRUE(proto::dns::parse_dns_response(as_bytes(text), parsed));
    for (const auto& record : parsed.all()) {
      const auto binding = proto::dns::binding_of(as_bytes(text), record);
      if (record.header.type >= 64) {
        ASSERT_TRUE(binding);
        EXPECT_FALSE(binding->ech);
      }
    }
    EXPECT_EQ(strip(text), DnsStripped::nothing);
  }
}

TEST(DnsStrip, LeavesAloneWhatHasNone) {
  const std::string stripped = message({https(kAlpn + kHint)});
  const std::pair<const char*, std::string> table[] = {
      {"nothing", ""},
      {"half a header", stripped.substr(0, 11)},
      {"no key", stripped},
      {"no parameters", message({https("")})},
      {"an alias", message({dns_record(kQuestion, 65, svc_data(0, dns_name("b.example"), ""))})},
      {"the number in another place", message({https(kAlpn + key(7, "\0\5\0\4keys"s))})},
      {"the bytes in a text record", message({dns_record(kQuestion, 16, https(key(5, kKeys)))})},
      {"a query", message({https(key(5, kKeys))}, 65, 0x0100)},
      {"an update's answer", message({https(key(5, kKeys))}, 65, 0xa800)},
      {"no question", dns_header({.flags = 0x8180, .questions = 0})},
      {"keys out of order, none of them this", message({https(key(3, "\1\xbb") + key(1, "\2h2"))})},
  };
  for (const auto& [what, before] : table) {
    std::string text = before;
    EXPECT_EQ(strip(text), DnsStripped::nothing) << what;
    EXPECT_EQ(text, before) << what;
  }
}

TEST(DnsStrip, SaysWhereItCannot) {
  const std::string ech = key(5, kKeys);
  const std::pair<const char*, std::string> table[] = {
      {"keys out of order", message({https(ech + kAlpn)})},
      {"the key twice", message({https(ech + ech)})},
      {"mandatory keys out of order", message({https(key(0, "\0\5\0\1"s) + kAlpn + ech)})},
      {"an odd list of mandatory keys", message({https(key(0, "\0\1\0"s) + kAlpn + ech)})},
      {"no private key left", message({https(ech + key(65534, ""))})},
      {"the invalid key", message({https(ech + key(65535, ""))})},
      {"a value over the end of the record", message({https(ech + "\0\7\0\1"s)})},
      {"a header over the end of the record", message({https(ech + "\0\7\0"s)})},
      {"a target over the end of the record", message({dns_record(kQuestion, 65, "\0\1\7a"s)})},
      {"a record of one byte", message({dns_record(kQuestion, 65, "\0"s)})},
      {"fewer records than said", dns_header({.flags = 0x8180, .answers = 2}) +
                                      dns_question(dns_name("chat.example"), 65) + https(ech)},
      {"a question in a circle",
       dns_header({.flags = 0x8180, .answers = 1}) + dns_question("\xc0\x0c", 65) + https(ech)},
      {"a name inside the header", message({https(ech), dns_record("\xc0\x05", 1, "abcd")})},
      // The value, which begins at 0x31, spells a name, to which the next owner points.
      {"a name inside the value",
       message({https(key(5, "\1x"s + kRoot)), dns_record("\xc0\x31", 1, "abcd")})},
      {"a name that runs into the value",
       message({https(key(5, "\1x"s + kRoot)), dns_record("\xc0\x2b", 1, "abcd")})},
  };
  for (const auto& [what, before] : table) {
    std::string text = before;
    EXPECT_EQ(strip(text), DnsStripped::impossible) << what;
    EXPECT_EQ(text, before) << what;
  }
}

TEST(DnsStrip, ManyRecords) {
  const std::vector<std::string> texts(kMaxStripRecords, dns_record(kQuestion, 16, "\1t"));
  std::vector<std::string> answers = texts;
  answers.back() = https(key(5, kKeys));
  std::string text = message(answers);
  EXPECT_EQ(strip(text), DnsStripped::stripped);

  answers.push_back(https(key(5, kKeys)));
  text = message(answers);
  EXPECT_EQ(strip(text), DnsStripped::impossible);
  // A zone transfer, say, has more, and nobody asked it for such a record.
  answers = texts;
  answers.push_back(dns_record(kQuestion, 1, "abcd"));
  text = message(answers, 252);
  EXPECT_EQ(strip(text), DnsStripped::nothing);
  // Where one of the first has a key, the owners of those behind might be read from its bytes.
  answers.front() = https(key(5, kKeys));
  text = message(answers, 252);
  EXPECT_EQ(strip(text), DnsStripped::impossible);

  text = message(std::vector<std::string>(64, https(key(5, kKeys))));
  EXPECT_EQ(strip(text), DnsStripped::stripped);
  text = message(std::vector<std::string>(65, https(key(5, kKeys))));
  EXPECT_EQ(strip(text), DnsStripped::impossible);
}

TEST(DnsStrip, CutMessagesAreNotPassedForClean) {
  const std::string whole = message({https(kAlpn + key(5, kKeys) + kHint6)});
  const std::size_t question_end = message({}).size();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    std::string text = whole.substr(0, size);
    text.shrink_to_fit();
    const DnsStripped expected = size < 12 ? DnsStripped::nothing : DnsStripped::impossible;
    EXPECT_EQ(strip(text), expected) << size << " of " << question_end;
    EXPECT_EQ(text, whole.substr(0, size));
  }
}

}  // namespace
}  // namespace chatgate::enforce
