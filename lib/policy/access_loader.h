// The policy's key `access`, from JSON.
//
// Whatever is wrong is reported with its place, and the line is left out. Not for the packet path.
#pragma once

#include <string_view>
#include <vector>

#include "policy/access.h"
#include "policy/networks_loader.h"
#include "policy/times_loader.h"

#include "config/json_document.h"

namespace chatgate::policy {

inline constexpr std::string_view kAccessKeys[] = {
    "name", "action", "reset", "protocol",  "from",      "to", "port",
    "when", "vlan",   "mac",   "interface", "direction", "log"};

std::vector<AccessEntry> load_access(config::Reporter& reporter, const config::ObjectReader& policy,
                                     NetworksLoader& networks, TimesLoader& times);

}  // namespace chatgate::policy
