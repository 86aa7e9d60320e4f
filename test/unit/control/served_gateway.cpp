// Serves an in-memory gateway on a socket until SIGTERM: for tests of chatgatectl, and of metrics
// where an address for them is given.
//
//   served_gateway SOCKET POLICY CATALOGUE [traffic|ADDR:PORT]
//
// With `traffic` it has real workers, and clients of them: one that is blocked again and again and
// one that is not. Without, SIGUSR1 makes its second worker move, or stop moving.
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdio>
#include <optional>
#include <string_view>

#include "control/http_server.h"
#include "control/metrics.h"
#include "control/server.h"

#include "worker_gateway.h"

namespace {

using namespace chatgate::control;

HttpConfig metrics_of(testing::FakeGateway& gateway, Commands& commands,
                      const chatgate::HostPort& address) {
  HttpConfig config;
  config.address = address;
  config.metrics = [&] {
    return metrics_text({gateway, commands.counters(), nullptr, chatgate::from_seconds(1)});
  };
  config.healthy = [&] { return is_healthy(gateway); };
  config.patience = std::chrono::milliseconds(500);
  return config;
}

int serve(char** arguments, testing::FakeGateway& gateway, const CommandsConfig& given,
          const std::function<void()>& work,
          const std::optional<chatgate::HostPort>& metrics_address = std::nullopt) {
  boost::asio::io_context io;
  chatgate::catalog::ApplicationRegistry registry;
  CommandsConfig table = given;
  table.source.policy_file = arguments[2];
  table.source.catalogue_folder = arguments[3];
  table.audit = [](const std::string& line) { std::printf("%s\n", line.c_str()); };
  Commands commands(io, gateway, registry, table);
  ServerConfig config;
  config.path = arguments[1];
  Server server(io, commands, config);
  chatgate::Diagnostics findings = server.open();
  std::optional<HttpServer> metrics;
  if (metrics_address) {
    findings.append(metrics.emplace(io, metrics_of(gateway, commands, *metrics_address)).open());
  }
  for (const auto& finding : findings.all())
    std::fprintf(stderr, "%s\n", finding.to_string().c_str());
  if (findings.has_errors()) return 1;

  boost::asio::steady_timer timer(io);
  std::function<void()> tick = [&] {
    work();
    timer.expires_after(std::chrono::milliseconds(1));
    timer.async_wait([&](const boost::system::error_code& error) {
      if (!error) tick();
    });
  };
  tick();
  boost::asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&](const boost::system::error_code&, int) { io.stop(); });
  boost::asio::signal_set moves(io, SIGUSR1);
  std::function<void()> toggle = [&] {
    moves.async_wait([&](const boost::system::error_code& error, int) {
      gateway.second_moves = !gateway.second_moves;
      if (!error) toggle();
    });
  };
  toggle();
  io.run();
  server.close();
  return 0;
}

int serve_traffic(char** arguments) {
  testing::WorkerGateway gateway(1u << 16);
  CommandsConfig config;
  config.clock = [&gateway] { return gateway.now(); };
  config.events = &gateway.recent;
  unsigned round = 0;
  return serve(arguments, gateway, config, [&] {
    gateway.tick_workers();
    if (++round % 10 != 0) return;
    const auto port = static_cast<std::uint16_t>(20000 + round / 10 % 40000);
    gateway.browse("192.0.2.9", port, "jabber.example", false);
    gateway.browse("10.1.1.5", port, "jabber.example", true);
  });
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 5 && std::string_view(arguments[4]) == "traffic") return serve_traffic(arguments);
  if (count != 4 && count != 5) return 2;
  testing::FakeGateway gateway;
  gateway.worker(0).add(chatgate::telemetry::Counter::packets, 42);
  gateway.add_flow(
      0, testing::flow_to("203.0.113.1", testing::kXmpp, chatgate::policy::Action::allow, 5));
  std::optional<chatgate::HostPort> metrics;
  if (count == 5) metrics = chatgate::parse_host_port(arguments[4]).value();
  return serve(
      arguments, gateway, {}, [&gateway] { gateway.tick(); }, metrics);
}
