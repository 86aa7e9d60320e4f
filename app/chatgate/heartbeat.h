// The sign of life: given to the service manager and to the supervisor for as long as every worker
// goes round, and withheld when one does not, with a line in the log that says which.
//
// A thread of its own, since the control thread may be at work on a large policy for longer than a
// wire may be dark. It looks four times in each span of the one that waits the least.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "io/dpdk/gateway.h"

#include "process/supervisor.h"

namespace chatgate::app {

class Heartbeat {
 public:
  // All must outlive it. `supervisor` may be null; `own_patience` is the supervisor's, 0 for none.
  // `cores` are those of the workers, for the log.
  Heartbeat(io::DpdkGateway& gateway, process::Supervisor* supervisor,
            std::chrono::milliseconds own_patience, std::vector<unsigned> cores,
            std::function<void(std::string_view)> log);
  // Silent from here on, so the gateway may be stopped.
  ~Heartbeat() = default;

 private:
  void run(const std::stop_token& stop, std::chrono::milliseconds interval);
  void look(std::chrono::milliseconds interval);

  io::DpdkGateway& gateway_;
  process::Supervisor* const supervisor_;
  const std::vector<unsigned> cores_;
  const std::function<void(std::string_view)> log_;
  std::optional<unsigned> stalled_;
  bool alone_ = false;  // the supervisor is gone, and that has been said
  std::jthread thread_;
};

}  // namespace chatgate::app
