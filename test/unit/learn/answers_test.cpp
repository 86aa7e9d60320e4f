#include "learn/answers.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "../proto/dns_message.h"

namespace chatgate::learn {
namespace {

using namespace std::string_literals;
using namespace proto::test;

constexpr ApplicationId kWhatsapp{3}, kTelegram{4};
constexpr std::string_view kQuestion = "\xc0\x0c";
const Time kNow = from_seconds(1'795'000'000);

// wa.example and all below belong to WhatsApp, tg.example to Telegram; cdn.example is known to be
// used by others too.
catalog::NameMatch classify(std::string_view name) {
  const auto below = [&](std::string_view parent) {
    return name == parent || name.ends_with("." + std::string(parent));
  };
  if (name == "call.wa.example") return {kWhatsapp, catalog::Service::voice, true};
  if (below("wa.example")) return {kWhatsapp, catalog::Service::any, true};
  if (below("tg.example")) return {kTelegram, catalog::Service::any, true};
  if (below("cdn.example")) return {kWhatsapp, catalog::Service::any, false};
  return {};
}

std::string a(const std::string& owner, const std::string& address, std::uint32_t ttl = 300) {
  return dns_record(dns_name(owner), 1,
                    std::string(as_text(IpAddress::parse(address)->bytes)).substr(12), ttl);
}
std::string aaaa(const std::string& owner, const std::string& address) {
  return dns_record(dns_name(owner), 28, as_text(IpAddress::parse(address)->bytes));
}
std::string cname(const std::string& owner, const std::string& target, std::uint32_t ttl = 300) {
  return dns_record(dns_name(owner), 5, dns_name(target), ttl);
}
std::string srv(const std::string& owner, const std::string& target) {
  return dns_record(dns_name(owner), 33, "\0\0\0\0\x14\x66"s + dns_name(target));
}
std::string https(const std::string& owner, const std::string& target, const std::string& hint,
                  std::uint16_t priority = 1) {
  const std::string value(as_text(IpAddress::parse(hint)->bytes));
  return dns_record(dns_name(owner), 65,
                    svc_data(priority, dns_name(target), svc_param(4, value.substr(12))));
}

std::string answer(const std::string& question, const std::vector<std::string>& records,
                   DnsHeader header = {}) {
  header.flags = static_cast<std::uint16_t>(0x8180 | header.flags);
  header.answers = static_cast<std::uint16_t>(records.size() - header.additionals);
  std::string message = dns_header(header) + dns_question(dns_name(question));
  for (const std::string& record : records) message += record;
  return message;
}

struct Result {
  std::string hidden;
  std::vector<std::string> servers;  // "ADDRESS application name ttl", sorted
  Taught taught;
};

Result run(const std::string& message) {
  Result result;
  proto::dns::DnsResponse response;
  if (!proto::dns::parse_dns_response(as_bytes(message), response)) return result;
  const AnswerNames names(as_bytes(message), response, classify);
  if (const auto* hidden = names.hidden()) {
    result.hidden = names.host(static_cast<std::size_t>(hidden - names.all().data())).view();
  }
  LearnedServers table(1024, KeyedHash(1));
  LearnQuota quota(64, KeyedHash(1));
  Lesson lesson;
  lesson.client = *IpAddress::parse("10.0.0.1");
  lesson.generation = 7;
  lesson.now = kNow;
  result.taught = teach(names, lesson, table, quota);
  table.for_each(kNow, [&](const LearnedServer& server) {
    EXPECT_EQ(server.generation, 7u);
    std::string text = server.address.to_string();
    text += server.application == kWhatsapp   ? " wa "
            : server.application == kTelegram ? " tg "
                                              : " - ";
    text += std::string(server.name()) + " " + std::to_string(server.expires - server.learned);
    if (server.service != catalog::Service::any)
      text += " " + std::string(to_string(server.service));
    if (server.shared) text += " shared";
    result.servers.push_back(text);
  });
  std::sort(result.servers.begin(), result.servers.end());
  return result;
}

struct Case {
  std::string what;
  std::string message;
  std::string hidden;
  std::vector<std::string> servers;
};

TEST(Answers, Teach) {
  const Case cases[] = {
      {"an application's name",
       answer("web.wa.example",
              {a("web.wa.example", "192.0.2.1"), a("WEB.wa.example", "192.0.2.2", 90)}),
       "",
       {"192.0.2.1 wa web.wa.example 300", "192.0.2.2 wa web.wa.example 90"}},
      {"its service",
       answer("call.wa.example", {aaaa("call.wa.example", "2001:db8::5")}),
       "",
       {"2001:db8::5 wa call.wa.example 300 voice"}},
      {"an innocent name",
       answer("shop.example", {a("shop.example", "192.0.2.1")}),
       "",
       {"192.0.2.1 - shop.example 300"}},
      {"an application on a network that nobody knows; the least TTL counts",
       answer("wa.example",
              {cname("wa.example", "edge.example", 70), a("edge.example", "192.0.2.1")}),
       "",
       {"192.0.2.1 wa wa.example 70"}},
      {"an application on a network known to be shared",
       answer("wa.example",
              {cname("wa.example", "x.cdn.example"), a("x.cdn.example", "192.0.2.1")}),
       "",
       {"192.0.2.1 wa wa.example 300 shared"}},
      {"a shared name decides nothing",
       answer("x.cdn.example", {a("x.cdn.example", "192.0.2.1")}),
       "",
       {"192.0.2.1 - x.cdn.example 300"}},
      {"a cloak",
       answer("innocent.example",
              {cname("innocent.example", "web.wa.example"), a("web.wa.example", "192.0.2.1")}),
       "web.wa.example",
       {"192.0.2.1 wa web.wa.example 300"}},
      {"a cloak of several layers, out of order",
       answer("innocent.example",
              {a("edge.example", "192.0.2.1"), cname("b.example", "wa.example"),
               cname("wa.example", "edge.example"), cname("innocent.example", "b.example")}),
       "wa.example",
       {"192.0.2.1 wa wa.example 300"}},
      {"one application behind another",
       answer("wa.example", {cname("wa.example", "tg.example"), a("tg.example", "192.0.2.1")}),
       "tg.example",
       {"192.0.2.1 wa wa.example 300 shared"}},
      {"the same application behind itself says its service",
       answer("wa.example",
              {cname("wa.example", "call.wa.example"), a("call.wa.example", "192.0.2.1")}),
       "",
       {"192.0.2.1 wa wa.example 300 voice"}},
      {"SRV with an address of its target",
       answer("_xmpp-client._tcp.wa.example",
              {srv("_xmpp-client._tcp.wa.example", "host.example"), a("host.example", "192.0.2.1")},
              {.additionals = 1}),
       "",
       {"192.0.2.1 wa _xmpp-client._tcp.wa.example 300"}},
      {"a target of SRV hides an application",
       answer("_sip._tcp.example", {srv("_sip._tcp.example", "web.wa.example")}),
       "web.wa.example",
       {}},
      {"hints of HTTPS, and its target",
       answer("wa.example",
              {https("wa.example", "svc.example", "192.0.2.7"), a("svc.example", "192.0.2.8")}),
       "",
       {"192.0.2.7 wa wa.example 300", "192.0.2.8 wa wa.example 300"}},
      {"hints of HTTPS for the owner itself",
       answer("wa.example", {https("wa.example", "", "192.0.2.7")}),
       "",
       {"192.0.2.7 wa wa.example 300"}},
      {"an alias has no hints",
       answer("wa.example", {https("wa.example", "svc.example", "192.0.2.7", 0)}),
       "",
       {}},
      {"addresses of names that were not asked for",
       answer("shop.example",
              {a("shop.example", "192.0.2.1"), a("web.wa.example", "192.0.2.66"),
               cname("other.example", "wa.example"), a("wa.example", "192.0.2.67")}),
       "",
       {"192.0.2.1 - shop.example 300"}},
      {"addresses that no server has",
       answer("wa.example", {a("wa.example", "0.0.0.0"), a("wa.example", "127.0.0.1"),
                             a("wa.example", "169.254.1.1"), a("wa.example", "224.0.0.251"),
                             a("wa.example", "255.255.255.255"), aaaa("wa.example", "::"),
                             aaaa("wa.example", "::1"), aaaa("wa.example", "fe80::1"),
                             aaaa("wa.example", "ff02::fb"), a("wa.example", "10.1.2.3")}),
       "",
       {"10.1.2.3 wa wa.example 300"}},
      {"no such name", answer("wa.example", {a("wa.example", "192.0.2.1")}, {.flags = 3}), "", {}},
      {"truncated", answer("wa.example", {a("wa.example", "192.0.2.1")}, {.flags = 0x200}), "", {}},
      {"a chain in a circle",
       answer("a.example", {cname("a.example", "b.example"), cname("b.example", "a.example")}),
       "",
       {}},
      {"another class",
       dns_header({.flags = 0x8180, .answers = 1}) + dns_question(dns_name("wa.example"), 1, 3) +
           a("wa.example", "192.0.2.1"),
       "",
       {}},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.what);
    const Result result = run(row.message);
    EXPECT_EQ(result.hidden, row.hidden);
    EXPECT_EQ(result.servers, row.servers);
    EXPECT_EQ(result.taught.added, row.servers.size());
    for (std::size_t size = 0; size < row.message.size(); ++size) {
      const Result cut = run(row.message.substr(0, size));
      EXPECT_TRUE(cut.servers.empty()) << size;
    }
  }
}

TEST(Answers, AreBounded) {
  // A chain that is longer than is followed.
  std::vector<std::string> chain;
  for (unsigned i = 0; i < 30; ++i) {
    chain.push_back(
        cname("n" + std::to_string(i) + ".example", "n" + std::to_string(i + 1) + ".example"));
  }
  chain.push_back(a("n30.example", "192.0.2.1"));
  chain.push_back(a("n15.example", "192.0.2.2"));
  EXPECT_EQ(run(answer("n0.example", chain)).servers,
            std::vector<std::string>{"192.0.2.2 - n15.example 300"});

  // More hints than one answer may teach.
  const std::string hint(as_text(IpAddress::parse("192.0.2.1")->bytes));
  std::string hints;
  for (unsigned i = 0; i < 200; ++i) {
    hints += hint.substr(12, 3) + static_cast<char>(i + 1);
  }
  const std::string record =
      dns_record(kQuestion, 65, svc_data(1, std::string(1, '\0'), svc_param(4, hints)));
  EXPECT_EQ(run(answer("wa.example", {record})).servers.size(), kMaxAddresses);
}

TEST(Answers, ARestlessClientIsHeldBack) {
  LearnedServers table(4096, KeyedHash(1));
  LearnQuota quota(64, KeyedHash(1));
  Lesson lesson;
  lesson.now = kNow;
  lesson.client = *IpAddress::parse("10.0.0.1");
  Taught sum;
  const auto ask = [&](unsigned number) {
    const std::string address =
        "192.0." + std::to_string(number / 250) + "." + std::to_string(number % 250 + 1);
    const std::string message = answer("x.example", {a("x.example", address)});
    proto::dns::DnsResponse response;
    ASSERT_TRUE(proto::dns::parse_dns_response(as_bytes(message), response));
    const Taught taught =
        teach(AnswerNames(as_bytes(message), response, classify), lesson, table, quota);
    sum.added += taught.added;
    sum.refreshed += taught.refreshed;
    sum.refused += taught.refused;
  };
  for (unsigned i = 0; i < 1000; ++i) ask(i);
  EXPECT_EQ(sum.added, LearnQuota::kBurst);
  EXPECT_EQ(sum.refused, 1000 - LearnQuota::kBurst);
  ask(0);
  EXPECT_EQ(sum.refreshed, 1u) << "what is known costs nothing";
  lesson.client = *IpAddress::parse("10.0.0.2");
  ask(999);
  EXPECT_EQ(sum.added, LearnQuota::kBurst + 1) << "others still teach";
}

}  // namespace
}  // namespace chatgate::learn
