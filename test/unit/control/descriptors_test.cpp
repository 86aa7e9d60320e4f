// Where the system has no descriptor left, or a command or the text of an answer fails, both
// servers go on.

#include <fcntl.h>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <new>
#include <stdexcept>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/http_server.h"
#include "control/server.h"

#include "fake_gateway.h"

namespace chatgate::control::testing {
namespace {

using ::testing::EndsWith;
using ::testing::StartsWith;

// While it lives, no descriptor can be opened.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int next = ::dup(STDIN_FILENO);
    ::close(next);
    const rlimit none{static_cast<rlim_t>(next), before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

class Client {
 public:
  template <typename Address>
  explicit Client(const Address& address)
      : socket_(::socket(address_family(address), SOCK_STREAM, 0)) {
    EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  ~Client() { ::close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void send(std::string_view text) {
    EXPECT_EQ(::send(socket_, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  // What has come; `over` where the other side hung up.
  std::string received() {
    char bytes[4096];
    for (ssize_t size; (size = ::recv(socket_, bytes, sizeof bytes, MSG_DONTWAIT)) >= 0;) {
      over = over || size == 0;
      if (size == 0) break;
      text_.append(bytes, static_cast<std::size_t>(size));
    }
    return text_;
  }

  bool over = false;

 private:
  static int address_family(const sockaddr_un&) { return AF_UNIX; }
  static int address_family(const sockaddr_in&) { return AF_INET; }

  int socket_;
  std::string text_;
};

class Descriptors : public ::testing::Test {
 protected:
  template <typename Until>
  void run(Until until, std::chrono::milliseconds patience = std::chrono::seconds(5)) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!until() && std::chrono::steady_clock::now() < deadline) {
      io_.restart();
      io_.run_one_for(std::chrono::milliseconds(5));
    }
  }
  // Long enough for a try that is bound to fail.
  void run_in_vain() {
    run([] { return false; }, std::chrono::milliseconds(30));
  }

  boost::asio::io_context io_;
};

class Socket : public Descriptors {
 protected:
  Socket() {
    std::string pattern = ::testing::TempDir() + "/chatgate-descriptors-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    CommandsConfig config;
    config.audit = [](const std::string&) { throw std::runtime_error("no room for the event"); };
    commands_.emplace(io_, gateway_, registry_, config);
    ServerConfig server;
    server.path = folder_ + "/control.sock";
    server_.emplace(io_, *commands_, server);
    EXPECT_TRUE(server_->open().empty());
    address_.sun_family = AF_UNIX;
    server.path.copy(address_.sun_path, sizeof address_.sun_path - 1);
  }
  ~Socket() override {
    server_.reset();
    io_.restart();
    io_.poll();
    std::filesystem::remove_all(folder_);
  }

  std::string folder_;
  sockaddr_un address_{};
  FakeGateway gateway_;
  catalog::ApplicationRegistry registry_;
  std::optional<Commands> commands_;
  std::optional<Server> server_;
};

TEST_F(Socket, WaitsUntilThereIsADescriptorAgain) {
  Client client(address_);
  {
    const NoDescriptors none;
    run_in_vain();
    EXPECT_EQ(server_->clients(), 0u);
  }
  run([&] { return server_->clients() == 1; });
  EXPECT_EQ(server_->clients(), 1u);
}

TEST_F(Socket, ACommandThatFailsIsAnsweredAndTheNextOneWorks) {
  Client client(address_);
  client.send("{\"command\":\"clear counters\"}\n");
  run([&] { return client.received().ends_with('\n'); });
  const Json failed = Json::parse(client.received());
  EXPECT_EQ(failed["ok"], false);
  EXPECT_EQ(failed["error"], "the command failed: no room for the event");
  const std::size_t before = client.received().size();
  client.send("{\"command\":\"show version\"}\n");
  run([&] { return client.received().size() > before && client.received().ends_with('\n'); });
  EXPECT_EQ(Json::parse(client.received().substr(before))["ok"], true);
}

class Figures : public Descriptors {
 protected:
  Figures() {
    HttpConfig config;
    config.address = {"127.0.0.1", 0};
    config.metrics = []() -> std::string { throw std::bad_alloc(); };
    config.healthy = [] { return true; };
    server_.emplace(io_, config);
    EXPECT_TRUE(server_->open().empty());
    address_.sin_family = AF_INET;
    address_.sin_port = htons(server_->port());
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  }
  ~Figures() override {
    server_.reset();
    io_.restart();
    io_.poll();
  }
  std::string get(Client& client, const std::string& path) {
    client.send("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
    run([&] {
      client.received();
      return client.over;
    });
    EXPECT_TRUE(client.over);
    return client.received();
  }

  sockaddr_in address_{};
  std::optional<HttpServer> server_;
};

TEST_F(Figures, AreToldWhenThereIsADescriptorAgain) {
  Client client(address_);
  {
    const NoDescriptors none;
    run_in_vain();
  }
  const std::string answer = get(client, "/healthz");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nevery worker moves\n"));
}

TEST_F(Figures, ThatCannotBeMadeEndTheConnectionAlone) {
  Client failed(address_);
  EXPECT_EQ(get(failed, "/metrics"), "");
  Client next(address_);
  EXPECT_THAT(get(next, "/healthz"), EndsWith("every worker moves\n"));
}

}  // namespace
}  // namespace chatgate::control::testing
