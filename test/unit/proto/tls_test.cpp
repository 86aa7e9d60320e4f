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
    expect_outcome(AppProto::tls, as_bytes(row.stream), row.expected);
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
    const StreamParser& parser = stream_parser(AppProto::tls);
    ASSERT_EQ(run_whole(parser, as_bytes(stream)), names({"chat.example"})) << cut;
    ASSERT_EQ(run_in_steps(parser, as_bytes(stream), 1), names({"chat.example"})) << cut;
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
  const StreamParser& parser = stream_parser(AppProto::tls);
  const Outcome expected = broken(AppProto::tls, {"chat.example"});
  EXPECT_EQ(run_whole(parser, as_bytes(stream)), expected);
  EXPECT_EQ(run_in_steps(parser, as_bytes(stream), 1447), expected);
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
      {"SSLv2", std::string("\x80\x2e\x01\x03\x01\x00\x15zzzz", 11), not_mine()},
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

TEST(Tls, IsCertainAtTheSixthByteOnly) {
  const std::string stream = record(hello(sni({"chat.example"})));
  for (std::size_t length = 1; length < 6; ++length) {
    EXPECT_EQ(tls::probe(as_bytes(stream).first(length)), Probe::unsure) << length;
  }
  EXPECT_EQ(tls::probe(as_bytes(stream).first(6)), Probe::certain);
}

}  // namespace
}  // namespace chatgate::proto::test
