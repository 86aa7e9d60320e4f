// What the policy's `inspection` section does to a worker.

#include <gtest/gtest.h>

#include "net/checksum.h"

#include "dns_message.h"
#include "encapsulate.h"
#include "wire.h"

namespace chatgate::engine {
namespace {

using net::Encapsulation;
using policy::Midstream;
using policy::OnExhaustion;
using telemetry::Counter;

// All messengers are reset, under these controls.
std::shared_ptr<Snapshot> blocking(const policy::InspectionControls& inspection) {
  auto made = block_im();
  policy::Policy::Content content;
  content.rules = {made->policy->rules().begin(), made->policy->rules().end()};
  content.controls.inspection = inspection;
  made->policy = std::make_shared<policy::Policy>(std::move(content), *made->catalogue);
  return made;
}

Octets hello(const char* name) {
  return test::client_hello(name);
}

struct Wrapping {
  const char* what;
  Encapsulation kind;
  Octets (*wrap)(const Octets& frame, bool to_server);
  // Whether it tells nothing of the way back.
  bool one_way = false;
};

const Wrapping kWrappings[] = {
    {"pppoe", Encapsulation::pppoe, [](const Octets& f, bool) { return test::in_pppoe(f); }},
    {"mpls", Encapsulation::mpls,
     [](const Octets& f, bool there) { return test::in_mpls(f, {there ? 1000u : 2000u}); }, true},
    {"gre", Encapsulation::gre, [](const Octets& f, bool) { return test::in_gre(f); }},
    {"ip-in-ip", Encapsulation::ip_in_ip, [](const Octets& f, bool) { return test::in_ip(f); }},
    {"gtp-u", Encapsulation::gtp_u,
     [](const Octets& f, bool there) {
       return test::in_gtp(f, {.endpoint = there ? 0x1000u : 0x2000u});
     },
     true},
    {"vxlan", Encapsulation::vxlan, [](const Octets& f, bool) { return test::in_vxlan(f); }},
};

// A connection inside an encapsulation, up to its hello.
Outcome hello_within(Wire& wire, const Wrapping& wrapping, const char* name, bool answered = true) {
  const auto client = [&](std::uint8_t flags, std::uint32_t seq, std::uint32_t acknowledgment,
                          Octets payload = {}) {
    Frame frame = Frame().v4(kClient, kServer).tcp(40000, 443, flags).seq(seq);
    if ((flags & ack) != 0) frame.ack(acknowledgment);
    if (!payload.empty()) frame.payload(std::move(payload));
    return wire.send(wrapping.wrap(frame.build(), true), Side::inside);
  };
  client(syn, 100, 0);
  if (answered) {
    const Frame frame = Frame().v4(kServer, kClient).tcp(443, 40000, syn | ack).seq(500).ack(101);
    wire.send(wrapping.wrap(Frame(frame).build(), false), Side::outside);
  }
  client(ack, 101, 501);
  return client(psh | ack, 101, 501, hello(name));
}

TEST(InspectionControls, EncapsulationsAreLookedThroughUnlessSwitchedOff) {
  for (const Wrapping& wrapping : kWrappings) {
    SCOPED_TRACE(wrapping.what);
    Wire on(blocking({}));
    EXPECT_FALSE(hello_within(on, wrapping, "web.whatsapp.net").forward);
    Wire innocent(blocking({}));
    EXPECT_TRUE(hello_within(innocent, wrapping, "www.example.com").forward);

    policy::InspectionControls off;
    off.look_through = net::Encapsulations::all().without(wrapping.kind);
    Wire without(blocking(off));
    const Outcome outcome = hello_within(without, wrapping, "web.whatsapp.net");
    EXPECT_TRUE(outcome.forward);
    EXPECT_TRUE(outcome.forged.empty());
    EXPECT_EQ(without.count(Counter::tls_hellos), 0u);
  }
}

TEST(InspectionControls, AnswersTakeTheWayBackFromThePacketsThatCame) {
  for (const Wrapping& wrapping : kWrappings) {
    SCOPED_TRACE(wrapping.what);
    Wire wire(blocking({}));
    const Outcome outcome = hello_within(wire, wrapping, "web.whatsapp.net");
    const auto reset = outcome.to(Side::inside);
    ASSERT_TRUE(reset);
    EXPECT_EQ(reset->sequence, 501u);
    ASSERT_EQ(reset->encapsulation_count, 1);
    EXPECT_EQ(reset->encapsulation[0].kind, wrapping.kind);
    ASSERT_TRUE(outcome.to(Side::outside));
    if (!wrapping.one_way) continue;
    // With the label or the tunnel endpoint of the other direction.
    const ForgedFrame& back =
        outcome.forged[0].out == Side::inside ? outcome.forged[0] : outcome.forged[1];
    const Octets answer =
        wrapping.wrap(Frame().v4(kServer, kClient).tcp(443, 40000, ack).build(), false);
    const std::size_t at = reset->encapsulation[0].offset;
    const std::size_t identifier = wrapping.kind == Encapsulation::mpls ? 0 : 4;
    EXPECT_EQ(load_be32(back.bytes().data() + at + identifier),
              load_be32(answer.data() + at + identifier));

    Wire unanswered(blocking({}));
    const Outcome alone = hello_within(unanswered, wrapping, "web.whatsapp.net", false);
    EXPECT_FALSE(alone.forward);
    EXPECT_FALSE(alone.to(Side::inside));
  }
}

TEST(InspectionControls, TimeoutsAreThePolicys) {
  policy::InspectionControls controls;
  controls.timeouts = {
      .embryonic = 7, .established = 11, .closing = 3, .udp = 5, .blocked = 4, .incomplete = 6};
  const auto lives = [&](auto start, unsigned seconds) {
    Wire wire(blocking(controls));
    start(wire);
    EXPECT_EQ(wire.count(Counter::flows_active), 1u);
    wire.wait(seconds - 1);
    EXPECT_EQ(wire.count(Counter::flows_active), 1u) << seconds;
    wire.wait(3);
    EXPECT_EQ(wire.count(Counter::flows_active), 0u) << seconds;
  };
  const auto talk = [](Wire& wire, const char* name) {
    Talk started(wire, 40000, 443);
    started.open();
    if (name != nullptr) started.client_says(hello(name));
    return started;
  };
  lives([&](Wire& wire) { talk(wire, nullptr); }, 7);
  lives([&](Wire& wire) { talk(wire, "www.example.com"); }, 11);
  lives([&](Wire& wire) { talk(wire, "web.whatsapp.net"); }, 4);
  lives([](Wire& wire) { wire.inside(Frame().v4(kClient, kServer).udp(1, 2).payload("x")); }, 5);
  lives(
      [&](Wire& wire) {
        Talk open = talk(wire, "www.example.com");
        wire.inside(open.from_client(rst).ack(open.server_next));
      },
      3);
}

struct MidstreamCase {
  Midstream word;
  const char* name;
  bool forward;
  std::size_t forged;
};

TEST(InspectionControls, ConnectionsMetMidstream) {
  const MidstreamCase cases[] = {
      {Midstream::inspect, "web.whatsapp.net", false, 2},
      {Midstream::inspect, "www.example.com", true, 0},
      {Midstream::forward, "web.whatsapp.net", true, 0},
      {Midstream::drop, "www.example.com", false, 0},
      {Midstream::reset, "www.example.com", false, 2},
  };
  for (const MidstreamCase& row : cases) {
    SCOPED_TRACE(row.name);
    policy::InspectionControls controls;
    controls.midstream = row.word;
    Wire wire(blocking(controls));
    Talk talk(wire, 40000, 443);
    const Outcome outcome = talk.client_says(hello(row.name));
    EXPECT_EQ(outcome.forward, row.forward);
    EXPECT_EQ(outcome.forged.size(), row.forged);
    // One that was seen from its start is nobody's midstream.
    Talk whole(wire, 40001, 443);
    EXPECT_TRUE(whole.open().forward);
    EXPECT_TRUE(whole.client_says(hello("www.example.com")).forward);
  }
}

TEST(InspectionControls, MidstreamFlowsAreJudgedByAddressAndPort) {
  policy::InspectionControls controls;
  controls.midstream = Midstream::forward;
  Wire wire(blocking(controls));
  Talk talk(wire, 40000, 1863);
  EXPECT_FALSE(talk.client_says(test::from_text("VER 1 MSNP18 CVR0\r\n")).forward);
}

TEST(InspectionControls, MessagesThatStayIncomplete) {
  struct Case {
    Action word;
    bool forward_rest;
    std::size_t forged;
  };
  for (const Case& row : {Case{Action::reset, false, 1}, Case{Action::drop, false, 0},
                          Case{Action::allow, true, 0}}) {
    policy::InspectionControls controls;
    controls.incomplete = row.word;
    Wire wire(blocking(controls));
    Talk talk(wire, 40000, 443);
    talk.open();
    const Octets whole = hello("www.example.com");
    talk.client_says(Octets(whole.begin(), whole.begin() + 30));
    wire.wait(40);
    const Outcome rest = talk.client_says(Octets(whole.begin() + 30, whole.end()));
    EXPECT_EQ(rest.forward, row.forward_rest);
    EXPECT_EQ(rest.forged.size(), row.forged);
  }
}

TEST(InspectionControls, ExhaustionIsAnsweredByResource) {
  // The gateway was started open; the policy closes one resource and leaves the other.
  policy::InspectionControls controls;
  controls.inspections = OnExhaustion::closed;
  Wire wire(blocking(controls));
  const Octets whole = hello("www.example.com");
  Outcome last;
  for (std::uint16_t port = 1; port <= 17; ++port) {
    Talk talk(wire, port, 443);
    talk.open();
    last = talk.client_says(Octets(whole.begin(), whole.begin() + 20));
  }
  EXPECT_FALSE(last.forward);

  controls = {};
  controls.flows = OnExhaustion::closed;
  Wire full(blocking(controls));
  for (std::uint16_t port = 1; port <= 64; ++port) {
    Talk talk(full, port, 443);
    talk.open();
    talk.client_says(whole);
  }
  EXPECT_FALSE(full.inside(Frame().v4(kClient, kServer).tcp(999, 443, syn)).forward);
}

TEST(InspectionControls, FragmentsThatFindNoRoom) {
  for (const OnExhaustion word : {OnExhaustion::closed, OnExhaustion::open}) {
    WorkerConfig config = Wire::small();
    config.fragments.frames = 1;
    policy::InspectionControls controls;
    controls.fragments = word;
    Wire wire(blocking(controls), config);
    const auto first = [](const char* client) {
      return Frame().v4(client, kServer).udp(1, 2).payload("01234567").fragment(0, true);
    };
    Outcome outcome;
    for (const char* client : {"10.0.0.1", "10.0.0.2", "10.0.0.3"})
      outcome = wire.inside(first(client));
    EXPECT_NE(wire.count(telemetry::Reason::fragment_room), 0u);
    // Closed, the oldest gives way; open, the newest passes without being held.
    EXPECT_EQ(outcome.forward, word == OnExhaustion::open);
    const std::uint64_t lost = wire.count(Counter::dropped);
    EXPECT_EQ(lost == 0, word == OnExhaustion::open);
  }
}

// The parts of a DNS question over UDP, cut after the header of UDP and some of the message.
std::vector<Octets> question_in_fragments(const std::string& name, std::uint32_t id) {
  constexpr std::size_t kNetwork = 14, kTransport = kNetwork + 20, kFirst = 16;
  const Octets whole =
      Frame().v4(kClient, kServer).udp(5000, 53).payload(proto::test::dns_query(name)).build();
  const auto part = [&](std::size_t from, std::size_t to, bool more) {
    const auto begin = whole.begin() + static_cast<std::ptrdiff_t>(kTransport);
    Octets frame = Frame()
                       .v4(kClient, kServer)
                       .protocol(255)  // bytes without a header of their own
                       .payload(Octets(begin + static_cast<std::ptrdiff_t>(from),
                                       begin + static_cast<std::ptrdiff_t>(to)))
                       .fragment(static_cast<std::uint16_t>(from), more, id)
                       .build();
    frame[kNetwork + 9] = net::kUdp;
    store_be16(&frame[kNetwork + 10], 0);
    const std::span<const std::uint8_t> header(&frame[kNetwork], 20);
    store_be16(&frame[kNetwork + 10], net::checksum_fold(net::checksum_add(header, 0)));
    return frame;
  };
  const std::size_t size = whole.size() - kTransport;
  return {part(0, kFirst, true), part(kFirst, size, false)};
}

TEST(InspectionControls, EveryFragmentIsCountedOnce) {
  Wire wire(block_im());
  std::uint64_t held = 0;
  const auto agree = [&] {
    return wire.count(Counter::packets) ==
           wire.count(Counter::forwarded) + wire.count(Counter::dropped) + held;
  };
  const auto innocent = question_in_fragments("www.example.com", 1);
  const auto blocked = question_in_fragments("g.whatsapp.net", 2);
  held = 1;
  wire.send(innocent[0], Side::inside);
  EXPECT_TRUE(agree());
  wire.send(innocent[0], Side::inside);  // nothing new in it
  EXPECT_EQ(wire.count(telemetry::Reason::fragment_duplicate), 1u);
  EXPECT_TRUE(agree());
  held = 0;
  wire.send(innocent[1], Side::inside);  // both go on
  EXPECT_EQ(wire.count(Counter::forwarded), 2u);
  EXPECT_TRUE(agree());
  held = 1;
  wire.send(blocked[0], Side::inside);
  EXPECT_TRUE(agree());
  held = 0;
  wire.send(blocked[1], Side::inside);  // both end here
  EXPECT_EQ(wire.count(Counter::blocked), 1u);
  EXPECT_TRUE(agree());
  wire.send(blocked[1], Side::inside);  // of a datagram that was refused
  EXPECT_TRUE(agree());
  held = 1;
  const Outcome outcome = wire.send(question_in_fragments("www.example.com", 3)[0], Side::inside);
  EXPECT_FALSE(outcome.forward);
  held = 0;
  wire.wait(5);  // its rest never comes
  EXPECT_EQ(wire.count(telemetry::Reason::fragment_timeout), 1u);
  EXPECT_TRUE(agree());
}

// The receiver never acknowledges, or its acknowledgments go another way.
TEST(InspectionControls, AFlowThatIsLetGoUnreadEndsLikeAnyOther) {
  policy::InspectionControls controls;
  controls.incomplete = Action::allow;
  Wire wire(blocking(controls));
  Talk talk(wire, 40000, 443);
  talk.open();
  const Octets whole = hello("www.example.com");
  EXPECT_TRUE(talk.client_says(Octets(whole.begin(), whole.begin() + 20)).forward);
  wire.wait(2 * 3600);
  EXPECT_EQ(wire.count(Counter::inspections_active), 0u);
  EXPECT_EQ(wire.count(Counter::flows_active), 0u);
}

}  // namespace
}  // namespace chatgate::engine
