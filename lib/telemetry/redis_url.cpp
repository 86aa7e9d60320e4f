#include "telemetry/redis_url.h"

#include <charconv>
#include <fstream>
#include <optional>

#include "telemetry/redis_sink.h"

namespace chatgate::telemetry {
namespace {

constexpr std::string_view kForm = "write redis://HOST:PORT/STREAM";

// What percent-encoding stands for (RFC 3986 section 2.1); nothing where it is broken.
std::optional<std::string> decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    unsigned value = 0;
    const std::string_view digits = text.substr(i + 1, 2);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (error != std::errc() || digits.size() != 2 || end != digits.data() + 2) return std::nullopt;
    plain += static_cast<char>(value);
    i += 2;
  }
  return plain;
}

// Cuts `text` at the first `mark`, and answers what stood behind it.
std::string_view cut(std::string_view& text, char mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return {};
  const std::string_view behind = text.substr(at + 1);
  text = text.substr(0, at);
  return behind;
}

bool read_query(std::string_view query, SinkSpec& spec, std::string& remedy) {
  while (!query.empty()) {
    std::string_view key = query;
    query = cut(key, '&');
    const std::string_view value = cut(key, '=');
    const auto text = decoded(value);
    if (!text || text->empty()) {
      remedy = "a value must follow " + std::string(key) + "=";
      return false;
    }
    if (key == "password-file") {
      spec.password_file = *text;
    } else if (key == "maxlen") {
      const auto [end, error] =
          std::from_chars(text->data(), text->data() + text->size(), spec.length);
      remedy = "maxlen is a number of entries, 1 or more";
      if (error != std::errc() || *end != '\0' || spec.length == 0) return false;
    } else {
      remedy = "behind \"?\" may stand maxlen=N and password-file=PATH";
      return false;
    }
  }
  return true;
}

bool read_user(std::string_view text, SinkSpec& spec) {
  const std::size_t colon = text.find(':');
  const bool has_user = colon != std::string_view::npos;
  const auto user = decoded(has_user ? text.substr(0, colon) : std::string_view());
  const auto password = decoded(has_user ? text.substr(colon + 1) : text);
  if (!user || !password) return false;
  spec.user = *user;
  spec.password = *password;
  return true;
}

}  // namespace

bool read_redis_url(std::string_view rest, SinkSpec& spec, std::string& remedy) {
  remedy = kForm;
  if (!rest.starts_with("//")) return false;
  rest.remove_prefix(2);
  const std::string_view query = cut(rest, '?');
  std::string_view authority = rest;
  const auto stream = decoded(cut(authority, '/'));
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    remedy = "a \"%\" in a name or password is written %25";
    if (!read_user(authority.substr(0, at), spec)) return false;
    authority.remove_prefix(at + 1);
    remedy = kForm;
  }
  const auto server = parse_host_port(authority, RedisTarget::kDefaultPort);
  if (!server || server->host.empty() || !stream || stream->empty()) return false;
  spec.remote = *server;
  spec.path = *stream;
  return read_query(query, spec, remedy);
}

std::unique_ptr<Sink> open_redis(const SinkSpec& spec, Diagnostics& diagnostics) {
  RedisTarget target{spec.remote, spec.path, spec.user, spec.password};
  if (spec.length != 0) target.length = spec.length;
  if (!spec.password_file.empty()) {
    std::ifstream file(spec.password_file);
    std::getline(file, target.password);
    if (!file || target.password.empty()) {
      diagnostics.error({spec.password_file}, "the password of the sink cannot be read",
                        "one line of it, in a file that the gateway may read");
      return nullptr;
    }
  }
  return std::make_unique<RedisSink>(spec.word, std::move(target));
}

}  // namespace chatgate::telemetry
