#include "proto/stun.h"

#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

#include "checks.h"
#include "hex.h"

namespace chatgate::proto::test {
namespace {

// RFC 5769 sections 2.1 to 2.4.
const std::string kRequest =
    hex("0001 0058 2112a442 b7e7a701bc34d686fa87dfae 8022 0010 5354554e207465737420636c69656e74"
        "0024 0004 6e0001ff 8029 0008 932ff9b151263b36 0006 0009 6576746a3a68367659 202020"
        "0008 0014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2 8028 0004 e57a3bcf");
const std::string kResponse =
    hex("0101 003c 2112a442 b7e7a701bc34d686fa87dfae 8022 000b 7465737420766563746f72 20"
        "0020 0008 0001a147e112a643 0008 0014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7"
        "8028 0004 c07d4c96");
const std::string kResponseV6 =
    hex("0101 0048 2112a442 b7e7a701bc34d686fa87dfae 8022 000b 7465737420766563746f72 20"
        "0020 0014 0002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
        "0008 0014 a382954e4be67bf11784c97c8292c275bfe3ed41 8028 0004 c8fb0b4c");
const std::string kLongTerm =
    hex("0001 0060 2112a442 78ad3433c6ad72c029da412e"
        "0006 0012 e3839ee38388e383aae38383e382afe382b9 0000"
        "0015 001c 662f2f3439396b39353464364f4c33346f4c39465354767936347341"
        "0014 000b 6578616d706c652e6f7267 00 0008 0014 f67024656dd64a3e02b8e0712e85c9a28ca89666");

std::string be16(std::size_t value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value)};
}
std::string attribute(std::uint16_t type, const std::string& value) {
  return be16(type) + be16(value.size()) + value + std::string((4 - value.size() % 4) % 4, '\0');
}
std::string message(std::uint16_t type, const std::string& attributes) {
  return be16(type) + be16(attributes.size()) + hex("2112a442 000102030405060708090a0b") +
         attributes;
}
std::string realm(const std::string& name) {
  return attribute(0x0014, name);
}
std::string with_length(std::string message, std::size_t length) {
  return message.replace(2, 2, be16(length));
}

constexpr std::uint16_t kBinding = 0x0001;
constexpr std::uint16_t kAllocate = 0x0003;
constexpr std::uint16_t kAllocateError = 0x0113;
constexpr std::uint16_t kUsername = 0x0006;
const std::string kTransport = attribute(0x0019, hex("11000000"));
// Computed apart from the parser, over message(kBinding, …) of what is before it.
const std::string kFingerprint = hex("8028 0004 5b0ff6fc");          // nothing
const std::string kMistypedFingerprint = hex("8028 0004 a4ff247b");  // attribute(kUsername, "b151")
const std::string kRightOfMistyped = hex("8028 0004 27fa747b");      // the same
const std::string kMicrosoftCookie = hex("000f 0004 72c64bc6");

Bytes exactly(const std::vector<std::uint8_t>& bytes) {
  return bytes;
}

// In a buffer of its own size, so that the sanitizers see a read beyond it.
ParseStatus parse(std::string_view payload, Facts& facts) {
  const std::vector<std::uint8_t> copy(payload.begin(), payload.end());
  return stun::parse(exactly(copy), Direction::to_server, facts);
}

struct Datagram {
  std::string name;
  std::string payload;
  ParseStatus status = ParseStatus::done;
  std::vector<std::string> realms = {};
};

TEST(Stun, ReadsDatagrams) {
  const std::string twice = message(kBinding, realm("a.example") + realm("B.example."));
  const std::vector<Datagram> cases = {
      {"request", kRequest},
      {"response", kResponse},
      {"response by IPv6", kResponseV6},
      {"long-term credentials", kLongTerm, ParseStatus::done, {"example.org"}},
      {"no attributes", message(kBinding, "")},
      {"first request", message(kAllocate, kTransport)},
      {"error",
       message(kAllocateError, realm("Turn.Example")),
       ParseStatus::done,
       {"turn.example"}},
      {"realm with quotes",
       message(kAllocate, realm("\"turn.example\"")),
       ParseStatus::done,
       {"turn.example"}},
      {"one quote", message(kAllocate, realm("\"")), ParseStatus::done, {"\""}},
      {"empty realm", message(kAllocate, realm(""))},
      {"two realms", twice, ParseStatus::done, {"a.example", "b.example"}},
      {"type of its own", message(0x0801, attribute(0x4000, "x")), ParseStatus::done},
      {"fingerprint alone", message(kBinding, kFingerprint)},
      {"fingerprint of a mistyped table",
       message(kBinding, attribute(kUsername, "b151") + kMistypedFingerprint)},
      {"and of the right one", message(kBinding, attribute(kUsername, "b151") + kRightOfMistyped)},
      {"fingerprint wrong", message(kBinding, hex("8028 0004 5b0ff6fd")), ParseStatus::not_mine},
      {"fingerprint wrong, but a realm",
       message(kAllocate, realm("turn.example") + hex("8028 0004 00000000")),
       ParseStatus::done,
       {"turn.example"}},
      {"fingerprint in the middle", message(kBinding, kFingerprint + realm("turn.example")),
       ParseStatus::malformed},
      {"fingerprint too long", message(kBinding, hex("8028 0008 0000000000000000")),
       ParseStatus::malformed},
      {"fingerprint empty", message(kBinding, hex("8028 0000")), ParseStatus::malformed},
      {"attribute beyond the end", message(kBinding, hex("0006 0005 61626364")),
       ParseStatus::malformed},
      {"last padding missing", message(kBinding, hex("0006 0001 61626364 0006 0003 616263")),
       ParseStatus::done},
      {"realm, then one beyond the end",
       message(kAllocate, realm("turn.example") + hex("0006 ffff")),
       ParseStatus::malformed,
       {"turn.example"}},
      {"realm, not padded",
       message(kAllocate, hex("4000 0003 616263 0014 0001 62 0006 0000")),
       ParseStatus::done,
       {"b"}},
      {"fills neither way", message(kAllocate, hex("4000 0003 616263 0014 0009 62 0006 0000")),
       ParseStatus::malformed},
      {"half an attribute", message(kAllocate, hex("4000 00")), ParseStatus::malformed},
      {"realm beyond the end", message(kAllocate, hex("0014 0009 6578616d706c6500")),
       ParseStatus::malformed},
  };
  for (const Datagram& row : cases) {
    SCOPED_TRACE(row.name);
    Facts facts;
    ASSERT_EQ(parse(row.payload, facts), row.status);
    if (row.status == ParseStatus::not_mine) continue;
    EXPECT_EQ(names_of(facts), row.realms);
    EXPECT_EQ(facts.protocol, AppProto::stun);
    if (row.status == ParseStatus::done) {
      EXPECT_EQ(facts.next, Next::message);
    }
    for (std::size_t i = 0; i < facts.name_count; ++i) {
      EXPECT_EQ(facts.names[i].source, NameSource::stun_realm);
    }
  }
}

// What only one vendor's calls have, and what others have beside it.
TEST(Stun, TellsWhoseCallItIs) {
  struct Row {
    std::string name;
    std::string payload;
    std::string_view application = {};
  };
  const std::vector<Row> rows = {
      {"WhatsApp's relay", message(kAllocate, attribute(0x4000, std::string(0x66, 'x'))),
       "whatsapp"},
      {"without padding", message(kAllocate, hex("4000 0003 616263 4002 0001 01")), "whatsapp"},
      {"its last attribute", message(kBinding, attribute(0x0006, "u") + attribute(0x4007, "abcd")),
       "whatsapp"},
      {"its request", message(0x0800, attribute(0x4001, "abcd")), "whatsapp"},
      {"its type alone", message(0x0801, ""), "whatsapp"},
      {"its last type", message(0x0802, attribute(0x0006, "u")), "whatsapp"},
      {"candidate identifier", message(kBinding, attribute(0x8054, "1234")), "ms-teams"},
      {"implementation version", message(kBinding, attribute(0x8070, "\0\0\0\3")), "ms-teams"},
      {"Teams", message(kBinding, attribute(0x24df, "12345678")), "ms-teams"},
      // WebRTC, Signal, Google Meet: priority, controlling, network cost, GOOG-MISC-INFO and
      // others.
      {"RFC 5769", kRequest},
      {"its answer", kResponse},
      {"ICE", message(kBinding, attribute(0x0006, "a:b") + attribute(0x0024, "1234") +
                                    attribute(0x802a, "12345678") + attribute(0x0025, ""))},
      {"network cost", message(kBinding, attribute(0xc057, "1234") + attribute(0xc059, "ab"))},
      {"Microsoft's cookie", message(kAllocate, kMicrosoftCookie + hex("8008 0004 00000001"))},
      {"MS-TURN's quality", message(kAllocate, kMicrosoftCookie + hex("8055 0004 00020000"))},
      {"MS-VERSION of others", message(kAllocate, attribute(0x8008, "1234"))},
      {"software", message(kBinding, attribute(0x8022, "\x40\x00\x80\x54"))},
      {"an attribute beside",
       message(kBinding, attribute(0x4005, "1234") + attribute(0x4008, "ab"))},
      {"another beside", message(kBinding, attribute(0x3fff, "") + attribute(0x8053, "1234"))},
      {"a type beside", message(0x0803, "")},
      {"a type before", message(0x07ff, "")},
      {"other address",
       message(0x0101, attribute(0x802b, "12345678") + attribute(0x802c, "12345678"))},
      {"TURN's numbers", message(kAllocate, attribute(0x000d, "1234") + attribute(0x8000, "1234"))},
      {"broken", message(kBinding, attribute(0x4000, "abcd") + hex("0006 ffff"))},
      {"wrong fingerprint",
       message(kBinding, attribute(0x4000, "abcd") + hex("8028 0004 00000000"))},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    Facts facts;
    parse(row.payload, facts);
    EXPECT_EQ(facts.has_messenger, !row.application.empty());
    EXPECT_EQ(stun::probe_datagram(as_bytes(row.payload)), Probe::certain);
    if (!facts.has_messenger) continue;
    EXPECT_EQ(facts.messenger.application, row.application);
    EXPECT_EQ(facts.messenger.service, Service::voice);
    for (std::size_t cut = 0; cut < row.payload.size(); ++cut) {
      Facts none;
      EXPECT_EQ(parse(std::string_view(row.payload).substr(0, cut), none), ParseStatus::not_mine);
      EXPECT_FALSE(none.has_messenger) << cut;
    }
  }
}

// MS-TURN: nothing is padded, REALM and NONCE change places.
TEST(Stun, ReadsTheDialectOfTeams) {
  const std::string dialect = message(
      kAllocate, kMicrosoftCookie + hex("0014 0003 6e6f6e 0015 000a 2272746d2e74657374 22"));
  const std::vector<Datagram> cases = {
      {"realm", dialect, ParseStatus::done, {"rtm.test"}},
      {"cookie alone", message(kAllocate, kMicrosoftCookie)},
      {"cut attribute", message(kAllocate, kMicrosoftCookie + hex("0015 0004 616263")),
       ParseStatus::malformed},
      {"without its cookie", message(kAllocate, hex("0015 0003 616263"))},
      {"cookie not the first",
       message(kAllocate, hex("0006 0000") + kMicrosoftCookie + hex("0015 0003 616263"))},
  };
  for (const Datagram& row : cases) {
    SCOPED_TRACE(row.name);
    Facts facts;
    ASSERT_EQ(parse(row.payload, facts), row.status);
    if (row.status != ParseStatus::not_mine) {
      EXPECT_EQ(names_of(facts), row.realms);
    }
  }
  for (std::size_t cut = 0; cut < dialect.size(); ++cut) {
    Facts facts;
    EXPECT_EQ(parse(std::string_view(dialect).substr(0, cut), facts), ParseStatus::not_mine) << cut;
  }
}

TEST(Stun, DatagramsHoldOneWholeMessage) {
  for (const std::string& whole : {kRequest, kResponse, kResponseV6, kLongTerm}) {
    Facts facts;
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
      ASSERT_EQ(parse(std::string_view(whole).substr(0, cut), facts), ParseStatus::not_mine) << cut;
    }
    for (std::size_t more = 1; more <= 8; ++more) {
      ASSERT_EQ(parse(whole + std::string(more, '\0'), facts), ParseStatus::not_mine) << more;
    }
    ASSERT_EQ(parse(whole + whole, facts), ParseStatus::not_mine);
    // With a length to match, the cut is one within the attributes.
    for (std::size_t cut = 20; cut < whole.size(); cut += 4) {
      const std::string shorter = with_length(whole.substr(0, cut), cut - 20);
      const ParseStatus status = parse(shorter, facts);
      ASSERT_TRUE(status == ParseStatus::done || status == ParseStatus::malformed) << cut;
    }
  }
}

// A FINGERPRINT covers every bit before it: those of the header, and of SOFTWARE which follows it
// in the samples.
TEST(Stun, ChecksFingerprints) {
  constexpr std::size_t kHeader = 20;
  constexpr std::size_t kSoftware = 24;
  for (const std::string& whole : {kRequest, kResponse, kResponseV6}) {
    for (std::size_t at = 0; at < whole.size(); ++at) {
      const bool in_software = at >= kSoftware && at < kSoftware + 11;
      if (at >= kHeader && !in_software && at < whole.size() - 4) continue;
      for (int bit = 0; bit < 8; ++bit) {
        std::string flipped = whole;
        flipped[at] = static_cast<char>(flipped[at] ^ 1 << bit);
        Facts facts;
        ASSERT_EQ(parse(flipped, facts), ParseStatus::not_mine) << "bit " << bit << " of " << at;
      }
    }
  }
}

const std::vector<Datagram>& others() {
  static const std::vector<Datagram> rows = {
      {"empty", ""},
      {"classic, without cookie",
       hex("0001 0008 00112233445566778899aabbccddeeff 0003 0004 00000000")},
      {"cookie but for a bit", hex("0001 0000 2112a443 000102030405060708090a0b")},
      {"cookie in the other order", hex("0001 0000 42a41221 000102030405060708090a0b")},
      {"first bits set", hex("8001 0000 2112a442 000102030405060708090a0b")},
      {"length beyond", hex("0001 0004 2112a442 000102030405060708090a0b")},
      {"length short", hex("0001 0000 2112a442 000102030405060708090a0b 00060000")},
      {"ChannelData", hex("4000 0008 0001020304050607")},
      {"framed by RFC 4571", hex("0014 0001 0000 2112a442 000102030405060708090a0b")},
      {"DNS query", hex("2112 0100 0001 0000 0000 0000 07 6578616d706c65 03 6f7267 00 0001 0001")},
      {"DNS, the cookie for its counts",
       hex("0001 0000 2112 a442 0000 0000 07 6578616d706c65 03 6f7267 00 0001 0001")},
      {"QUIC version 1", hex("c0 00000001 08 8394c8f03e515708 00 00 449e 00000002")},
      {"QUIC, short header", hex("4083 94c8f03e 5157 0800 449e 7b9a ec34 d1b1 c98d d768")},
      {"RTP", hex("8060 5e2f 2112a442 3aaf0001 0102030405060708")},
      {"RTCP", hex("80c8 0006 2112a442 e3b1d2a1 00000000 00000000 00000000 00000000")},
      {"DTLS", hex("16 feff 0000 0000 0000 0000 0008 01 000000 0000 000000 000000")},
      {"BitTorrent DHT", "d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe"},
      {"BitTorrent uTP", hex("4100 0001 2112a442 00000000 00000000 0001 0000")},
      {"WireGuard handshake", hex("01000000 2112a442") + std::string(140, 'w')},
      {"WireGuard data", hex("04000000 2112a442 0000000000000000") + std::string(32, 'w')},
      {"SIP", "OPTIONS sip:a@example.org SIP/2.0\r\n\r\n"},
      {"zeros", std::string(20, '\0')},
  };
  return rows;
}

TEST(Stun, LeavesOtherDatagramsAlone) {
  for (const Datagram& row : others()) {
    Facts facts;
    EXPECT_EQ(parse(row.payload, facts), ParseStatus::not_mine) << row.name;
  }
  std::mt19937 random(5389);
  for (int round = 0; round < 20'000; ++round) {
    std::string payload(random() % 200, '\0');
    for (char& c : payload) c = static_cast<char>(random());
    Facts facts;
    ASSERT_EQ(parse(payload, facts), ParseStatus::not_mine);
  }
}

struct Stream {
  std::string name;
  std::string bytes;
  Outcome outcome;
};

TEST(Stun, ReadsStreams) {
  const std::string first = message(kAllocate, kTransport);
  const std::string second = message(kAllocate, kTransport + realm("turn.example"));
  const auto then = [](Outcome outcome, Next next, std::size_t end) {
    outcome.next = next;
    outcome.end = end;
    return outcome;
  };
  const Outcome nameless = found(AppProto::stun, {});
  const Outcome named = found(AppProto::stun, {"turn.example"});
  const std::string largest =
      message(kAllocate, attribute(kUsername, std::string(stun::kByteLimit - 24, 'u')));
  const std::string too_large =
      message(kAllocate, attribute(kUsername, std::string(stun::kByteLimit - 20, 'u')));
  const std::vector<Stream> cases = {
      {"binding", kRequest, then(nameless, Next::opaque, kRequest.size())},
      {"realm at once", kLongTerm, then(found(AppProto::stun, {"example.org"}), Next::opaque, 116)},
      {"first allocate", first, then(nameless, Next::message, first.size())},
      {"two allocates", first + second, then(named, Next::opaque, first.size() + second.size())},
      {"three allocates", first + first + second,
       then(named, Next::opaque, 2 * first.size() + second.size())},
      {"channel data behind", first + second + hex("4000 0004 01020304"),
       then(named, Next::opaque, first.size() + second.size())},
      {"another behind the first", first + "GET / HTTP/1.1\r\n\r\n",
       then(broken(AppProto::stun), Next::opaque, first.size())},
      {"wrong fingerprint behind the first", first + message(kAllocate, hex("8028 0004 00000000")),
       then(broken(AppProto::stun), Next::opaque, first.size())},
      {"the largest", largest, then(nameless, Next::message, largest.size())},
      {"too large", too_large, broken(AppProto::stun)},
      {"broken", message(kAllocate, realm("turn.example") + hex("0006 ffff")),
       broken(AppProto::stun, {"turn.example"})},
      {"not mine by its fingerprint",
       message(kBinding, hex("8028 0004 00000000")),
       {.probe = Probe::certain, .status = ParseStatus::not_mine}},
      {"length no multiple of four", hex("0001 0003 2112a442"), not_mine()},
      {"TLS", hex("16 0301 0200 01 0001fc 0303"), not_mine()},
      {"SSH", "SSH-2.0-OpenSSH_9.2\r\n", not_mine()},
      {"DNS", hex("001c 2112 0100 0001 0000 0000 0000"), not_mine()},
      {"SOCKS", hex("05 01 00 05 01 00 03 07"), not_mine()},
      {"MQTT", hex("10 0c 0004 4d515454 04 02 003c"), not_mine()},
  };
  for (const Stream& row : cases) {
    SCOPED_TRACE(row.name);
    expect_outcome(stun::kParser, as_bytes(row.bytes), row.outcome);
  }
}

// As the probe answers before it has seen a whole cookie.
TEST(Stun, ProbeTellsAsSoonAsItCan) {
  const std::string header = hex("0003 0008 2112a442");
  for (std::size_t cut = 1; cut < header.size(); ++cut) {
    EXPECT_EQ(stun::probe(as_bytes(header).first(cut)), Probe::unsure) << cut;
  }
  EXPECT_EQ(stun::probe(as_bytes(header)), Probe::certain);
  EXPECT_EQ(stun::probe(as_bytes(hex("47"))), Probe::not_mine);
  EXPECT_EQ(stun::probe(as_bytes(hex("0003 0009"))), Probe::not_mine);
  EXPECT_EQ(stun::probe(as_bytes(hex("0003 0008 22"))), Probe::not_mine);
}

}  // namespace
}  // namespace chatgate::proto::test
