#include "proto/http_checks.h"

#include <algorithm>
#include <charconv>

#include "proto/http_authority.h"
#include "proto/http_text.h"

namespace chatgate::proto::http {
namespace {

bool is_control(char c) {
  return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
}

// The line that `text` begins with, without its end; `text` moves behind it.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool is_valid_version(std::string_view word) {
  return word.size() == 8 && word.starts_with("HTTP/1.") && is_digit(word[7]);
}

// RFC 9112 section 3.2.
bool is_valid_target(std::string_view method, std::string_view target) {
  if (target.empty() || std::any_of(target.begin(), target.end(),
                                    [](char c) { return is_blank(c) || is_control(c); })) {
    return false;
  }
  if (method == "CONNECT") {
    const std::size_t colon = target.rfind(':');
    return colon != 0 && colon != std::string_view::npos && colon + 1 < target.size() &&
           std::all_of(target.begin() + static_cast<std::ptrdiff_t>(colon) + 1, target.end(),
                       is_digit);
  }
  if (target == "*") return method == "OPTIONS";
  return target.front() == '/' || authority_of_uri(target).has_value();
}

// Fills method and target.
void check_line(std::string_view line, RequestChecks& checks) {
  std::string_view rest = line;
  checks.method = take_word(rest);
  std::string_view version = last_word(rest);
  if (!is_http_version(version)) version = {};
  checks.target = without_blanks(rest.substr(0, rest.size() - version.size()));
  if (!version.empty()) {
    const auto at = static_cast<std::size_t>(version.data() - rest.data());
    checks.target = without_blanks(rest.substr(0, at));
  }
  // Exactly one blank between the words, and none around them.
  const bool spaced =
      line.size() == checks.method.size() + checks.target.size() + version.size() + 2;
  checks.violation = !spaced || !is_valid_version(version) ||
                     std::find(line.begin(), line.end(), '\t') != line.end() ||
                     !std::all_of(checks.method.begin(), checks.method.end(), is_token_char) ||
                     !is_valid_target(checks.method, checks.target);
}

bool is_valid_host(std::string_view value) {
  return std::none_of(value.begin(), value.end(),
                      [](char c) { return is_blank(c) || is_control(c) || c == '/' || c == '@'; });
}

}  // namespace

RequestChecks check_request(std::string_view head) {
  RequestChecks checks;
  head.remove_prefix(std::min(head.find_first_not_of("\r\n"), head.size()));
  const std::string_view line = take_line(head);
  check_line(line, checks);
  bool bad = line.find('\0') != std::string_view::npos;
  unsigned hosts = 0;
  while (!head.empty()) {
    const std::size_t before = head.size();
    const std::string_view field = take_line(head);
    if (field.empty()) break;
    checks.header_length += static_cast<std::uint32_t>(before - head.size());
    const std::size_t colon = field.find(':');
    const std::string_view name = field.substr(0, colon);
    bad = bad || colon == std::string_view::npos || name.empty() ||
          !std::all_of(name.begin(), name.end(), is_token_char) ||
          field.find('\r') != std::string_view::npos || field.find('\0') != std::string_view::npos;
    if (colon == std::string_view::npos) continue;
    const std::string_view value = trimmed(field.substr(colon + 1));
    if (is_word(name, "host")) {
      ++hosts;
      bad = bad || !is_valid_host(value);
    } else if (is_word(name, "accept")) {
      checks.accepted.add(value);
    } else if (is_word(name, "content-length")) {
      std::uint64_t length = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
      if (error == std::errc{}) checks.content_length = length;
    }
  }
  const bool needs_host = line.ends_with("HTTP/1.1");
  checks.violation = checks.violation || bad || hosts > 1 || (needs_host && hosts == 0);
  return checks;
}

std::string_view method_of(std::string_view head) {
  return take_word(head);
}

}  // namespace chatgate::proto::http
