#include "proto/sip_text.h"

#include <algorithm>
#include <array>

#include "proto/http_text.h"
#include "proto/messenger_text.h"

namespace chatgate::proto::sip {
namespace {

using http::is_blank;
using http::is_word;
using http::without_blanks;

constexpr std::array<std::string_view, 8> kSchemes = {"sip",  "sips", "tel",    "im",
                                                      "pres", "xmpp", "mailto", "msrp"};

bool is_scheme(std::string_view text) {
  return std::any_of(kSchemes.begin(), kSchemes.end(),
                     [&](std::string_view scheme) { return is_word(text, scheme); });
}

// Where a quoted text that begins at `begin` ends: behind its closing quote, or at the text's end.
std::size_t behind_quotes(std::string_view text, std::size_t begin) {
  std::size_t at = begin + 1;
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  return std::min(at + 1, text.size());
}

bool parts_parameters(char c) {
  return c == ',' || c == ';' || c == '<' || c == '>' || is_blank(c);
}

}  // namespace

std::string_view Fields::take_line() {
  std::size_t end = rest_.find('\n');
  while (end != std::string_view::npos && end != 0 && end + 1 < rest_.size() &&
         (rest_[end + 1] == ' ' || rest_[end + 1] == '\t') &&
         !without_blanks(rest_.substr(0, end)).empty()) {
    end = rest_.find('\n', end + 1);
  }
  const std::string_view line = rest_.substr(0, end);
  rest_.remove_prefix(std::min(line.size() + 1, rest_.size()));
  return line;
}

bool Fields::next() {
  while (!rest_.empty()) {
    const std::string_view line = take_line();
    if (line.empty() || line == "\r") return false;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    name_ = without_blanks(line.substr(0, colon));
    value_ = without_blanks(line.substr(colon + 1));
    return true;
  }
  return false;
}

std::size_t find_head_end(std::string_view text, std::size_t from) {
  for (std::size_t at = text.find('\n', from); at != std::string_view::npos;
       at = text.find('\n', at + 1)) {
    const std::string_view behind = text.substr(at + 1, 2);
    if (behind.starts_with('\n')) return at + 2;
    if (behind == "\r\n") return at + 3;
  }
  return std::string_view::npos;
}

std::optional<std::string_view> parameter(std::string_view value, std::string_view name) {
  std::size_t at = 0;
  while (at < value.size()) {
    if (parts_parameters(value[at])) {
      ++at;
      continue;
    }
    const std::size_t begin = at;
    while (at < value.size() && !parts_parameters(value[at]) && value[at] != '=' &&
           value[at] != '"') {
      ++at;
    }
    const bool named = is_word(value.substr(begin, at - begin), name);
    if (at == value.size() || value[at] != '=') {
      if (at < value.size() && value[at] == '"') at = behind_quotes(value, at);
      if (named) return std::string_view();
      continue;
    }
    const std::size_t said = ++at;
    const bool quoted = at < value.size() && value[at] == '"';
    if (quoted) {
      at = behind_quotes(value, at);
      const bool closed = at > said + 1 && value[at - 1] == '"';
      if (named) return value.substr(said + 1, at - said - (closed ? 2 : 1));
      continue;
    }
    while (at < value.size() && !parts_parameters(value[at])) ++at;
    if (named) return value.substr(said, at - said);
  }
  return std::nullopt;
}

bool has_word(std::string_view value, std::string_view word) {
  while (!value.empty()) {
    const auto end =
        std::find_if(value.begin(), value.end(), [](char c) { return c == ',' || is_blank(c); });
    const std::string_view each = value.substr(0, static_cast<std::size_t>(end - value.begin()));
    if (is_word(each, word)) return true;
    value.remove_prefix(std::min(each.size() + 1, value.size()));
  }
  return false;
}

std::string_view uri_of(std::string_view value) {
  std::size_t at = 0;
  while (at < value.size() && value[at] != '<') {
    at = value[at] == '"' ? behind_quotes(value, at) : at + 1;
  }
  if (at < value.size()) {
    const std::string_view inside = value.substr(at + 1);
    return without_blanks(inside.substr(0, inside.find('>')));
  }
  return without_blanks(value.substr(0, value.find_first_of(",; \t\r\n")));
}

void assign_user(ShortText& to, std::string_view uri) {
  to.clear();
  const std::size_t colon = uri.find(':');
  if (colon == std::string_view::npos || !is_scheme(uri.substr(0, colon))) return;
  const bool is_number = is_word(uri.substr(0, colon), "tel");
  uri.remove_prefix(colon + 1);
  if (uri.starts_with("//")) uri.remove_prefix(2);
  const std::size_t at = uri.find('@');
  if (at == std::string_view::npos) {
    if (is_number) append_percent_decoded(to, uri.substr(0, uri.find_first_of(";?> ")));
    return;
  }
  const std::string_view named = uri.substr(0, at);
  const std::string_view user = named.substr(0, named.find_first_of(":;"));
  std::string_view host = uri.substr(at + 1);
  const std::size_t bracket = host.starts_with('[') ? host.find(']') : std::string_view::npos;
  host = bracket != std::string_view::npos ? host.substr(0, bracket + 1)
                                           : host.substr(0, host.find_first_of(":;?/> "));
  if (user.empty() || host.empty()) return;
  append_percent_decoded(to, user);
  to.append("@");
  to.append(host);
}

bool contains(std::string_view where, std::string_view text) {
  return std::search(where.begin(), where.end(), text.begin(), text.end(),
                     [](char c, char expected) { return chatgate::lower(c) == expected; }) !=
         where.end();
}

}  // namespace chatgate::proto::sip
