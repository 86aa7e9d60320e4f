#include "process/supervisor.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process/syscall_filter.h"

namespace chatgate::process {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

enum class Word : char { arm = 'a', beat = 'b', finish = 'f', done = 'd' };

constexpr milliseconds kFinishPatience{5000};
// A process that has been killed is gone at once, unless the kernel is busy with it.
constexpr milliseconds kDeathPatience{2000};

bool say(int socket, Word word) {
  return ::send(socket, &word, 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1;
}

// True where one of `events` came, or the other end is closed.
bool wait_for(int descriptor, short events, milliseconds patience) {
  pollfd wait{descriptor, events, 0};
  const auto end = Clock::now() + patience;
  for (;;) {
    const auto left = std::chrono::duration_cast<milliseconds>(end - Clock::now()).count();
    const int ready = ::poll(&wait, 1, static_cast<int>(std::max<long long>(left, 0)));
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

// The life of the child.
class Watch {
 public:
  Watch(const SupervisorConfig& config, int socket, int gateway)
      : config_(config), socket_(socket), gateway_(gateway) {}

  [[noreturn]] void run() {
    if (const std::string wrong = confine(); !wrong.empty()) {
      config_.log("the supervisor keeps more rights than it needs: " + wrong);
    }
    for (;;) {
      const auto word = next();
      if (!word) break;
      switch (*word) {
        case Word::arm: armed_ = true; break;
        case Word::beat: beating_ = true; break;
        case Word::finish:
          open_all();
          say(socket_, Word::done);
          ::_exit(0);
        case Word::done: break;
      }
    }
    if (armed_) {
      if (!config_.wires.empty()) config_.log("the gateway died, the wire is opened");
      open_all();
    }
    ::_exit(0);
  }

 private:
  // The next word of the gateway; nothing when it is dead.
  std::optional<Word> next() {
    if (beating_ && config_.patience.count() != 0) {
      // Looked at once more after a pause: perhaps the whole machine stood still.
      if (!wait_for(socket_, POLLIN, config_.patience) &&
          !wait_for(socket_, POLLIN, config_.patience / 4)) {
        end_gateway();
        return std::nullopt;
      }
    }
    Word word{};
    ssize_t size = 0;
    do {
      size = ::recv(socket_, &word, 1, 0);
    } while (size < 0 && errno == EINTR);
    if (size != 1) return std::nullopt;
    return word;
  }

  void end_gateway() {
    config_.log("the gateway has not moved for " +
                std::to_string((config_.patience + config_.patience / 4).count()) +
                " ms, it is killed");
    if (::syscall(SYS_pidfd_send_signal, gateway_, SIGKILL, nullptr, 0) != 0) {
      config_.log(std::string("it cannot be killed: ") + std::strerror(errno));
    }
    // When its end of the socket is closed, so are those of its ports.
    wait_for(socket_, 0, kDeathPatience);
  }

  void open_all() {
    for (const Wire& wire : config_.wires) {
      const std::string wrong = open_wire(wire);
      config_.log(wrong.empty() ? wire.inside + " and " + wire.outside + " are joined by the kernel"
                                : "the wire cannot be opened: " + wrong);
    }
  }

  std::string confine() {
    ::prctl(PR_SET_NAME, Supervisor::kName.data());
    for (const int number :
         {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGABRT, SIGUSR1, SIGUSR2, SIGTSTP, SIGTTOU, SIGPIPE}) {
      ::signal(number, SIG_IGN);
    }
    if (::chdir("/") != 0) return std::strerror(errno);
    spare_me();
    std::string wrong = give_up(config_.user, {CAP_NET_ADMIN});
    if (wrong.empty() && config_.filter_calls) {
      wrong = install_syscall_filter(FilterFor::supervisor, false);
    }
    return wrong;
  }

  // Needs CAP_SYS_RESOURCE; without, what the service manager has set holds.
  static void spare_me() {
    const int file = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file < 0) return;
    [[maybe_unused]] const ssize_t written = ::write(file, "-1000", 5);
    ::close(file);
  }

  const SupervisorConfig& config_;
  const int socket_, gateway_;
  bool armed_ = false, beating_ = false;
};

// Keeps standard error, and of the rest these two; in their places 3 and 4.
void keep_only(int& first, int& second) {
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  ::dup2(nowhere, STDIN_FILENO);
  ::dup2(nowhere, STDOUT_FILENO);
  const int above = ::fcntl(second, F_DUPFD_CLOEXEC, 5);
  const int below = ::fcntl(first, F_DUPFD_CLOEXEC, 5);
  first = ::dup2(below, 3);
  second = ::dup2(above, 4);
  ::syscall(SYS_close_range, 5u, ~0u, 0u);
}

}  // namespace

std::unique_ptr<Supervisor> Supervisor::start(const SupervisorConfig& config, std::string& error) {
  std::array<int, 2> ends{};
  const auto self = static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0));
  if (self < 0 || ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    error = std::string("the supervisor does not start: ") + std::strerror(errno);
    return nullptr;
  }
  const pid_t child = ::fork();
  if (child == 0) {
    int socket = ends[1], gateway = self;
    keep_only(socket, gateway);
    Watch(config, socket, gateway).run();
  }
  ::close(self);
  ::close(ends[1]);
  if (child < 0) {
    ::close(ends[0]);
    error = std::string("the supervisor does not start: ") + std::strerror(errno);
    return nullptr;
  }
  return std::unique_ptr<Supervisor>(new Supervisor(ends[0], child));
}

Supervisor::~Supervisor() {
  ::close(socket_);
  while (::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void Supervisor::arm() {
  say(socket_, Word::arm);
}

void Supervisor::beat() {
  say(socket_, Word::beat);
}

void Supervisor::finish() {
  if (say(socket_, Word::finish)) wait_for(socket_, POLLIN, kFinishPatience);
}

bool Supervisor::alive() const {
  pollfd look{socket_, 0, 0};
  return ::poll(&look, 1, 0) == 0;
}

}  // namespace chatgate::process
