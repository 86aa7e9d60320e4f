// A worker between two ends of a wire, for tests: frames in, outcomes out, and conversations with
// the numbers kept right.
#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "catalog/catalogue.h"
#include "engine/worker.h"
#include "policy/policy.h"

#include "frames.h"

namespace chatgate::engine {

using catalog::Category;
using catalog::Transport;
using net::Side;
using net::tcp_flag::ack;
using net::tcp_flag::fin;
using net::tcp_flag::psh;
using net::tcp_flag::rst;
using net::tcp_flag::syn;
using policy::Action;
using test::Frame;
using test::Octets;

constexpr const char* kClient = "10.0.0.1";
constexpr const char* kServer = "192.0.2.1";

inline const ApplicationId kXmpp(0), kWhatsapp(1), kMsn(2), kPush(3), kSkype(4);

inline std::shared_ptr<const catalog::Catalogue> catalogue() {
  std::vector<catalog::Application> all(5);
  const auto set = [&](ApplicationId id, const char* word, Category category) -> auto& {
    catalog::Application& application = all[id.value()];
    application.id = id;
    application.word = word;
    application.name = word;
    application.category = category;
    return application;
  };
  set(kXmpp, "xmpp", Category::open_protocol).ports = {
      {Transport::tcp, 5222, 5222, catalog::Service::login, true, false},
      {Transport::tcp, 5223, 5223, catalog::Service::login, true, true}};
  all[0].names = {{"jabber.example", false, true, catalog::Service::any}};
  set(kWhatsapp, "whatsapp", Category::mobile_messenger).names = {
      {"whatsapp.net", false, true, catalog::Service::any},
      {"shared.example", false, false, catalog::Service::any}};
  all[1].ports = {{Transport::tcp, 5222, 5222, catalog::Service::any, false, false},
                  {Transport::tcp, 5223, 5223, catalog::Service::any, false, true}};
  all[1].addresses = {{*Prefix::parse("198.51.100.0/24"), false}};
  all[1].alpn = {{"wa/1", catalog::Service::voice}};
  set(kMsn, "msn", Category::legacy_im).ports = {
      {Transport::tcp, 1863, 1863, catalog::Service::any, true, false},
      {Transport::udp, 4000, 4000, catalog::Service::any, true, false}};
  all[2].addresses = {{*Prefix::parse("203.0.113.0/24"), true}};
  // Not a messenger: nothing in the policy names its category.
  set(kPush, "push", Category::adware).names = {
      {"push.example", false, true, catalog::Service::any}};
  all[3].ports = {{Transport::tcp, 4244, 4244, catalog::Service::any, true, true}};
  set(kSkype, "skype", Category::mobile_messenger).addresses = {
      {*Prefix::parse("198.18.5.0/24"), false}};
  return std::make_shared<catalog::Catalogue>(std::move(all));
}

struct RuleSpec {
  std::vector<ApplicationId> applications;
  std::vector<Category> categories;
  Action action;
  bool log = true;
};

inline std::shared_ptr<Snapshot> snapshot(std::vector<RuleSpec> rules, std::uint32_t generation = 1,
                                          policy::Mode mode = policy::Mode::enforce) {
  auto made = std::make_shared<Snapshot>();
  made->generation = generation;
  made->catalogue = catalogue();
  policy::Policy::Content content;
  content.mode = mode;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    policy::Rule rule;
    rule.id = RuleId(static_cast<std::uint16_t>(i));
    rule.name = "rule " + std::to_string(i + 1);
    rule.applications = rules[i].applications;
    rule.categories = rules[i].categories;
    rule.action = rules[i].action;
    rule.log = rules[i].log;
    content.rules.push_back(rule);
  }
  made->policy = std::make_shared<policy::Policy>(std::move(content), *made->catalogue);
  return made;
}

inline std::shared_ptr<Snapshot> block_im(std::uint32_t generation = 1) {
  return snapshot({{{}, {Category::im}, Action::reset}}, generation);
}

// What one frame came to.
struct Outcome {
  bool forward = false;
  telemetry::Reason reason = telemetry::Reason::none;
  std::vector<ForgedFrame> forged;

  // The forged frame that left by `side`, decoded.
  std::optional<net::Layers> to(Side side) const {
    for (const ForgedFrame& frame : forged) {
      if (frame.out != side) continue;
      EXPECT_TRUE(test::checksums_right(frame.bytes()));
      net::PacketView view;
      view.bytes = frame.bytes();
      view.wire_length = frame.size;
      net::Layers layers;
      net::decode(view, layers);
      return layers;
    }
    return std::nullopt;
  }
};

class Wire {
 public:
  explicit Wire(std::shared_ptr<const Snapshot> policy, WorkerConfig config = small())
      : policy_(std::move(policy)), worker_(config, *counters_, &events_) {}

  static WorkerConfig small() {
    WorkerConfig config;
    config.flows = 64;
    config.inspections = 16;
    config.hash = KeyedHash(1);
    config.protocol_events = true;
    return config;
  }

  Outcome send(const Octets& frame, Side side) {
    net::PacketView view = test::view_of(frame, side);
    view.number = ++number_;
    view.time = now_;
    auto result = std::make_unique<BurstResult>();
    worker_.process({&view, 1}, now_, *policy_, *result);
    Outcome outcome{result->dispositions[0].forward, result->dispositions[0].reason, {}};
    for (const ForgedFrame& forged : result->forged_frames()) outcome.forged.push_back(forged);
    return outcome;
  }
  Outcome inside(Frame frame) { return send(frame.build(), Side::inside); }
  Outcome outside(Frame frame) { return send(frame.build(), Side::outside); }

  void wait(unsigned seconds) {
    for (unsigned i = 0; i < seconds; ++i) {
      now_.nanoseconds += 1'000'000'000;
      worker_.tick(now_, *policy_);
    }
  }
  void reload(std::shared_ptr<const Snapshot> policy) { policy_ = std::move(policy); }
  std::uint64_t count(telemetry::Counter counter) const { return counters_->get(counter); }
  std::uint64_t count(telemetry::Reason reason) const { return counters_->get(reason); }
  Worker& worker() { return worker_; }
  Time now() const { return now_; }

  std::vector<telemetry::Event> events(telemetry::EventType type) {
    std::vector<telemetry::Event> found;
    while (const telemetry::Event* event = events_.front()) {
      if (event->type == type) found.push_back(*event);
      events_.pop();
    }
    return found;
  }

 private:
  std::shared_ptr<const Snapshot> policy_;
  std::unique_ptr<telemetry::WorkerCounters> counters_ =
      std::make_unique<telemetry::WorkerCounters>();
  telemetry::EventRing events_{256};
  Worker worker_;
  Time now_ = from_seconds(1'700'000'000);
  std::uint64_t number_ = 0;
};

// A TCP conversation with the numbers kept right.
class Talk {
 public:
  Talk(Wire& wire, std::uint16_t client_port, std::uint16_t server_port,
       const char* server = kServer)
      : wire_(wire), client_port_(client_port), server_port_(server_port), server_(server) {}

  Frame from_client(std::uint8_t flags) const {
    return Frame().v4(kClient, server_).tcp(client_port_, server_port_, flags).seq(client_next);
  }
  Frame from_server(std::uint8_t flags) const {
    return Frame().v4(server_, kClient).tcp(server_port_, client_port_, flags).seq(server_next);
  }

  Outcome open() {
    const Outcome outcome = wire_.inside(from_client(syn));
    ++client_next;
    if (!outcome.forward) return outcome;
    wire_.outside(from_server(syn).ack(client_next));
    ++server_next;
    wire_.inside(from_client(0).ack(server_next));
    return outcome;
  }
  Outcome client_says(Octets bytes) {
    const auto size = static_cast<std::uint32_t>(bytes.size());
    const Outcome outcome =
        wire_.inside(from_client(psh).ack(server_next).payload(std::move(bytes)));
    if (outcome.forward) client_next += size;
    return outcome;
  }
  Outcome server_says(std::string_view text) {
    const Outcome outcome = wire_.outside(from_server(psh).ack(client_next).payload(text));
    if (outcome.forward) server_next += static_cast<std::uint32_t>(text.size());
    return outcome;
  }

  std::uint32_t client_next = 0xfffffffe;  // wraps around within the handshake
  std::uint32_t server_next = 5000;

 private:
  Wire& wire_;
  std::uint16_t client_port_, server_port_;
  const char* server_;
};

}  // namespace chatgate::engine
