// The policy's keys `inspection`, `dns`, `tls`, `evasion` and `http`, from JSON.
//
// Called by policy/loader.h. Whatever is wrong is reported with its place, and the default stands
// in its stead. Not for the packet path; no state.
#pragma once

#include <span>
#include <string_view>

#include "policy/controls.h"

#include "config/json_document.h"

namespace chatgate::policy {

// One section of the policy: its key, and what may stand in it.
struct ControlSection {
  std::string_view key;
  std::span<const std::string_view> keys;
  void (*load)(config::Reporter& reporter, config::ObjectReader& object, Controls& controls);
};

std::span<const ControlSection> control_sections();

// The keys of `inspection.timeouts`, `inspection.exhaustion` and `dns.message_length`.
std::span<const std::string_view> timeout_keys();
std::span<const std::string_view> exhaustion_keys();
std::span<const std::string_view> message_length_keys();

// Reads all sections that `policy` has.
void load_controls(config::Reporter& reporter, config::ObjectReader& policy, Controls& controls);

}  // namespace chatgate::policy
