// Syslog: the header that RFC 5424 wants, and a receiver that is absent, slow, restarted or far.
#include "telemetry/syslog_sink.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sink_test.h"

namespace chatgate::telemetry {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr std::string_view kFlow =
    R"({"timestamp":"2026-11-23T20:00:00.003000+0000","event_type":"flow"})"
    "\n";

// Receives datagrams on a local socket or on a port of this machine.
class Receiver {
 public:
  explicit Receiver(const std::string& path) : descriptor_(socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    unlink(path.c_str());
    EXPECT_EQ(bind(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  Receiver() : descriptor_(socket(AF_INET6, SOCK_DGRAM, 0)) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_addr = in6addr_loopback;
    EXPECT_EQ(bind(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    socklen_t size = sizeof address;
    getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin6_port);
  }
  ~Receiver() { close(descriptor_); }
  std::uint16_t port() const { return port_; }
  // Empty where nothing is there.
  std::string take() {
    std::string text(65536, ' ');
    const ssize_t count = recv(descriptor_, text.data(), text.size(), MSG_DONTWAIT);
    return text.substr(0, count < 0 ? 0 : static_cast<std::size_t>(count));
  }

 private:
  int descriptor_;
  std::uint16_t port_ = 0;
};

struct Row {
  const char* line;
  const char* message;
};

TEST(SyslogMessage, HasTheHeaderOfItsEvent) {
  const SyslogOrigin origin{"gateway1", "42"};
  const Row rows[] = {
      {R"({"timestamp":"2026-11-23T20:00:00.003000+0000","event_type":"alert","alert":{"action":"blocked"}})",
       "<28>1 2026-11-23T20:00:00.003000Z gateway1 chatgate 42 alert - "},
      {R"({"timestamp":"2026-11-23T20:00:00.003000+0000","event_type":"alert","alert":{"action":"allowed"},"x":"blocked"})",
       "<29>1 2026-11-23T20:00:00.003000Z gateway1 chatgate 42 alert - "},
      {R"({"timestamp":"2026-11-23T20:00:00.003000+0000","event_type":"flow"})",
       "<30>1 2026-11-23T20:00:00.003000Z gateway1 chatgate 42 flow - "},
      {R"({"timestamp":"2026-11-23T20:00:00.003000+0000","event_type":"audit","audit":{"what":"policy refused"}})",
       "<27>1 2026-11-23T20:00:00.003000Z gateway1 chatgate 42 audit - "},
      {R"({"timestamp":"2026-11-23T20:00:00.003000+0000","event_type":"audit","audit":{"what":"self-test failed"}})",
       "<27>1 2026-11-23T20:00:00.003000Z gateway1 chatgate 42 audit - "},
      {R"({"timestamp":"2026-11-23T20:00:00.003000+0000","event_type":"audit","audit":{"what":"policy loaded"}})",
       "<29>1 2026-11-23T20:00:00.003000Z gateway1 chatgate 42 audit - "},
      {R"({"timestamp":"2026-11-23T20:00:00.003000+0000","event_type":"stats",)"
       R"("stats":{"uptime":10,"counters":{"events-lost":3}}})",
       "<30>1 2026-11-23T20:00:00.003000Z gateway1 chatgate 42 stats - "},
      {R"({"timestamp":"2026-11-23T20:00:00.003000+0000","event_type":"stats",)"
       R"("stats":{"events":{"lost":3}}})",
       "<28>1 2026-11-23T20:00:00.003000Z gateway1 chatgate 42 stats - "},
      // A name from the network that looks like a key does not become one.
      {R"({"timestamp":"2026-11-23T20:00:00.003000+0000","event_type":"flow","n":"\"event_type\":\"audit\""})",
       "<30>1 2026-11-23T20:00:00.003000Z gateway1 chatgate 42 flow - "},
      {"{}", "<30>1 - gateway1 chatgate 42 - - "},
  };
  for (const Row& row : rows) {
    std::string out;
    append_syslog(out, std::string(row.line) + "\n", origin);
    EXPECT_EQ(out, std::string(row.message) + row.line);
  }
}

TEST(SyslogMessage, OriginIsPrintable) {
  const SyslogOrigin origin = own_origin();
  EXPECT_FALSE(origin.host.empty());
  EXPECT_EQ(origin.host.find(' '), std::string::npos);
  EXPECT_EQ(origin.process, std::to_string(getpid()));
}

TEST(SyslogSink, SendsOneDatagramALine) {
  const Folder folder;
  Receiver receiver(folder / "log");
  SyslogSink sink("syslog:", folder / "log");
  sink.write(kFlow);
  sink.write(kFlow);
  sink.flush();
  for (int i = 0; i < 2; ++i) {
    const std::string message = receiver.take();
    EXPECT_EQ(message.substr(0, 6), "<30>1 ");
    EXPECT_TRUE(message.ends_with(kFlow.substr(0, kFlow.size() - 1)));
  }
  EXPECT_EQ(receiver.take(), "");
  EXPECT_EQ(sink.written(), 2u);
}

TEST(SyslogSink, WaitsForAReceiverThatIsAbsentAndOneThatStartsAnew) {
  const Folder folder;
  SyslogSink sink("syslog:", folder / "log");
  sink.write(kFlow);
  EXPECT_THAT(sink.trouble(), HasSubstr("No such file"));
  for (int i = 0; i < 2; ++i) {
    Receiver receiver(folder / "log");
    ASSERT_TRUE(work_until(sink, [&] { return !receiver.take().empty(); }));
    // Gone: what is sent now waits for the next one.
    sink.write(kFlow);
  }
  EXPECT_EQ(sink.lost(), 0u);
}

TEST(SyslogSink, HangingReceiverCostsNoTime) {
  const Folder folder;
  Receiver receiver(folder / "log");
  SyslogSink sink("syslog:", folder / "log");
  const std::string line = std::string(999, 'x') + '\n';
  constexpr std::uint64_t kLines = 3000;  // far more than socket and queue hold
  const auto begin = std::chrono::steady_clock::now();
  for (std::uint64_t i = 0; i < kLines; ++i) sink.write(line);
  sink.flush();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
  EXPECT_GT(sink.lost(), 0u);
  std::uint64_t received = 0;
  ASSERT_TRUE(work_until(sink, [&] {
    while (!receiver.take().empty()) ++received;
    return received + sink.lost() == kLines;
  }));
  EXPECT_EQ(sink.written(), received);
}

TEST(SyslogSink, FinishWaitsForTheTimeGivenAndCountsTheRest) {
  const Folder folder;
  Receiver receiver(folder / "log");
  SyslogSink sink("syslog:", folder / "log");
  const std::string line = std::string(999, 'x') + '\n';
  for (int i = 0; i < 900; ++i) sink.write(line);
  const auto begin = std::chrono::steady_clock::now();
  sink.finish(50ms);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 45ms);
  EXPECT_EQ(sink.written() + sink.lost(), 900u);
  EXPECT_GT(sink.lost(), 0u);
}

TEST(SyslogSink, GoesOverUdp) {
  Receiver receiver;
  SyslogSink sink("syslog://", HostPort{"::1", receiver.port()});
  sink.write(kFlow);
  std::string message;
  ASSERT_TRUE(work_until(sink, [&] { return !(message = receiver.take()).empty(); }));
  EXPECT_THAT(message, HasSubstr(" flow - {"));
}

TEST(SyslogSink, LineThatNoDatagramHoldsIsLostAlone) {
  Receiver receiver;
  SyslogSink sink("syslog://", HostPort{"::1", receiver.port()});
  sink.write(std::string(70'000, 'x') + '\n');
  sink.write(kFlow);
  ASSERT_TRUE(work_until(sink, [&] { return !receiver.take().empty(); }));
  EXPECT_EQ(sink.lost(), 1u);
  EXPECT_EQ(sink.written(), 1u);
}

TEST(SyslogSink, NameThatIsNotKnownHoldsUpNobody) {
  const auto begin = std::chrono::steady_clock::now();
  SyslogSink sink("syslog://", HostPort{"no-such-host.invalid", 514});
  sink.write(kFlow);
  sink.flush();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 1s);
}

}  // namespace
}  // namespace chatgate::telemetry
