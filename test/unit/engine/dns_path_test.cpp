// What a worker does with DNS answers: learns from them, sees through them, takes keys out of them.

#include <gtest/gtest.h>

#include "dns_message.h"
#include "learn/learned_servers.h"
#include "wire.h"

namespace chatgate::engine {
namespace {

using namespace proto::test;
using telemetry::Reason;

constexpr const char* kResolver = "192.0.2.53";
constexpr std::uint16_t kA = 1, kCname = 5, kHttps = 65;
constexpr std::string_view kAsked("\xc0\x0c", 2);
const std::string kAddress("\xc0\x00\x02\x50", 4);  // 192.0.2.80

std::shared_ptr<Snapshot> blocking(const policy::Controls& controls) {
  auto made = block_im();
  policy::Policy::Content content;
  content.rules = {made->policy->rules().begin(), made->policy->rules().end()};
  content.controls = controls;
  made->policy = std::make_shared<policy::Policy>(std::move(content), *made->catalogue);
  return made;
}

std::shared_ptr<Snapshot> stripping() {
  policy::Controls controls;
  controls.tls.ech = policy::EncryptedClientHello::strip;
  return blocking(controls);
}

std::string query(std::string_view name, std::uint16_t type = kA) {
  return dns_header() + dns_question(dns_name(name), type);
}
std::string answer(std::string_view name, std::string_view records, std::uint16_t count = 1,
                   std::uint16_t type = kA, std::uint16_t id = 0x1234) {
  return dns_header({.id = id, .flags = 0x8180, .answers = count}) +
         dns_question(dns_name(name), type) + std::string(records);
}
std::string address_of(std::string_view name) {
  return answer(name, dns_record(kAsked, kA, kAddress));
}
std::string cloaked(std::string_view name) {
  const std::string target = dns_name("edge.whatsapp.net");
  return answer(name, dns_record(kAsked, kCname, target) + dns_record(target, kA, kAddress), 2);
}
std::string with_keys(std::string_view name) {
  return answer(name,
                dns_record(kAsked, kHttps,
                           svc_data(1, std::string_view("\0", 1),
                                    svc_param(1, "\x02h2") + svc_param(5, "secret keys"))),
                1, kHttps);
}

class Dns : public ::testing::Test {
 protected:
  Dns() { use(block_im()); }

  void use(std::shared_ptr<const Snapshot> snapshot) {
    learned_ = std::make_unique<learn::LearnedServers>(1024, KeyedHash(1));
    WorkerConfig config = Wire::small();
    config.learned = learned_.get();
    wire_ = std::make_unique<Wire>(std::move(snapshot), config);
  }
  Outcome ask(std::string_view message) {
    return wire_->inside(Frame().v4(kClient, kResolver).udp(40000, 53).payload(message));
  }
  Outcome told(std::string_view message, const char* by = kResolver) {
    return wire_->outside(Frame().v4(by, kClient).udp(53, 40000).payload(message));
  }
  // What happens to a connection to kAddress that names nobody.
  bool forwards_to_address() {
    Talk talk(*wire_, next_port_++, 443, "192.0.2.80");
    return talk.open().forward && talk.client_says(test::client_hello("")).forward;
  }
  Talk resolver_connection() {
    Talk talk(*wire_, next_port_++, 53, kResolver);
    talk.open();
    return talk;
  }

  std::unique_ptr<learn::LearnedServers> learned_;
  std::unique_ptr<Wire> wire_;
  std::uint16_t next_port_ = 50000;
};

std::string message_in(const Outcome& outcome, Side side) {
  const auto layers = outcome.to(side);
  if (!layers) return {};
  return std::string(as_text(outcome.forged[0].bytes().subspan(layers->payload)));
}

unsigned code_of(const std::string& message) {
  return static_cast<unsigned char>(message.at(3)) & 0x0f;
}

// Names at the messenger's servers would be blocked themselves, so a policy that lets DNS pass is
// what learning is for: here the question is another program's that leads there.
TEST_F(Dns, AnAnswerTeachesWhoseAddressItIs) {
  use(snapshot({{{kWhatsapp}, {}, Action::alert}}));
  EXPECT_TRUE(forwards_to_address());
  EXPECT_TRUE(ask(query("g.whatsapp.net")).forward);
  EXPECT_TRUE(told(address_of("g.whatsapp.net")).forward);
  wire_->reload(block_im(2));
  EXPECT_FALSE(forwards_to_address());
}

TEST_F(Dns, OnlyAnAnswerToAQuestionThatWasSeenTeaches) {
  use(snapshot({{{kWhatsapp}, {}, Action::alert}}));
  EXPECT_TRUE(told(address_of("g.whatsapp.net")).forward);
  EXPECT_TRUE(ask(query("g.whatsapp.net")).forward);
  EXPECT_TRUE(told(address_of("g.whatsapp.net"), "192.0.2.54").forward);
  EXPECT_TRUE(told(answer("g.whatsapp.net", dns_record(kAsked, kA, kAddress), 1, kA, 9)).forward);
  EXPECT_TRUE(told(address_of("other.whatsapp.net")).forward);
  wire_->reload(block_im(2));
  EXPECT_TRUE(forwards_to_address());
}

TEST_F(Dns, AnAddressThatAnInnocentNameLeadsToIsNot) {
  use(snapshot({{{kWhatsapp}, {}, Action::alert}}));
  for (const char* name : {"g.whatsapp.net", "www.example.com"}) {
    EXPECT_TRUE(ask(query(name)).forward);
    EXPECT_TRUE(told(address_of(name)).forward);
  }
  wire_->reload(block_im(2));
  EXPECT_TRUE(forwards_to_address());
}

TEST_F(Dns, AnAnswerOverTcpTeachesTheSame) {
  use(snapshot({{{kWhatsapp}, {}, Action::alert}}));
  Talk talk = resolver_connection();
  EXPECT_TRUE(talk.client_says(test::from_text(over_tcp(query("g.whatsapp.net")))).forward);
  const std::string whole = over_tcp(address_of("g.whatsapp.net"));
  EXPECT_TRUE(talk.server_says(std::string_view(whole).substr(0, 20)).forward);
  EXPECT_TRUE(talk.server_says(std::string_view(whole).substr(20)).forward);
  wire_->reload(block_im(2));
  EXPECT_FALSE(forwards_to_address());
}

// An innocent name that leads to a messenger's is answered as the messenger's would be, whether its
// question was seen or not.
TEST_F(Dns, ANameBehindAnotherIsBlocked) {
  EXPECT_TRUE(ask(query("img.example.com")).forward);
  for (int time = 0; time < 2; ++time) {
    const Outcome outcome = told(cloaked("img.example.com"));
    EXPECT_FALSE(outcome.forward);
    EXPECT_EQ(outcome.reason, Reason::policy_answer);
    EXPECT_EQ(code_of(message_in(outcome, Side::inside)), 3u);
  }
  EXPECT_TRUE(told(address_of("img.example.com")).forward);
}

TEST_F(Dns, ANameBehindAnotherIsBlockedOverTcp) {
  Talk talk = resolver_connection();
  EXPECT_TRUE(talk.client_says(test::from_text(over_tcp(query("a.example.com")))).forward);
  EXPECT_TRUE(talk.server_says(over_tcp(address_of("a.example.com"))).forward);
  EXPECT_TRUE(talk.client_says(test::from_text(over_tcp(query("img.example.com")))).forward);
  const std::string whole = over_tcp(cloaked("img.example.com"));
  EXPECT_TRUE(talk.server_says(std::string_view(whole).substr(0, whole.size() - 1)).forward);
  const Outcome last = talk.server_says(std::string_view(whole).substr(whole.size() - 1));
  EXPECT_FALSE(last.forward);
  const auto client = last.to(Side::inside), server = last.to(Side::outside);
  ASSERT_TRUE(client && server);
  EXPECT_EQ(client->sequence, talk.server_next);
  EXPECT_NE(client->flags & rst, 0);
  EXPECT_NE(server->flags & rst, 0);
}

TEST_F(Dns, KeysAreTakenOutOfAnswers) {
  use(stripping());
  const Outcome outcome = told(with_keys("www.example.com"));
  EXPECT_FALSE(outcome.forward);
  EXPECT_EQ(outcome.reason, Reason::ech_stripped);
  const std::string message = message_in(outcome, Side::inside);
  EXPECT_NE(message.find("h2"), std::string::npos);
  EXPECT_EQ(message.find("secret"), std::string::npos);
  EXPECT_TRUE(told(address_of("www.example.com")).forward);
}

TEST_F(Dns, AnAnswerTooLongToChangeComesWithoutRecords) {
  use(stripping());
  std::string records;
  for (int i = 0; i < 40; ++i) {
    records +=
        dns_record(kAsked, kHttps,
                   svc_data(1, std::string_view("\0", 1), svc_param(5, std::string(100, 'k'))));
  }
  for (const std::uint16_t type : {kHttps, kA}) {
    const Outcome outcome = told(answer("www.example.com", records, 40, type));
    EXPECT_EQ(outcome.forward, type == kA);
    if (type == kA) continue;
    const std::string message = message_in(outcome, Side::inside);
    EXPECT_EQ(message.substr(6, 2), std::string(2, '\0'));
    EXPECT_EQ(code_of(message), 0u);
  }
}

TEST_F(Dns, OverTcpAQuestionForKeysIsAnsweredWithoutRecords) {
  use(stripping());
  Talk talk = resolver_connection();
  EXPECT_TRUE(talk.client_says(test::from_text(over_tcp(query("www.example.com")))).forward);
  const Outcome outcome =
      talk.client_says(test::from_text(over_tcp(query("www.example.com", kHttps))));
  EXPECT_FALSE(outcome.forward);
  ASSERT_TRUE(outcome.to(Side::inside) && outcome.to(Side::outside));
  EXPECT_EQ(outcome.to(Side::inside)->flags, ack | psh | fin);
}

TEST_F(Dns, WithoutTheWordKeysPass) {
  EXPECT_TRUE(told(with_keys("www.example.com")).forward);
}

// So many questions that the gateway has no frame for its own answer.
TEST_F(Dns, ABlockedAnswerThatCannotBeReplacedIsDropped) {
  const std::string target = dns_name("edge.whatsapp.net");
  std::string questions = dns_question(dns_name("www.example.com"));
  std::uint16_t count = 1;
  const std::string other = dns_question(dns_name(std::string(60, 'x')));
  constexpr std::size_t kWanted = 1590 - 12;
  for (; questions.size() + 2 * other.size() < kWanted; ++count) questions += other;
  for (; questions.size() < kWanted - 6; ++count) {
    const std::size_t rest = kWanted - questions.size() - 6;
    questions += dns_question(dns_name(std::string(std::min<std::size_t>(rest, 60), 'x')));
  }
  const std::string message = dns_header({.flags = 0x8180, .questions = count, .answers = 1}) +
                              questions + dns_record(kAsked, kCname, target);
  EXPECT_FALSE(told(message).forward);
  EXPECT_EQ(wire_->count(telemetry::Counter::blocked), 1u);
}

}  // namespace
}  // namespace chatgate::engine
