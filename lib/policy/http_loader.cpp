#include "policy/http_loader.h"

#include <algorithm>
#include <limits>
#include <string>

#include "base/ascii.h"
#include "policy/words.h"
#include "proto/http_methods.h"
#include "proto/http_text.h"

namespace chatgate::policy {
namespace {

using config::in_quotes;
using config::JsonValue;
using config::ObjectReader;
using config::Reporter;

void load_port_misuse(Reporter& reporter, const JsonValue& value, PortMisuse& misuse) {
  ObjectReader object(reporter, value, "\"port_misuse\"", kPortMisuseKeys);
  if (!object.ok()) return;
  std::optional<Action>* const fields[] = {&misuse.im, &misuse.p2p, &misuse.tunneling,
                                           &misuse.rest};
  for (std::size_t i = 0; i < std::size(kPortMisuseKeys); ++i) {
    if (object.string(kPortMisuseKeys[i]) == nullptr) continue;
    const Action* action = find_word(reporter, *object.get(kPortMisuseKeys[i]),
                                     in_quotes(kPortMisuseKeys[i]), kActionWords);
    if (action != nullptr) *fields[i] = *action;
  }
}

void load_content_length(Reporter& reporter, const JsonValue& value,
                         std::optional<HttpControls::ContentLength>& into) {
  ObjectReader object(reporter, value, "\"content_length\"", kContentLengthKeys);
  if (!object.ok()) return;
  HttpControls::ContentLength limits;
  const auto read = [&](std::string_view key, std::uint64_t& length) {
    const JsonValue* number = object.get(key);
    if (number == nullptr) return;
    const auto bytes =
        reporter.integer(*number, in_quotes(key), 0, std::numeric_limits<std::int64_t>::max());
    if (bytes) length = static_cast<std::uint64_t>(*bytes);
  };
  read("min", limits.min);
  read("max", limits.max);
  const auto action = required_action(reporter, object);
  if (object.get("min") == nullptr && object.get("max") == nullptr) {
    reporter.error(value.at, "\"content_length\" has neither \"min\" nor \"max\"",
                   "give one of them, or both");
  } else if (limits.min > limits.max) {
    reporter.error(object.get("min")->at, "\"min\" is greater than \"max\"",
                   "no length could lie between them");
  } else if (action) {
    limits.action = *action;
    into = limits;
  }
}

// A method's name in capitals; nothing, and reported, where it cannot be one.
std::optional<std::string> read_method(Reporter& reporter, const JsonValue& word) {
  std::string name = word.text;
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  if (!std::all_of(name.begin(), name.end(), proto::http::is_token_char)) {
    reporter.error(word.at, in_quotes(word.text) + " is no method of HTTP",
                   "a word such as \"GET\" or \"PROPFIND\"");
    return std::nullopt;
  }
  if (!proto::http::is_known_method(name)) {
    reporter.warning(word.at, in_quotes(word.text) + " is no method that is known",
                     suggestion(name, proto::http::known_methods()));
  }
  return name;
}

void load_methods(Reporter& reporter, const JsonValue& value,
                  std::optional<HttpControls::Methods>& into) {
  ObjectReader object(reporter, value, "\"request_methods\"", kMethodKeys);
  if (!object.ok()) return;
  HttpControls::Methods methods;
  if (const JsonValue* words = object.require("allow", "such as [\"GET\", \"POST\"]")) {
    for (const JsonValue* word : reporter.strings(*words, "\"allow\"")) {
      if (auto name = read_method(reporter, *word)) methods.allow.push_back(std::move(*name));
    }
  }
  const auto action = required_action(reporter, object);
  if (!action || methods.allow.empty()) return;
  methods.action = *action;
  into = std::move(methods);
}

// The key of an entry that holds an expression; nothing, and reported, where it is none.
std::optional<Pattern> read_pattern(Reporter& reporter, const JsonValue& text,
                                    std::string_view key) {
  if (reporter.string(text, in_quotes(key)) == nullptr) return std::nullopt;
  std::string error;
  auto pattern = Pattern::compile(text.text, error);
  if (!pattern) {
    reporter.error(text.at, in_quotes(text.text) + " is no regular expression: " + error,
                   "expected one such as \"^/gateway/gateway\\\\.dll\"");
  }
  return pattern;
}

// "uri" and "arguments".
void load_patterns(Reporter& reporter, ObjectReader& http, std::string_view key,
                   std::vector<HttpControls::UriPattern>& into) {
  const JsonValue* value = http.get(key);
  if (value == nullptr) return;
  const auto* entries = reporter.list(*value, in_quotes(key));
  if (entries == nullptr) return;
  const std::string what = "an entry of " + in_quotes(key);
  for (const JsonValue& entry : *entries) {
    ObjectReader object(reporter, entry, what, kUriKeys);
    if (!object.ok()) continue;
    const auto action = required_action(reporter, object);
    const JsonValue* text = object.require("pattern", "a regular expression");
    if (text == nullptr) continue;
    auto pattern = read_pattern(reporter, *text, "pattern");
    if (pattern && action) into.push_back({std::move(*pattern), *action});
  }
}

std::string in_lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), lower);
  return text;
}

void load_headers(Reporter& reporter, const JsonValue& value,
                  std::vector<HttpControls::HeaderPattern>& into) {
  const auto* entries = reporter.list(value, "\"headers\"");
  if (entries == nullptr) return;
  for (const JsonValue& entry : *entries) {
    ObjectReader object(reporter, entry, "an entry of \"headers\"", kHeaderKeys);
    if (!object.ok()) continue;
    HttpControls::HeaderPattern header;
    const auto action = required_action(reporter, object);
    bool sound = action.has_value();
    if (const std::string* name = object.string("name")) {
      header.name = in_lower_case(*name);
      if (name->empty() || !std::all_of(name->begin(), name->end(), proto::http::is_token_char)) {
        reporter.error(object.get("name")->at, in_quotes(*name) + " is no field of HTTP",
                       "a word such as \"User-Agent\"");
        sound = false;
      }
    }
    const auto read = [&](std::string_view key, std::optional<Pattern>& pattern) {
      const JsonValue* text = object.get(key);
      if (text == nullptr) return;
      pattern = read_pattern(reporter, *text, key);
      sound = sound && pattern;
    };
    read("name_pattern", header.name_pattern);
    read("pattern", header.pattern);
    if (object.get("name") != nullptr && object.get("name_pattern") != nullptr) {
      reporter.error(object.get("name_pattern")->at, "there is a \"name\" already",
                     "give one of them");
      sound = false;
    } else if (sound && header.name.empty() && !header.name_pattern && !header.pattern) {
      reporter.error(entry.at, "an entry of \"headers\" names no field and has no pattern",
                     "give \"name\", \"name_pattern\" or \"pattern\"");
      sound = false;
    }
    if (!sound) continue;
    header.action = *action;
    into.push_back(std::move(header));
  }
}

void load_transfer_encoding(Reporter& reporter, const JsonValue& value,
                            std::optional<HttpControls::Methods>& into) {
  ObjectReader object(reporter, value, "\"transfer_encoding\"", kMethodKeys);
  if (!object.ok()) return;
  HttpControls::Methods codings;
  if (const JsonValue* words = object.require("allow", "such as [\"chunked\"]")) {
    for (const JsonValue* word : reporter.strings(*words, "\"allow\"")) {
      codings.allow.push_back(in_lower_case(word->text));
    }
  }
  const auto action = required_action(reporter, object);
  if (!action || codings.allow.empty()) return;
  codings.action = *action;
  into = std::move(codings);
}

}  // namespace

void read_limit(Reporter& reporter, ObjectReader& object, std::string_view key, config::Keys keys,
                Span allowed, std::optional<LengthLimit>& into) {
  const JsonValue* value = object.get(key);
  if (value == nullptr) return;
  const std::string what = in_quotes(key);
  ObjectReader limit(reporter, *value, what, keys);
  if (!limit.ok()) return;
  std::optional<std::int64_t> bytes;
  if (const JsonValue* number = limit.require(keys[0], "a number")) {
    bytes = reporter.integer(*number, in_quotes(keys[0]), allowed.least, allowed.most);
  }
  const auto action = required_action(reporter, limit);
  if (bytes && action) into = LengthLimit{static_cast<std::uint32_t>(*bytes), *action};
}

void load_http(Reporter& reporter, ObjectReader& object, Controls& controls) {
  HttpControls& http = controls.http;
  // As ASA: a head is read up to 66 KiB.
  constexpr Span kLengths = {1, 65535};
  if (const JsonValue* value = object.get("port_misuse")) {
    load_port_misuse(reporter, *value, http.port_misuse);
  }
  read_word(reporter, object, "protocol_violation", kActionWords, http.protocol_violation);
  read_limit(reporter, object, "max_uri_length", kHttpLimitKeys, kLengths, http.max_uri_length);
  read_limit(reporter, object, "max_header_length", kHttpLimitKeys, kLengths,
             http.max_header_length);
  if (const JsonValue* value = object.get("content_length")) {
    load_content_length(reporter, *value, http.content_length);
  }
  read_word(reporter, object, "content_type_verification", kActionWords,
            http.content_type_verification);
  if (const JsonValue* value = object.get("request_methods")) {
    load_methods(reporter, *value, http.methods);
  }
  load_patterns(reporter, object, "uri", http.uri);
  load_patterns(reporter, object, "arguments", http.arguments);
  read_limit(reporter, object, "max_header_count", kCountKeys, kLengths, http.max_header_count);
  read_limit(reporter, object, "max_header_line_length", kHttpLimitKeys, kLengths,
             http.max_header_line_length);
  if (const JsonValue* value = object.get("headers")) load_headers(reporter, *value, http.headers);
  if (const JsonValue* value = object.get("transfer_encoding")) {
    load_transfer_encoding(reporter, *value, http.transfer_encoding);
  }
}

}  // namespace chatgate::policy
