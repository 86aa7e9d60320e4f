#include "telemetry/sink.h"

#include <algorithm>
#include <array>

#include "telemetry/file_sink.h"
#include "telemetry/unix_sink.h"

namespace chatgate::telemetry {
namespace {

struct Scheme {
  std::string_view prefix;
  SinkKind kind;
};

constexpr std::array kSchemes = {
    Scheme{"file:", SinkKind::file},
    Scheme{"unix:", SinkKind::unix_socket},
};
// Words of the sinks that a later version may know.
constexpr std::array<std::string_view, 2> kNotSupported = {"syslog:", "redis:"};

std::string quoted(std::string_view word) {
  return "\"" + std::string(word) + "\"";
}

std::string unknown_remedy(std::string_view word) {
  std::array<std::string_view, kSchemes.size()> prefixes;
  std::transform(kSchemes.begin(), kSchemes.end(), prefixes.begin(),
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
  return "one of -, file:PATH, unix:PATH";
}

}  // namespace

std::optional<SinkSpec> parse_sink(std::string_view word, std::string_view where,
                                   Diagnostics& diagnostics) {
  const Place place{std::string(where)};
  if (word == "-") return SinkSpec{SinkKind::standard_output, "-", {}};
  for (const Scheme& scheme : kSchemes) {
    if (!word.starts_with(scheme.prefix)) continue;
    const std::string_view path = word.substr(scheme.prefix.size());
    if (path.empty()) {
      diagnostics.error(place, "the sink " + quoted(word) + " names no path",
                        "write " + std::string(scheme.prefix) + "PATH");
      return std::nullopt;
    }
    if (scheme.kind == SinkKind::unix_socket && path.size() > UnixSink::kPathLimit) {
      diagnostics.error(place, "the path of the sink " + quoted(word) + " is too long for a socket",
                        "at most " + std::to_string(UnixSink::kPathLimit) + " bytes");
      return std::nullopt;
    }
    return SinkSpec{scheme.kind, std::string(word), std::string(path)};
  }
  for (const std::string_view prefix : kNotSupported) {
    if (!word.starts_with(prefix)) continue;
    diagnostics.error(place, "the sink " + quoted(word) + " is not supported by this version",
                      "one of -, file:PATH, unix:PATH");
    return std::nullopt;
  }
  diagnostics.error(place, "unknown sink " + quoted(word), unknown_remedy(word));
  return std::nullopt;
}

std::unique_ptr<Sink> open_sink(const SinkSpec& spec, Diagnostics& diagnostics) {
  switch (spec.kind) {
    case SinkKind::standard_output: return FileSink::standard_output();
    case SinkKind::file:
      return FileSink::open(spec.word, spec.path, FileSink::Existing::append, diagnostics);
    case SinkKind::unix_socket: return std::make_unique<UnixSink>(spec.word, spec.path);
  }
  return nullptr;
}

}  // namespace chatgate::telemetry
