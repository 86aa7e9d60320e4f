#include "telemetry/syslog_message.h"

#include <algorithm>
#include <unistd.h>

namespace chatgate::telemetry {
namespace {

constexpr std::size_t kLongestHost = 255;  // RFC 5424 section 6

// The value of the first `key` of a line of ours. A quote within a value is escaped, so `"key":"`
// can be nothing but the key.
std::string_view value_of(std::string_view line, std::string_view key) {
  const std::string start = "\"" + std::string(key) + "\":\"";
  const std::size_t at = line.find(start);
  if (at == std::string_view::npos) return {};
  line.remove_prefix(at + start.size());
  return line.substr(0, line.find('"'));
}

// EVE's offset is "+0000", RFC 3339 wants "Z" or a colon.
void append_time(std::string& out, std::string_view eve) {
  constexpr std::string_view kUtc = "+0000";
  if (!eve.ends_with(kUtc)) {
    out += '-';
    return;
  }
  out += eve.substr(0, eve.size() - kUtc.size());
  out += 'Z';
}

}  // namespace

SyslogSeverity severity_of(std::string_view line) {
  const std::string_view type = value_of(line, "event_type");
  if (type == "alert") {
    const std::size_t alert = line.find("\"alert\":{");
    const bool blocked =
        alert != std::string_view::npos && value_of(line.substr(alert), "action") == "blocked";
    return blocked ? SyslogSeverity::warning : SyslogSeverity::notice;
  }
  if (type == "audit") {
    const std::string_view what = value_of(line, "what");
    const bool bad = what.ends_with("refused") || what.ends_with("failed");
    return bad ? SyslogSeverity::error : SyslogSeverity::notice;
  }
  const bool loss = type == "stats" && line.find("\"lost\":") != std::string_view::npos;
  return loss ? SyslogSeverity::warning : SyslogSeverity::info;
}

SyslogOrigin own_origin() {
  char name[kLongestHost + 1] = {};
  SyslogOrigin origin;
  if (::gethostname(name, sizeof(name) - 1) == 0) origin.host = name;
  const auto printable = [](char c) { return c > ' ' && c < 127; };
  if (!std::all_of(origin.host.begin(), origin.host.end(), printable)) origin.host.clear();
  if (origin.host.empty()) origin.host = "-";
  origin.process = std::to_string(::getpid());
  return origin;
}

void append_syslog(std::string& out, std::string_view line, const SyslogOrigin& origin) {
  out += '<';
  out += std::to_string(kSyslogFacility * 8 + static_cast<unsigned>(severity_of(line)));
  out += ">1 ";
  append_time(out, value_of(line, "timestamp"));
  out += ' ';
  out += origin.host;
  out += " chatgate ";
  out += origin.process;
  out += ' ';
  const std::string_view type = value_of(line, "event_type");
  out += type.empty() ? std::string_view("-") : type;
  out += " - ";
  if (line.ends_with('\n')) line.remove_suffix(1);
  out += line;
}

}  // namespace chatgate::telemetry
