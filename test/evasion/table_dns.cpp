// Section D.8: DNS over UDP and TCP, what answers say, and ways around it.

#include <algorithm>

#include "client_hello.h"
#include "conversation.h"
#include "datagrams.h"
#include "dns_message.h"
#include "quic_builder.h"
#include "verdict.h"

namespace chatgate::test {
namespace {

using namespace proto::test;
using namespace std::string_literals;

constexpr std::uint16_t kHttps = 65, kCname = 5;

using Play = std::function<void(DatagramSession&, const std::string& name)>;

std::string query(const std::string& name, const DnsHeader& header = {}) {
  return proto::test::dns_query(name, header);
}

bool is_blocked(const std::string& name) {
  return name == kBlockedName;
}

Datagrams dns(Play play) {
  Datagrams said;
  said.server_port = 53;
  said.answered = true;
  said.play = std::move(play);
  said.arrived = question_arrived;
  return said;
}

// A row of one question.
Row question(const char* id, const char* what, const char* why,
             std::function<std::string(const std::string& name)> message) {
  return datagrams(id, what, why, dns([message](DatagramSession& s, const std::string& name) {
                     s.client_says(message(name));
                   }));
}

// What no resolver can read: nothing is answered, nothing is blocked, and no name arrives.
Row unreadable(const char* id, const char* what,
               std::function<std::string(const std::string& name)> message) {
  Datagrams said =
      dns([message](DatagramSession& s, const std::string& name) { s.client_says(message(name)); });
  said.answered = false;
  return datagrams(id, what, "no resolver reads it either", said);
}

Row service_row() {
  Datagrams said = dns([](DatagramSession& s, const std::string& name) {
    s.client_says(dns_header() + dns_question(dns_name("_xmpp-client._tcp." + name), 33));
  });
  said.arrived = [](const DatagramSession& s) { return !s.at_server().empty(); };
  return datagrams("D.8-107j", "the name under SRV's labels", "the domain counts", said);
}

std::vector<Row> question_rows() {
  return {
      question("D.8-107a", "letters of both cases", "compared in lower case",
               [](std::string name) {
                 for (std::size_t i = 0; i < name.size(); i += 2) {
                   if (name[i] != '.') name[i] = static_cast<char>(name[i] - 32);
                 }
                 return query(name);
               }),
      question("D.8-107b", "EDNS with 400 bytes of padding", "the question counts",
               [](const std::string& name) {
                 const std::string padding = dns_be16(12) + dns_be16(400) + std::string(400, '\0');
                 return query(name, {.additionals = 1}) + "\0\0\x29\x10\0\0\0\0\0"s +
                        dns_be16(padding.size()) + padding;
               }),
      question("D.8-107c", "two questions, the name in the second", "every question counts",
               [](const std::string& name) {
                 return query(kDecoyName, {.questions = 2}) + dns_question(dns_name(name));
               }),
      question("D.8-107d", "a name that ends within another question", "followed",
               [](const std::string& name) {
                 const std::string decoy = kDecoyName;
                 const auto end = static_cast<char>(12 + decoy.rfind('.') + 1);
                 std::string encoded = dns_name(name.substr(0, name.rfind('.')));
                 encoded.back() = '\xc0';
                 return query(decoy, {.questions = 2}) + dns_question(encoded + end);
               }),
      unreadable("D.8-107e", "a name that points to itself before the question",
                 [](const std::string& name) {
                   return dns_header({.questions = 2}) + dns_question("\xc0\x0c") +
                          dns_question(dns_name(name));
                 }),
      unreadable("D.8-107f", "a label of 64 bytes before the name",
                 [](const std::string& name) {
                   return dns_header() +
                          dns_question('\x40' + std::string(64, 'x') + dns_name(name));
                 }),
      unreadable("D.8-107g", "a name of 300 bytes",
                 [](const std::string& name) {
                   std::string encoded;
                   for (int i = 0; i < 5; ++i) encoded += '\x3f' + std::string(63, 'x');
                   return dns_header() + dns_question(encoded + dns_name(name));
                 }),
      question("D.8-107h", "bytes behind the message", "passed over",
               [](const std::string& name) { return query(name) + std::string(50, 'j'); }),
      question("D.8-107i", "a question for HTTPS records", "every type counts",
               [](const std::string& name) {
                 return dns_header() + dns_question(dns_name(name), kHttps);
               }),
      service_row(),
      datagrams("D.8-107k", "a harmless question, and then the name on the same ports",
                "every datagram is judged", dns([](DatagramSession& s, const std::string& name) {
                  s.client_says(query(kDecoyName));
                  s.client_says(query(name, {.id = 0x1235}));
                })),
      datagrams("D.8-107l", "what nobody knows, and then the name on the same ports",
                "every datagram is judged", dns([](DatagramSession& s, const std::string& name) {
                  s.client_says(std::string(40, '\xff'));
                  s.client_says(query(name));
                })),
  };
}

std::vector<Row> elsewhere_rows() {
  std::vector<Row> rows;
  Datagrams other =
      dns([](DatagramSession& s, const std::string& name) { s.client_says(query(name)); });
  other.server_port = 1253;
  rows.push_back(datagrams("D.8-109a", "on port 1253", "known by its shape", other));
  other.server_port = 5353;
  rows.push_back(datagrams("D.8-109d", "on port 5353",
                           "only what is sent to all of a link stays on it", other));
  for (const bool reversed : {false, true}) {
    rows.push_back(datagrams(reversed ? "D.8-109c" : "D.8-109b",
                             reversed ? "in fragments, the last first" : "in fragments",
                             "held, judged as one",
                             dns([reversed](DatagramSession& s, const std::string& name) {
                               s.client_says_in_fragments(query(name), {8, 32}, reversed);
                             })));
  }
  return rows;
}

// --- answers

constexpr const char* kHead = "\xc0\x0c";

std::string answer(const std::string& records, std::uint16_t count, std::uint16_t type = 1) {
  return dns_header({.flags = 0x8180, .answers = count}) +
         dns_question(dns_name(kDecoyName), type) + records;
}

// The answer of a harmless question, which shall not come to the client as it is.
Row answered(const char* id, const char* what, const char* why, std::uint16_t type,
             std::function<std::string(const std::string& name)> message, PolicyWords words = {}) {
  Datagrams said = dns([type, message](DatagramSession& s, const std::string& name) {
    s.client_says(dns_header() + dns_question(dns_name(kDecoyName), type));
    s.server_says(message(name));
  });
  said.arrived = [message](const DatagramSession& s) {
    const std::string wanted = message(kBlockedName);
    return std::find(s.at_client().begin(), s.at_client().end(), wanted) != s.at_client().end();
  };
  said.words = std::move(words);
  return datagrams(id, what, why, said);
}

std::vector<Row> answer_rows() {
  const auto strip = [](policy::Policy::Content& content) {
    content.controls.tls.ech = policy::EncryptedClientHello::strip;
  };
  const auto with_ech = [](const std::string& name) {
    const std::string keys = is_blocked(name) ? svc_param(5, "ech keys") : std::string();
    const std::string data = svc_data(1, "\0"s, svc_param(1, "\2h3") + keys);
    return answer(dns_record(kHead, kHttps, data), 1, kHttps);
  };
  const std::string address = "\xc0\x00\x02\x63"s;
  return {
      answered("D.8-110a", "a CNAME from a harmless name to the blocked one",
               "the answer is replaced", 1,
               [address](const std::string& name) {
                 return answer(dns_record(kHead, kCname, dns_name(name)) +
                                   dns_record(dns_name(name), 1, address),
                               2);
               }),
      answered("D.8-110b", "the same over two harmless names", "the answer is replaced", 1,
               [address](const std::string& name) {
                 const std::string middle = dns_name("edge.welcome.example");
                 return answer(dns_record(kHead, kCname, middle) +
                                   dns_record(middle, kCname, dns_name(name)) +
                                   dns_record(dns_name(name), 1, address),
                               3);
               }),
      answered("D.8-110c", "an HTTPS record of a harmless name that leads to the blocked one",
               "the answer is replaced", kHttps,
               [](const std::string& name) {
                 return answer(dns_record(kHead, kHttps, svc_data(0, dns_name(name), {})), 1,
                               kHttps);
               }),
      answered("D.8-111a", "keys for an encrypted hello, under `encrypted_client_hello: strip`",
               "taken out; `alpn` alone stays", kHttps, with_ech, strip),
  };
}

// --- DNS over TCP

Row over_tcp_row(const char* id, const char* what, const char* why, bool answered,
                 std::function<std::vector<Turn>(const std::string& name)> says) {
  Conversation said;
  said.server_port = 53;
  said.answered = answered;
  said.says = std::move(says);
  return conversation(id, what, why, said);
}

std::vector<Row> stream_rows() {
  const std::string reply = over_tcp(answer(dns_record(kHead, 1, "\xc0\0\2\x63"s), 1));
  return {
      over_tcp_row(
          "D.8-108a", "a question over TCP, its length cut off", "put together", true,
          [](const std::string& name) { return std::vector<Turn>{{over_tcp(query(name))}}; }),
      over_tcp_row(
          "D.8-108b", "the second of two questions in one segment", "every question counts", false,
          [](const std::string& name) {
            return std::vector<Turn>{{over_tcp(query(kDecoyName)) + over_tcp(query(name))}};
          }),
      over_tcp_row("D.8-108c", "the third question of a connection", "every question counts", true,
                   [reply](const std::string& name) {
                     return std::vector<Turn>{{over_tcp(query(kDecoyName)), reply},
                                              {over_tcp(query(kDecoyName)), reply},
                                              {over_tcp(query(name))}};
                   }),
      over_tcp_row("D.8-108d", "one byte at a time", "put together", false,
                   [](const std::string& name) {
                     std::vector<Turn> bytes;
                     for (const char byte : over_tcp(query(name))) {
                       bytes.push_back({std::string(1, byte)});
                     }
                     return bytes;
                   }),
      over_tcp_row("D.8-108e", "behind a message that is broken", "servers read on, and so is it",
                   true,
                   [](const std::string& name) {
                     return std::vector<Turn>{{over_tcp(query(kDecoyName))},
                                              {over_tcp(dns_header() + dns_question("\xc0\x0c"))},
                                              {over_tcp(query(name))}};
                   }),
  };
}

Row keys_row() {
  Conversation keys;
  keys.server_port = 53;
  keys.answered = true;
  keys.words = [](policy::Policy::Content& content) {
    content.controls.tls.ech = policy::EncryptedClientHello::strip;
  };
  keys.says = [](const std::string& name) {
    const std::uint16_t type = is_blocked(name) ? kHttps : 1;
    return std::vector<Turn>{{over_tcp(dns_header() + dns_question(dns_name(kAllowedName), type))}};
  };
  return conversation("D.8-111b",
                      "a question over TCP for keys, under `encrypted_client_hello: strip`",
                      "answered without any", keys);
}

// --- around DNS

void refuse_encrypted_dns(policy::Policy::Content& content) {
  policy::Rule rule;
  rule.id = RuleId(static_cast<std::uint16_t>(content.rules.size()));
  rule.name = "no other resolvers";
  rule.applications = {ApplicationId(1)};
  rule.action = policy::Action::reset;
  content.rules.push_back(rule);
}

std::string resolver(const std::string& name) {
  return is_blocked(name) ? "dns.resolver.example" : name;
}

std::vector<Row> around_rows() {
  Conversation by_name;
  by_name.words = refuse_encrypted_dns;
  by_name.says = [](const std::string& name) {
    return std::vector<Turn>{{record(proto::test::hello(sni({resolver(name)})))}};
  };
  std::vector<Row> rows = {conversation(
      "D.8-112a", "DNS over HTTPS, under a rule for encrypted DNS", "known by name", by_name)};
  by_name.server_port = 853;
  rows.push_back(
      conversation("D.8-112b", "DNS over TLS, under the same rule", "known by name", by_name));
  Datagrams over_quic;
  over_quic.words = refuse_encrypted_dns;
  over_quic.server_port = 853;
  over_quic.answered = true;
  over_quic.play = [](DatagramSession& s, const std::string& name) {
    const std::string hello = proto::test::hello(sni({resolver(name)}));
    s.client_says(proto::test::initial(crypto_frame(0, hello)));
  };
  over_quic.arrived = [](const DatagramSession& s) { return !s.at_server().empty(); };
  rows.push_back(
      datagrams("D.8-112c", "DNS over QUIC, under the same rule", "known by name", over_quic));
  Datagrams canary = dns([](DatagramSession& s, const std::string& name) {
    s.client_says(query(is_blocked(name) ? "use-application-dns.net" : name));
  });
  canary.words = refuse_encrypted_dns;
  canary.arrived = [](const DatagramSession& s) { return !s.at_server().empty(); };
  rows.push_back(datagrams("D.8-112d", "a browser asks whether it may use a resolver of its own",
                           "told not to", canary));
  rows.push_back(out_of_reach("D.8-112e", "oblivious relays, and resolvers on no list",
                              "a relay is one more web server; what it is asked nobody can read"));

  Conversation cached;
  cached.says = [](const std::string& name) {
    return std::vector<Turn>{{record(proto::test::hello(sni({name})))}};
  };
  rows.push_back(conversation("D.8-113a", "an address that was never asked for",
                              "the name in the hello is judged", cached));
  Conversation learned;
  // A neighbour of the client's may ask what the client may not.
  learned.words = [](policy::Policy::Content& content) {
    policy::Rule rule;
    rule.id = RuleId(0);
    rule.name = "but for the neighbour";
    rule.from =
        policy::AddressSet({*Prefix::parse("10.0.0.77/32"), *Prefix::parse("2001:db8::77/128")});
    rule.action = policy::Action::allow;
    content.rules.insert(content.rules.begin(), rule);
    content.rules[1].id = RuleId(1);
  };
  learned.before = [](Gateway& gateway, const Path& path) {
    const auto between = [&](bool asks) {
      const char* client = path.v6 ? "2001:db8::77" : "10.0.0.77";
      const char* server = path.v6 ? "2001:db8:53::1" : "198.51.100.53";
      Frame frame;
      const char* from = asks ? client : server;
      const char* to = asks ? server : client;
      (path.v6 ? frame.v6(from, to) : frame.v4(from, to)).udp(asks ? 5000 : 53, asks ? 53 : 5000);
      return frame;
    };
    const std::uint16_t type = path.v6 ? 28 : 1;
    const std::string question = dns_question(dns_name(kBlockedName), type);
    const IpAddress server = *IpAddress::parse(path.server());
    const std::string address(as_text(Bytes(server.bytes).subspan(path.v6 ? 0 : 12)));
    gateway.send(between(true).payload(dns_header() + question).build(), net::Side::inside);
    gateway.send(between(false)
                     .payload(dns_header({.flags = 0x8180, .answers = 1}) + question +
                              dns_record(kHead, type, address))
                     .build(),
                 net::Side::outside);
  };
  learned.says = [](const std::string&) {
    return std::vector<Turn>{{record(proto::test::hello(supported_versions({0x0304})))}};
  };
  rows.push_back(conversation("D.8-113b", "no name, to an address that a neighbour was told",
                              "the address was learned", learned));
  return rows;
}

}  // namespace

std::vector<Row> dns_rows() {
  std::vector<Row> rows;
  for (auto* part : {&question_rows, &stream_rows, &elsewhere_rows, &answer_rows}) {
    for (Row& row : (*part)()) rows.push_back(std::move(row));
  }
  rows.push_back(keys_row());
  for (Row& row : around_rows()) rows.push_back(std::move(row));
  return rows;
}

}  // namespace chatgate::test
