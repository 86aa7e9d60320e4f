// A gateway in memory with two real workers, their events, and frames to send through them.
#pragma once

#include <array>
#include <memory>

#include "engine/event_names.h"
#include "engine/worker.h"
#include "telemetry/event_writer.h"

#include "fake_gateway.h"
#include "synth/frames.h"

namespace chatgate::control::testing {

class WorkerGateway : public FakeGateway {
 public:
  explicit WorkerGateway(std::uint32_t flows = 1024) : writer_(options(recent), {}) {
    for (std::size_t i = 0; i < kWorkers; ++i) {
      engine::WorkerConfig config;
      config.id = WorkerId(static_cast<std::uint8_t>(i));
      config.flows = flows;
      config.hash = hash_;
      config.inspections = 64;
      rings_[i] = std::make_unique<telemetry::EventRing>(256);
      workers_[i] = std::make_unique<engine::Worker>(config, worker(i), rings_[i].get());
      writer_.add_ring(*rings_[i], &worker(i));
    }
    writer_.publish(1, std::make_shared<engine::SnapshotNames>(snapshot()));
  }

  std::vector<engine::Mailbox*> mailboxes() override {
    return {&workers_[0]->mailbox(), &workers_[1]->mailbox()};
  }

  void send(const synth::Frame& frame, net::Side side = net::Side::inside) {
    const synth::Octets bytes = frame.build();
    net::PacketView view = synth::view_of(bytes, side);
    view.time = now();
    const WorkerId to = engine::owner(view, hash_, kWorkers, *snapshot());
    workers_[to.value()]->process({&view, 1}, view.time, *snapshot(), *result_);
    writer_.drain_once();
    // Times that pass make the order of frames plain.
    time_.nanoseconds += 1'000'000;
  }
  // A client says a host's name over HTTP and, where `answered`, is answered.
  void browse(const char* client, std::uint16_t port, const std::string& host, bool answered) {
    using namespace net::tcp_flag;
    const char* server = "203.0.113.7";
    const auto out = [&] { return synth::Frame().v4(client, server); };
    const auto back = [&] { return synth::Frame().v4(server, client); };
    send(out().tcp(port, 80, syn).seq(100));
    send(back().tcp(80, port, syn).seq(500).ack(101), net::Side::outside);
    send(out().tcp(port, 80, ack).seq(101).ack(501));
    const std::string request = "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
    send(out().tcp(port, 80, psh).seq(101).ack(501).payload(request));
    if (!answered) return;
    const auto next = static_cast<std::uint32_t>(101 + request.size());
    send(back().tcp(80, port, psh).seq(501).ack(next).payload("HTTP/1.1 204 No\r\n\r\n"),
         net::Side::outside);
  }
  void tick_workers() {
    for (const auto& worker : workers_) worker->tick(now(), *snapshot());
    writer_.drain_once();
  }
  telemetry::EventWriter& writer() { return writer_; }
  Time now() const { return time_; }

  telemetry::RecentEvents recent;

 private:
  static telemetry::EventWriterOptions options(telemetry::RecentEvents& recent) {
    telemetry::EventWriterOptions options;
    options.recent = &recent;
    return options;
  }

  const KeyedHash hash_{1};
  Time time_ = from_seconds(kNow);
  std::array<std::unique_ptr<telemetry::EventRing>, kWorkers> rings_;
  telemetry::EventWriter writer_;  // reads the rings to its end
  std::array<std::unique_ptr<engine::Worker>, kWorkers> workers_;
  std::unique_ptr<engine::BurstResult> result_ = std::make_unique<engine::BurstResult>();
};

}  // namespace chatgate::control::testing
