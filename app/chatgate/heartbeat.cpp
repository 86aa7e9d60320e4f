#include "heartbeat.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <pthread.h>
#include <utility>

#include "process/service_manager.h"

namespace chatgate::app {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLeast{20};
// Where nobody waits for it, a worker that hangs is still said to do so.
constexpr milliseconds kUnwatched{2500};

milliseconds interval_for(milliseconds own_patience) {
  milliseconds interval = kUnwatched;
  if (own_patience.count() != 0) interval = std::min(interval, own_patience / 4);
  if (const auto manager = process::manager_patience()) {
    interval = std::min(interval, *manager / 4);
  }
  return std::max(interval, kLeast);
}

}  // namespace

Heartbeat::Heartbeat(io::DpdkGateway& gateway, process::Supervisor* supervisor,
                     milliseconds own_patience, std::vector<unsigned> cores,
                     std::function<void(std::string_view)> log)
    : gateway_(gateway),
      supervisor_(supervisor),
      cores_(std::move(cores)),
      log_(std::move(log)),
      thread_([this, interval = interval_for(own_patience)](const std::stop_token& stop) {
        run(stop, interval);
      }) {}

void Heartbeat::run(const std::stop_token& stop, milliseconds interval) {
  pthread_setname_np(pthread_self(), "heartbeat");
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  // From here on: a worker that has not begun yet is not one that stands still.
  gateway_.stalled_worker();
  while (!stop.stop_requested()) {
    wake.wait_for(lock, stop, interval, [] { return false; });
    if (!stop.stop_requested()) look(interval);
  }
}

void Heartbeat::look(milliseconds interval) {
  const std::optional<unsigned> stalled = gateway_.stalled_worker();
  if (stalled && stalled != stalled_) {
    log_("worker " + std::to_string(*stalled) + " on core " + std::to_string(cores_[*stalled]) +
         " has not moved for " + std::to_string(interval.count()) + " ms");
  } else if (stalled_ && !stalled) {
    log_("worker " + std::to_string(*stalled_) + " moves again");
  }
  stalled_ = stalled;
  if (!stalled) {
    process::notify_manager("WATCHDOG=1");
    if (supervisor_ != nullptr) supervisor_->beat();
  }
  if (supervisor_ != nullptr && !alone_ && !supervisor_->alive()) {
    alone_ = true;
    log_("the process chatgate-wire was killed: nobody opens the wire if the gateway dies now");
  }
}

}  // namespace chatgate::app
