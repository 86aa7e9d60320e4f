#include "proto/socks.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "checks.h"
#include "malloc_count.h"

namespace chatgate::proto::test {
namespace {

using namespace std::string_literals;

struct Case {
  std::string stream;
  std::string name;  // empty: none
  std::uint16_t port;
  Next next;
  std::size_t end;
};

Facts facts_of(const std::string& stream) {
  ParserState state;
  Facts facts;
  socks::feed(state, as_bytes(stream), facts);
  return facts;
}

void check(const std::vector<Case>& cases) {
  for (const Case& row : cases) {
    SCOPED_TRACE(testing::PrintToString(row.stream));
    Outcome expected = found(AppProto::socks, {});
    if (!row.name.empty()) expected.names = {row.name};
    expected.next = row.next;
    expected.end = row.end;
    expect_outcome(socks::kParser, as_bytes(row.stream), expected);
    const Facts facts = facts_of(row.stream);
    EXPECT_EQ(facts.target_port, row.port);
    if (!row.name.empty()) {
      EXPECT_EQ(facts.names[0].source, NameSource::tunnel_target);
    }
  }
}

const std::string kPort = "\x01\xbb";  // 443

std::string v4(char command, const std::string& address, const std::string& user) {
  return "\x04"s + command + kPort + address + user + '\0';
}
std::string request(char command, char type, const std::string& address) {
  return "\x05"s + command + '\0' + type + address + kPort;
}
std::string by_name(const std::string& name) {
  return request(1, 3, static_cast<char>(name.size()) + name);
}

const std::string kGreeting = "\x05\x01\0"s;
const std::string kPassword = "\x01\x04user\x02pw";
const std::string kV6 = "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"s;

TEST(Socks, ReadsVersion4) {
  const std::string plain = v4(1, "\xc0\0\x02\x07"s, "user");
  const std::string named = v4(1, "\0\0\0\x01"s, "user") + "Chat.Example\0"s;
  check({
      {plain, "192.0.2.7", 443, Next::protocol, plain.size()},
      {plain + "\x16\x03\x01", "192.0.2.7", 443, Next::protocol, plain.size()},
      {v4(1, "\xc0\0\x02\x07"s, ""), "192.0.2.7", 443, Next::protocol, 9},
      {v4(2, "\xc0\0\x02\x07"s, ""), "192.0.2.7", 443, Next::opaque, 9},
      {v4(1, "\xc0\0\x02\x07"s, "\x01\xff"), "192.0.2.7", 443, Next::protocol, 11},
      {named, "chat.example", 443, Next::protocol, named.size()},
      {named + "GET / HTTP/1.1\r\n", "chat.example", 443, Next::protocol, named.size()},
      {v4(1, "\0\0\0\xff"s, "") + "198.51.100.9\0"s, "198.51.100.9", 443, Next::protocol, 22},
  });
}

TEST(Socks, ReadsVersion5) {
  const std::string whole = kGreeting + by_name("Chat.Example.");
  const std::string with_password = "\x05\x02\0\x02"s + kPassword + by_name("chat.example");
  const std::string v6 = kGreeting + request(1, 4, kV6);
  const std::string mapped =
      kGreeting + request(1, 4, std::string(10, '\0') + "\xff\xff\xc0\0\x02\x07"s);
  check({
      {whole, "chat.example", 443, Next::protocol, whole.size()},
      {whole + "\x16\x03\x01", "chat.example", 443, Next::protocol, whole.size()},
      {with_password, "chat.example", 443, Next::protocol, with_password.size()},
      {kGreeting + request(1, 1, "\xc0\0\x02\x07"s), "192.0.2.7", 443, Next::protocol, 13},
      {v6, "2001:db8::1", 443, Next::protocol, v6.size()},
      {mapped, "192.0.2.7", 443, Next::protocol, mapped.size()},
      // Offered and not asked for; many methods, some of them private.
      {"\x05\x04\x02\0\x01\xfe"s + by_name("chat.example"), "chat.example", 443, Next::protocol,
       25},
      {"\x05\x01\x02\x01\0\0"s + by_name("chat.example"), "chat.example", 443, Next::protocol, 25},
      {kGreeting + request(2, 1, "\xc0\0\x02\x07"s), "192.0.2.7", 443, Next::opaque, 13},
      {kGreeting + request(3, 1, "\0\0\0\0"s), "0.0.0.0", 443, Next::opaque, 13},
      {kGreeting + request('\xf0', 3, "\x09"s + "a.example"), "a.example", 443, Next::opaque, 19},
      {kGreeting + request(1, 3, "\0"s), "", 443, Next::protocol, 10},
      {kGreeting + request(1, 3, "\x0c"s + "198.51.100.9"), "198.51.100.9", 443, Next::protocol,
       22},
      // A method that wraps what follows.
      {"\x05\x01\x01\x01\x01\0\x05token"s, "", 0, Next::opaque, 4},
  });
}

TEST(Socks, WaitsForTheRequest) {
  const Outcome waiting = {.probe = Probe::certain};
  for (const std::string& stream :
       {kGreeting, "\x05\x02\0\x02"s, "\x05\x01\x02"s + kPassword, kGreeting + "\x05\x01"s,
        kGreeting + "\x05\x01\0\x03\x0c"s + "chat.examp"}) {
    SCOPED_TRACE(testing::PrintToString(stream));
    expect_outcome(socks::kParser, as_bytes(stream), waiting);
  }
  for (const std::string& stream :
       {"\x05"s, "\x05\x02\0"s, "\x04"s, "\x04\x01\x01\xbb\xc0\0\x02\x07user"s,
        v4(1, "\0\0\0\x01"s, "") + "chat.exam"}) {
    SCOPED_TRACE(testing::PrintToString(stream));
    expect_outcome(socks::kParser, as_bytes(stream), {.probe = Probe::unsure});
  }
}

TEST(Socks, SaysWhatIsBroken) {
  expect_outcome(socks::kParser, as_bytes(kGreeting + request(1, 2, "abcd")),
                 broken(AppProto::socks));
}

// First bytes of other protocols, a client's and a server's.
TEST(Socks, LeavesOthersAlone) {
  const std::vector<std::string> others = {
      "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"s,          // TLS
      "\x80\x2e\x01\x03\x01\0\x15\0\0\0\x10"s,              // SSL 2
      "GET / HTTP/1.1\r\n",                                 // HTTP
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",                   // HTTP/2
      "SSH-2.0-OpenSSH_9.2\r\n",                            // SSH
      "220 mail.example ESMTP\r\n",                         // SMTP
      "\0\x1d\x12\x34\x01\0\0\x01\0\0\0\0\0\0"s,            // DNS over TCP
      "\x05\0\x0b\x03\x10\0\0\0\x48\0\0\0"s,                // DCE/RPC bind
      "\x05\0\x0c\x03\x10\0\0\0\x44\0\0\0"s,                // DCE/RPC bind_ack
      "\x04\0\x08\0\x10\0\0\0\0\0\0\0"s,                    // DCE/RPC, connectionless
      "\x04\x01\0\x25\0\x33\x01\0\xe3\x1b\0\x01"s,          // TDS, a server's answer
      "\x12\x01\0\x2f\0\0\x01\0\0\0\x1a\0\x06\x01\0\x20"s,  // TDS prelogin
      "\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08"s,          // RDP
      "\x4a\0\0\0\x0a"s + "8.0.36\0"s,                      // MySQL
      "\0\0\0\x08\x04\xd2\x16\x2f"s,                        // PostgreSQL
      "\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01x"s,           // MQTT
      "\x13"
      "BitTorrent protocol",                    // BitTorrent
      "<stream:stream to='example.com'>",       // XMPP
      "NICK x\r\nUSER x 0 * :x\r\n",            // IRC
      "\x2a\x01\x12\x34\0\x08"s,                // OSCAR
      "YMSG\0\x10\0\0\0\x14"s,                  // YMSG
      "\x04\x02\0\x20\0\0\x01\x05"s,            // no address
      "\x04\x05\x01\xbb\xc0\0\x02\x07\0"s,      // no command
      "\x04\x01\0\0\xc0\0\x02\x07\0"s,          // no port
      "\x04\x01\x01\xbb\x7f\0\0\x01\0"s,        // this host
      "\x04\x01\x01\xbb\xe0\0\0\x01\0"s,        // multicast
      "\x04\x01\x01\xbb\0\0\0\x01\0\0"s,        // a name that is none
      "\x04\x01\x01\xbb\0\0\0\x01\0a\x02z\0"s,  // nor is this
      "\x05\x03\0\x10\x20"s,                    // no methods
      "\x05\x01\xff"s,                          // "none is acceptable"
      "\x05\0"s,                                // a SOCKS server's choice
  };
  for (const std::string& stream : others) {
    SCOPED_TRACE(testing::PrintToString(stream));
    expect_outcome(socks::kParser, as_bytes(stream), not_mine());
  }
  // Like a list of methods, given back at what follows it.
  for (const std::string& stream :
       {"\x05\x01\0\x0b"s, "\x05\x02\0\x02\x03"s, "\x05\x01\0\x01\0\0\x05"s,
        "\x05\x01\x02"s + kPassword + "\x06"}) {
    SCOPED_TRACE(testing::PrintToString(stream));
    expect_outcome(socks::kParser, as_bytes(stream),
                   {.probe = Probe::certain, .status = ParseStatus::not_mine});
  }
}

TEST(Socks, DoesNotSearchForever) {
  const std::string user = "\x04\x01\x01\xbb\xc0\0\x02\x07"s + std::string(2000, 'u');
  const std::string name = v4(1, "\0\0\0\x01"s, "") + std::string(2000, 'n');
  for (const std::string& stream : {user, name}) {
    EXPECT_EQ(run_whole(socks::kParser, as_bytes(stream)), not_mine());
    EXPECT_EQ(run_in_steps(socks::kParser, as_bytes(stream), 7), not_mine());
  }
  const std::string longest = "\x05\xff"s + std::string(255, '\x02') + "\x01\xff" +
                              std::string(255, 'u') + "\xff" + std::string(255, 'p') +
                              by_name(std::string(255, 'n'));
  EXPECT_LT(longest.size(), socks::kByteLimit);
  EXPECT_EQ(run_whole(socks::kParser, as_bytes(longest)).end, longest.size());
}

TEST(Socks, TakesNothingFromTheHeap) {
  if (!mallocs_are_counted()) GTEST_SKIP() << "AddressSanitizer has the heap's functions";
  const std::string v6 = kGreeting + request(1, 4, std::string(16, '\xfd'));
  const std::string name = kGreeting + by_name(std::string(200, 'n'));
  for (const std::string& stream : {v6, name}) {
    ParserState state;
    Facts facts;
    const std::size_t before = malloc_count();
    const ParseStatus status = socks::feed(state, as_bytes(stream), facts);
    EXPECT_EQ(malloc_count(), before);
    EXPECT_EQ(status, ParseStatus::done);
  }
}

}  // namespace
}  // namespace chatgate::proto::test
