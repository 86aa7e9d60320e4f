#include "proto/dns_response.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "proto/dns_canary.h"

#include "dns_message.h"

namespace chatgate::proto::dns {
namespace {

using namespace std::string_literals;
using namespace proto::test;

constexpr std::string_view kQuestion = "\xc0\x0c";
const std::string kAddress = "\xc0\x00\x02\x01"s;  // 192.0.2.1
const std::string kAddress6 = "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x07";

std::string response(const std::string& question, std::uint16_t answers, const std::string& records,
                     DnsHeader header = {}) {
  header.flags = static_cast<std::uint16_t>(header.flags | 0x8080);
  header.answers = answers;
  return dns_header(header) + question + records;
}

// Each record in words: owner, type, and where it leads.
std::string told(Bytes message, const DnsRecord& record) {
  std::string text(name_at(message, record.owner_at).view());
  text += " " + std::to_string(record.header.type) + " " + std::to_string(record.header.ttl);
  if (const auto address = address_of(message, record)) text += " " + address->to_string();
  if (const auto target = target_of(message, record)) {
    text += " > " + std::string(name_at(message, *target).view());
  }
  if (const auto service = service_of(message, record)) {
    text += ":" + std::to_string(service->port);
  }
  if (const auto binding = binding_of(message, record)) {
    text += " prio=" + std::to_string(binding->priority);
    if (binding->ech) text += " ech";
    if (binding->port != 0) text += " port=" + std::to_string(binding->port);
    if (binding->speaks("h3")) text += " h3";
    if (binding->speaks("h2")) text += " h2";
    text += " hints=" + std::to_string(binding->ipv4hint.size() / 4) + "+" +
            std::to_string(binding->ipv6hint.size() / 16);
  }
  return text;
}

struct Case {
  std::string what;
  std::string message;
  std::vector<std::string> records;
};

const std::string kChat = dns_question(dns_name("cHat.example"));
const std::string kHttps = dns_question(dns_name("chat.example"), 65);
const std::string kFull = svc_param(0, "\0\5"s) + svc_param(1, "\2h2\2h3") +
                          svc_param(3, "\x20\xfb") + svc_param(4, kAddress + kAddress) +
                          svc_param(5, "\0\4keys"s) + svc_param(6, kAddress6);

const std::vector<Case>& cases() {
  static const std::vector<Case> list = {
      {"no record", response(kChat, 0, ""), {}},
      {"A",
       response(kChat, 1, dns_record(kQuestion, 1, kAddress)),
       {"chat.example 1 300 192.0.2.1"}},
      {"AAAA",
       response(kChat, 1, dns_record(kQuestion, 28, kAddress6, 7)),
       {"chat.example 28 7 2001:db8::7"}},
      {"A of a wrong length",
       response(kChat, 1, dns_record(kQuestion, 1, kAddress + "x")),
       {"chat.example 1 300"}},
      {"CNAME, then A of its target",
       response(kChat, 2,
                dns_record(kQuestion, 5, "\1e\xc0\x11"s) + dns_record("\xc0\x2a", 1, kAddress)),
       {"chat.example 5 300 > e.example", "e.example 1 300 192.0.2.1"}},
      {"CNAME in a circle is a name that cannot be read",
       response(kChat, 1, dns_record(kQuestion, 5, "\xc0\x2a")),
       {"chat.example 5 300"}},
      {"CNAME whose name runs over its data",
       response(kChat, 1, dns_record(kQuestion, 5, "\7e")),
       {"chat.example 5 300"}},
      {"SRV",
       response(dns_question(dns_name("_xmpp-client._tcp.example"), 33), 1,
                dns_record(kQuestion, 33,
                           dns_be16(5) + dns_be16(0) + dns_be16(5222) + dns_name("xmpp.example"))),
       {"_xmpp-client._tcp.example 33 300 > xmpp.example:5222"}},
      {"SRV of a service that is not offered",
       response(kChat, 1, dns_record(kQuestion, 33, "\0\0\0\0\0\0\0"s)),
       {"chat.example 33 300"}},
      {"SRV cut before its name",
       response(kChat, 1, dns_record(kQuestion, 33, "\0\0\0\0\0\0"s)),
       {"chat.example 33 300"}},
      {"HTTPS with everything",
       response(kHttps, 1, dns_record(kQuestion, 65, svc_data(1, "\0"s, kFull))),
       {"chat.example 65 300 > chat.example prio=1 ech port=8443 h3 h2 hints=2+1"}},
      {"HTTPS of another name",
       response(kHttps, 1, dns_record(kQuestion, 65, svc_data(2, dns_name("svc.example"), ""))),
       {"chat.example 65 300 > svc.example prio=2 hints=0+0"}},
      {"SVCB alias",
       response(kHttps, 1, dns_record(kQuestion, 64, svc_data(0, dns_name("svc.example"), ""))),
       {"chat.example 64 300 > svc.example prio=0 hints=0+0"}},
      {"alias to nowhere",
       response(kHttps, 1, dns_record(kQuestion, 65, svc_data(0, "\0"s, ""))),
       {"chat.example 65 300 prio=0 hints=0+0"}},
      {"keys out of order",
       response(kHttps, 1,
                dns_record(kQuestion, 65,
                           svc_data(1, "\0"s, svc_param(3, "\1\xbb") + svc_param(1, "\2h2")))),
       {"chat.example 65 300 > chat.example"}},
      {"a key twice",
       response(
           kHttps, 1,
           dns_record(kQuestion, 65, svc_data(1, "\0"s, svc_param(5, "a") + svc_param(5, "b")))),
       {"chat.example 65 300 > chat.example"}},
      {"a value over the end",
       response(kHttps, 1,
                dns_record(kQuestion, 65, svc_data(1, "\0"s, svc_param(5, "abc").substr(0, 6)))),
       {"chat.example 65 300 > chat.example"}},
      {"ALPN with an empty id",
       response(kHttps, 1, dns_record(kQuestion, 65, svc_data(1, "\0"s, svc_param(1, "\0"s)))),
       {"chat.example 65 300 > chat.example"}},
      {"hints of five bytes",
       response(kHttps, 1, dns_record(kQuestion, 65, svc_data(1, "\0"s, svc_param(4, "12345")))),
       {"chat.example 65 300 > chat.example"}},
      {"other types and classes are passed over",
       response(kChat, 4,
                dns_record(kQuestion, 16, "\4text") + dns_record(kQuestion, 1, kAddress, 9, 3) +
                    dns_record(kQuestion, 46, "signature") + dns_record(kQuestion, 1, kAddress)),
       {"chat.example 1 300 192.0.2.1"}},
      {"additional section, not the authority's",
       response(kChat, 0,
                dns_record(kQuestion, 1, "\x0a\0\0\1"s) +
                    dns_record(dns_name("x.example"), 1, kAddress) + dns_opt(true),
                {.authorities = 1, .additionals = 2}),
       {"x.example 1 300 192.0.2.1"}},
  };
  return list;
}

TEST(DnsResponse, ReadsRecords) {
  for (const Case& row : cases()) {
    SCOPED_TRACE(row.what);
    DnsResponse parsed;
    const Bytes message = as_bytes(row.message);
    ASSERT_TRUE(parse_dns_response(message, parsed));
    std::vector<std::string> records;
    for (const DnsRecord& record : parsed.all()) records.push_back(told(message, record));
    EXPECT_EQ(records, row.records);
    EXPECT_FALSE(parsed.cut);
    EXPECT_EQ(parsed.head.id, 0x1234);
  }
}

TEST(DnsResponse, IsNothingWhereCut) {
  for (const Case& row : cases()) {
    SCOPED_TRACE(row.what);
    for (std::size_t size = 0; size < row.message.size(); ++size) {
      const std::vector<std::uint8_t> cut(row.message.begin(),
                                          row.message.begin() + static_cast<std::ptrdiff_t>(size));
      DnsResponse parsed;
      EXPECT_FALSE(parse_dns_response(cut, parsed)) << size;
      EXPECT_LE(parsed.record_count, row.records.size());
    }
  }
}

TEST(DnsResponse, IsNothingElse) {
  const std::string record = dns_record(kQuestion, 1, kAddress);
  const std::pair<const char*, std::string> table[] = {
      {"a query", dns_header({.answers = 1}) + kChat + record},
      {"an update's answer", response(kChat, 1, record, {.flags = 0x2800})},
      {"no question", response("", 0, "", {.questions = 0})},
      {"an owner in a circle", response(kChat, 1, dns_record("\xc0\x1e", 1, kAddress))},
      {"an owner outside", response(kChat, 1, dns_record("\xff\xff", 1, kAddress))},
      {"an owner with a label of 64",
       response(kChat, 1, dns_record("\x40" + std::string(65, 'a'), 1, kAddress))},
      {"a question in a circle", response(dns_question("\xc0\x0c"), 1, record)},
      {"fewer records than said", response(kChat, 2, record)},
      {"data over the end", response(kChat, 1, record.substr(0, record.size() - 1))},
  };
  for (const auto& [what, message] : table) {
    DnsResponse parsed;
    EXPECT_FALSE(parse_dns_response(as_bytes(message), parsed)) << what;
  }
}

TEST(DnsResponse, KeepsAsManyRecordsAsItHolds) {
  std::string records;
  for (unsigned i = 0; i < 70; ++i) records += dns_record(kQuestion, 1, kAddress);
  DnsResponse parsed;
  EXPECT_TRUE(parse_dns_response(as_bytes(response(kChat, 64, records)), parsed));
  EXPECT_FALSE(parsed.cut);
  EXPECT_TRUE(parse_dns_response(as_bytes(response(kChat, 70, records)), parsed));
  EXPECT_TRUE(parsed.cut);
  EXPECT_EQ(parsed.all().size(), DnsResponse::kMaxRecords);

  std::string texts;
  for (unsigned i = 0; i < 300; ++i) texts += dns_record(kQuestion, 16, "\1t");
  const std::string many = response(kChat, 301, texts + dns_record(kQuestion, 1, kAddress));
  EXPECT_TRUE(parse_dns_response(as_bytes(many), parsed));
  EXPECT_TRUE(parsed.cut);
  EXPECT_EQ(parsed.record_count, 0u);
}

TEST(DnsResponse, QuestionsHashLikeTheQuery) {
  const auto query = parse_dns_query(as_bytes(dns_query("ChAt.example")));
  const auto hash_of = [](const std::string& question, std::uint16_t questions = 1) {
    const auto head = parse_dns_response_head(
        as_bytes(dns_header({.flags = 0x8180, .questions = questions}) + question));
    return head ? head->question_hash : 0;
  };
  ASSERT_TRUE(query);
  EXPECT_EQ(query->first_type, 1);
  EXPECT_EQ(query->question_hash, hash_of(dns_question(dns_name("chat.EXAMPLE"))));
  for (const std::string& other :
       {dns_question(dns_name("chat.example"), 28), dns_question(dns_name("chat.example"), 1, 3),
        dns_question(dns_name("cha.texample")), dns_question(dns_name("chat.example.org"))}) {
    EXPECT_NE(query->question_hash, hash_of(other));
  }
  const std::string twice = dns_question(dns_name("chat.example")) + dns_question("\xc0\x0c");
  EXPECT_NE(query->question_hash, hash_of(twice, 2));
}

TEST(DnsCanary, SaysWhatTheNameWants) {
  const std::pair<const char*, std::optional<CanarySignal>> table[] = {
      {"use-application-dns.net", CanarySignal::nxdomain},
      {"mask.icloud.com", CanarySignal::nxdomain},
      {"mask-h2.icloud.com", CanarySignal::nxdomain},
      {"_dns.resolver.arpa", CanarySignal::nodata},
      {"resolver.arpa", CanarySignal::nodata},
      {"www.use-application-dns.net", std::nullopt},
      {"icloud.com", std::nullopt},
      {"notmask.icloud.com", std::nullopt},
      {"evilresolver.arpa", std::nullopt},
      {"1.0.0.127.in-addr.arpa", std::nullopt},
      {"", std::nullopt},
  };
  for (const auto& [name, expected] : table) EXPECT_EQ(canary_signal(name), expected) << name;
}

}  // namespace
}  // namespace chatgate::proto::dns
