// A gateway in memory: real snapshots, counters and mailboxes, and no packets.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/commands.h"
#include "control/gateway.h"

namespace chatgate::control::testing {

constexpr ApplicationId kTelegram{0}, kWhatsapp{1}, kXmpp{2};

inline std::shared_ptr<const catalog::Catalogue> small_catalogue() {
  const auto application = [](ApplicationId id, const char* word, const char* name,
                              catalog::Category category) {
    catalog::Application result;
    result.id = id;
    result.word = word;
    result.name = name;
    result.category = category;
    return result;
  };
  using catalog::Category;
  std::vector<catalog::Application> all = {
      application(kTelegram, "telegram", "Telegram", Category::mobile_messenger),
      application(kWhatsapp, "whatsapp", "WhatsApp", Category::mobile_messenger),
      application(kXmpp, "xmpp", "XMPP", Category::open_protocol)};
  catalog::Application& xmpp = all.back();
  xmpp.names = {{"jabber.example", true, true, catalog::Service::any, false, 3},
                {"mail.jabber.example", false, false}};
  xmpp.ports = {{catalog::Transport::tcp, 5222, 5223, catalog::Service::any, true, true}};
  xmpp.addresses = {{Prefix::parse("192.0.2.128/25").value()}};
  xmpp.alpn = {{"xmpp-client"}, {"xmpp-files", catalog::Service::file_transfer}};
  xmpp.description.status = catalog::Status::shut_down;
  xmpp.description.ended = 2030;
  xmpp.description.protocols = {"xmpp"};
  xmpp.description.signatures = {7, 8};
  xmpp.description.services = {{catalog::Service::voice, catalog::Separable::partly, "in clear"}};
  xmpp.description.needs = {{.application = "telegram",
                             .name = {},
                             .ports = {},
                             .serve = {},
                             .any_of = {},
                             .service = proto::Service::text_chat,
                             .reason = "bridges"},
                            {.application = {},
                             .name = {},
                             .ports = "udp/5353",
                             .serve = {"udp/5354"},
                             .any_of = {},
                             .service = proto::Service::any,
                             .reason = "finding peers"}};
  xmpp.description.limits = {"Any\x1bport."};
  xmpp.description.over_blocking = {"Mail."};
  return std::make_shared<catalog::Catalogue>(std::move(all));
}

// Two rules: xmpp may, from 10.0.0.0/8 only; all other messengers are reset with a log.
inline std::shared_ptr<const engine::Snapshot> small_snapshot(
    std::uint32_t generation, policy::Mode mode = policy::Mode::enforce) {
  auto snapshot = std::make_shared<engine::Snapshot>();
  snapshot->generation = generation;
  snapshot->policy_file = "/etc/chatgate/policy.json";
  snapshot->sha256 = "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9";
  snapshot->catalogue = small_catalogue();
  policy::Policy::Content content;
  content.mode = mode;
  policy::Rule xmpp;
  xmpp.id = RuleId(0);
  xmpp.name = "our own chat";
  xmpp.applications = {kXmpp};
  xmpp.from = policy::AddressSet({*Prefix::parse("10.0.0.0/8")});
  policy::Rule rest;
  rest.id = RuleId(1);
  rest.name = "no public IM";
  rest.categories = {catalog::Category::im};
  rest.action = policy::Action::reset;
  rest.log = true;
  content.rules = {xmpp, rest};
  snapshot->policy = std::make_shared<policy::Policy>(std::move(content), *snapshot->catalogue);
  return snapshot;
}

class FakeGateway : public Gateway {
 public:
  static constexpr std::size_t kWorkers = 2;

  FakeGateway() : snapshot_(small_snapshot(1)) {
    for (std::size_t i = 0; i < kWorkers; ++i) {
      counters_.push_back(std::make_unique<telemetry::WorkerCounters>());
      mailboxes_.push_back(std::make_unique<engine::Mailbox>());
    }
  }

  std::vector<InterfaceStatus> interfaces() const override {
    InterfaceStatus inside;
    inside.name = "af_packet:eth0";
    inside.driver = "net_af_packet";
    inside.link_up = true;
    inside.mbit_per_second = 10000;
    inside.mtu = 1500;
    inside.mac = "02:00:00:00:00:01";
    inside.packets_in = 12;
    InterfaceStatus outside = inside;
    outside.name = "af_packet:eth1";
    outside.side = net::Side::outside;
    outside.link_up = false;
    outside.mbit_per_second = 0;
    return {inside, outside};
  }
  std::vector<WorkerStatus> workers() const override {
    WorkerStatus first, second;
    first.id = WorkerId(0);
    first.queues = "0/0 1/0";
    first.polls = 200;
    first.empty_polls = 150;
    second.id = WorkerId(1);
    second.core = 1;
    second.alive = second_moves;
    return {first, second};
  }
  std::vector<const telemetry::WorkerCounters*> counters() const override {
    std::vector<const telemetry::WorkerCounters*> list;
    for (const auto& counters : counters_) list.push_back(counters.get());
    return list;
  }
  std::vector<engine::Mailbox*> mailboxes() override {
    std::vector<engine::Mailbox*> list;
    for (const auto& mailbox : mailboxes_) list.push_back(mailbox.get());
    return list;
  }
  std::size_t table_memory() const override { return 3 << 20; }
  std::size_t packet_memory() const override { return 512; }
  std::shared_ptr<const engine::Snapshot> snapshot() const override { return snapshot_; }
  void publish(std::shared_ptr<const engine::Snapshot> next) override {
    snapshot_ = std::move(next);
    ++published;
  }

  // What the workers say, where it is not what was published.
  std::function<std::shared_ptr<const engine::Snapshot>()> workers_say;
  std::shared_ptr<const engine::Snapshot> taken(std::chrono::milliseconds) override {
    return workers_say ? workers_say() : snapshot_;
  }

  learn::LearnedServers* learned_servers() override { return learning ? &learned : nullptr; }

  learn::ExpectedFlows* expected_flows() override { return &expected; }

  telemetry::WorkerCounters& worker(std::size_t index) { return *counters_[index]; }
  void add_flow(std::size_t worker, const telemetry::Event& flow) {
    flows_[worker].push_back(flow);
  }

  // What the workers would do between two bursts: answer the mail.
  void tick() {
    for (std::size_t i = 0; i < kWorkers; ++i) {
      engine::FlowQuery* query = mailboxes_[i]->flows.pending();
      if (query == nullptr || silent == i) continue;
      for (const telemetry::Event& flow : flows_[i]) {
        if (query->filter.blocked_only && policy::forwards(flow.action)) continue;
        if (query->filter.application.valid() && query->filter.application != flow.im.application)
          continue;
        if (query->filter.flow_id != 0 && query->filter.flow_id != flow.flow_id) continue;
        ++query->matching;
        if (query->found < query->flows.size()) query->flows[query->found++] = flow;
      }
      mailboxes_[i]->flows.finish();
    }
  }

  int published = 0;
  bool learning = true;
  bool second_moves = false;
  learn::LearnedServers learned{64, KeyedHash(1)};
  learn::ExpectedFlows expected{64, KeyedHash(1)};
  std::optional<std::size_t> silent;  // the worker that answers no mail

 private:
  std::shared_ptr<const engine::Snapshot> snapshot_;
  std::vector<std::unique_ptr<telemetry::WorkerCounters>> counters_;
  std::vector<std::unique_ptr<engine::Mailbox>> mailboxes_;
  std::array<std::vector<telemetry::Event>, kWorkers> flows_;
};

// A flow of 10.1.1.5 to `server`, seen 60 s and last active `idle` seconds before kNow.
constexpr std::uint64_t kNow = 1'795'000'000;

inline telemetry::Event flow_to(const char* server, ApplicationId application,
                                policy::Action action, std::uint64_t idle) {
  telemetry::Event flow;
  flow.type = telemetry::EventType::flow;
  flow.protocol = 6;
  flow.client = *IpAddress::parse("10.1.1.5");
  flow.client_port = 40000;
  flow.server = *IpAddress::parse(server);
  flow.server_port = 443;
  flow.generation = 1;
  flow.im.application = application;
  flow.im.evidence = catalog::Evidence::tls_sni;
  flow.action = action;
  flow.rule = application == kXmpp ? RuleId(0) : RuleId(1);
  flow.packets_to_server = 3;
  flow.packets_to_client = 2;
  flow.bytes_to_server = 700;
  flow.bytes_to_client = 300;
  flow.first_seen = from_seconds(kNow - 60);
  flow.last_seen = from_seconds(kNow - idle);
  return flow;
}

}  // namespace chatgate::control::testing
