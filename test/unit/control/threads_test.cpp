// Workers, event thread and control thread at once, as in `chatgate run`: two real workers move
// traffic of their own while every kind of command is given and one policy follows the other. What
// the test itself sees is that nothing is lost, torn or judged under a policy that is gone; made to
// run under ThreadSanitizer too, which sees the rest (scripts/test threads).
#include <atomic>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <optional>
#include <thread>

#include "control/metrics.h"
#include "engine/event_names.h"
#include "engine/worker.h"
#include "telemetry/event_writer.h"

#include "fake_gateway.h"
#include "synth/frames.h"

namespace chatgate::control::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::MatchesRegex;

constexpr const char* kName = "jabber.example";
constexpr const char* kServer = "203.0.113.7";

// Odd generations reset messengers, even ones let them pass with an alert. The rule says which one
// it is of.
std::shared_ptr<const engine::Snapshot> numbered_snapshot(std::uint32_t generation) {
  auto snapshot = std::make_shared<engine::Snapshot>(*small_snapshot(generation));
  policy::Policy::Content content;
  policy::Rule& rule = content.rules.emplace_back();
  rule.id = RuleId(0);
  rule.name = "policy " + std::to_string(generation);
  rule.categories = {catalog::Category::im};
  rule.action = generation % 2 == 1 ? policy::Action::reset : policy::Action::alert;
  rule.log = true;
  snapshot->policy = std::make_shared<policy::Policy>(std::move(content), *snapshot->catalogue);
  return snapshot;
}

// The event thread's own until the writer has stopped, so without a lock.
class Lines final : public telemetry::Sink {
 public:
  explicit Lines(std::vector<std::string>& lines) : Sink("memory"), lines_(lines) {}
  bool take(std::string_view line) override {
    lines_.emplace_back(line);
    count_written(1);
    return true;
  }
  void flush() override {}
  void finish(std::chrono::milliseconds) override {}

 private:
  std::vector<std::string>& lines_;
};

std::vector<std::unique_ptr<telemetry::Sink>> sinks(std::vector<std::string>& lines) {
  std::vector<std::unique_ptr<telemetry::Sink>> all;
  all.push_back(std::make_unique<Lines>(lines));
  return all;
}

telemetry::EventWriterOptions options(telemetry::RecentEvents& recent) {
  telemetry::EventWriterOptions options;
  options.interval = 1ms;
  options.recent = &recent;
  return options;
}

// What the clients of one worker send and are answered, one conversation a burst.
class Traffic {
 public:
  explicit Traffic(std::size_t worker)
      : client_("10." + std::to_string(worker) + ".1."),
        resolved_("198.51.100." + std::to_string(worker)) {}

  struct Burst {
    std::vector<synth::Octets> bytes;
    std::vector<net::Side> sides;
  };
  Burst next() {
    Burst burst;
    const std::uint32_t number = count_++;
    const std::string client = client_ + std::to_string(number % 200 + 1);
    const auto port = static_cast<std::uint16_t>(10000 + number % 50000);
    if (number % 4 == 0) {
      ask(burst, client, port);
    } else {
      browse(burst, client, port, number % 4 == 1 ? resolved_.c_str() : kServer);
    }
    return burst;
  }

 private:
  static void add(Burst& burst, const synth::Frame& frame, net::Side side) {
    burst.bytes.push_back(frame.build());
    burst.sides.push_back(side);
  }
  // A question, and an answer that teaches the address.
  void ask(Burst& burst, const std::string& client, std::uint16_t port) const {
    const synth::Octets question = synth::dns_query(kName);
    synth::Octets answer = question;
    answer[2] = 0x81;  // an answer
    answer[3] = 0x80;
    answer[7] = 1;  // with one record
    // The name as asked, A, IN, 300 s, four bytes.
    synth::append(answer, synth::from_hex("c00c 0001 0001 0000012c 0004"));
    const IpAddress address = *IpAddress::parse(resolved_);
    answer.insert(answer.end(), address.bytes.end() - 4, address.bytes.end());
    const auto out = synth::Frame().v4(client, kServer).udp(port, 53).payload(question);
    const auto back = synth::Frame().v4(kServer, client).udp(53, port).payload(answer);
    add(burst, out, net::Side::inside);
    add(burst, back, net::Side::outside);
  }
  static void browse(Burst& burst, const std::string& client, std::uint16_t port,
                     const char* server) {
    using namespace net::tcp_flag;
    const auto out = [&](std::uint8_t flags) {
      return synth::Frame().v4(client, server).tcp(port, 80, flags);
    };
    const auto back = [&](std::uint8_t flags) {
      return synth::Frame().v4(server, client).tcp(80, port, flags);
    };
    const std::string request = "GET / HTTP/1.1\r\nHost: " + std::string(kName) + "\r\n\r\n";
    const auto next = static_cast<std::uint32_t>(101 + request.size());
    add(burst, out(syn).seq(100), net::Side::inside);
    add(burst, back(syn).seq(500).ack(101), net::Side::outside);
    add(burst, out(ack).seq(101).ack(501), net::Side::inside);
    add(burst, out(psh).seq(101).ack(501).payload(request), net::Side::inside);
    add(burst, back(psh).seq(501).ack(next).payload("HTTP/1.1 204 No\r\n\r\n"), net::Side::outside);
    add(burst, out(ack).seq(next).ack(520), net::Side::inside);
  }

  const std::string client_, resolved_;
  std::uint32_t count_ = 0;
};

// The threads of a gateway without its devices. Snapshots change hands as in io/dpdk/gateway.cpp,
// with a mark for each worker in the place of RCU.
class ThreadedGateway : public FakeGateway {
 public:
  ThreadedGateway() : writer(options(recent), sinks(lines)) {
    FakeGateway::publish(numbered_snapshot(1));
    published = 0;
    current_ = snapshot().get();
    for (std::size_t i = 0; i < kWorkers; ++i) {
      engine::WorkerConfig config;
      config.id = WorkerId(static_cast<std::uint8_t>(i));
      config.flows = 1024;
      config.inspections = 64;
      config.hash = KeyedHash(1);
      config.protocol_events = true;
      config.learned = &learned;
      config.expected = &expected;
      config.nodes = &nodes_;
      rings_[i] = std::make_unique<telemetry::EventRing>(4096);
      workers_[i] = std::make_unique<engine::Worker>(config, worker(i), rings_[i].get());
      writer.add_ring(*rings_[i], &worker(i));
    }
    name(snapshot());
    writer.start();
    for (std::size_t i = 0; i < kWorkers; ++i) threads_[i] = std::thread([this, i] { work(i); });
  }
  ~ThreadedGateway() override { stop(); }

  void stop() {
    stop_ = true;
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
    writer.stop();
  }

  std::vector<engine::Mailbox*> mailboxes() override {
    return {&workers_[0]->mailbox(), &workers_[1]->mailbox()};
  }
  std::size_t table_memory() const override {
    return workers_[0]->memory() + workers_[1]->memory();
  }
  void publish(std::shared_ptr<const engine::Snapshot> next) override {
    name(next);
    const std::shared_ptr<const engine::Snapshot> old = snapshot();
    FakeGateway::publish(next);
    current_.store(next.get(), std::memory_order_release);
    taken(1min);
    writer.flush();
  }
  std::shared_ptr<const engine::Snapshot> taken(std::chrono::milliseconds patience) override {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (const auto& seen : seen_) {
      while (seen.load(std::memory_order_acquire) != snapshot().get()) {
        if (std::chrono::steady_clock::now() > deadline) return nullptr;
        std::this_thread::sleep_for(50us);
      }
    }
    return snapshot();
  }
  std::uint64_t rounds(std::size_t worker) const { return rounds_[worker]; }
  std::uint64_t sent(std::size_t worker) const { return sent_[worker]; }

  telemetry::RecentEvents recent;
  std::vector<std::string> lines;  // once stopped
  telemetry::EventWriter writer;

 private:
  void name(const std::shared_ptr<const engine::Snapshot>& snapshot) {
    writer.publish(snapshot->generation, std::make_shared<engine::SnapshotNames>(snapshot));
  }
  void work(std::size_t id) {
    Traffic traffic(id);
    const auto result = std::make_unique<engine::BurstResult>();
    Time now = from_seconds(kNow);
    while (!stop_.load(std::memory_order_relaxed)) {
      const engine::Snapshot* snapshot = current_.load(std::memory_order_acquire);
      const Traffic::Burst burst = traffic.next();
      std::vector<net::PacketView> views;
      for (std::size_t i = 0; i < burst.bytes.size(); ++i) {
        views.push_back(synth::view_of(burst.bytes[i], burst.sides[i]));
        views.back().time = now;
      }
      workers_[id]->process(views, now, *snapshot, *result);
      workers_[id]->tick(now, *snapshot);
      seen_[id].store(snapshot, std::memory_order_release);
      sent_[id] += views.size();
      rounds_[id] += 1;
      now.nanoseconds += 1'000'000;
      std::this_thread::sleep_for(100us);
    }
    workers_[id]->shut_down(now, *current_.load(std::memory_order_acquire));
  }

  learn::SkypeNodes nodes_{64, KeyedHash(1)};
  std::array<std::unique_ptr<telemetry::EventRing>, kWorkers> rings_;
  std::array<std::unique_ptr<engine::Worker>, kWorkers> workers_;
  std::atomic<const engine::Snapshot*> current_{nullptr};
  std::array<std::atomic<const engine::Snapshot*>, kWorkers> seen_{};
  std::array<std::atomic<std::uint64_t>, kWorkers> rounds_{}, sent_{};
  std::atomic<bool> stop_{false};
  std::array<std::thread, kWorkers> threads_;
};

class Threads : public ::testing::Test {
 protected:
  Threads() {
    config.clock = [] { return from_seconds(kNow + 3600); };
    config.owner = 0;
    config.events = &gateway.recent;
    config.source.policy_text = "{ \"rules\": [] }";
    config.audit = [this](std::string line) { gateway.writer.write_line(std::move(line)); };
    config.load = [](const LoadRequest& request, catalog::ApplicationRegistry&) {
      LoadResult result;
      result.snapshot = numbered_snapshot(request.generation);
      result.rule_count = 1;
      result.text = "{ \"rules\": [] }";
      return result;
    };
    commands.emplace(io, gateway, registry, config);
  }
  ~Threads() override { gateway.stop(); }  // before the commands: a worker may be answering one

  Reply run(std::string_view line) {
    std::optional<Reply> reply;
    commands->execute(line, Caller{0, 1, "/"}, [&](Reply result) { reply = std::move(result); });
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (!reply && std::chrono::steady_clock::now() < deadline) {
      io.restart();
      io.run_one_for(5ms);
    }
    if (!reply) throw std::runtime_error("no answer came: " + std::string(line));
    EXPECT_EQ(reply->status, kDone) << line << ": " << reply->error;
    return *reply;
  }

  boost::asio::io_context io;
  catalog::ApplicationRegistry registry;
  ThreadedGateway gateway;
  CommandsConfig config;
  std::optional<Commands> commands;
};

TEST_F(Threads, EveryCommandAndReloadsUnderTraffic) {
  constexpr std::uint32_t kReloads = 6;
  constexpr const char* kCommands[] = {
      "show conn",
      "show talkers",
      "show flows blocked",
      "show counters workers",
      "show policy",
      "show service-policy",
      "show applications seen",
      "show asp drop",
      "show events",
      "show blocked",
      "show servers",
      "show dns-cache",
      "show memory",
      "show workers",
      "top",
      "capture first buffer 32768",
      "capture latest circular-buffer buffer 32768 match tcp port 80",
      "trace 20",
      "show trace",
      "show capture first",
      "show capture latest",
      "clear conn",
      "packet-tracer input inside tcp 10.1.1.5 40000 203.0.113.7 80 host jabber.example",
      "trace stop",
      "mode monitor",
      "clear dns-cache",
      "clear counters",
      "no capture first",
      "no capture latest",
      "mode enforce"};
  for (std::uint32_t reload = 0; reload < kReloads; ++reload) {
    for (const char* line : kCommands) run(line);
    run("policy reload");
    gateway.writer.reopen();
    const std::string text =
        metrics_text({gateway, commands->counters(), &gateway.writer, from_seconds(kNow)});
    EXPECT_THAT(text, ::testing::HasSubstr("chatgate_packets_total"));
  }
  const std::uint32_t last = gateway.snapshot()->generation;
  EXPECT_GT(last, kReloads);
  gateway.stop();

  std::uint64_t lost = 0;
  for (std::size_t i = 0; i < FakeGateway::kWorkers; ++i) {
    EXPECT_GE(gateway.rounds(i), 2u * kReloads);
    EXPECT_EQ(gateway.worker(i).get(telemetry::Counter::packets), gateway.sent(i));
    lost += gateway.worker(i).get(telemetry::Counter::events_lost);
  }
  EXPECT_EQ(gateway.writer.lost(), lost);

  // Every line is whole, each alert has the name of its own policy's rule, and no worker ever went
  // back to a policy that was replaced.
  std::map<std::string, unsigned long> newest;  // by the worker's network
  std::size_t alerts = 0;
  for (const std::string& line : gateway.lines) {
    const Json event = Json::parse(line);
    if (event["event_type"] != "alert") continue;
    const std::string rule = event["im"].value("rule", "");
    ASSERT_THAT(rule, MatchesRegex("policy [0-9]+")) << line;
    const unsigned long generation = std::stoul(rule.substr(rule.find(' ')));
    unsigned long& before = newest[event["src_ip"].get<std::string>().substr(0, 4)];
    EXPECT_GE(generation, before) << line;
    before = generation;
    EXPECT_LE(generation, last);
    ++alerts;
  }
  EXPECT_EQ(newest.size(), FakeGateway::kWorkers);
  EXPECT_GT(alerts, kReloads);
}

}  // namespace
}  // namespace chatgate::control::testing
