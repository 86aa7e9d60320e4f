#include "proto/dtls.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "allocation_count.h"
#include "dtls_message.h"
#include "incremental.h"

namespace chatgate::proto::test {
namespace {

using Names = std::vector<std::string>;

class Dtls : public ::testing::Test {
 protected:
  ~Dtls() override {
    connections_.release(state_);
    EXPECT_EQ(connections_.sessions_in_use(), 0u);
  }

  // A buffer of its own size, so that the sanitizers see a read beyond it.
  ParseStatus feed(std::string_view datagram, Direction direction = Direction::to_server) {
    const std::vector<std::uint8_t> bytes(datagram.begin(), datagram.end());
    facts_.clear();
    return connections_.feed(state_, bytes, direction, facts_);
  }
  Names names() const { return names_of(facts_); }

  dtls::Connections connections_{4};
  ParserState state_;
  Facts facts_;
};

std::string one_hello(std::string_view name, std::string_view cookie = {},
                      std::uint16_t number = 0) {
  const std::string body = dtls_hello_body(sni({name}), cookie);
  return dtls_record(dtls_fragment(body, 0, body.size(), number));
}

TEST_F(Dtls, ReadsAHelloInOneDatagram) {
  ASSERT_EQ(feed(one_hello("Chat.Example.")), ParseStatus::done);
  EXPECT_EQ(names(), Names{"chat.example"});
  EXPECT_EQ(facts_.protocol, AppProto::dtls);
  EXPECT_EQ(facts_.next, Next::message);
  EXPECT_EQ(facts_.hello.version, 0xfefd);
  EXPECT_EQ(facts_.hello.ja4_view().substr(0, 10), "dd2d030100");
  EXPECT_EQ(connections_.sessions_in_use(), 0u);
}

TEST_F(Dtls, ReadsTheVersionsOfDtls13) {
  const std::string body = dtls_hello_body(supported_versions({0xfefc, 0xfefd}));
  ASSERT_EQ(feed(dtls_record(dtls_fragment(body))), ParseStatus::done);
  EXPECT_EQ(names(), Names{});
  EXPECT_EQ(facts_.hello.version, 0xfefc);
  EXPECT_FALSE(facts_.hello.resumption);
  EXPECT_EQ(facts_.hello.ja4_view().substr(0, 4), "dd3i");
}

TEST_F(Dtls, ReadsFragmentsCutAnywhere) {
  const std::string body = dtls_hello_body(sni({"chat.example"}));
  for (std::size_t cut = 0; cut <= body.size(); ++cut) {
    const std::string first = dtls_record(dtls_fragment(body, 0, cut));
    const std::string second = dtls_record(dtls_fragment(body, cut));
    for (const auto& [one, other] : {std::pair(first, second), std::pair(second, first)}) {
      ParserState state;
      Facts facts;
      const auto whole = cut == 0 || cut == body.size();
      const ParseStatus status = connections_.feed(state, as_bytes(one), {}, facts);
      ASSERT_TRUE(whole || status == ParseStatus::need_more) << cut;
      if (status != ParseStatus::done) {
        ASSERT_EQ(connections_.feed(state, as_bytes(other), {}, facts), ParseStatus::done) << cut;
      }
      ASSERT_EQ(names_of(facts), Names{"chat.example"}) << cut;
      connections_.release(state);
    }
    ParserState state;
    Facts facts;
    ASSERT_EQ(connections_.feed(state, as_bytes(second + first), {}, facts), ParseStatus::done);
    ASSERT_EQ(names_of(facts), Names{"chat.example"}) << cut;
    connections_.release(state);
  }
}

TEST_F(Dtls, ReadsFragmentsOfOneByteInAnyOrder) {
  const std::string body =
      dtls_hello_body(sni({"chat.example"}) + extension(21, std::string(900, '\0')));
  std::vector<std::string> datagrams;
  for (std::size_t at = 0; at < body.size(); ++at) {
    datagrams.push_back(dtls_record(dtls_fragment(body, at, 1)));
  }
  for (std::size_t i = 0; i + 1 < datagrams.size(); ++i) {
    const std::size_t at = i * 7919 % (datagrams.size() - 1) + 1;  // a prime: each once
    ASSERT_EQ(feed(datagrams[at]), ParseStatus::need_more);
  }
  EXPECT_EQ(connections_.sessions_in_use(), 1u);
  ASSERT_EQ(feed(datagrams[0]), ParseStatus::done);
  EXPECT_EQ(names(), Names{"chat.example"});
  EXPECT_EQ(connections_.sessions_in_use(), 0u);
}

TEST_F(Dtls, ReadsALongHello) {
  const std::string body =
      dtls_hello_body(extension(51, std::string(9000, 'k')) + sni({"chat.example"}));
  for (std::size_t at = 0; at < body.size(); at += 1200) {
    const ParseStatus status = feed(dtls_record(dtls_fragment(body, at, 1200)));
    ASSERT_EQ(status, at + 1200 < body.size() ? ParseStatus::need_more : ParseStatus::done);
  }
  EXPECT_EQ(names(), Names{"chat.example"});
}

TEST_F(Dtls, ReadsOverlapsThatAgreeAndRefusesOthers) {
  const std::string body = dtls_hello_body(sni({"chat.example"}));
  ASSERT_EQ(feed(dtls_record(dtls_fragment(body, 0, 60))), ParseStatus::need_more);
  ASSERT_EQ(feed(dtls_record(dtls_fragment(body, 20, 60))), ParseStatus::need_more);
  ASSERT_EQ(feed(dtls_record(dtls_fragment(body, 20, 60))), ParseStatus::need_more);
  ASSERT_EQ(feed(dtls_record(dtls_fragment(body, 70))), ParseStatus::done);
  EXPECT_EQ(names(), Names{"chat.example"});

  const std::string other = dtls_hello_body(sni({"shop.example"}));
  ASSERT_EQ(feed(dtls_record(dtls_fragment(body, 0, body.size() - 1))), ParseStatus::need_more);
  EXPECT_EQ(feed(dtls_record(dtls_fragment(other, 80))), ParseStatus::malformed);
}

TEST_F(Dtls, FollowsCookiesAndRetries) {
  ASSERT_EQ(feed(one_hello("cdn.example")), ParseStatus::done);
  EXPECT_EQ(names(), Names{"cdn.example"});
  const std::string verify = be16(0xfeff) + prefixed8("cookie");
  EXPECT_EQ(feed(dtls_record(dtls_fragment(verify, 0, verify.size(), 0, 3)), Direction::to_client),
            ParseStatus::need_more);
  ASSERT_EQ(feed(one_hello("chat.example", "cookie", 1)), ParseStatus::done);
  EXPECT_EQ(names(), Names{"chat.example"});
  EXPECT_EQ(feed(dtls_server_hello(true), Direction::to_client), ParseStatus::need_more);
  ASSERT_EQ(feed(one_hello("third.example", {}, 2)), ParseStatus::done);
  EXPECT_EQ(names(), Names{"third.example"});
  ASSERT_EQ(feed(dtls_server_hello(false), Direction::to_client), ParseStatus::done);
  EXPECT_EQ(names(), Names{});
  EXPECT_EQ(facts_.next, Next::opaque);
}

TEST_F(Dtls, IsOverWithProtectedRecordsOfTheServer) {
  const std::string legacy = dtls_record("sealed", {.type = 23, .version = 0xfefd, .epoch = 1});
  const std::string unified = "\x2f" + std::string(40, 'x');
  for (const std::string& sealed : {legacy, unified}) {
    SCOPED_TRACE(sealed.size());
    ASSERT_EQ(feed(one_hello("chat.example")), ParseStatus::done);
    EXPECT_EQ(feed(sealed), ParseStatus::need_more) << "the client's own say nothing";
    ASSERT_EQ(feed(sealed, Direction::to_client), ParseStatus::done);
    EXPECT_EQ(facts_.next, Next::opaque);
    connections_.release(state_);
  }
}

TEST_F(Dtls, DoesNotTrustTheClientsServerHello) {
  ASSERT_EQ(feed(one_hello("cdn.example")), ParseStatus::done);
  EXPECT_EQ(feed(dtls_server_hello(false)), ParseStatus::need_more);
  ASSERT_EQ(feed(one_hello("chat.example")), ParseStatus::done);
  EXPECT_EQ(names(), Names{"chat.example"});
}

TEST_F(Dtls, ReadsAHelloFromEitherEnd) {
  ASSERT_EQ(feed(one_hello("chat.example"), Direction::to_client), ParseStatus::done);
  EXPECT_EQ(names(), Names{"chat.example"});
  ASSERT_EQ(feed(dtls_server_hello(false), Direction::to_server), ParseStatus::done);
  EXPECT_EQ(facts_.next, Next::opaque);
}

TEST_F(Dtls, ReadsWhatStandsAmongOtherRecords) {
  const std::string alert = dtls_record("\x01\x00", {.type = 21});
  const std::string other = dtls_record(dtls_fragment(std::string(20, 'c'), 0, 20, 3, 11));
  const std::string sealed = dtls_record("sealed", {.type = 22, .epoch = 1});
  ASSERT_EQ(feed(alert + other + sealed + one_hello("chat.example") + "trailing"),
            ParseStatus::done);
  EXPECT_EQ(names(), Names{"chat.example"});
  const std::string body = dtls_hello_body(sni({"a.example"}));
  const std::string again = dtls_hello_body(sni({"b.example"}));
  ASSERT_EQ(feed(dtls_record(dtls_fragment(body) + dtls_fragment(again, 0, again.size(), 1))),
            ParseStatus::done);
  EXPECT_EQ(names(), (Names{"a.example", "b.example"}));
}

TEST_F(Dtls, RefusesWhatContradictsItself) {
  const std::string body = dtls_hello_body(sni({"chat.example"}));
  const std::string longer = body + "z";
  const std::string begun = dtls_record(dtls_fragment(body, 0, 60));
  std::string beyond = dtls_fragment(body, 50);
  beyond[8] = 51;  // its offset
  std::string lying = body;
  lying[lying.size() - 16] = '\x70';
  for (const std::string& broken :
       {dtls_record(dtls_fragment(longer, 60)), dtls_record(beyond),
        dtls_record(dtls_fragment(lying)),
        dtls_record(dtls_fragment(body, 0, 5, 1)) + dtls_record(dtls_fragment(body, 0, 5, 2))}) {
    ASSERT_EQ(feed(begun), ParseStatus::need_more);
    EXPECT_EQ(feed(broken), ParseStatus::malformed);
    connections_.release(state_);
  }
}

TEST_F(Dtls, SaysSoWhereThereIsNoRoom) {
  const std::string begun = dtls_record(dtls_fragment(dtls_hello_body({}), 0, 45));
  std::vector<ParserState> states(5);
  Facts facts;
  for (ParserState& state : states) {
    const bool last = &state == &states.back();
    EXPECT_EQ(connections_.feed(state, as_bytes(begun), {}, facts),
              last ? ParseStatus::malformed : ParseStatus::need_more);
  }
  EXPECT_EQ(feed(one_hello("chat.example")), ParseStatus::done) << "one in a piece needs none";
  for (ParserState& state : states) connections_.release(state);
  EXPECT_EQ(feed(begun), ParseStatus::need_more);
  EXPECT_GT(connections_.memory(), 4 * quic::StreamPool::kSmall);
}

TEST_F(Dtls, AllocatesNothing) {
  const std::string body = dtls_hello_body(sni({"chat.example"}));
  const std::string first = dtls_record(dtls_fragment(body, 0, 60));
  const std::string second = dtls_record(dtls_fragment(body, 60));
  const std::size_t before = allocation_count();
  const ParseStatus begun = connections_.feed(state_, as_bytes(first), {}, facts_);
  const ParseStatus ended = connections_.feed(state_, as_bytes(second), {}, facts_);
  EXPECT_EQ(allocation_count(), before);
  EXPECT_EQ(begun, ParseStatus::need_more);
  EXPECT_EQ(ended, ParseStatus::done);
}

TEST_F(Dtls, IsNotTakenForGranted) {
  const std::string hello = one_hello("chat.example");
  const auto changed = [&](std::size_t at, int value) {
    std::string bytes = hello;
    bytes[at] = static_cast<char>(value);
    return bytes;
  };
  const std::pair<const char*, std::string> rows[] = {
      {"nothing", ""},
      {"TLS", record(test::hello(sni({"chat.example"})))},
      {"a server's hello", dtls_server_hello(false)},
      {"an alert", dtls_record("\x01\x00", {.type = 21})},
      {"protected records", dtls_record(std::string(60, 's'), {.type = 23, .epoch = 1})},
      {"a hello of epoch 1", changed(4, 1)},
      {"another major version", changed(1, 0x03)},
      {"a record too long for its datagram", hello.substr(0, hello.size() - 1)},
      {"a record header only", hello.substr(0, 13)},
      {"another message", changed(13, 11)},
      {"a message shorter than its fragment", changed(16, 50)},
      {"a hello too short", dtls_record(dtls_fragment("abc"))},
      {"another version within", changed(25, 3)},
      {"STUN", std::string("\x00\x01\x00\x00\x21\x12\xa4\x42", 8) + std::string(12, 'i')},
      {"RTP", std::string("\x80\x60\x00\x01", 4) + std::string(160, 'a')},
      {"TURN channel data", std::string("\x40\x00\x00\x10", 4) + std::string(16, 'a')},
      {"QUIC", "\xc3" + std::string("\0\0\0\1\x08", 5) + std::string(1190, 'q')},
      {"DNS", std::string("\x12\x34\x01\x00\x00\x01\0\0\0\0\0\0", 12) + "\3www\7example\0"},
      {"ZRTP", std::string("\x10\x00\x00\x01ZRTP", 8) + std::string(40, 'z')},
      {"DTLS 1.3's protected records", "\x2e" + std::string(40, '\xfe')},
  };
  for (const auto& [what, datagram] : rows) {
    EXPECT_EQ(dtls::probe(as_bytes(datagram)), Probe::not_mine) << what;
    EXPECT_EQ(feed(datagram), ParseStatus::not_mine) << what;
  }
  EXPECT_EQ(dtls::probe(as_bytes(hello)), Probe::certain);
  for (std::size_t size = 0; size < hello.size(); ++size) {
    ASSERT_EQ(dtls::probe(as_bytes(hello).first(size)), Probe::not_mine) << size;
  }
}

TEST_F(Dtls, LeavesMediaOfItsFlowAlone) {
  ASSERT_EQ(feed(one_hello("chat.example")), ParseStatus::done);
  EXPECT_EQ(feed(std::string("\x80\x60\x00\x01", 4) + std::string(160, 'a')),
            ParseStatus::need_more);
  EXPECT_EQ(feed(""), ParseStatus::need_more);
}

}  // namespace
}  // namespace chatgate::proto::test
