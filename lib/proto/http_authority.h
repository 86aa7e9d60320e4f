// Where HTTP says which host it wants: an authority (RFC 3986 section 3.2), alone or in a URI.
//
// Used by the readers of HTTP/1 and HTTP/2 on a worker's thread. Views borrow from the text they
// were given; nothing is allocated.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proto/facts.h"

namespace chatgate::proto::http {

struct Authority {
  std::string_view host;   // brackets of an IPv6 literal, and its port behind them, included
  std::uint16_t port = 0;  // 0 where none is told or it is none
};

// "USER@HOST:PORT" or "HOST:PORT". What follows the first colon is no part of the host, whatever it
// is: servers differ in what they take for a port.
Authority split_authority(std::string_view text);

// The authority in "SCHEME://AUTHORITY/…"; nothing in a target of another form.
std::optional<std::string_view> authority_of_uri(std::string_view target);

// Adds the hosts among the words of a Host or :authority value: one in any sensible request.
void add_hosts(std::string_view value, NameSource source, Facts& facts);

// Adds the host that a request's target names, and its port: of CONNECT as a tunnel's target, of a
// URI as a host. Adds nothing where the target is a path.
void add_target(bool connect, std::string_view target, Facts& facts);

}  // namespace chatgate::proto::http
