// What rules and lines of the access list ask of a connection beside its addresses: `vlan`, `mac`,
// `interface`, `direction`; and `server`, for rules.
//
// Whatever is wrong is reported with its place. Not for the packet path; no state.
#pragma once

#include "policy/circumstances.h"
#include "policy/server_set.h"

#include "config/json_document.h"

namespace chatgate::policy {

PathCondition load_path(config::Reporter& reporter, config::ObjectReader& object);

ServerSet load_server(config::Reporter& reporter, const config::ObjectReader& object);

}  // namespace chatgate::policy
