#include "proto/tls.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "checks.h"
#include "client_hello.h"

namespace chatgate::proto::test {
namespace {

struct Case {
  std::string what;
  std::string stream;
  Outcome expected;
};

void check(const std::vector<Case>& cases) {
  for (const Case& row : cases) {
    SCOPED_TRACE(row.what);
    expect_outcome(tls::kParser, as_bytes(row.stream), row.expected);
  }
}

Outcome names(std::vector<std::string> expected) {
  return found(AppProto::tls, std::move(expected));
}

std::string with_empty_records(std::string_view message, int count) {
  std::string stream = record(message.substr(0, 7));
  for (int i = 0; i < count; ++i) stream += record({});
  return stream + record(message.substr(7));
}

TEST(Tls, ReadsNames) {
  const std::string plain = hello(sni({"chat.example"}));
  check({
      {"one name", record(plain), names({"chat.example"})},
      {"case and trailing dot", record(hello(sni({"ChAt.ExAmPlE."}))), names({"chat.example"})},
      {"with a port", record(hello(sni({"chat.example:443"}))), names({"chat.example"})},
      {"record version 3.0", record(plain, 0), names({"chat.example"})},
      {"record version 3.255", record(plain, '\xff'), names({"chat.example"})},
      {"several names", record(hello(sni({"a.example", "b.example"}))),
       names({"a.example", "b.example"})},
      {"several extensions", record(hello(sni({"a.example"}) + sni({"b.example"}))),
       names({"a.example", "b.example"})},
      {"another kind of name before it",
       record(hello(extension(
           0, prefixed16("\x07" + prefixed16("x.example") + '\0' + prefixed16("a.example"))))),
       names({"a.example"})},
      {"bytes behind the hello", record(plain + std::string(40, 'z')) + "junk",
       names({"chat.example"})},
      {"a NUL in the name ends nothing",
       record(hello(sni({std::string_view("a.example\0.b.example", 20)}))),
       names({std::string("a.example\0.b.example", 20)})},
      {"a name too long is cut", record(hello(sni({std::string(600, 'n')}))),
       names({std::string(255, 'n')})},
      {"a name too long that seems to end in a port where it is cut",
       record(hello(sni({"a.example:" + std::string(600, '0')}))),
       names({"a.example:" + std::string(245, '0')})},
      {"an IP address", record(hello(sni({"192.0.2.7"}))), names({"192.0.2.7"})},
      {"no name", record(hello(extension(16, prefixed16(prefixed8("h2"))))), names({})},
      {"an empty name", record(hello(sni({""}))), names({})},
      {"no extensions", record(hello({})), names({})},
      {"no extensions field", record(handshake(1, hello_body({}, false))), names({})},
  });
}

TEST(Tls, ReadsNamesOverRecords) {
  const std::string plain = hello(sni({"chat.example"}));
  std::vector<Case> cases = {
      {"empty records first", record({}) + record({}) + record(plain), names({"chat.example"})},
      {"as many empty records as may be", with_empty_records(plain, 32), names({"chat.example"})},
  };
  for (const std::size_t size : {1, 2, 3, 4, 5, 17, 50, 100}) {
    cases.push_back(
        {"records of " + std::to_string(size), records(plain, size), names({"chat.example"})});
  }
  check(cases);

  for (std::size_t cut = 1; cut < plain.size(); ++cut) {
    const std::string stream = record(plain.substr(0, cut)) + record(plain.substr(cut), 3);
    Outcome expected = names({"chat.example"});
    expected.end = stream.size();
    ASSERT_EQ(run_whole(tls::kParser, as_bytes(stream)), expected) << cut;
    ASSERT_EQ(run_in_steps(tls::kParser, as_bytes(stream), 1), expected) << cut;
  }
}

TEST(Tls, ReadsLongHellos) {
  const std::string browser = browser_hello("Chat.Example");
  ASSERT_GT(browser.size(), 1500u);
  const std::string padded = browser_hello("chat.example", extension(21, std::string(16000, '\0')));
  const std::string first_half = extension(21, std::string(40000, '\0'));
  const std::size_t so_far = browser_hello("chat.example", first_half).size();
  const std::string at_limit = browser_hello(
      "chat.example", first_half + extension(0x5a5a, std::string(tls::kMaxHello - so_far, 'g')));
  ASSERT_EQ(at_limit.size(), tls::kMaxHello + 4);
  check({
      {"post-quantum", record(browser), names({"chat.example"})},
      {"post-quantum in small records", records(browser, 61), names({"chat.example"})},
      {"post-quantum in records of one byte", records(browser, 1), names({"chat.example"})},
      {"name behind padding", records(padded, 16384), names({"chat.example"})},
      {"64 KiB", records(at_limit, 16384), names({"chat.example"})},
      {"64 KiB in records of 22", records(at_limit, 22), names({"chat.example"})},
  });
}

TEST(Tls, KeepsWhatWasReadBeforeTheBreak) {
  const std::string name = sni({"chat.example"});
  const std::string plain = hello(name);
  const std::string cut_inside = record(plain.substr(0, 60));
  std::string lying_list = hello(name);
  lying_list[lying_list.size() - 15 - 1] = '\x70';  // length of the list
  std::string too_long = name;
  for (int i = 0; i < 3; ++i) too_long += extension(21, std::string(30000, '\0'));
  std::string huge = "\x01" + be24(0xffffff) + hello_body(too_long).substr(0, 90000);

  check({
      {"another content type between", cut_inside + record("\x02\x28", 3, 21),
       broken(AppProto::tls)},
      {"application data between", cut_inside + record(plain.substr(60), 3, 23),
       broken(AppProto::tls)},
      {"another major version", cut_inside + std::string("\x16\x02\x01\x00\x04zzzz", 9),
       broken(AppProto::tls)},
      {"a record too long", cut_inside + std::string("\x16\x03\x01\x50\x00zzzz", 9),
       broken(AppProto::tls)},
      {"too many empty records", with_empty_records(plain, 33), broken(AppProto::tls)},
      {"nothing but empty records", with_empty_records({plain.data(), 7}, 40),
       broken(AppProto::tls)},
      {"the list longer than its extension", record(lying_list),
       broken(AppProto::tls, {"chat.example"})},
      {"the extension longer than the hello", record(hello(name + be16(9) + be16(400) + "short")),
       broken(AppProto::tls, {"chat.example"})},
      {"a hello over the limit", records(huge, 16000), broken(AppProto::tls, {"chat.example"})},
      {"a hello over the limit with its extensions within",
       records("\x01" + be24(0x20000) + hello_body(name) + std::string(70000, 'z'), 16000),
       broken(AppProto::tls, {"chat.example"})},
      {"a hello of three bytes", record(handshake(1, "abc")), broken(AppProto::tls)},
  });
}

TEST(Tls, GivesUpAtItsByteLimit) {
  const std::string filler = extension(21, std::string(60000, '\0'));
  const std::string stream = records(hello(sni({"chat.example"}) + filler), 1);
  ASSERT_GT(stream.size(), tls::kByteLimit);
  const Outcome expected = broken(AppProto::tls, {"chat.example"});
  EXPECT_EQ(run_whole(tls::kParser, as_bytes(stream)), expected);
  EXPECT_EQ(run_in_steps(tls::kParser, as_bytes(stream), 1447), expected);
}

TEST(Tls, LooksAtNewRecordsOnly) {
  const std::string stream =
      records(browser_hello("chat.example", extension(21, std::string(10000, '\0'))), 1);
  ParserState state;
  Facts facts;
  for (std::size_t length = 6; length < stream.size(); ++length) {
    ASSERT_EQ(tls::feed(state, as_bytes(stream).first(length), facts), ParseStatus::need_more);
    ASSERT_EQ(state.offset, length - length % 6);
  }
  EXPECT_EQ(tls::feed(state, as_bytes(stream), facts), ParseStatus::done);
  EXPECT_EQ(names_of(facts), std::vector<std::string>{"chat.example"});
}

TEST(Tls, IsNotTakenForGranted) {
  check({
      {"a server's hello", record(handshake(2, hello_body({}))), not_mine()},
      {"application data", record("hello there", 3, 23), not_mine()},
      {"an alert", record("\x02\x28", 3, 21), not_mine()},
      {"major version 2", std::string("\x16\x02\x01\x00\x05\x01zzzz", 10), not_mine()},
      {"a record too long", std::string("\x16\x03\x01\x41\x01\x01zzzz", 10), not_mine()},
      {"HTTP", "GET / HTTP/1.1\r\n\r\n", not_mine()},
      {"0x16 alone", "\x16", {.probe = Probe::unsure}},
      {"SSH", "SSH-2.0-OpenSSH_9.2\r\n", not_mine()},
      {"nothing behind empty records", record({}) + record({}), {.probe = Probe::unsure}},
  });
  // The first record's fifth byte on: a message type is what tells.
  for (int type = 0; type < 256; ++type) {
    const std::string stream =
        std::string("\x16\x03\x01\x00\x20", 5) + static_cast<char>(type) + "xyz";
    EXPECT_EQ(tls::probe(as_bytes(stream)), type == 1 ? Probe::certain : Probe::not_mine) << type;
  }
}

Outcome ends(std::vector<std::string> expected, Next next, std::size_t end) {
  Outcome outcome = names(std::move(expected));
  outcome.next = next;
  outcome.end = end;
  return outcome;
}

std::string hello13(std::string_view name, std::string_view more = {}) {
  return hello(supported_versions({0x0304, 0x0303}) + sni({name}) + std::string(more));
}

TEST(Tls, SaysWhatFollowsTheHello) {
  const std::string old = record(hello(sni({"chat.example"})));
  const std::string none = record(hello(supported_versions({0x0304})));
  const std::string new_one = record(hello13("chat.example"));
  const std::string two_messages = record(hello13("chat.example") + std::string(40, 'z'));
  check({
      {"TLS 1.2", old, ends({"chat.example"}, Next::opaque, old.size())},
      {"TLS 1.2 and what follows", old + record("\x10", 3),
       ends({"chat.example"}, Next::opaque, old.size())},
      {"no name", none, ends({}, Next::answer, none.size())},
      {"TLS 1.3", new_one, ends({"chat.example"}, Next::message, new_one.size())},
      {"the hello's last record is longer", two_messages,
       ends({"chat.example"}, Next::message, two_messages.size())},
  });
}

TEST(Tls, ReadsTheHelloAfterAHelloRetryRequest) {
  const std::string first = record(hello13("cdn.example"));
  const std::string early = record(hello13("cdn.example", extension(42, {})));
  const std::string second = record(hello13("chat.example"), 3);
  const std::string ccs = record("\x01", 3, 20);
  const std::string data = record(std::string(200, 'd'), 3, 23);
  const auto both = [](const std::string& stream) {
    return ends({"cdn.example", "chat.example"}, Next::opaque, stream.size());
  };
  const auto one = [](std::size_t end) { return ends({"cdn.example"}, Next::opaque, end); };
  const auto row = [&](const char* what, const std::string& stream) {
    return Case{what, stream, both(stream)};
  };
  std::string long_data;
  for (int i = 0; i < 4; ++i) long_data += record(std::string(16384, 'd'), 3, 23);
  std::string other_version = hello13("chat.example");
  other_version[4] = 0x7f;
  check({
      row("at once", first + second),
      row("behind change_cipher_spec", first + ccs + second),
      row("in records of one byte", first + ccs + records(hello13("chat.example"), 1)),
      row("behind early data", early + ccs + data + data + second),
      {"a third is no longer read", first + second + second, both(first + second)},
      {"data that was not announced", first + ccs + data + second, one((first + ccs).size())},
      {"more early data than is waited for", early + long_data + second,
       one((early + long_data).size() - 16389)},
      {"an alert", first + record("\x02\x28", 3, 21), one(first.size())},
      {"another message", first + record("\x10\x00\x00\x01z", 3), one(first.size())},
      {"an encrypted message that begins as a hello", first + ccs + record(other_version, 3),
       one((first + ccs).size())},
      {"an encrypted message as short as can be", first + ccs + record(std::string(40, '\x01'), 3),
       one((first + ccs).size())},
      {"no TLS any more", first + "GET / HTTP/1.1\r\n", one(first.size())},
      {"cut by another record",
       first + record(hello13("chat.example").substr(0, 90), 3) + ccs + second,
       broken(AppProto::tls, {"cdn.example"})},
  });
}

TEST(Tls, ReadsOnAfterAHelloWithoutAName) {
  const std::string first = record(hello(supported_versions({0x0304})));
  const std::string stream = first + record(hello13("chat.example"));
  ParserState state;
  Facts facts;
  ASSERT_EQ(tls::feed(state, as_bytes(stream), facts), ParseStatus::done);
  ASSERT_EQ(facts.next, Next::answer);
  ASSERT_EQ(state.offset, first.size());
  state.offset = 0;
  facts.clear();
  ASSERT_EQ(tls::feed(state, as_bytes(stream).subspan(first.size()), facts), ParseStatus::done);
  EXPECT_EQ(names_of(facts), std::vector<std::string>{"chat.example"});
}

// RFC 5246 appendix E.2.
std::string old_hello(std::uint16_t version, std::size_t ciphers, std::size_t session_id,
                      std::size_t challenge) {
  const std::string body = "\x01" + be16(version) + be16(ciphers) + be16(session_id) +
                           be16(challenge) + std::string(ciphers + session_id + challenge, '\x07');
  return be16(0x8000 | body.size()) + body;
}

TEST(Tls, RecognisesHellosOfSslv2) {
  const std::string plain = old_hello(0x0301, 39, 0, 32);
  const std::string resumed = old_hello(0x0002, 21, 16, 16);
  check({
      {"TLS 1.0 within", plain, ends({}, Next::answer, 11)},
      {"SSLv2 alone", resumed, ends({}, Next::answer, 11)},
      {"TLS 1.2 within", old_hello(0x0303, 3, 0, 16), ends({}, Next::answer, 11)},
      {"ciphers no multiple of three", old_hello(0x0301, 40, 0, 32), not_mine()},
      {"no cipher", old_hello(0x0301, 0, 0, 32), not_mine()},
      {"a session id of another length", old_hello(0x0301, 39, 8, 32), not_mine()},
      {"a challenge too short", old_hello(0x0301, 39, 0, 15), not_mine()},
      {"a challenge too long", old_hello(0x0301, 39, 0, 33), not_mine()},
      {"another version", old_hello(0x0400, 39, 0, 32), not_mine()},
      {"SSLv3 and a half", old_hello(0x0305, 39, 0, 32), not_mine()},
      {"lengths that do not add up", "\x80\x40" + plain.substr(2), not_mine()},
      {"another message", plain.substr(0, 2) + '\x04' + plain.substr(3), not_mine()},
      {"the start of one", plain.substr(0, 10), {.probe = Probe::unsure}},
  });
  ParserState state;
  Facts facts;
  ASSERT_EQ(tls::feed(state, as_bytes(resumed), facts), ParseStatus::done);
  EXPECT_EQ(state.offset + state.skip, resumed.size());
  EXPECT_TRUE(facts.has_hello);
  EXPECT_EQ(facts.hello.version, 0x0002);
  EXPECT_TRUE(facts.hello.resumption);
  EXPECT_EQ(facts.hello.ja4_size, 0);
}

TEST(Tls, LeavesOtherBinaryProtocolsAlone) {
  const auto bytes = [](std::initializer_list<int> values) {
    std::string text;
    for (const int value : values) text += static_cast<char>(value);
    return text + std::string(40, '\x01');
  };
  check({
      {"OSCAR", bytes({0x2a, 0x01, 0x12, 0x34, 0x00, 0x04, 0, 0, 0, 1}), not_mine()},
      {"RTMP", bytes({0x03, 0, 0, 0, 0, 0, 0, 0, 0}), not_mine()},
      {"BitTorrent",
       "\x13"
       "BitTorrent protocol" +
           std::string(48, '\x01'),
       not_mine()},
      {"RDP", bytes({0x03, 0x00, 0x00, 0x13, 0x0e, 0xe0}), not_mine()},
      {"SMB2", bytes({0x00, 0x00, 0x00, 0xf8, 0xfe, 'S', 'M', 'B'}), not_mine()},
      {"YMSG", "YMSG" + std::string(40, '\x01'), not_mine()},
      {"MSNP", "VER 1 MSNP18 CVR0\r\n", not_mine()},
      {"Noise of a messenger", "ED\x01\x02" + std::string(40, '\x01'), not_mine()},
      {"MTProto, abridged", bytes({0xef, 0x0a, 1, 2}), not_mine()},
      {"MTProto, padded", bytes({0xdd, 0xdd, 0xdd, 0xdd}), not_mine()},
      {"a long DNS message over TCP",
       bytes({0x80, 0x40, 0x01, 0x03, 0x01, 0x00, 0x00, 0x01, 0, 0, 0, 0}), not_mine()},
      {"another long DNS message", bytes({0x80, 0x40, 0x01, 0x00, 0x02, 0x00, 0x00, 0x01, 0, 0, 0}),
       not_mine()},
      {"a WebSocket frame", bytes({0x82, 0x7e, 0x01, 0x00, 1, 2, 3, 4}), not_mine()},
      {"a WebSocket frame of the right type", bytes({0x81, 0x01, 0x01, 0x03, 0x01}), not_mine()},
      {"Diameter", bytes({0x01, 0x00, 0x00, 0xc8, 0x80, 0x00, 0x01, 0x01}), not_mine()},
      {"BGP", std::string(16, '\xff') + bytes({0, 29, 1}), not_mine()},
      {"random with the high bit", bytes({0x9c, 0x21, 0x01, 0x03, 0x03, 0x55, 0x18, 0x7a, 9, 9, 9}),
       not_mine()},
  });
}

TEST(Tls, IsCertainAtTheSixthByteOnly) {
  const std::string stream = record(hello(sni({"chat.example"})));
  for (std::size_t length = 1; length < 6; ++length) {
    EXPECT_EQ(tls::probe(as_bytes(stream).first(length)), Probe::unsure) << length;
  }
  EXPECT_EQ(tls::probe(as_bytes(stream).first(6)), Probe::certain);
}

}  // namespace
}  // namespace chatgate::proto::test
