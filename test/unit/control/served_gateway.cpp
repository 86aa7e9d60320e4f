// Serves an in-memory gateway on a socket until SIGTERM: for tests of chatgatectl, and of metrics
// where an address for them is given. SIGUSR1 makes its second worker move, or stop moving.
//
//   served_gateway SOCKET POLICY CATALOGUE [ADDR:PORT]
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdio>

#include "control/http_server.h"
#include "control/metrics.h"
#include "control/server.h"

#include "fake_gateway.h"

int main(int count, char** arguments) {
  using namespace chatgate::control;
  if (count != 4 && count != 5) return 2;
  boost::asio::io_context io;
  testing::FakeGateway gateway;
  gateway.worker(0).add(chatgate::telemetry::Counter::packets, 42);
  gateway.add_flow(
      0, testing::flow_to("203.0.113.1", testing::kXmpp, chatgate::policy::Action::allow, 5));
  chatgate::catalog::ApplicationRegistry registry;
  CommandsConfig table;
  table.source.policy_file = arguments[2];
  table.source.catalogue_folder = arguments[3];
  table.audit = [](const std::string& line) { std::printf("%s\n", line.c_str()); };
  Commands commands(io, gateway, registry, table);
  ServerConfig config;
  config.path = arguments[1];
  Server server(io, commands, config);
  chatgate::Diagnostics findings = server.open();
  HttpConfig http;
  if (count == 5) http.address = chatgate::parse_host_port(arguments[4]).value();
  http.metrics = [&] {
    return metrics_text({gateway, commands.counters(), nullptr, chatgate::from_seconds(1)});
  };
  http.healthy = [&] { return is_healthy(gateway); };
  http.patience = std::chrono::milliseconds(500);
  HttpServer metrics(io, http);
  if (count == 5) findings.append(metrics.open());
  for (const auto& finding : findings.all())
    std::fprintf(stderr, "%s\n", finding.to_string().c_str());
  if (findings.has_errors()) return 1;

  boost::asio::steady_timer timer(io);
  std::function<void()> tick = [&] {
    gateway.tick();
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
