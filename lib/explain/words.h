// Words for what the engine says in numbers. Private to lib/explain; no state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/address.h"
#include "catalog/catalogue.h"
#include "engine/inspection.h"
#include "engine/trace.h"
#include "flow/flow.h"

namespace chatgate::explain {

std::string endpoint(const IpAddress& address, std::uint16_t port);
std::string quoted(std::string_view text);
// A host that an entry of the catalogue covers.
std::string host_of(const catalog::ServerName& entry);
// "1 frame", "2 frames".
std::string count_of(std::size_t count, const std::string& noun);
std::string_view stage_word(flow::Stage stage);
std::string_view outcome_word(engine::Inspected outcome);
// Whether an outcome is worth a step of an explanation.
bool says_much(engine::Inspected outcome);
// ", text-chat", or nothing.
std::string service_text(catalog::Service service);
// "tcp 10.1.1.5:40000 to 203.0.113.7:443, vlan 5".
std::string ends_text(const engine::TraceEntry& decode);
// What looking at payload came to, and what it said.
std::string parse_text(const engine::TraceEntry& parse);
// What became of a packet.
std::string disposition_text(const engine::TraceEntry& disposition);

}  // namespace chatgate::explain
