#include "process/supervisor.h"

#include <chrono>
#include <csignal>
#include <gtest/gtest.h>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "child.h"
#include "lab.h"

namespace chatgate::process {
namespace {

using std::chrono::milliseconds;

void to_nowhere(std::string_view) {}

SupervisorConfig config_for(std::vector<Wire> wires, milliseconds patience = milliseconds(0)) {
  SupervisorConfig config;
  config.wires = std::move(wires);
  config.patience = patience;
  config.log = to_nowhere;
  return config;
}

template <typename Condition>
bool comes_true(Condition condition, milliseconds patience = milliseconds(3000)) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return true;
}

bool joined() {
  return !master_of("in0").empty() && master_of("in0") == master_of("out0");
}

// A gateway in the lab that starts its supervisor and then does `life`; how it ended.
int gateway(const SupervisorConfig& config, const std::function<int(Supervisor&)>& life) {
  return in_child([&] {
    std::string error;
    const auto supervisor = Supervisor::start(config, error);
    return supervisor == nullptr ? 120 : life(*supervisor);
  });
}

int in_lab(const std::function<int()>& body) {
  return in_child([&] { return enter_lab() ? body() : kSkipped; });
}

#define EXPECT_IN_LAB(body)                                      \
  const int status = in_lab(body);                               \
  if (status == kSkipped) GTEST_SKIP() << "needs root and veth"; \
  EXPECT_EQ(status, 0)

TEST(Supervisor, OpensTheWireWhenTheGatewayIsKilled) {
  EXPECT_IN_LAB([] {
    const int ended = gateway(config_for({cable_wire()}), [](Supervisor& supervisor) {
      supervisor.arm();
      return ::kill(::getpid(), SIGKILL);
    });
    return first_false({ended == 128 + SIGKILL, comes_true(joined)});
  });
}

TEST(Supervisor, OpensNothingBeforeItIsArmed) {
  EXPECT_IN_LAB([] {
    gateway(config_for({cable_wire()}), [](Supervisor&) { return ::kill(::getpid(), SIGKILL); });
    return first_false({!comes_true(joined, milliseconds(200))});
  });
}

TEST(Supervisor, OpensNothingWhereThereIsNoWire) {
  EXPECT_IN_LAB([] {
    gateway(config_for({}), [](Supervisor& supervisor) {
      supervisor.arm();
      return ::kill(::getpid(), SIGKILL);
    });
    return first_false({!comes_true(joined, milliseconds(200))});
  });
}

TEST(Supervisor, HasOpenedTheWireWhenFinishReturns) {
  EXPECT_IN_LAB([] {
    return gateway(config_for({cable_wire()}), [](Supervisor& supervisor) {
      supervisor.arm();
      const bool before = joined();
      supervisor.finish();
      return first_false({!before, joined()});
    });
  });
}

TEST(Supervisor, KillsAGatewayThatNoLongerBeats) {
  EXPECT_IN_LAB([] {
    const int ended =
        gateway(config_for({cable_wire()}, milliseconds(80)), [](Supervisor& supervisor) {
          supervisor.arm();
          for (int i = 0; i < 20; ++i) {
            supervisor.beat();
            std::this_thread::sleep_for(milliseconds(10));
          }
          if (joined() || !supervisor.alive()) return 1;
          std::this_thread::sleep_for(milliseconds(5000));
          return 2;
        });
    return first_false({ended == 128 + SIGKILL, comes_true(joined)});
  });
}

// Loading a large policy may take longer than a worker may hang.
TEST(Supervisor, WaitsForTheFirstBeat) {
  EXPECT_IN_LAB([] {
    const int ended =
        gateway(config_for({cable_wire()}, milliseconds(20)), [](Supervisor& supervisor) {
          supervisor.arm();
          std::this_thread::sleep_for(milliseconds(200));
          return 0;
        });
    return first_false({ended == 0, comes_true(joined)});
  });
}

TEST(Supervisor, TakesNoSignalsThatWereMeantForTheGateway) {
  EXPECT_EQ(in_child([] {
              ::setpgid(0, 0);  // the supervisor is in the group, the test is not
              std::string error;
              const auto supervisor = Supervisor::start(config_for({}, milliseconds(500)), error);
              if (supervisor == nullptr) return 120;
              std::this_thread::sleep_for(milliseconds(100));  // until it has settled
              for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGABRT}) {
                ::signal(number, SIG_IGN);
                ::kill(0, number);
              }
              std::this_thread::sleep_for(milliseconds(50));
              return first_false({supervisor->alive()});
            }),
            0);
}

TEST(Supervisor, ItsDeathIsNoticed) {
  EXPECT_EQ(in_child([] {
              std::string error;
              const auto supervisor = Supervisor::start(config_for({}, milliseconds(500)), error);
              if (supervisor == nullptr) return 120;
              const bool before = supervisor->alive();
              // The only child there is.
              const std::string file = "/proc/thread-self/children";
              std::FILE* children = std::fopen(file.c_str(), "r");
              int child = 0;
              if (children == nullptr || std::fscanf(children, "%d", &child) != 1) return 121;
              std::fclose(children);
              ::kill(child, SIGKILL);
              return first_false({before, comes_true([&] { return !supervisor->alive(); })});
            }),
            0);
}

}  // namespace
}  // namespace chatgate::process
