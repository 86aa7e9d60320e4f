#include "proto/proxy_protocol.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "checks.h"
#include "malloc_count.h"

namespace chatgate::proto::test {
namespace {

using namespace std::string_literals;

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;

std::string v2(char command, char family, const std::string& body) {
  return kSignature + command + family + static_cast<char>(body.size() >> 8) +
         static_cast<char>(body.size() & 0xff) + body;
}
std::string field(char type, const std::string& value) {
  return type + "\0"s + static_cast<char>(value.size()) + value;
}

const std::string kV4 = "\xc0\0\x02\x01\xc6\x33\x64\x09\x13\x88\x01\xbb"s;
const std::string kV6 = "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"s +
                        "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2"s + "\x13\x88\x01\xbb"s;

struct Case {
  std::string header;
  std::vector<std::string> names;
  std::uint16_t port;
};

TEST(ProxyProtocol, ReadsTheDestination) {
  const std::vector<Case> cases = {
      {"PROXY TCP4 192.0.2.1 198.51.100.9 5000 443\r\n", {"198.51.100.9"}, std::uint16_t{443}},
      {"PROXY TCP6 2001:db8::1 2001:DB8:0::2 5000 443\r\n", {"2001:db8::2"}, std::uint16_t{443}},
      {"PROXY TCP4 192.0.2.1  198.51.100.9 5000 443\n", {"198.51.100.9"}, std::uint16_t{443}},
      {"PROXY UNKNOWN\r\n", {}, std::uint16_t{0}},
      {"PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n", {}, std::uint16_t{0}},
      {v2('\x21', '\x11', kV4), {"198.51.100.9"}, std::uint16_t{443}},
      {v2('\x21', '\x12', kV4), {"198.51.100.9"}, std::uint16_t{443}},
      {v2('\x21', '\x21', kV6), {"2001:db8::2"}, std::uint16_t{443}},
      {v2('\x21', '\x11', kV4 + field(1, "h2") + field(2, "Chat.Example") + field(4, "")),
       {"198.51.100.9", "chat.example"},
       std::uint16_t{443}},
      {v2('\x21', '\x31', std::string(216, 'u') + field(2, "chat.example")),
       {"chat.example"},
       std::uint16_t{0}},
      {v2('\x20', '\0', ""), {}, std::uint16_t{0}},
      {v2('\x20', '\x11', kV4), {}, std::uint16_t{0}},
      {v2('\x21', '\0', "whatever"), {}, std::uint16_t{0}},
  };
  for (const Case& row : cases) {
    for (const std::string& behind : {""s, "GET / HTTP/1.1\r\n"s, "\x16\x03\x01"s}) {
      SCOPED_TRACE(testing::PrintToString(row.header));
      Outcome expected = found(AppProto::proxy_protocol, row.names);
      expected.next = Next::protocol;
      expected.end = row.header.size();
      expect_outcome(proxy_protocol::kParser, as_bytes(row.header + behind), expected);
    }
    ParserState state;
    Facts facts;
    proxy_protocol::feed(state, as_bytes(row.header), facts);
    EXPECT_EQ(facts.target_port, row.port);
    for (std::size_t i = 0; i < facts.name_count; ++i) {
      EXPECT_EQ(facts.names[i].source, NameSource::tunnel_target);
    }
  }
}

TEST(ProxyProtocol, SaysWhatIsBroken) {
  const std::vector<Case> cases = {
      {"PROXY TCP4 192.0.2.1 chat.example 5000 443\r\n", {}, 0},
      {"PROXY TCP4 192.0.2.1 198.51.100.9 5000 65536\r\n", {}, 0},
      {"PROXY TCP4 192.0.2.1 198.51.100.9 5000\r\n", {}, 0},
      {"PROXY TCP4 \r\n", {}, 0},
      {"PROXY TCP4 " + std::string(300, ' '), {}, 0},
      {"PROXY UNKNOWN" + std::string(300, 'x') + "\r\n", {}, 0},
      {v2('\x21', '\x11', kV4.substr(1)), {}, 0},
      {v2('\x21', '\x21', kV4), {}, 0},
      {v2('\x21', '\x31', "short"), {}, 0},
      {v2('\x21', '\x11', kV4 + "\x02"), {"198.51.100.9"}, 0},
      {v2('\x21', '\x11', kV4 + "\x02\0\x09"s + "chat"), {"198.51.100.9"}, 0},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(testing::PrintToString(row.header));
    expect_outcome(proxy_protocol::kParser, as_bytes(row.header),
                   broken(AppProto::proxy_protocol, row.names));
  }
}

TEST(ProxyProtocol, ReadsTheLongestHeader) {
  const std::string longest =
      kSignature + "\x21\x11\xff\xff"s + kV4 + "\x04\xff\xf0"s + std::string(65520, '\0');
  ASSERT_EQ(longest.size(), 16u + 65535u);
  EXPECT_EQ(run_whole(proxy_protocol::kParser, as_bytes(longest)).end, longest.size());
  EXPECT_EQ(run_in_steps(proxy_protocol::kParser, as_bytes(longest), 1448).end, longest.size());
}

TEST(ProxyProtocol, LeavesOthersAlone) {
  const std::vector<std::string> others = {
      "PROXY TCP5 x",
      "PROXY\r\n",
      "PROXY / HTTP/1.1\r\n",
      "PROPFIND / HTTP/1.1\r\n",
      "PRIVMSG #c :PROXY TCP4 \r\n",
      "proxy tcp4 192.0.2.1 198.51.100.9 5000 443\r\n",
      "GET / HTTP/1.1\r\n",
      "\r\n\r\nGET / HTTP/1.1\r\n",
      "\r\n\r\n\0\r\nQUIT\r"s,
      kSignature + "\x11",
      kSignature + "\x22",
      "\x16\x03\x01",
      "QUIT\r\n",
  };
  for (const std::string& stream : others) {
    SCOPED_TRACE(testing::PrintToString(stream));
    expect_outcome(proxy_protocol::kParser, as_bytes(stream), not_mine());
  }
  for (const std::string& stream : {"PROXY TCP"s, "\r\n\r\n"s, kSignature}) {
    expect_outcome(proxy_protocol::kParser, as_bytes(stream), {.probe = Probe::unsure});
  }
  for (const std::string& stream :
       {"PROXY TCP4 192.0.2.1 198.51"s, kSignature + "\x21\x11\0\x0c"s + kV4.substr(1)}) {
    expect_outcome(proxy_protocol::kParser, as_bytes(stream), {.probe = Probe::certain});
  }
}

TEST(ProxyProtocol, TakesNothingFromTheHeap) {
  if (!mallocs_are_counted()) GTEST_SKIP() << "AddressSanitizer has the heap's functions";
  const std::string line =
      "PROXY TCP6 2001:db8::1 2001:db8:1111:2222:3333:4444:5555:6666 5000 443\r\n";
  const std::string binary = v2('\x21', '\x21', kV6 + field(2, std::string(100, 'n')));
  for (const std::string& stream : {line, binary}) {
    ParserState state;
    Facts facts;
    const std::size_t before = malloc_count();
    const ParseStatus status = proxy_protocol::feed(state, as_bytes(stream), facts);
    EXPECT_EQ(malloc_count(), before);
    EXPECT_EQ(status, ParseStatus::done);
  }
}

}  // namespace
}  // namespace chatgate::proto::test
