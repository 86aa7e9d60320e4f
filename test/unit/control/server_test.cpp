#include "control/server.h"

#include <array>
#include <atomic>
#include <boost/asio/post.hpp>
#include <filesystem>
#include <fstream>
#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

#include "fake_gateway.h"

namespace chatgate::control::testing {
namespace {

using ::testing::HasSubstr;

// A client that may do anything. Reads give up after half a minute.
class RawClient {
 public:
  explicit RawClient(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const timeval patience{30, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    connected_ =
        ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawClient() { ::close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }
  // False where the peer has gone.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void end() { ::shutdown(socket_, SHUT_WR); }
  // A line without its newline; empty at the end of the connection.
  std::string line() {
    for (;;) {
      const std::size_t end = buffer_.find('\n');
      if (end != std::string::npos) {
        std::string text = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        return text;
      }
      std::array<char, 4096> bytes;
      const ssize_t size = ::recv(socket_, bytes.data(), bytes.size(), 0);
      if (size <= 0) return {};
      buffer_.append(bytes.data(), static_cast<std::size_t>(size));
    }
  }
  Json ask(std::string_view request) {
    send(std::string(request) + "\n");
    return Json::parse(line(), nullptr, false);
  }

 private:
  int socket_;
  bool connected_ = false;
  std::string buffer_;
};

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    std::string pattern = ::testing::TempDir() + "/chatgate-control-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    config.path = folder_ + "/control.sock";
  }
  ~ServerTest() override {
    stop();
    std::filesystem::remove_all(folder_);
  }

  // Serves on a thread of its own, as the gateway does.
  void start() {
    CommandsConfig table;
    table.source.policy_file = "/nowhere/policy.json";
    table.load = [](const LoadRequest&, catalog::ApplicationRegistry&) { return LoadResult(); };
    commands = std::make_unique<Commands>(io, gateway, registry, table);
    server = std::make_unique<Server>(io, *commands, config);
    const Diagnostics findings = server->open();
    ASSERT_FALSE(findings.has_errors()) << findings.all()[0].to_string();
    thread = std::thread([this] {
      while (!stopping) {
        gateway.tick();
        io.run_one_for(std::chrono::milliseconds(1));
      }
      server->close();
      io.restart();
      io.poll();
    });
  }
  void stop() {
    stopping = true;
    if (thread.joinable()) thread.join();
    server.reset();
  }
  // As the server's own thread sees it.
  std::size_t clients_now() {
    std::promise<std::size_t> count;
    boost::asio::post(io, [&] { count.set_value(server->clients()); });
    return count.get_future().get();
  }
  // The server still answers.
  void expect_alive() {
    RawClient client(config.path);
    EXPECT_EQ(client.ask(R"({"command":"show version"})")["ok"], true);
  }

  std::string folder_;
  boost::asio::io_context io;
  FakeGateway gateway;
  catalog::ApplicationRegistry registry;
  ServerConfig config;
  std::unique_ptr<Commands> commands;
  std::unique_ptr<Server> server;
  std::thread thread;
  std::atomic<bool> stopping{false};
};

TEST_F(ServerTest, AnswersALineWithALine) {
  start();
  RawClient client(config.path);
  const Json version = client.ask(R"({"command":"show version"})");
  EXPECT_EQ(version["ok"], true);
  EXPECT_EQ(version["status"], 0);
  EXPECT_THAT(version["text"].get<std::string>(), HasSubstr("chatgate "));
  EXPECT_FALSE(client.ask(R"({"command":"show version","json":true})").contains("text"));
  EXPECT_EQ(client.ask(R"({"complete":"sh fl"})")["result"]["candidates"][0]["word"], "flows");
  const Json wrong = client.ask(R"({"command":"show verison"})");
  EXPECT_EQ(wrong["ok"], false);
  EXPECT_EQ(wrong["status"], 2);
  EXPECT_EQ(wrong["remedy"], "did you mean \"version\"?");
  EXPECT_EQ(client.ask(R"({"command":"show flows"})")["result"]["matching"], 0);
  EXPECT_EQ(client.ask("{\"command\":\"show version\"}\r")["ok"], true);
}

TEST_F(ServerTest, AnswersPipelinedAndSplitRequestsInOrder) {
  start();
  RawClient client(config.path);
  client.send("{\"command\":\"show flows\"}\n{\"command\":\"sh");
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  client.send("ow memory\"}\n{\"command\":\"nonsense\"}\n");
  EXPECT_THAT(client.line(), HasSubstr("\"matching\""));
  EXPECT_THAT(client.line(), HasSubstr("tables_bytes"));
  EXPECT_THAT(client.line(), HasSubstr("unknown word"));
}

TEST_F(ServerTest, RefusesGarbageAndGoesOn) {
  start();
  RawClient client(config.path);
  const std::string kZeros(16, '\0');
  const std::string kDeep(20000, '[');
  const struct {
    std::string_view request, error;
  } kCases[] = {
      {"", "not a JSON object"},
      {"show version", "not a JSON object"},
      {kZeros, "not a JSON object"},
      {kDeep, "not a JSON object"},
      {"\xff\xfe{}", "not a JSON object"},
      {"[1]", "not a JSON object"},
      {"{}", "either \\\"command\\\" or \\\"complete\\\""},
      {R"({"command":"show version","complete":"x"})", "either"},
      {R"({"comand":"show version"})", "did you mean \\\"command\\\"?"},
      {R"({"comand":5})", "unknown key"},
      {R"({"command":5})", "write a string"},
      {R"({"command":"show version","json":"yes"})", "write true or false"},
      {R"({"command":"show version\u0000"})", "control character"},
      {R"({"command":"\u001b[2J"})", "control character"},
      {R"({"command":"show \ud800"})", "not a JSON object"},
      {"{\"command\":\"show \xc3\"}", "not a JSON object"},
      {R"({"complete":"\u0000\"\\"})", "candidates\":[]"},
  };
  for (const auto& [request, error] : kCases) {
    client.send(std::string(request) + "\n");
    EXPECT_THAT(client.line(), HasSubstr(error)) << request.substr(0, 60);
  }
  EXPECT_EQ(client.ask(R"({"command":"show version"})")["ok"], true) << "the same connection";
}

TEST_F(ServerTest, EveryCutOfARequestIsAnsweredOrEndsQuietly) {
  start();
  const std::string request = "{\"command\":\"show flows limit 3\"}\n";
  for (std::size_t size = 0; size < request.size(); ++size) {
    RawClient client(config.path);
    client.send(request.substr(0, size));
    client.end();
    const std::string answer = client.line();
    if (size == 0) {
      EXPECT_EQ(answer, "");
    } else {
      EXPECT_THAT(answer, HasSubstr("the connection ended within a request")) << size;
    }
  }
  for (std::size_t size = 0; size <= request.size(); ++size) {
    RawClient(config.path).send(request.substr(0, size));  // and gone
  }
  expect_alive();
}

TEST_F(ServerTest, EndsAConnectionWhoseLineIsTooLong) {
  start();
  RawClient client(config.path);
  const std::string longest = R"({"command":")" + std::string(config.line_limit - 14, 'x') + "\"}";
  ASSERT_EQ(longest.size(), config.line_limit);
  EXPECT_THAT(client.ask(longest)["error"].get<std::string>(), HasSubstr("unknown word"));
  client.send(longest + "xx");  // no newline
  EXPECT_THAT(client.line(), HasSubstr("longer than 65536 bytes"));
  EXPECT_EQ(client.line(), "");
  RawClient flood(config.path);
  flood.send(std::string(4 << 20, 'x'));
  EXPECT_THAT(flood.line(), HasSubstr("longer than"));
  expect_alive();
}

TEST_F(ServerTest, ServesAsManyAsItSaysAndRefusesTheRest) {
  start();
  std::vector<std::unique_ptr<RawClient>> clients;
  std::size_t served = 0, refused = 0;
  for (int i = 0; i < 50; ++i) {
    clients.push_back(std::make_unique<RawClient>(config.path));
    ASSERT_TRUE(clients.back()->connected());
    const Json answer = clients.back()->ask(R"({"command":"show version"})");
    if (answer["ok"] == true) {
      ++served;
    } else {
      ++refused;
      EXPECT_EQ(answer["error"], "there are 32 clients already");
      EXPECT_EQ(clients.back()->line(), "");
    }
  }
  EXPECT_EQ(served, 32u);
  EXPECT_EQ(refused, 18u);
  clients.clear();
  std::size_t left = 32;
  for (int i = 0; i < 500 && (left = clients_now()) != 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(left, 0u);
  expect_alive();
}

TEST_F(ServerTest, CutsOffWhoDoesNotSendAndWhoDoesNotRead) {
  config.read_patience = config.write_patience = std::chrono::milliseconds(60);
  start();
  RawClient half(config.path);
  half.send("{\"command\":");
  EXPECT_THAT(half.line(), HasSubstr("no whole request came in time"));
  EXPECT_EQ(half.line(), "");

  RawClient deaf(config.path);
  bool open = true;
  const std::string request = "{\"command\":\"show counters workers\"}\n";
  for (int i = 0; open && i < 2000; ++i) open = deaf.send(request);
  EXPECT_FALSE(open) << "it read none of the replies and was never cut off";
  expect_alive();
}

TEST_F(ServerTest, TheSocketIsForItsOwnerAndGroupAndGoesAwayAtTheEnd) {
  config.path = folder_ + "/made/control.sock";
  const mode_t umask_before = ::umask(0);
  start();
  ::umask(umask_before);
  struct ::stat found {};
  ASSERT_EQ(::lstat(config.path.c_str(), &found), 0);
  EXPECT_TRUE(S_ISSOCK(found.st_mode));
  EXPECT_EQ(found.st_mode & 07777, 0660u);
  stop();
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/made"));
}

TEST_F(ServerTest, KnowsALiveSocketFromAStaleOne) {
  {
    const int stale = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    config.path.copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(stale, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ::close(stale);
  }
  start();
  Server second(io, *commands, config);
  const Diagnostics findings = second.open();
  ASSERT_TRUE(findings.has_errors());
  EXPECT_EQ(findings.all()[0].to_string(),
            config.path +
                ": this control socket is in use by a running process, stop that gateway "
                "first, or name another path with --socket");
  second.close();
  expect_alive();  // and its file is still there
}

TEST_F(ServerTest, TouchesNothingThatIsNoSocketOfItsOwn) {
  std::ofstream(config.path) << "precious";
  Commands table(io, gateway, registry, {});
  Server server_here(io, table, config);
  EXPECT_THAT(server_here.open().all()[0].message, HasSubstr("not a socket"));
  EXPECT_TRUE(std::filesystem::is_regular_file(config.path));

  ServerConfig longer = config;
  longer.path = folder_ + "/" + std::string(108, 'x');
  EXPECT_THAT(Server(io, table, longer).open().all()[0].message, HasSubstr("1 to 106 bytes"));
  longer.path = folder_ + "/absent/absent/control.sock";
  EXPECT_TRUE(Server(io, table, longer).open().has_errors());
}

TEST_F(ServerTest, LeavesTheSocketOfASuccessor) {
  start();
  std::filesystem::remove(config.path);
  std::ofstream(config.path) << "another's";
  stop();
  EXPECT_TRUE(std::filesystem::exists(config.path));
}

}  // namespace
}  // namespace chatgate::control::testing
