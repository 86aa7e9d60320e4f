#include "proto/http_authority.h"

#include "proto/decimal.h"
#include "proto/http_text.h"

namespace chatgate::proto::http {
Authority split_authority(std::string_view text) {
  const std::size_t user = text.rfind('@');
  if (user != std::string_view::npos) text.remove_prefix(user + 1);
  const bool literal = text.starts_with('[');
  const std::size_t colon = literal ? text.find("]:") : text.find(':');
  if (colon == std::string_view::npos) return {text, 0};
  const std::string_view port = text.substr(colon + (literal ? 2 : 1));
  return {literal ? text : text.substr(0, colon), port_of(port).value_or(0)};
}

std::optional<std::string_view> authority_of_uri(std::string_view target) {
  const std::size_t scheme_end = target.find("://");
  if (scheme_end == std::string_view::npos || scheme_end > target.find_first_of("/?#")) {
    return std::nullopt;
  }
  const std::string_view rest = target.substr(scheme_end + 3);
  return rest.substr(0, rest.find_first_of("/\\?#"));
}

void add_hosts(std::string_view value, NameSource source, Facts& facts) {
  while (!facts.names_cut) {
    const std::string_view word = take_word(value);
    if (word.empty()) return;
    facts.add_name(source, split_authority(word).host);
  }
}

void add_target(bool connect, std::string_view target, Facts& facts) {
  std::optional<std::string_view> text = authority_of_uri(target);
  if (!text && connect) text = target.substr(0, target.find_first_of("/?#"));
  if (!text) return;
  const Authority authority = split_authority(*text);
  facts.add_name(connect ? NameSource::tunnel_target : NameSource::http_host, authority.host);
  if (authority.port != 0) facts.target_port = authority.port;
}

}  // namespace chatgate::proto::http
