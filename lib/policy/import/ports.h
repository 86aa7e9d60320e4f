// Names of ports and protocols in configurations, and sets of ports.
//
// The tables are those of the systems' own lists (IANA's registry, where they agree with it; ASA
// calls 750 kerberos). Import only; no state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/import/lines.h"

namespace chatgate::policy::import {

// A number, or a name such as `www`.
std::optional<std::uint16_t> port_number(std::string_view word);

// "tcp", "udp", "icmp", "ip", or the number as text, for a name or a number; empty for what is
// none.
std::string protocol_word(std::string_view word);

struct PortRange {
  std::uint16_t first = 1, last = 65535;
  bool operator==(const PortRange&) const = default;
};

// Empty: any port. Port 0, which no connection has, is in none.
using Ports = std::vector<PortRange>;

// "443" or "8080-8090", each once, in the order of their first.
std::vector<std::string> port_words(const Ports& ports);

bool is_port_operator(std::string_view word);

// `eq P …`, `neq P`, `lt P`, `gt P`, `range A B` from words[at] on, which is moved behind them.
// Nothing where that is not what stands there; IOS takes several ports after `eq`.
std::optional<Ports> read_ports(const Command& command, std::size_t& at, Dialect dialect);

}  // namespace chatgate::policy::import
