// What the policy's key `http` does to a worker, and `dns.message_length`.

#include <gtest/gtest.h>

#include "dns_message.h"
#include "wire.h"

namespace chatgate::engine {
namespace {

using policy::HttpControls;
using policy::LengthLimit;
using telemetry::Counter;
using telemetry::EventType;
using telemetry::Reason;

std::shared_ptr<Snapshot> under(const policy::Controls& controls,
                                std::shared_ptr<Snapshot> made = snapshot({}),
                                policy::Mode mode = policy::Mode::enforce) {
  policy::Policy::Content content;
  content.mode = mode;
  content.rules = {made->policy->rules().begin(), made->policy->rules().end()};
  content.controls = controls;
  made->policy = std::make_shared<policy::Policy>(std::move(content), *made->catalogue);
  return made;
}

std::shared_ptr<Snapshot> under(HttpControls http, std::shared_ptr<Snapshot> made = snapshot({}),
                                policy::Mode mode = policy::Mode::enforce) {
  policy::Controls controls;
  controls.http = std::move(http);
  return under(controls, std::move(made), mode);
}

HttpControls::UriPattern pattern(const std::string& text, Action action) {
  std::string error;
  return {*policy::Pattern::compile(text, error), action};
}

HttpControls::HeaderPattern header(const std::string& name,
                                   const std::optional<std::string>& name_pattern,
                                   const std::optional<std::string>& value, Action action) {
  HttpControls::HeaderPattern made;
  made.name = name;
  if (name_pattern) made.name_pattern = pattern(*name_pattern, action).pattern;
  if (value) made.pattern = pattern(*value, action).pattern;
  made.action = action;
  return made;
}

Octets text(std::string_view bytes) {
  return test::from_text(std::string(bytes));
}

std::string request(const std::string& line, const std::string& fields = "",
                    const std::string& host = "www.example.com") {
  return line + " HTTP/1.1\r\nHost: " + host + "\r\n" + fields + "\r\n";
}

// One check, by the action it is given; a request that it finds, and one that it must not.
struct Check {
  const char* what;
  Reason reason;
  HttpControls (*make)(Action action);
  std::string found;
  std::string innocent;
};

std::vector<Check> checks() {
  return {
      {"violation", Reason::http_violation,
       [](Action action) {
         HttpControls http;
         http.protocol_violation = action;
         return http;
       },
       "GET / HTTP/1.1\r\nHost : www.example.com\r\n\r\n", request("GET /")},
      {"method", Reason::http_method,
       [](Action action) {
         HttpControls http;
         http.methods = {{"GET", "PROPFIND"}, action};
         return http;
       },
       request("POST /"), request("PROPFIND /")},
      {"method in small letters", Reason::http_method,
       [](Action action) {
         HttpControls http;
         http.methods = {{"GET"}, action};
         return http;
       },
       request("PATCH /get"), request("GET /PATCH")},
      {"uri length", Reason::http_uri_length,
       [](Action action) {
         HttpControls http;
         http.max_uri_length = LengthLimit{20, action};
         return http;
       },
       request("GET /" + std::string(20, 'a')), request("GET /" + std::string(19, 'a'))},
      {"uri", Reason::http_uri,
       [](Action action) {
         HttpControls http;
         http.uri.push_back(pattern("^/gateway/gateway\\.dll", action));
         return http;
       },
       request("GET /x/../%67ateway//GATEWAY.dll?Action=open"),
       request("GET /gateway/gatewayXdll?/gateway/gateway.dll")},
      {"arguments", Reason::http_arguments,
       [](Action action) {
         HttpControls http;
         http.arguments.push_back(pattern("^(.*&)?machinekey=", action));
         return http;
       },
       request("GET /erc/Poll?a=1&%6Dachinekey=2"), request("GET /machinekey=/x?machine=key")},
      {"header count", Reason::http_header_count,
       [](Action action) {
         HttpControls http;
         http.max_header_count = LengthLimit{3, action};
         return http;
       },
       request("GET /", "A: 1\r\nB: 2\r\nC: 3\r\n"), request("GET /", "A: 1\r\nB: 2\r\n")},
      {"header line", Reason::http_header_line,
       [](Action action) {
         HttpControls http;
         http.max_header_line_length = LengthLimit{30, action};
         return http;
       },
       request("GET /", "X: " + std::string(28, 'a') + "\r\n"),
       request("GET /" + std::string(90, 'b'), "X: " + std::string(27, 'a') + "\r\n")},
      {"header line, folded", Reason::http_header_line,
       [](Action action) {
         HttpControls http;
         http.max_header_line_length = LengthLimit{30, action};
         return http;
       },
       request("GET /", "X: " + std::string(20, 'a') + "\r\n " + std::string(10, 'a') + "\r\n"),
       request("GET /", "X: " + std::string(20, 'a') + "\r\nY: " + std::string(10, 'a') + "\r\n")},
      {"header by name and value", Reason::http_header,
       [](Action action) {
         HttpControls http;
         http.headers.push_back(header("user-agent", {}, "Gator", action));
         return http;
       },
       request("GET /", "user-AGENT: a gator/1\r\n"),
       request("GET /gator", "X-User-Agent: Gator\r\nUser-Agent: x\r\n")},
      {"header by its name", Reason::http_header,
       [](Action action) {
         HttpControls http;
         http.headers.push_back(header("", "^x-kazaa-", {}, action));
         return http;
       },
       request("GET /", "X-Kazaa-Network: KaZaA\r\n"), request("GET /", "A: X-Kazaa-Network\r\n")},
      {"header with an exception", Reason::http_header,
       [](Action action) {
         HttpControls http;
         http.headers.push_back(header("user-agent", {}, "^good", Action::allow));
         http.headers.push_back(header("", {}, "bad", action));
         return http;
       },
       request("GET /", "User-Agent: good bad\r\nX: bad\r\n"),
       request("GET /", "User-Agent: good bad\r\n")},
      {"header on a folded line", Reason::http_header,
       [](Action action) {
         HttpControls http;
         http.headers.push_back(header("user-agent", {}, "Gator", action));
         return http;
       },
       request("GET /", "User-Agent: a\r\n  Gator\r\n"),
       request("GET /", "User-Agent: a\r\nX:  Gator\r\n")},
      {"transfer encoding", Reason::http_transfer_encoding,
       [](Action action) {
         HttpControls http;
         http.transfer_encoding = {{"chunked"}, action};
         return http;
       },
       request("POST /", "Transfer-Encoding: gzip, chunked\r\n"),
       request("POST /", "transfer-encoding: Chunked\r\n")},
      {"header length", Reason::http_header_length,
       [](Action action) {
         HttpControls http;
         http.max_header_length = LengthLimit{63, action};
         return http;
       },
       request("GET /", "X: " + std::string(36, 'a') + "\r\n"),
       request("GET /" + std::string(200, 'b'), "X: " + std::string(35, 'a') + "\r\n")},
      {"content length", Reason::http_content_length,
       [](Action action) {
         HttpControls http;
         http.content_length = {2, 5, action};
         return http;
       },
       request("POST /", "Content-Length: 6\r\n"), request("POST /", "Content-Length: 5\r\n")},
      {"content length, too short", Reason::http_content_length,
       [](Action action) {
         HttpControls http;
         http.content_length = {2, 5, action};
         return http;
       },
       request("POST /", "Content-Length: 1\r\n"), request("GET /")},
  };
}

TEST(HttpPath, EveryCheckByEveryAction) {
  for (const Check& check : checks()) {
    for (const Action action : {Action::allow, Action::alert, Action::drop, Action::reset}) {
      SCOPED_TRACE(std::string(check.what) + " " + std::string(to_string(action)));
      Wire wire(under(check.make(action)));
      Talk talk(wire, 40000, 8000);
      talk.open();
      const Outcome outcome = talk.client_says(text(check.found));
      const bool stops = !policy::forwards(action);
      EXPECT_EQ(outcome.forward, !stops);
      EXPECT_EQ(outcome.reason, stops ? check.reason : Reason::none);
      EXPECT_EQ(outcome.forged.size(), action == Action::reset ? 2u : 0u);
      const auto events = wire.events(EventType::alert);
      ASSERT_EQ(events.size(), action == Action::allow ? 0u : 1u);
      if (action == Action::allow) continue;
      EXPECT_EQ(events[0].reason, check.reason);
      EXPECT_EQ(events[0].action, action);
      EXPECT_FALSE(events[0].rule.valid());
      EXPECT_EQ(wire.count(Counter::alerted), stops ? 0u : 1u);
      EXPECT_EQ(talk.server_says("HTTP/1.1 200 OK\r\n\r\n").forward, !stops);
    }
  }
}

TEST(HttpPath, WhatIsWithinTheLimitsPasses) {
  for (const Check& check : checks()) {
    SCOPED_TRACE(check.what);
    Wire wire(under(check.make(Action::reset)));
    Talk talk(wire, 40000, 8000);
    talk.open();
    EXPECT_TRUE(talk.client_says(text(check.innocent)).forward);
    EXPECT_TRUE(wire.events(EventType::alert).empty());
  }
}

TEST(HttpPath, HoweverTheRequestIsCut) {
  for (const Check& check : checks()) {
    for (std::size_t cut = 1; cut < check.found.size(); ++cut) {
      Wire wire(under(check.make(Action::reset)));
      Talk talk(wire, 40000, 8000);
      talk.open();
      EXPECT_TRUE(talk.client_says(text(check.found.substr(0, cut))).forward);
      ASSERT_EQ(talk.client_says(text(check.found.substr(cut))).reason, check.reason)
          << check.what << " cut at " << cut;
    }
  }
}

TEST(HttpPath, EveryRequestOfAConnectionIsLookedAt) {
  for (const Check& check : checks()) {
    SCOPED_TRACE(check.what);
    Wire wire(under(check.make(Action::reset)));
    Talk talk(wire, 40000, 8000);
    talk.open();
    std::string first = check.innocent;
    if (first.find("Content-Length: 5") != first.npos) first += "abcde";
    if (first.find("transfer-encoding") != first.npos) first += "0\r\n\r\n";
    EXPECT_TRUE(talk.client_says(text(first)).forward);
    EXPECT_TRUE(talk.server_says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab").forward);
    EXPECT_EQ(talk.client_says(text(check.found)).reason, check.reason);
    // And one that is sent with the one before.
    Talk pipelined(wire, 40001, 8000);
    pipelined.open();
    EXPECT_EQ(pipelined.client_says(text(first + check.found)).reason, check.reason);
  }
}

TEST(HttpPath, MonitorModeOnlySays) {
  for (const Check& check : checks()) {
    SCOPED_TRACE(check.what);
    Wire wire(under(check.make(Action::reset), block_im(), policy::Mode::monitor));
    Talk talk(wire, 40000, 8000);
    talk.open();
    EXPECT_TRUE(talk.client_says(text(check.found)).forward);
    EXPECT_EQ(wire.count(Counter::would_block), 1u);
    EXPECT_EQ(wire.count(check.reason), 1u);
    ASSERT_EQ(wire.events(EventType::alert).size(), 1u);
  }
}

TEST(HttpPath, ChecksComeInTheOrderOfTheBytes) {
  HttpControls http;
  http.max_header_length = LengthLimit{1, Action::drop};
  http.uri.push_back(pattern("^/first", Action::allow));
  http.uri.push_back(pattern("first", Action::reset));
  http.methods = {{"GET"}, Action::alert};
  Wire wire(under(http));
  Talk talk(wire, 40000, 8000);
  talk.open();
  // The method only alerts, the first pattern that matches allows, the header's length stops.
  EXPECT_EQ(talk.client_says(text(request("PUT /first"))).reason, Reason::http_header_length);
  const auto events = wire.events(EventType::alert);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].reason, Reason::http_method);
  EXPECT_EQ(events[1].reason, Reason::http_header_length);
  Talk other(wire, 40001, 8000);
  other.open();
  EXPECT_EQ(other.client_says(text(request("GET /second/first"))).reason, Reason::http_uri);
}

TEST(HttpPath, ChecksComeBeforeTheRules) {
  HttpControls http;
  http.max_uri_length = LengthLimit{1, Action::alert};
  Wire wire(under(http, block_im()));
  Talk talk(wire, 40000, 8000);
  talk.open();
  EXPECT_EQ(talk.client_says(text(request("GET /long", "", "web.whatsapp.net"))).reason,
            Reason::policy_reset);
  EXPECT_EQ(wire.events(EventType::alert).size(), 2u);
}

// --- the web's ports

struct PortCase {
  const char* what;
  std::uint16_t port;
  Octets said;
  Reason reason;  // none: as it should be
};

// A banner and a key exchange (RFC 4253 section 7.1).
std::string ssh() {
  std::string bytes = "SSH-2.0-OpenSSH_9.2\r\n" + std::string("\0\0\5\x2c\6\x14", 6);
  for (int i = 0; i < 200; ++i) bytes += static_cast<char>(i * 89 + 17);
  return bytes;
}

std::vector<PortCase> port_cases() {
  const Octets get = text(request("GET /"));
  const Octets hello = test::client_hello("www.example.com");
  const Octets other = text(ssh());
  return {
      {"HTTP on 80", 80, get, Reason::none},
      {"TLS on 80", 80, hello, Reason::not_http},
      {"SSH on 80", 80, other, Reason::not_http},
      {"binary on 80", 80, text(ssh().substr(21)), Reason::not_http},
      {"HTTP/2 on 80", 80, text("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Reason::none},
      {"TLS on 443", 443, hello, Reason::none},
      {"HTTP on 443", 443, get, Reason::not_tls},
      {"SSH on 443", 443, other, Reason::not_tls},
      {"SSH on 22", 22, other, Reason::none},
      {"TLS on 8443", 8443, hello, Reason::none},
      {"HTTP on 8080", 8080, get, Reason::none},
      // A messenger's own protocol is for its rules.
      {"MSN on 80", 80, text("VER 1 MSNP8 CVR0\r\n"), Reason::none},
  };
}

TEST(HttpPath, WhatIsSpokenOnThePortsOfTheWeb) {
  for (const PortCase& row : port_cases()) {
    for (const Action action : {Action::allow, Action::alert, Action::reset}) {
      SCOPED_TRACE(row.what);
      HttpControls http;
      http.protocol_violation = action;
      Wire wire(under(http));
      Talk talk(wire, 40000, row.port);
      talk.open();
      const Outcome outcome = talk.client_says(row.said);
      const bool found = row.reason != Reason::none && action != Action::allow;
      EXPECT_EQ(outcome.forward, !found || action == Action::alert);
      const auto events = wire.events(EventType::alert);
      ASSERT_EQ(events.size(), found ? 1u : 0u);
      if (!found) continue;
      EXPECT_EQ(events[0].reason, row.reason);
      EXPECT_EQ(outcome.reason, action == Action::reset ? row.reason : Reason::none);
    }
  }
}

TEST(HttpPath, OnlyTheBeginningOfAConnectionTellsItsProtocol) {
  HttpControls http;
  http.protocol_violation = Action::reset;
  const auto made = under(http);
  // The opening was not seen: this may be the middle of anything.
  Wire midstream(made);
  Talk running(midstream, 40000, 80);
  EXPECT_TRUE(running.client_says(text("the middle of a body")).forward);
  // The server answers with what no parser knows, as servers do.
  Wire wire(made);
  Talk talk(wire, 40001, 80);
  talk.open();
  EXPECT_TRUE(talk.client_says(text(request("GET /"))).forward);
  EXPECT_TRUE(talk.server_says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab").forward);
  // What goes through a tunnel of a proxy on port 80 is not the proxy's HTTP.
  Talk tunnel(wire, 40002, 80);
  tunnel.open();
  EXPECT_TRUE(tunnel.client_says(text(request("CONNECT www.example.com:443"))).forward);
  EXPECT_TRUE(tunnel.server_says("HTTP/1.1 200 OK\r\n\r\n").forward);
  EXPECT_TRUE(tunnel.client_says(test::client_hello("www.example.com")).forward);
  // A server of the web does not speak first.
  Talk first(wire, 40003, 80);
  first.open();
  EXPECT_EQ(first.server_says(ssh()).reason, Reason::not_http);
}

TEST(HttpPath, BrokenRequestsAreViolations) {
  const std::string broken =
      request("POST /", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n");
  for (const Action action : {Action::allow, Action::alert, Action::drop}) {
    HttpControls http;
    http.protocol_violation = action;
    Wire wire(under(http));
    Talk talk(wire, 40000, 8000);
    talk.open();
    const Outcome outcome = talk.client_says(text(broken));
    // What would let a request hide is never let through, whatever the word for violations.
    EXPECT_EQ(outcome.reason, action == Action::drop ? Reason::http_violation : Reason::evasion);
    EXPECT_EQ(wire.events(EventType::alert).size(), action == Action::alert ? 2u : 1u);
  }
}

// --- port misuse

struct MisuseCase {
  const char* what;
  std::uint16_t port;
  Octets said;
  bool disguised;
};

std::vector<MisuseCase> misuse_cases() {
  const Octets msn = text("VER 1 MSNP8 CVR0\r\n");
  return {
      {"by its host", 8000, text(request("GET /", "", "web.whatsapp.net")), true},
      {"by the target of a proxy", 3128, text(request("CONNECT web.whatsapp.net:443")), true},
      {"its own protocol on 80", 80, msn, true},
      {"its own protocol on 8080", 8080, msn, true},
      {"its own protocol on 3128", 3128, msn, true},
      {"its own protocol on 443", 443, msn, true},
      {"its own protocol on its port", 1863, msn, false},
      {"its own protocol elsewhere", 9999, msn, false},
      {"TLS on 443", 443, test::client_hello("web.whatsapp.net"), false},
      {"another's host", 80, text(request("GET /", "", "www.example.com")), false},
      {"a shared host", 80, text(request("GET /", "", "shared.example")), false},
      {"HTTP on a messenger's port", 1863, text(request("GET /")), false},
  };
}

TEST(HttpPath, MessengersInHttpMeetPortMisuse) {
  for (const MisuseCase& row : misuse_cases()) {
    for (const Action action : {Action::alert, Action::drop, Action::reset}) {
      SCOPED_TRACE(row.what);
      HttpControls http;
      http.port_misuse.im = action;
      Wire wire(under(http));
      Talk talk(wire, 40000, row.port);
      talk.open();
      const Outcome outcome = talk.client_says(row.said);
      const bool stops = row.disguised && !policy::forwards(action);
      EXPECT_EQ(outcome.forward, !stops);
      EXPECT_EQ(outcome.reason, stops ? Reason::port_misuse : Reason::none);
      EXPECT_EQ(outcome.forged.size(), stops && action == Action::reset ? 2u : 0u);
      const auto events = wire.events(EventType::alert);
      ASSERT_EQ(events.size(), row.disguised ? 1u : 0u);
      if (!row.disguised) continue;
      EXPECT_EQ(events[0].reason, Reason::port_misuse);
      EXPECT_TRUE(events[0].im.known());
      EXPECT_FALSE(events[0].rule.valid());
    }
  }
}

TEST(HttpPath, ARuleThatMatchesWinsOverPortMisuse) {
  HttpControls http;
  http.port_misuse.im = Action::reset;
  for (const MisuseCase& row : misuse_cases()) {
    SCOPED_TRACE(row.what);
    Wire wire(under(http, snapshot({{{kWhatsapp, kMsn}, {}, Action::allow}})));
    Talk talk(wire, 40000, row.port);
    talk.open();
    EXPECT_TRUE(talk.client_says(row.said).forward);
  }
  // The other way round the reason is the rule's.
  http.port_misuse.im = Action::allow;
  Wire wire(under(http, block_im()));
  Talk talk(wire, 40000, 80);
  talk.open();
  EXPECT_EQ(talk.client_says(text(request("GET /", "", "web.whatsapp.net"))).reason,
            Reason::policy_reset);
}

TEST(HttpPath, PortMisuseByKind) {
  const auto said = [](const HttpControls& http, const char* host) {
    Wire wire(under(http));
    Talk talk(wire, 40000, 80);
    talk.open();
    return talk.client_says(text(request("GET /", "", host))).reason;
  };
  HttpControls http;
  http.port_misuse.p2p = Action::reset;
  http.port_misuse.tunneling = Action::reset;
  EXPECT_EQ(said(http, "web.whatsapp.net"), Reason::none);
  http.port_misuse.rest = Action::reset;
  EXPECT_EQ(said(http, "web.whatsapp.net"), Reason::port_misuse);
  // What is none of the three kinds is none of its business.
  EXPECT_EQ(said(http, "push.example"), Reason::none);
  http.port_misuse.im = Action::allow;
  EXPECT_EQ(said(http, "web.whatsapp.net"), Reason::none);
}

// A connection that stands meets the words of a policy that comes into force.
TEST(HttpPath, PortMisuseOfAConnectionThatStands) {
  Wire wire(snapshot({}));
  Talk talk(wire, 40000, 80);
  talk.open();
  const Octets get = text(request("GET /", "", "web.whatsapp.net"));
  EXPECT_TRUE(talk.client_says(get).forward);
  HttpControls http;
  http.port_misuse.im = Action::reset;
  auto next = under(http, snapshot({}, 2));
  wire.reload(next);
  EXPECT_FALSE(talk.client_says(get).forward);
}

// --- DNS

TEST(DnsHeader, MessagesThatNoServerTakesMeetTheAction) {
  using namespace proto::test;
  const std::string question = dns_header() + dns_question(dns_name("www.example.com"), 1);
  for (const Action action : {Action::allow, Action::alert, Action::drop, Action::reset}) {
    policy::Controls controls;
    controls.dns.header = action;
    Wire wire(under(controls));
    const auto ask = [&](const std::string& payload, std::uint16_t port = 53) {
      return wire.inside(Frame().v4(kClient, kServer).udp(40000, port).payload(payload));
    };
    EXPECT_TRUE(ask(question).forward);
    const bool stops = !policy::forwards(action);
    for (const std::string& found :
         {question + "x", question.substr(0, 20), std::string("hello")}) {
      EXPECT_EQ(ask(found).reason, stops ? Reason::dns_header : Reason::none) << found;
    }
    EXPECT_EQ(wire.events(EventType::alert).size(), action == Action::allow ? 0u : 3u);
    EXPECT_TRUE(ask(question).forward) << "each message by itself";
    EXPECT_TRUE(ask("hello", 54).forward) << "another port";
    Talk talk(wire, 40000, 53);
    talk.open();
    const auto framed = [](const std::string& message) {
      return text(std::string({'\0', static_cast<char>(message.size())}) + message);
    };
    EXPECT_TRUE(talk.client_says(framed(question)).forward);
    const Outcome outcome = talk.client_says(framed(question + "x"));
    EXPECT_EQ(outcome.reason, stops ? Reason::dns_header : Reason::none);
    EXPECT_EQ(outcome.forged.size(), action == Action::reset ? 2u : 0u);
  }
}

TEST(DnsLength, LongerMessagesMeetTheAction) {
  using namespace proto::test;
  const std::string question = dns_header() + dns_question(dns_name("www.example.com"), 1);
  for (const Action action : {Action::allow, Action::alert, Action::drop, Action::reset}) {
    for (const std::size_t limit : {question.size(), question.size() - 1}) {
      policy::Controls controls;
      controls.dns.message_length = LengthLimit{static_cast<std::uint32_t>(limit), action};
      Wire wire(under(controls));
      const auto ask = [&] {
        return wire.inside(Frame().v4(kClient, kServer).udp(40000, 53).payload(question));
      };
      const Outcome outcome = ask();
      const bool found = limit < question.size() && action != Action::allow;
      EXPECT_EQ(outcome.forward, !found || action == Action::alert);
      EXPECT_EQ(outcome.reason, outcome.forward ? Reason::none : Reason::dns_length);
      EXPECT_EQ(wire.events(EventType::alert).size(), found ? 1u : 0u);
      // Each message is judged by itself.
      EXPECT_EQ(ask().forward, outcome.forward);
      EXPECT_TRUE(
          wire.inside(Frame().v4(kClient, kServer).udp(40000, 53).payload(question.substr(0, 12)))
              .forward);
    }
  }
}

}  // namespace
}  // namespace chatgate::engine
