// Sessions of messengers: what is done in them is judged message by message, for as long as a rule
// asks.

#include <gtest/gtest.h>

#include "wire.h"

namespace chatgate::engine {
namespace {

using catalog::Service;
using telemetry::Counter;
using telemetry::EventType;
using telemetry::Reason;

struct ServiceRule {
  std::vector<ApplicationId> applications;
  std::vector<Service> services;
  Action action;
  bool log = true;
};

std::shared_ptr<Snapshot> with_services(const std::vector<ServiceRule>& rules,
                                        std::uint32_t generation = 1) {
  auto made = snapshot({}, generation);
  policy::Policy::Content content;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    policy::Rule& rule = content.rules.emplace_back();
    rule.id = RuleId(static_cast<std::uint16_t>(i));
    rule.name = "rule " + std::to_string(i + 1);
    rule.applications = rules[i].applications;
    rule.services = rules[i].services;
    rule.action = rules[i].action;
    rule.log = rules[i].log;
  }
  made->policy = std::make_shared<policy::Policy>(std::move(content), *made->catalogue);
  return made;
}

Octets text(std::string_view bytes) {
  return test::from_text(std::string(bytes));
}

std::string msn_text(std::string_view words) {
  const std::string body =
      "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\n" + std::string(words);
  return "MSG 4 N " + std::to_string(body.size()) + "\r\n" + body;
}

std::string msn_file(std::string_view name) {
  const std::string body =
      "MIME-Version: 1.0\r\nContent-Type: text/x-msmsgsinvite; charset=UTF-8\r\n\r\n"
      "Application-Name: File Transfer\r\n"
      "Application-GUID: {5D3E02AB-6190-11d3-BBBB-00C04F795683}\r\n"
      "Invitation-Command: INVITE\r\nInvitation-Cookie: 33267\r\nApplication-File: " +
      std::string(name) + "\r\nApplication-FileSize: 14\r\n\r\n";
  return "MSG 5 N " + std::to_string(body.size()) + "\r\n" + body;
}

// A switchboard session up to where somebody is there to talk to.
void open_switchboard(Talk& talk) {
  talk.open();
  EXPECT_TRUE(
      talk.client_says(text("USR 1 alice@example.com 17262740.1050826919.32308\r\n")).forward);
  EXPECT_TRUE(talk.server_says("USR 1 OK alice@example.com Alice\r\n").forward);
  EXPECT_TRUE(talk.client_says(text("CAL 2 bob@example.com\r\n")).forward);
  EXPECT_TRUE(talk.server_says("CAL 2 RINGING 17342299\r\nJOI bob@example.com Bob\r\n").forward);
}

TEST(Messenger, ItsProtocolIsKnownOnAnyPort) {
  for (const std::uint16_t port : {25, 80, 443, 8080, 31337}) {
    Wire wire(block_im());
    Talk talk(wire, 40000, port);
    talk.open();
    const Outcome outcome = talk.client_says(text("VER 1 MSNP8 CVR0\r\n"));
    EXPECT_FALSE(outcome.forward) << port;
    EXPECT_EQ(outcome.forged.size(), 2u);
    const auto events = wire.events(EventType::alert);
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].im.application, kMsn);
    EXPECT_EQ(events[0].im.evidence, catalog::Evidence::payload);
    EXPECT_EQ(events[0].app_proto, proto::AppProto::msnp);
  }
}

// Few bytes of nobody's may yet be obfuscated ones; the port is judged all the same.
TEST(Messenger, AFewUnknownBytesOnAMessengersPortAreRefused) {
  Wire wire(snapshot({{{kPush}, {}, Action::reset}}));
  Talk talk(wire, 40000, 4244);
  talk.open();
  const Outcome outcome = talk.client_says(text("hello\r\n"));
  EXPECT_FALSE(outcome.forward);
  EXPECT_EQ(outcome.forged.size(), 2u);
  Talk elsewhere(wire, 40001, 7000);
  elsewhere.open();
  EXPECT_TRUE(elsewhere.client_says(text("hello\r\n")).forward);
}

// Others use the port too, and XMPP would begin with its stream.
TEST(Messenger, ASharedPortIsRefutedByForeignBytes) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 5223);
  talk.open();
  EXPECT_TRUE(talk.client_says(text("hello\r\n")).forward);
  EXPECT_TRUE(talk.client_says(Octets(200, 0x41)).forward);
  EXPECT_TRUE(wire.events(EventType::alert).empty());
  wire.reload(block_im(2));
  EXPECT_TRUE(talk.client_says(text("more\r\n")).forward) << "and stays so when judged anew";
}

TEST(Messenger, ASharedPortIsRefutedByASharedName) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 5223);
  talk.open();
  EXPECT_TRUE(talk.client_says(test::client_hello("www.shared.example")).forward);
  Talk nameless(wire, 40001, 5223);
  nameless.open();
  EXPECT_FALSE(nameless.client_says(test::client_hello("")).forward);
  Talk own_name(wire, 40002, 5223);
  own_name.open();
  EXPECT_FALSE(own_name.client_says(test::client_hello("chat.company.example")).forward);
}

// Whose machines they are is known, and what they serve there is not only the messenger.
TEST(Messenger, ASharedPortIsRefutedAtSomebodyElsesAddress) {
  Wire wire(block_im());
  Talk push(wire, 40000, 5223, "198.18.5.1");
  push.open();
  EXPECT_TRUE(push.client_says(test::client_hello("")).forward);
  EXPECT_TRUE(wire.events(EventType::alert).empty());
  Talk stream(wire, 40001, 5223, "198.18.5.1");
  stream.open();
  EXPECT_FALSE(
      stream.client_says(test::from_text("<stream:stream xmlns='jabber:client'>")).forward);
  Talk own_port(wire, 40002, 5222, "198.18.5.1");
  EXPECT_FALSE(own_port.open().forward) << "a port that is not shared tells everywhere";
}

// An address and a port of the application's, both shared, tell together, unless a shared name
// does.
TEST(Messenger, ASharedNameRefutesAddressAndPort) {
  Wire wire(block_im());
  Talk nameless(wire, 40000, 5223, "198.51.100.7");
  nameless.open();
  EXPECT_FALSE(nameless.client_says(test::client_hello("")).forward);
  const auto alerts = wire.events(EventType::alert);
  ASSERT_EQ(alerts.size(), 1u);
  EXPECT_EQ(alerts[0].im.application, kWhatsapp);
  EXPECT_EQ(alerts[0].im.evidence, catalog::Evidence::address);
  Talk named(wire, 40001, 5223, "198.51.100.7");
  named.open();
  EXPECT_TRUE(named.client_says(test::client_hello("www.shared.example")).forward);
  Talk own_port(wire, 40002, 5222, "198.51.100.7");
  EXPECT_FALSE(own_port.open().forward &&
               own_port.client_says(test::client_hello("www.shared.example")).forward)
      << "a port that is not shared is not refuted";
}

TEST(Messenger, TextChatAndNothingElse) {
  Wire wire(with_services(
      {{{kMsn}, {Service::text_chat}, Action::allow, false}, {{kMsn}, {}, Action::reset}}));
  Talk talk(wire, 40000, 1863);
  open_switchboard(talk);
  EXPECT_TRUE(talk.client_says(text(msn_text("hello"))).forward);
  EXPECT_TRUE(talk.server_says("ACK 4\r\n").forward);
  const Outcome outcome = talk.client_says(text(msn_file("secret.doc")));
  EXPECT_FALSE(outcome.forward);
  EXPECT_EQ(outcome.reason, Reason::policy_reset);
  EXPECT_EQ(outcome.forged.size(), 2u);
  const auto events = wire.events(EventType::alert);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].im.service, Service::file_transfer);
  EXPECT_EQ(events[0].rule, RuleId(1));
  ASSERT_TRUE(events[0].has_messenger);
  EXPECT_EQ(events[0].messenger.filename.view(), "secret.doc");
  EXPECT_EQ(events[0].messenger.login.view(), "alice@example.com") << "was said once, at the start";
}

TEST(Messenger, AServiceIsRefusedHoweverItsMessageIsCut) {
  const std::string message = msn_file("a.exe");
  for (std::size_t cut = 1; cut < message.size(); cut += 7) {
    Wire wire(with_services({{{kMsn}, {Service::file_transfer}, Action::reset}}));
    Talk talk(wire, 40000, 1863);
    open_switchboard(talk);
    EXPECT_TRUE(talk.client_says(text(msn_text("hello"))).forward);
    EXPECT_TRUE(talk.client_says(text(message.substr(0, cut))).forward) << cut;
    EXPECT_FALSE(talk.client_says(text(message.substr(cut))).forward) << cut;
  }
}

TEST(Messenger, TheOtherEndsMessagesCountToo) {
  Wire wire(with_services({{{kMsn}, {Service::file_transfer}, Action::reset}}));
  Talk talk(wire, 40000, 1863);
  open_switchboard(talk);
  const std::string invitation = msn_file("b.exe");
  const std::string body = invitation.substr(invitation.find("\r\n") + 2);
  EXPECT_FALSE(
      talk.server_says("MSG bob@example.com Bob " + std::to_string(body.size()) + "\r\n" + body)
          .forward);
}

TEST(Messenger, EveryServiceIsToldOnce) {
  Wire wire(with_services({{{kMsn}, {}, Action::alert}}));
  // Nothing asks what is done: the first messages decide.
  Talk talk(wire, 40000, 1863);
  open_switchboard(talk);
  talk.client_says(text(msn_text("one")));
  talk.client_says(text(msn_text("two")));
  talk.client_says(text(msn_file("c.doc")));
  std::vector<Service> told;
  for (const auto& event : wire.events(EventType::alert)) told.push_back(event.im.service);
  EXPECT_EQ(told, (std::vector<Service>{Service::login, Service::text_chat}));

  Wire asked(
      with_services({{{kMsn}, {Service::games}, Action::reset}, {{kMsn}, {}, Action::alert}}));
  Talk other(asked, 40000, 1863);
  open_switchboard(other);
  other.client_says(text(msn_text("one")));
  other.client_says(text(msn_text("two")));
  other.client_says(text(msn_file("c.doc")));
  told.clear();
  for (const auto& event : asked.events(EventType::alert)) told.push_back(event.im.service);
  EXPECT_EQ(told,
            (std::vector<Service>{Service::login, Service::text_chat, Service::file_transfer}));
}

TEST(Messenger, ADecidedSessionTakesTheShortWay) {
  Wire wire(with_services({{{kMsn}, {}, Action::allow, false}}));
  Talk talk(wire, 40000, 1863);
  open_switchboard(talk);
  talk.client_says(text(msn_text("one")));
  talk.server_says("ACK 4\r\n");
  wire.inside(talk.from_client(0).ack(talk.server_next));
  EXPECT_EQ(wire.count(Counter::inspections_active), 0u);
}

// A reload changes what is asked, not what is being read.
TEST(Messenger, ASessionIsReadOnAfterAReload) {
  const std::vector<ServiceRule> text_only = {{{kMsn}, {Service::text_chat}, Action::allow, false},
                                              {{kMsn}, {}, Action::reset}};
  Wire wire(with_services(text_only));
  Talk talk(wire, 40000, 1863);
  open_switchboard(talk);
  wire.reload(with_services(text_only, 2));
  EXPECT_TRUE(talk.client_says(text(msn_text("hello"))).forward);
  EXPECT_TRUE(talk.server_says("ACK 4\r\n").forward);
  EXPECT_EQ(wire.count(Counter::flows_judged_anew), 1u);
  const Outcome outcome = talk.client_says(text(msn_file("secret.doc")));
  EXPECT_FALSE(outcome.forward);
  ASSERT_EQ(outcome.forged.size(), 2u);
  EXPECT_EQ(outcome.to(Side::inside)->sequence, talk.server_next);
  EXPECT_EQ(outcome.to(Side::outside)->sequence, talk.client_next);
}

TEST(Messenger, WhatWasAllowedBeforeAReloadIsNotHeldAgainstASession) {
  Wire wire(
      with_services({{{kMsn}, {Service::games}, Action::reset}, {{kMsn}, {}, Action::allow}}));
  Talk talk(wire, 40000, 1863);
  open_switchboard(talk);
  EXPECT_TRUE(talk.client_says(text(msn_file("first.doc"))).forward);
  wire.reload(with_services(
      {{{kMsn}, {Service::text_chat}, Action::allow, false}, {{kMsn}, {}, Action::reset}}, 2));
  EXPECT_TRUE(talk.client_says(text(msn_text("hello"))).forward);
  EXPECT_FALSE(talk.client_says(text(msn_file("second.doc"))).forward);
}

TEST(Messenger, AReloadInTheMiddleOfAMessageLosesNothingOfIt) {
  const std::vector<ServiceRule> no_files = {{{kMsn}, {Service::file_transfer}, Action::reset}};
  const std::string message = msn_file("a.exe");
  for (std::size_t cut = 1; cut < message.size(); cut += 7) {
    Wire wire(with_services(no_files));
    Talk talk(wire, 40000, 1863);
    open_switchboard(talk);
    EXPECT_TRUE(talk.client_says(text(message.substr(0, cut))).forward) << cut;
    wire.reload(with_services(no_files, 2));
    EXPECT_FALSE(talk.client_says(text(message.substr(cut))).forward) << cut;
  }
}

TEST(Messenger, AReloadThatRefusesASessionEndsIt) {
  Wire wire(with_services({{{kMsn}, {Service::text_chat}, Action::allow, false}}));
  Talk talk(wire, 40000, 1863);
  open_switchboard(talk);
  wire.reload(block_im(2));
  const Outcome outcome = talk.server_says("ACK 4\r\n");
  EXPECT_FALSE(outcome.forward);
  ASSERT_EQ(outcome.forged.size(), 2u);
  EXPECT_EQ(outcome.to(Side::inside)->sequence, talk.server_next);
  EXPECT_EQ(outcome.to(Side::outside)->sequence, talk.client_next);
}

// Over UDP each message stands for itself: what was not read, or not let pass, is read from now on.
TEST(Messenger, DatagramsAreReadOnceAReloadAsks) {
  const auto sip = [](Wire& wire, std::string_view method, bool sound = true) {
    const std::string message =
        std::string(method) +
        " sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK1\r\n"
        "From: <sip:alice@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\nCall-ID: 1\r\n"
        "CSeq: 1 " +
        std::string(method) + "\r\nMax-Forwards: 70\r\nUser-Agent: Windows RTC/1.0\r\n" +
        (method == "INVITE" ? "Content-Type: application/sdp\r\nContent-Length: 75\r\n\r\n"
                              "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 "
                              "0\r\nm=audio 6000 RTP/AVP 0\r\n"
                            : "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi");
    Octets frame = Frame().v4(kClient, kServer).udp(5060, 5060).payload(message).build();
    if (!sound) frame.back() ^= 1;  // the checksum is that of other bytes
    return wire.send(frame, Side::inside);
  };
  const std::vector<ServiceRule> text_only = {{{kMsn}, {Service::text_chat}, Action::allow},
                                              {{kMsn}, {}, Action::drop}};
  Wire open(with_services({{{kMsn}, {}, Action::allow}}));
  EXPECT_TRUE(sip(open, "MESSAGE").forward);
  open.reload(with_services(text_only, 2));
  EXPECT_EQ(sip(open, "INVITE", false).reason, Reason::transport_checksum);
  EXPECT_TRUE(sip(open, "MESSAGE").forward);
  EXPECT_FALSE(sip(open, "INVITE").forward);

  Wire closed(with_services({{{kMsn}, {}, Action::drop}}));
  EXPECT_FALSE(sip(closed, "MESSAGE").forward);
  closed.reload(with_services(text_only, 2));
  EXPECT_TRUE(sip(closed, "MESSAGE").forward);
  EXPECT_FALSE(sip(closed, "INVITE").forward);
}

// A protocol that many speak, such as SIP: whose it is tells the server, what is done the message.
TEST(Messenger, AProtocolWithoutAnOwnerHasServicesAtAKnownServer) {
  constexpr const char* kKnownServer = "203.0.113.9";
  Wire wire(
      with_services({{{kMsn}, {Service::text_chat}, Action::allow}, {{kMsn}, {}, Action::drop}}));
  const auto says = [&](std::string_view method, const char* server, std::uint16_t port) {
    const std::string message =
        std::string(method) +
        " sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1"
        "\r\nFrom: <sip:alice@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\nCall-ID: 1\r\n"
        "CSeq: 1 " +
        std::string(method) + "\r\nMax-Forwards: 70\r\nContent-Type: " +
        (method == "MESSAGE" ? "text/plain\r\nContent-Length: 2\r\n\r\nhi"
                             : "application/sdp\r\nContent-Length: 31\r\n\r\nv=0\r\nm=audio 6000 "
                               "RTP/AVP 0\r\n\r\n");
    return wire.inside(Frame().v4(kClient, server).udp(port, 5060).payload(message)).forward;
  };
  EXPECT_TRUE(says("MESSAGE", kKnownServer, 5060));
  EXPECT_FALSE(says("INVITE", kKnownServer, 5060));
  EXPECT_FALSE(says("INVITE", kKnownServer, 5061));
  const auto events = wire.events(EventType::alert);
  ASSERT_FALSE(events.empty());
  EXPECT_EQ(events[0].im.application, kMsn);
  EXPECT_EQ(events[0].im.service, Service::text_chat);
  EXPECT_EQ(events[0].im.evidence, catalog::Evidence::address);
  EXPECT_TRUE(says("INVITE", kServer, 5060)) << "nobody's";
}

TEST(Messenger, AnAnnouncedConnectionIsOfTheSession) {
  learn::ExpectedFlows expected(64, KeyedHash(1));
  WorkerConfig config = Wire::small();
  config.expected = &expected;
  Wire wire(with_services({{{kMsn}, {Service::file_transfer}, Action::reset}}), config);
  expected.expect({*IpAddress::parse("198.51.100.7"), 6891, true, Service::file_transfer}, kMsn,
                  wire.now());
  Talk transfer(wire, 40001, 6891, "198.51.100.7");
  EXPECT_FALSE(transfer.open().forward) << "refused at the SYN";
  const auto events = wire.events(EventType::alert);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].im.application, kMsn);
  EXPECT_EQ(events[0].im.service, Service::file_transfer);
  EXPECT_EQ(events[0].im.evidence, catalog::Evidence::learned_address);
  Talk innocent(wire, 40002, 6892, "198.51.100.7");
  EXPECT_TRUE(innocent.open().forward);
}

// MSN's redirection: the switchboard that the server names is MSN's, whatever its port.
TEST(Messenger, ASessionAnnouncesItsConnections) {
  learn::ExpectedFlows expected(64, KeyedHash(1));
  WorkerConfig config = Wire::small();
  config.expected = &expected;
  Wire wire(with_services({{{kMsn}, {Service::games}, Action::reset}, {{kMsn}, {}, Action::allow}}),
            config);
  Talk talk(wire, 40000, 1863);
  talk.open();
  EXPECT_TRUE(talk.client_says(text("VER 1 MSNP8 CVR0\r\n")).forward);
  EXPECT_TRUE(talk.server_says("VER 1 MSNP8 CVR0\r\n").forward);
  EXPECT_TRUE(talk.server_says("XFR 2 NS 198.51.100.9:8443 0 192.0.2.1:1863\r\n").forward);
  const auto found = expected.find(*IpAddress::parse("198.51.100.9"), 8443, true, wire.now());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->application, kMsn);
}

TEST(Messenger, InnocentProtocolsAreNoMessengers) {
  for (const char* first :
       {"GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n", "EHLO mail.example\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n", "USER alice\r\n", "* OK ready\r\n",
        "\x05\x01\x02\x03 binary of some kind", "VERSION 1\r\n", "MSG\r\n"}) {
    Wire wire(block_im());
    Talk talk(wire, 40000, 9999);
    talk.open();
    EXPECT_TRUE(talk.client_says(text(first)).forward) << first;
    EXPECT_TRUE(wire.events(EventType::alert).empty()) << first;
  }
}

}  // namespace
}  // namespace chatgate::engine
