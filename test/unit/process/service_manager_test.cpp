#include "process/service_manager.h"

#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace chatgate::process {
namespace {

// The service manager's end.
class Manager {
 public:
  explicit Manager(const std::string& path)
      : path_(path), socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    if (path.front() == '@') address.sun_path[0] = '\0';
    bound_ = ::bind(socket_, reinterpret_cast<const sockaddr*>(&address),
                    static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size())) == 0;
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  ~Manager() {
    ::close(socket_);
    ::unlink(path_.c_str());
    ::unsetenv("NOTIFY_SOCKET");
  }
  bool bound() const { return bound_; }
  std::string heard() const {
    std::string text(512, '\0');
    const ssize_t size = ::recv(socket_, text.data(), text.size(), 0);
    return size < 0 ? "nothing" : text.substr(0, static_cast<std::size_t>(size));
  }

 private:
  std::string path_;
  int socket_;
  bool bound_ = false;
};

TEST(ServiceManager, IsToldByADatagram) {
  const Manager manager(testing::TempDir() + "/notify-" + std::to_string(::getpid()));
  ASSERT_TRUE(manager.bound());
  notify_manager("READY=1");
  EXPECT_EQ(manager.heard(), "READY=1");
  EXPECT_EQ(manager.heard(), "nothing");
}

TEST(ServiceManager, IsToldThroughAnAbstractSocket) {
  const Manager manager("@chatgate-test-" + std::to_string(::getpid()));
  ASSERT_TRUE(manager.bound());
  notify_manager("WATCHDOG=1");
  EXPECT_EQ(manager.heard(), "WATCHDOG=1");
}

TEST(ServiceManager, IsToldWhenAReloadBegan) {
  const Manager manager("@chatgate-test-" + std::to_string(::getpid()));
  notify_reloading();
  EXPECT_THAT(manager.heard(), testing::MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[0-9]+"));
}

TEST(ServiceManager, IsNotMissed) {
  ::unsetenv("NOTIFY_SOCKET");
  notify_manager("READY=1");
  for (const char* nowhere : {"", "relative", "/no/such/socket"}) {
    ::setenv("NOTIFY_SOCKET", nowhere, 1);
    notify_manager("READY=1");
  }
  ::setenv("NOTIFY_SOCKET", ("/" + std::string(300, 'x')).c_str(), 1);
  notify_manager("READY=1");
  ::unsetenv("NOTIFY_SOCKET");
}

TEST(ServiceManager, SaysHowLongItWaits) {
  ::unsetenv("WATCHDOG_USEC");
  ::unsetenv("WATCHDOG_PID");
  EXPECT_EQ(manager_patience(), std::nullopt);
  ::setenv("WATCHDOG_USEC", "10000000", 1);
  EXPECT_EQ(manager_patience(), std::chrono::seconds(10));
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  EXPECT_EQ(manager_patience(), std::chrono::seconds(10));
  ::setenv("WATCHDOG_PID", std::to_string(::getpid() + 1).c_str(), 1);
  EXPECT_EQ(manager_patience(), std::nullopt) << "that of another process";
  ::unsetenv("WATCHDOG_PID");
  for (const char* none : {"0", "-5", "soon"}) {
    ::setenv("WATCHDOG_USEC", none, 1);
    EXPECT_EQ(manager_patience(), std::nullopt) << none;
  }
  ::unsetenv("WATCHDOG_USEC");
}

}  // namespace
}  // namespace chatgate::process
