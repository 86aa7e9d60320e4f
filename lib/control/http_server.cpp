#include "control/http_server.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_static_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <set>
#include <vector>

namespace chatgate::control {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kHeadLimit = 8 * 1024;
constexpr std::chrono::milliseconds kAcceptPause{200};
constexpr const char* kPlain = "text/plain; charset=utf-8";
constexpr const char* kExposition = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace

struct HttpServer::State {
  State(asio::io_context& context, HttpConfig configured)
      : config(std::move(configured)), acceptor(context), pause(context) {}

  const HttpConfig config;
  tcp::acceptor acceptor;
  asio::steady_timer pause;  // after an accept that failed
  std::set<std::shared_ptr<Session>> sessions;
  std::string metrics;  // as made last
  Clock::time_point metrics_until{};

  const std::string& current_metrics() {
    if (const auto now = Clock::now(); metrics.empty() || now >= metrics_until) {
      metrics = config.metrics();
      metrics_until = now + config.fresh;
    }
    return metrics;
  }

  static void accept(const std::shared_ptr<State>& self);
};

// One client: its request is read and answered, and that is the end of it.
class HttpServer::Session : public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<State> server, tcp::socket socket)
      : server_(std::move(server)), stream_(std::move(socket)) {
    parser_.header_limit(kHeadLimit);
    parser_.body_limit(0);
  }

  void read() {
    stream_.expires_after(server_->config.patience);
    http::async_read_header(stream_, buffer_, parser_,
                            [self = shared_from_this()](const error_code& error, std::size_t) {
                              self->received(error);
                            });
  }

  void close() {
    error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_both, ignored);
    stream_.close();
    server_->sessions.erase(shared_from_this());
  }

 private:
  void received(const error_code& error) {
    if (!stream_.socket().is_open()) return close();
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      return answer(http::status::request_header_fields_too_large, "the request is too long\n");
    }
    // Whoever does not speak HTTP, or too slowly, is owed no answer.
    if (error) return close();
    try {
      route();
    } catch (const std::exception&) {  // no memory for it: this client goes, the gateway stays
      close();
    }
  }

  void route() {
    const auto& request = parser_.get();
    const auto target = request.target();
    const std::string_view path(target.data(), std::min(target.find('?'), target.size()));
    if (request.method() != http::verb::get && request.method() != http::verb::head) {
      response_.set(http::field::allow, "GET, HEAD");
      return answer(http::status::method_not_allowed, "only GET and HEAD\n");
    }
    if (path == "/metrics") {
      return answer(http::status::ok, server_->current_metrics(), kExposition);
    }
    if (path == "/healthz") {
      const bool healthy = server_->config.healthy();
      return answer(healthy ? http::status::ok : http::status::service_unavailable,
                    healthy ? "every worker moves\n" : "a worker does not move\n");
    }
    answer(http::status::not_found, "there are /metrics and /healthz\n");
  }

  void answer(http::status status, std::string text, const char* type = kPlain) {
    response_.result(status);
    response_.set(http::field::content_type, type);
    response_.set(http::field::cache_control, "no-store");
    response_.keep_alive(false);
    response_.body() = std::move(text);
    response_.prepare_payload();
    if (parser_.get().method() == http::verb::head) response_.body().clear();
    stream_.expires_after(server_->config.patience);
    http::async_write(
        stream_, response_,
        [self = shared_from_this()](const error_code&, std::size_t) { self->close(); });
  }

  std::shared_ptr<State> server_;
  beast::tcp_stream stream_;
  beast::flat_static_buffer<kHeadLimit> buffer_;
  http::request_parser<http::empty_body> parser_;
  http::response<http::string_body> response_;
};

void HttpServer::State::accept(const std::shared_ptr<State>& self) {
  self->acceptor.async_accept([self](const error_code& error, tcp::socket socket) {
    if (!self->acceptor.is_open()) return;
    if (!error) {
      accept(self);  // first, in the memory of the accept that has just ended
      try {
        // One too many is hung up on: it costs no more than that.
        if (self->sessions.size() < self->config.most_clients) {
          auto session = std::make_shared<Session>(self, std::move(socket));
          self->sessions.insert(session);
          session->read();
        }
      } catch (const std::exception&) {  // nor is there memory for every one
      }
      return;
    }
    // No descriptor left, most likely: try again in a while.
    self->pause.expires_after(kAcceptPause);
    self->pause.async_wait([self](const error_code& stopped) {
      if (!stopped && self->acceptor.is_open()) accept(self);
    });
  });
}

HttpServer::HttpServer(asio::io_context& io, HttpConfig config)
    : state_(std::make_shared<State>(io, std::move(config))) {}

HttpServer::~HttpServer() {
  close();
}

Diagnostics HttpServer::open() {
  State& state = *state_;
  const HostPort& wanted = state.config.address;
  Diagnostics findings;
  error_code error;
  std::vector<tcp::endpoint> endpoints;
  if (wanted.host.empty()) {
    endpoints = {{tcp::v6(), wanted.port}, {tcp::v4(), wanted.port}};
  } else {
    tcp::resolver resolver(state.acceptor.get_executor());
    for (const auto& found : resolver.resolve(wanted.host, std::to_string(wanted.port),
                                              tcp::resolver::passive, error)) {
      endpoints.push_back(found.endpoint());
    }
  }
  for (const tcp::endpoint& endpoint : endpoints) {
    state.acceptor.open(endpoint.protocol(), error);
    if (error) continue;  // a machine without IPv6
    state.acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    // Every address means those of IPv4 too.
    if (endpoint.protocol() == tcp::v6() && wanted.host.empty()) {
      state.acceptor.set_option(asio::ip::v6_only(false), error);
    }
    state.acceptor.bind(endpoint, error);
    if (!error) state.acceptor.listen(tcp::acceptor::max_listen_connections, error);
    if (!error) break;
    error_code ignored;
    state.acceptor.close(ignored);
  }
  if (!state.acceptor.is_open()) {
    findings.error({"--metrics"}, "cannot listen on " + wanted.to_string() + ": " + error.message(),
                   "an address of this machine and a port that is free");
    return findings;
  }
  State::accept(state_);
  return findings;
}

void HttpServer::close() {
  State& state = *state_;
  if (!state.acceptor.is_open()) return;
  error_code ignored;
  state.acceptor.close(ignored);
  state.pause.cancel();
  while (!state.sessions.empty()) (*state.sessions.begin())->close();
}

std::uint16_t HttpServer::port() const {
  error_code ignored;
  return state_->acceptor.local_endpoint(ignored).port();
}

}  // namespace chatgate::control
