// An event line as a message of syslog (RFC 5424).
//
// Used by the event thread; allocates only where `out` has to grow. The message is the line
// without its line feed, octets as they are (MSG-ANY: no byte order mark, since readers of JSON
// refuse one).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace chatgate::telemetry {

// RFC 5424 table 2.
enum class SyslogSeverity : std::uint8_t { error = 3, warning = 4, notice = 5, info = 6 };

constexpr unsigned kSyslogFacility = 3;  // system daemons, RFC 5424 table 1

// What kind of event a line of ours is: a policy that was refused is an error, as is a self-test
// that failed; what was blocked and events that were lost are warnings, other alerts and audits are
// notices, all else is information.
SyslogSeverity severity_of(std::string_view line);

struct SyslogOrigin {
  std::string host;     // "-" where it has none; printable ASCII
  std::string process;  // its number
};
SyslogOrigin own_origin();

// Appends header and message.
void append_syslog(std::string& out, std::string_view line, const SyslogOrigin& origin);

}  // namespace chatgate::telemetry
