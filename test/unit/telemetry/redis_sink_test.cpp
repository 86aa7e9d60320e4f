// The sink for Redis: against a real server where there is one, and against peers that hang, lie or
// go away.
#include "telemetry/redis_sink.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sink_test.h"

namespace chatgate::telemetry {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(RedisProtocol, CommandIsAnArrayOfBulkStrings) {
  std::string out;
  append_command(out, {"XADD", "", "a\r\nb"});
  EXPECT_EQ(out, "*3\r\n$4\r\nXADD\r\n$0\r\n\r\n$4\r\na\r\nb\r\n");
}

TEST(RedisProtocol, RepliesAreReadHoweverTheyAreCut) {
  const std::string bytes = "+OK\r\n$5\r\n1-2\r\n\r\n-OOM full\r\n:7\r\n$-1\r\n";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    ReplyReader reader;
    std::vector<std::string> seen;
    for (const std::string& part : {bytes.substr(0, cut), bytes.substr(cut)}) {
      ASSERT_TRUE(reader.feed(part));
      while (const auto reply = reader.next()) seen.push_back(reply->is_error ? reply->text : "ok");
    }
    EXPECT_EQ(seen, (std::vector<std::string>{"ok", "ok", "OOM full", "ok", "ok"})) << cut;
  }
}

TEST(RedisProtocol, WhatIsNoReplyOfOursIsRefused) {
  for (const char* bytes : {"HTTP/1.1 400 Bad Request\r\n", "*2\r\n+a\r\n+b\r\n", "$x\r\n"}) {
    ReplyReader reader;
    reader.feed(bytes);
    EXPECT_FALSE(reader.next()) << bytes;
    EXPECT_TRUE(reader.broken()) << bytes;
  }
}

TEST(RedisProtocol, ReplyWithoutEndIsRefusedInTime) {
  ReplyReader reader;
  reader.feed("$500000000\r\n");
  std::size_t taken = 0;
  while (taken < (1 << 20) && reader.feed(std::string(4096, 'x'))) {
    EXPECT_FALSE(reader.next());
    taken += 4096;
  }
  EXPECT_TRUE(reader.broken());
  EXPECT_LE(taken, 2 * ReplyReader::kLimit);
}

// A port of this machine on which nobody listens yet.
std::uint16_t free_port() {
  const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(descriptor, reinterpret_cast<sockaddr*>(&address), size), 0);
  getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
  close(descriptor);
  return ntohs(address.sin_port);
}

// A redis-server in a folder of its own, which keeps its data over a restart.
class Server {
 public:
  explicit Server(std::vector<std::string> more = {}) : more_(std::move(more)) { start(); }
  ~Server() { stop(SIGTERM); }

  static bool installed() { return access("/usr/bin/redis-server", X_OK) == 0; }
  std::uint16_t port() const { return port_; }

  void start() {
    std::vector<std::string> words = {
        "redis-server", "--port",     std::to_string(port_), "--bind", "127.0.0.1",
        "--dir",        folder_ / "", "--appendonly",        "yes",    "--appendfsync",
        "no",           "--logfile",  folder_ / "log"};
    words.insert(words.end(), more_.begin(), more_.end());
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ASSERT_EQ(posix_spawn(&process_, "/usr/bin/redis-server", nullptr, nullptr, arguments.data(),
                          environ),
              0);
  }
  void stop(int signal) {
    if (process_ <= 0) return;
    kill(process_, signal);
    waitpid(process_, nullptr, 0);
    process_ = 0;
  }
  void pause(bool on) { kill(process_, on ? SIGSTOP : SIGCONT); }

  std::string ask(const std::string& command) const {
    const std::string line = "redis-cli -h 127.0.0.1 -p " + std::to_string(port_) +
                             " --no-auth-warning " + command + " 2>&1";
    FILE* pipe = popen(line.c_str(), "r");
    std::string text;
    char buffer[4096];
    while (const std::size_t count = fread(buffer, 1, sizeof buffer, pipe)) {
      text.append(buffer, count);
    }
    pclose(pipe);
    return text;
  }

 private:
  const Folder folder_;
  const std::uint16_t port_ = free_port();
  const std::vector<std::string> more_;
  pid_t process_ = 0;
};

RedisTarget target_of(std::uint16_t port) {
  RedisTarget target;
  target.server = {"127.0.0.1", port};
  target.stream = "events";
  return target;
}

class RealRedis : public testing::Test {
 protected:
  void SetUp() override {
    if (!Server::installed()) GTEST_SKIP() << "no redis-server: scripts/setup installs it";
  }
};

TEST_F(RealRedis, AddsOneEntryALineInOrder) {
  Server server;
  RedisSink sink("redis", target_of(server.port()));
  constexpr std::uint64_t kLines = 5000;  // more than are ever unanswered
  for (std::uint64_t i = 1; i <= kLines; ++i) sink.write("{\"n\":" + std::to_string(i) + "}\n");
  ASSERT_TRUE(work_until(sink, [&] { return sink.written() == kLines; }));
  EXPECT_EQ(server.ask("XLEN events"), "5000\n");
  EXPECT_THAT(server.ask("XRANGE events - + COUNT 1"), HasSubstr("eve\n{\"n\":1}\n"));
  EXPECT_THAT(server.ask("XREVRANGE events + - COUNT 1"), HasSubstr("eve\n{\"n\":5000}\n"));
  EXPECT_EQ(sink.lost(), 0u);
}

TEST_F(RealRedis, StreamStaysBounded) {
  Server server;
  RedisTarget target = target_of(server.port());
  target.length = 100;
  RedisSink sink("redis", target);
  for (int i = 0; i < 3000; ++i) sink.write("{}\n");
  ASSERT_TRUE(work_until(sink, [&] { return sink.written() == 3000; }));
  EXPECT_LT(std::stoul(server.ask("XLEN events")), 400u);  // approximately, by whole nodes
}

TEST_F(RealRedis, PasswordIsGivenFirst) {
  Server server({"--requirepass", "secret"});
  RedisTarget target = target_of(server.port());
  target.password = "secret";
  RedisSink sink("redis", target);
  sink.write("{}\n");
  ASSERT_TRUE(work_until(sink, [&] { return sink.written() == 1; }));
  EXPECT_EQ(server.ask("-a secret XLEN events"), "1\n");
}

TEST_F(RealRedis, WrongPasswordOrNoneKeepsTheLinesAndSaysWhy) {
  Server server({"--requirepass", "secret"});
  for (const char* password : {"", "wrong"}) {
    RedisTarget target = target_of(server.port());
    target.password = password;
    RedisSink sink("redis", target);
    sink.write("{}\n");
    ASSERT_TRUE(work_until(sink, [&] { return sink.trouble().starts_with("the server says "); }))
        << sink.trouble();
    EXPECT_EQ(sink.written() + sink.lost(), 0u);
    sink.finish(0ms);
    EXPECT_EQ(sink.lost(), 1u);
  }
}

TEST_F(RealRedis, LineThatTheServerRefusesIsLost) {
  Server server;
  RedisSink sink("redis", target_of(server.port()));
  ASSERT_TRUE(work_until(sink, [&] { return server.ask("SET events x") == "OK\n"; }));
  sink.write("{}\n");
  ASSERT_TRUE(work_until(sink, [&] { return sink.lost() == 1; }));
  EXPECT_THAT(sink.trouble(), HasSubstr("WRONGTYPE"));
}

TEST_F(RealRedis, RestartLosesNothing) {
  Server server;
  RedisSink sink("redis", target_of(server.port()));
  sink.write("{\"n\":1}\n");
  ASSERT_TRUE(work_until(sink, [&] { return sink.written() == 1; }));
  server.stop(SIGTERM);
  for (int i = 2; i <= 100; ++i) sink.write("{\"n\":" + std::to_string(i) + "}\n");
  sink.flush();
  server.start();
  ASSERT_TRUE(work_until(sink, [&] { return sink.written() == 100; }));
  EXPECT_EQ(server.ask("XLEN events"), "100\n");
  EXPECT_EQ(sink.lost(), 0u);
}

TEST_F(RealRedis, ServerThatHangsIsLeftAndFoundAgain) {
  Server server;
  RedisSink sink("redis", target_of(server.port()), 100ms);
  sink.write("{\"n\":1}\n");
  ASSERT_TRUE(work_until(sink, [&] { return sink.written() == 1; }));
  server.pause(true);
  const std::string line = "{\"n\":\"" + std::string(991, 'x') + "\"}\n";
  constexpr std::uint64_t kLines = 6000;  // more than the queue holds
  const auto begin = std::chrono::steady_clock::now();
  for (std::uint64_t i = 0; i < kLines; ++i) sink.write(line);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
  EXPECT_GT(sink.lost(), 0u);
  ASSERT_TRUE(work_until(sink, [&] { return sink.trouble() == "the server does not answer"; }));
  server.pause(false);
  ASSERT_TRUE(work_until(sink, [&] { return sink.written() + sink.lost() == kLines + 1; }));
  // What it had read before it hung stands there twice.
  EXPECT_GE(std::stoul(server.ask("XLEN events")), sink.written());
}

// A peer that does as the test says.
class Peer {
 public:
  Peer() : listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_, 4), 0);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~Peer() {
    hang_up();
    close(listener_);
  }
  std::uint16_t port() const { return port_; }
  void accept() { connection_ = ::accept(listener_, nullptr, nullptr); }
  void say(std::string_view text) { send(connection_, text.data(), text.size(), MSG_NOSIGNAL); }
  void hang_up() {
    if (connection_ >= 0) close(connection_);
    connection_ = -1;
  }
  std::string heard() {
    std::string text(65536, ' ');
    const ssize_t count = recv(connection_, text.data(), text.size(), MSG_DONTWAIT);
    return text.substr(0, count < 0 ? 0 : static_cast<std::size_t>(count));
  }

 private:
  int listener_;
  int connection_ = -1;
  std::uint16_t port_ = 0;
};

TEST(RedisSink, WhatWasNotAnsweredIsSentAgain) {
  Peer peer;
  RedisSink sink("redis", target_of(peer.port()));
  peer.accept();
  sink.write("{\"n\":1}\n");
  sink.write("{\"n\":2}\n");
  std::string heard;
  ASSERT_TRUE(work_until(
      sink, [&] { return (heard += peer.heard()).find("{\"n\":2}") != std::string::npos; }));
  peer.say("$3\r\n1-1\r\n");
  ASSERT_TRUE(work_until(sink, [&] { return sink.written() == 1; }));
  peer.hang_up();
  ASSERT_TRUE(work_until(sink, [&] {
    return sink.trouble() == "the server hung up" || sink.trouble().starts_with("the connection");
  }));
  std::this_thread::sleep_for(RedisSink::kRetry);
  sink.flush();
  peer.accept();
  heard.clear();
  ASSERT_TRUE(work_until(
      sink, [&] { return (heard += peer.heard()).find("{\"n\":2}") != std::string::npos; }));
  EXPECT_EQ(heard.find("{\"n\":1}"), std::string::npos);
  EXPECT_EQ(sink.lost(), 0u);
}

TEST(RedisSink, PeerThatIsNoRedisIsLeft) {
  for (const char* words : {"HTTP/1.1 400 Bad Request\r\n\r\n", "+OK\r\n"}) {
    Peer peer;
    RedisSink sink("redis", target_of(peer.port()));
    peer.accept();
    peer.say(words);
    ASSERT_TRUE(work_until(sink, [&] { return !sink.trouble().empty(); })) << words;
  }
}

TEST(RedisSink, AbsentServerCostsNoTimeAndEveryLossIsCounted) {
  const auto begin = std::chrono::steady_clock::now();
  RedisSink sink("redis", target_of(free_port()));
  const std::string line = std::string(999, 'x') + '\n';
  for (int i = 0; i < 6000; ++i) sink.write(line);
  sink.finish(50ms);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
  EXPECT_EQ(sink.lost(), 6000u);
  EXPECT_THAT(sink.trouble(), HasSubstr("refused"));
}

}  // namespace
}  // namespace chatgate::telemetry
