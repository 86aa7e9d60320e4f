// The port on which the gateway's figures are read: `/metrics` for Prometheus, `/healthz` for
// whoever asks whether it lives.
//
// Served on the caller's io_context, hence on its thread (the control thread). Clients are not
// trusted: a request is its head only, at most 8 KiB; there are at most 16 clients; each has ten
// seconds for its request and for reading the answer; one connection is one request. The text of
// `/metrics` is made at most four times a second, however often it is asked for. Nothing is changed
// by any request. There is no authentication: bind it to where only the collector comes.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/diagnostic.h"
#include "base/host_port.h"

namespace chatgate::control {

struct HttpConfig {
  HostPort address;  // no host: every address of the machine
  std::function<std::string()> metrics;
  std::function<bool()> healthy;
  std::size_t most_clients = 16;
  std::chrono::milliseconds patience{10'000};  // for the request, and again for the answer
  std::chrono::milliseconds fresh{250};        // as long the same text of metrics is given
};

class HttpServer {
 public:
  HttpServer(boost::asio::io_context& io, HttpConfig config);
  // Closes.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Listens and serves. An error where the address is not one of the machine's or is in use.
  Diagnostics open();
  // Cuts off all clients.
  void close();

  // Where it listens: the one the system chose where the port was 0.
  std::uint16_t port() const;

 private:
  class Session;
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace chatgate::control
