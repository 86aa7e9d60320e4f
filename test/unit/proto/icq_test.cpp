#include "proto/icq.h"

#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "proto/context.h"

#include "icq_message.h"
#include "messenger_checks.h"

namespace chatgate::proto::test {
namespace {

using namespace std::string_literals;

constexpr std::uint32_t kUin = 1234567;
constexpr Direction kOut = Direction::to_server;
constexpr Direction kBack = Direction::to_client;

// One flow, as the engine follows it.
class Flow {
 public:
  explicit Flow(const DatagramParser& parser) : parser_(parser) {}

  std::string read(const std::string& datagram, Direction direction = kOut) {
    // A buffer of its own size, so that the sanitizers see a read beyond it.
    const std::vector<std::uint8_t> bytes(datagram.begin(), datagram.end());
    if (!followed_ && parser_.probe(bytes) != Probe::certain) return "not mine";
    Facts facts;
    const ParseStatus status = parser_.read(state_, bytes, direction, facts, *context_);
    if (status != ParseStatus::done) return "not mine";
    followed_ = true;
    EXPECT_EQ(facts.protocol, AppProto::icq);
    return to_line(facts);
  }

 private:
  const DatagramParser& parser_;
  ParserState state_;
  bool followed_ = false;
  std::unique_ptr<Context> context_ = std::make_unique<Context>(1);
};

std::string on_port(const std::string& datagram) {
  return Flow(icq::kParserOnPort).read(datagram);
}
std::string anywhere(const std::string& datagram) {
  return Flow(icq::kParser).read(datagram);
}

std::string log_in_v2() {
  return icq_v2(
      1000, kUin,
      le32(1999) + le16(7) + "secret\0"s + le32(4) + "\x0a\0\0\1"s + le32(0) + le32(2) + le16(0));
}
std::string text_v2() {
  return icq_v2(270, kUin, le32(7654321) + le16(1) + le16(3) + "hi\0"s);
}

const std::string kLogIn5 = icq_v5(1000, kUin,
                                   le32(0x38000000) + le32(1999) + le16(7) + "secret\0"s +
                                       le32(0x98) + "\x0a\0\0\1"s + std::string(20, '\0'));

TEST(Icq, ReadsEveryVersion) {
  const std::string text = le32(7654321) + le16(1) + le16(3) + "hi\0"s;
  EXPECT_EQ(on_port(log_in_v2()), "icq login login=1234567 version=2");
  EXPECT_EQ(on_port(text_v2()), "icq text-chat login=1234567 peer=7654321 version=2");
  EXPECT_EQ(anywhere(icq_v3(1000, kUin, "x")), "icq login login=1234567 version=3");
  EXPECT_EQ(anywhere(icq_v3(270, kUin, text)),
            "icq text-chat login=1234567 peer=7654321 version=3");
  EXPECT_EQ(anywhere(icq_v4(1000, kUin, std::string(40, 'x'))),
            "icq login login=1234567 version=4");
  EXPECT_EQ(anywhere(icq_v4(270, kUin, text)),
            "icq text-chat login=1234567 peer=7654321 version=4");
  EXPECT_EQ(anywhere(kLogIn5), "icq login login=1234567 version=5");
  EXPECT_EQ(anywhere(icq_v5(270, kUin, text)),
            "icq text-chat login=1234567 peer=7654321 version=5");
}

TEST(Icq, TellsServicesApart) {
  const auto message = [](std::uint16_t kind) {
    return anywhere(icq_v5(270, kUin, le32(7654321) + le16(kind) + le16(1) + "\0"s));
  };
  const auto command = [](std::uint16_t number) {
    return anywhere(icq_v5(number, kUin, le32(99)));
  };
  EXPECT_EQ(message(2), "icq conference login=1234567 peer=7654321 version=5");
  EXPECT_EQ(message(3), "icq file-transfer login=1234567 peer=7654321 version=5");
  EXPECT_EQ(message(6), "icq presence login=1234567 peer=7654321 version=5");
  EXPECT_EQ(command(10), "icq any login=1234567 version=5");
  EXPECT_EQ(command(1020), "icq login login=1234567 version=5");
  EXPECT_EQ(command(1030), "icq presence login=1234567 version=5");
  EXPECT_EQ(command(1070), "icq presence login=1234567 version=5");
  EXPECT_EQ(command(1240), "icq presence login=1234567 version=5");
  EXPECT_EQ(command(1610), "icq presence login=1234567 version=5");
  // Whoever registers has no number yet.
  EXPECT_EQ(anywhere(icq_v5(1020, 0, "password")), "icq login version=5");
  EXPECT_EQ(anywhere(icq_v5(1000, 0, "password")), "not mine");
}

TEST(Icq, ReadsTheServerOfAFlowThatIsKnown) {
  const auto v5 = [](std::uint16_t command, const std::string& more) {
    return le16(5) + '\0' + le32(0x12345678) + le16(command) + le16(1) + le16(2) + le32(kUin) +
           le32(0x9999) + more;
  };
  Flow flow(icq::kParser);
  EXPECT_EQ(flow.read(v5(90, "x"), kBack), "not mine");
  EXPECT_EQ(flow.read(kLogIn5), "icq login login=1234567 version=5");
  EXPECT_EQ(flow.read(v5(10, ""), kBack), "icq any login=1234567 version=5");
  EXPECT_EQ(flow.read(v5(90, "x"), kBack), "icq login login=1234567 version=5");
  EXPECT_EQ(flow.read(v5(110, le32(7654321)), kBack),
            "icq presence login=1234567 peer=7654321 version=5");
  EXPECT_EQ(flow.read(v5(260, le32(7654321) + le16(1)), kBack),
            "icq text-chat login=1234567 peer=7654321 version=5");
  EXPECT_EQ(flow.read(v5(220, le32(7654321) + le16(1999) + "\1\2\3\4"s + le16(3)), kBack),
            "icq file-transfer login=1234567 peer=7654321 version=5");
  // Several in one: a message among them counts more than what is not for the user.
  const std::string online = v5(110, le32(7654321));
  const std::string text = v5(260, le32(777) + le16(1));
  const auto within = [](const std::string& each) { return le16(each.size()) + each; };
  EXPECT_EQ(flow.read(v5(0x212, "\3" + within(online) + within(text) + within(online)), kBack),
            "icq text-chat login=1234567 peer=777 version=5");
  EXPECT_EQ(flow.read(v5(0x212, "\1" + within(online)), kBack),
            "icq presence login=1234567 peer=7654321 version=5");
  EXPECT_EQ(flow.read(v5(0x212, "\1" + within(v5(0x212, "\1" + within(text)))), kBack),
            "icq presence login=1234567 version=5");
  EXPECT_EQ(flow.read(v5(0x212, "\7" + within("short")), kBack),
            "icq presence login=1234567 version=5");
  EXPECT_EQ(flow.read(v5(60000, ""), kBack), "icq presence login=1234567 version=5");
  EXPECT_EQ(flow.read("something else that is long enough", kBack), "not mine");
  EXPECT_EQ(flow.read(v5(90, "").substr(0, 20), kBack), "not mine");

  Flow old(icq::kParserOnPort);
  EXPECT_EQ(old.read(log_in_v2()), "icq login login=1234567 version=2");
  EXPECT_EQ(old.read(le16(2) + le16(90) + le16(1) + le32(kUin), kBack), "icq login version=2");
  EXPECT_EQ(old.read(icq_v2(1070, kUin, "")), "icq presence login=1234567 version=2");
}

TEST(Icq, ChecksWhatIsRandom) {
  const std::string more(600, 'r');
  for (std::size_t at = 24; at < 600; at += 13) {
    EXPECT_NE(anywhere(icq_v5(1000, kUin, more, at, static_cast<std::uint8_t>(at))), "not mine")
        << at;
    EXPECT_NE(anywhere(icq_v4(1000, kUin, more, at, static_cast<std::uint8_t>(at))), "not mine")
        << at;
  }
  // A bit more or less, wherever it is checked. What is flipped in the text behind is not seen.
  for (std::size_t at = 0; at < 24; ++at) {
    std::string wrong = kLogIn5;
    wrong[at] = static_cast<char>(wrong[at] ^ 0x10);
    const bool session_or_sequence = (at >= 10 && at < 14) || (at >= 16 && at < 20);
    const bool number = at >= 6 && at < 10 && at != 6 && at != 8;
    if (session_or_sequence || number) continue;
    EXPECT_EQ(anywhere(wrong), "not mine") << at;
  }
  EXPECT_EQ(anywhere(kLogIn5 + "x"), "not mine");  // the key comes of the length
}

TEST(Icq, Version2CountsOnItsPortAlone) {
  EXPECT_EQ(anywhere(log_in_v2()), "not mine");
  EXPECT_EQ(anywhere(text_v2()), "not mine");
  EXPECT_EQ(on_port(text_v2() + "x"), "not mine");
  EXPECT_EQ(on_port(log_in_v2().substr(0, 28)), "not mine");
  EXPECT_EQ(on_port(icq_v2(1070, kUin, "")), "not mine");  // nothing that would prove it
  EXPECT_EQ(on_port(icq_v2(270, 3, le32(7654321) + le16(1) + le16(3) + "hi\0"s)), "not mine");
}

TEST(Icq, IsNotTakenForOthers) {
  std::vector<std::string> others = {
      "",
      "\2\0"s,
      "\5\0"s,
      std::string(64, '\0'),
      "\2\x36\x24\0\2\x0b\x70\x21\xad\x1a\x76\2\0\0\0\1\1\1\0\0\x67\x92\3"s,  // OICQ
      "\5\0\0\0\0\0"s + std::string(40, '\0'),
      "\4\0"s + std::string(60, '\0'),
      "\3\0"s + std::string(60, '\0'),
      "\5\0\x0b\x03\x10\0\0\0\x48\0\0\0\1\0\0\0\xb8\x10\xb8\x10\0\0\0\0\1\0\0\0\0\0\1\0"s,  // DCE
      "\4\0\x28\0\x10\0\0\0"s + std::string(72, '\0'),  // DCE over datagrams
  };
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string noise(20 + random() % 60, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    noise.replace(0, 2, le16(2 + random() % 4));
    others.push_back(noise);
  }
  for (const std::string& other : others) {
    EXPECT_EQ(on_port(other), "not mine") << testing::PrintToString(other);
    EXPECT_EQ(anywhere(other), "not mine") << testing::PrintToString(other);
  }
}

}  // namespace
}  // namespace chatgate::proto::test
