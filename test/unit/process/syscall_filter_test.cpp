#include "process/syscall_filter.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

#include "child.h"
#include "effort.h"

namespace chatgate::process {
namespace {

bool refused(long result) {
  return result == -1 && errno == EPERM;
}

int filtered(FilterFor whom, const std::function<int()>& body) {
  return in_child([&] {
    const int nowhere = ::open("/dev/null", O_WRONLY);
    ::dup2(nowhere, STDERR_FILENO);
    return install_syscall_filter(whom, false).empty() ? body() : 120;
  });
}

TEST(SyscallFilter, RefusesWhatAGatewayNeverDoes) {
  EXPECT_EQ(filtered(FilterFor::gateway,
                     [] {
                       char* const none[] = {nullptr};
                       return first_false({
                           refused(::execve("/bin/true", none, none)),
                           refused(::fork()),
                           refused(::socket(AF_PACKET, SOCK_RAW, 0)),
                           refused(::socket(AF_XDP, SOCK_RAW, 0)),
                           refused(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)),
                           refused(::syscall(SYS_unshare, 0)),
                           refused(::syscall(SYS_mount, nullptr, nullptr, nullptr, 0, nullptr)),
                           refused(::syscall(SYS_bpf, 0, nullptr, 0)),
                           refused(::kill(::getpid(), 0)),
                           refused(::setuid(::getuid())),
                       });
                     }),
            0);
}

TEST(SyscallFilter, LeavesWhatAGatewayDoes) {
  EXPECT_EQ(filtered(FilterFor::gateway,
                     [] {
                       std::atomic<bool> ran = false;
                       std::thread([&] { ran = true; }).join();
                       const std::string file =
                           testing::TempDir() + "/filter-" + std::to_string(::getpid());
                       const int out = ::open(file.c_str(), O_CREAT | O_WRONLY, 0600);
                       return first_false({
                           ran.load(),
                           out >= 0,
                           ::write(out, "x", 1) == 1,
                           ::rename(file.c_str(), (file + "n").c_str()) == 0,
                           ::unlink((file + "n").c_str()) == 0,
                           ::socket(AF_UNIX, SOCK_STREAM, 0) >= 0,
                           ::socket(AF_INET, SOCK_DGRAM, 0) >= 0,
                           ::socket(AF_NETLINK, SOCK_RAW, 0) >= 0,
                       });
                     }),
            0);
}

TEST(SyscallFilter, HoldsForThreadsThatWereThereBefore) {
  EXPECT_EQ(in_child([] {
              ::dup2(::open("/dev/null", O_WRONLY), STDERR_FILENO);
              std::atomic<int> step = 0;
              bool before = false, after = false;
              std::thread other([&] {
                before = ::socket(AF_PACKET, SOCK_RAW, 0) >= 0 || !refused(::kill(::getpid(), 0));
                step = 1;
                while (step != 2) std::this_thread::yield();
                after = refused(::kill(::getpid(), 0));
              });
              while (step != 1) std::this_thread::yield();
              const bool installed = install_syscall_filter(FilterFor::gateway, false).empty();
              step = 2;
              other.join();
              return first_false({installed, before, after});
            }),
            0);
}

TEST(SyscallFilter, ASupervisorMayKillAndAskTheKernelOfInterfaces) {
  if (test::kSanitized) GTEST_SKIP() << "the sanitizer itself makes calls that are refused";
  EXPECT_EQ(filtered(FilterFor::supervisor,
                     [] {
                       char* const none[] = {nullptr};
                       return first_false({
                           ::kill(::getpid(), 0) == 0,
                           ::socket(AF_NETLINK, SOCK_RAW, 0) >= 0,
                           refused(::execve("/bin/true", none, none)),
                           refused(::fork()),
                           refused(::unlink("/no/such/file")),
                           refused(::listen(0, 1)),
                       });
                     }),
            0);
}

TEST(SyscallFilter, SaysOnceWhatWasRefused) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  EXPECT_EQ(in_child([&] {
              ::dup2(ends[1], STDERR_FILENO);
              if (!install_syscall_filter(FilterFor::gateway, false).empty()) return 120;
              for (int i = 0; i < 3; ++i) ::kill(::getpid(), 0);
              return 0;
            }),
            0);
  ::close(ends[1]);
  std::string said(4096, '\0');
  const ssize_t size = ::read(ends[0], said.data(), said.size());
  ::close(ends[0]);
  ASSERT_GT(size, 0);
  said.resize(static_cast<std::size_t>(size));
  EXPECT_EQ(said, "chatgate: refused to itself the system call " + std::to_string(SYS_kill) + "\n");
}

#if defined(__x86_64__)
TEST(SyscallFilter, AnotherArchitectureEndsTheProcess) {
  EXPECT_EQ(filtered(FilterFor::gateway,
                     [] {
                       long result = 20;  // getpid of the 32-bit interface
                       asm volatile("int $0x80" : "+a"(result) : : "memory");
                       return 0;
                     }),
            128 + SIGSYS);
}
#endif

}  // namespace
}  // namespace chatgate::process
