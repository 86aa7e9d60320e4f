#include "telemetry/sink.h"

#include <algorithm>
#include <array>

#include "telemetry/file_sink.h"
#include "telemetry/redis_url.h"
#include "telemetry/syslog_sink.h"
#include "telemetry/unix_sink.h"

namespace chatgate::telemetry {
namespace {

constexpr std::uint16_t kSyslogPort = 514;  // RFC 5426 section 3.3
constexpr std::string_view kForms =
    "one of -, file:PATH, unix:PATH, syslog:, redis://HOST:PORT/STREAM";

std::string quoted(std::string_view word) {
  return "\"" + std::string(word) + "\"";
}

// Reads what follows the scheme. False where it is wrong, with what would be right in `remedy`.
using Reader = bool (*)(std::string_view rest, SinkSpec& spec, std::string& remedy);

bool read_path(std::string_view rest, SinkSpec& spec, std::string& remedy) {
  spec.path = rest;
  remedy = "a path must follow";
  return !rest.empty();
}

bool read_socket(std::string_view rest, SinkSpec& spec, std::string& remedy) {
  if (!read_path(rest, spec, remedy)) return false;
  remedy = "a socket's path has at most " + std::to_string(UnixSink::kPathLimit) + " bytes";
  return rest.size() <= UnixSink::kPathLimit;
}

bool read_syslog(std::string_view rest, SinkSpec& spec, std::string& remedy) {
  if (rest.empty()) return read_socket(SyslogSink::kLocal, spec, remedy);
  if (!rest.starts_with("//")) return read_socket(rest, spec, remedy);
  const auto remote = parse_host_port(rest.substr(2), kSyslogPort);
  remedy = "write syslog: or syslog://HOST:PORT";
  if (!remote || remote->host.empty()) return false;
  spec.remote = *remote;
  return true;
}

constexpr struct Scheme {
  std::string_view prefix;
  SinkKind kind;
  Reader read;
} kSchemes[] = {
    {"file:", SinkKind::file, read_path},
    {"unix:", SinkKind::unix_socket, read_socket},
    {"syslog:", SinkKind::syslog, read_syslog},
    {"redis:", SinkKind::redis, read_redis_url},
};

// The word without what stands before the last "@" of a URL: it may be a password.
std::string shown(std::string_view word) {
  const std::size_t at = word.rfind('@'), start = word.find("://");
  if (at == std::string_view::npos || start == std::string_view::npos || at < start) {
    return std::string(word);
  }
  return std::string(word.substr(0, start + 3)) + std::string(word.substr(at + 1));
}

std::string unknown_remedy(std::string_view word) {
  std::array<std::string_view, std::size(kSchemes)> prefixes;
  std::transform(std::begin(kSchemes), std::end(kSchemes), prefixes.begin(),
                 [](const Scheme& scheme) { return scheme.prefix; });
  const std::size_t colon = word.find(':');
  if (colon != std::string_view::npos) {
    const std::string_view prefix = closest(word.substr(0, colon + 1), prefixes);
    if (!prefix.empty())
      return "did you mean " + quoted(std::string(prefix) + std::string(word.substr(colon + 1))) +
             "?";
  } else if (!word.empty()) {
    return "a file is written " + quoted("file:" + std::string(word));
  }
  return std::string(kForms);
}

}  // namespace

std::optional<SinkSpec> parse_sink(std::string_view word, std::string_view where,
                                   Diagnostics& diagnostics) {
  const Place place{std::string(where)};
  SinkSpec spec;
  spec.word = shown(word);
  if (word == "-") return spec;
  for (const Scheme& scheme : kSchemes) {
    if (!word.starts_with(scheme.prefix)) continue;
    spec.kind = scheme.kind;
    std::string remedy;
    if (scheme.read(word.substr(scheme.prefix.size()), spec, remedy)) return spec;
    diagnostics.error(place, "the sink " + quoted(spec.word) + " cannot be read", remedy);
    return std::nullopt;
  }
  diagnostics.error(place, "unknown sink " + quoted(spec.word), unknown_remedy(spec.word));
  return std::nullopt;
}

std::unique_ptr<Sink> open_sink(const SinkSpec& spec, Diagnostics& diagnostics) {
  switch (spec.kind) {
    case SinkKind::standard_output: return FileSink::standard_output(FileSink::SlowReader::loses);
    case SinkKind::file:
      return FileSink::open(spec.word, spec.path, FileSink::Existing::append, diagnostics);
    case SinkKind::unix_socket: return std::make_unique<UnixSink>(spec.word, spec.path);
    case SinkKind::syslog:
      if (spec.remote.port == 0) return std::make_unique<SyslogSink>(spec.word, spec.path);
      return std::make_unique<SyslogSink>(spec.word, spec.remote);
    case SinkKind::redis: return open_redis(spec, diagnostics);
  }
  return nullptr;
}

}  // namespace chatgate::telemetry
