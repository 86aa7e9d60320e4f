#include "status_line.h"

#include "engine/snapshot.h"
#include "policy/policy.h"

namespace chatgate::app {

std::string rules_in_words(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " rule" : " rules");
}

std::string status_line(const control::Gateway& gateway) {
  std::string line = "Forwarding", down;
  for (const control::InterfaceStatus& port : gateway.interfaces()) {
    // Inside and outside of a pair follow each other.
    line += (port.side == net::Side::inside ? " " : " <-> ") + port.name;
    if (port.side == net::Side::outside) line += ",";
    if (!port.link_up) down += (down.empty() ? "" : ", ") + port.name;
  }
  const auto running = gateway.snapshot();
  line += " " + rules_in_words(running->policy->rules().size()) + " of " + running->policy_file +
          ", generation " + std::to_string(running->generation) + ", mode " +
          std::string(policy::to_string(running->mode()));
  for (const control::WorkerStatus& worker : gateway.workers()) {
    if (!worker.alive) line += "; worker " + std::to_string(worker.id.value()) + " is stuck";
  }
  return down.empty() ? line : line + "; no link: " + down;
}

}  // namespace chatgate::app
