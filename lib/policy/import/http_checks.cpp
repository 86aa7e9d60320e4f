#include "policy/import/http_checks.h"

#include <algorithm>

#include "policy/import/text.h"
#include "proto/http_methods.h"

namespace chatgate::policy::import {
namespace {

constexpr std::string_view kRfcMethods[] = {"CONNECT", "DELETE", "GET", "HEAD",
                                            "OPTIONS", "POST",   "PUT", "TRACE"};

std::string upper_case(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), upper);
  return result;
}

// Where the field begins that `match [not] {request|response|req-resp} FIELD` is about.
std::size_t field_at(const Command& command) {
  return command.word(1) == "not" ? 3 : 2;
}

std::string_view side_of(const Command& command) {
  return command.word(field_at(command) - 1);
}

constexpr std::string_view kNoCounterpart = "this field of HTTP has no check here";
constexpr std::string_view kNotTogether =
    "conditions on several fields that must all hold cannot be brought together";

}  // namespace

HttpChecks::Words HttpChecks::read_words(const Command& command) {
  Words words;
  for (std::size_t at = 1; at < command.words.size(); ++at) {
    const std::string_view word = command.word(at);
    if (is_one_of(word, {"action", "bytes"})) continue;
    if (word == "reset") {
      words.action = Action::reset;
    } else if (word == "drop" || word == "drop-connection") {
      words.action = Action::drop;
    } else if (word == "allow") {
      words.action = Action::allow;
    } else if (word == "log" || word == "alarm") {
      words.log = true;
    } else {
      words.rest.emplace_back(word);
    }
  }
  return words;
}

Action HttpChecks::action_of(const Words& words) {
  const Action action = words.action.value_or(words.log ? Action::alert : Action::reset);
  return action == Action::allow && words.log ? Action::alert : action;
}

void HttpChecks::map_line(const Command& command) {
  const Words words = read_words(command);
  const Action action = action_of(words);
  const std::string_view kind = command.word(0);
  if (kind == "strict-http") {
    strict_ = true;
    return context_.converted_unless_lost(
        command,
        action == Action::allow ? std::nullopt : context_.out.check("protocol_violation", action));
  }
  if (kind == "content-type-verification") {
    return context_.converted_unless_lost(
        command, action == Action::allow ? std::nullopt
                                         : context_.out.check("content_type_verification", action));
  }
  if (kind == "port-misuse") {
    const std::string what = words.rest.empty() ? std::string() : words.rest.front();
    if (!is_one_of(what, {"im", "p2p", "tunneling", "tunnelling", "default", "any"})) {
      return context_.not_converted(command, "this kind of misuse is not known");
    }
    const std::string key = what == "tunnelling" ? "tunneling" : what == "any" ? "default" : what;
    return context_.converted_unless_lost(command, context_.out.misuse(key, action));
  }
  if (kind == "request-method") return method_line(command, words, action);
  if (kind == "transfer-encoding") {
    const std::string what = words.rest.size() < 2 ? std::string() : words.rest.back();
    if (what.empty() || what == "default") {
      return context_.not_converted(command, "transfer encodings that nobody names have no check");
    }
    if (action == Action::allow) return context_.converted(command);
    return context_.converted_unless_lost(command, context_.out.refuse_coding(what, action));
  }
  if (!limits_line(command, words, action)) {
    context_.not_converted(command, "this check of HTTP is not known here");
  }
}

bool HttpChecks::limits_line(const Command& command, const Words& words, Action action) {
  const std::string_view kind = command.word(0);
  // The number behind a word, or the first one.
  const auto behind = [&](std::string_view word) -> std::optional<std::uint32_t> {
    const auto at = std::find(words.rest.begin(), words.rest.end(), word);
    if (at == words.rest.end() || at + 1 == words.rest.end()) return std::nullopt;
    return to_number(*(at + 1), ~std::uint32_t{0});
  };
  std::optional<Action> lost;
  if (kind == "max-uri-length") {
    const auto bytes = words.rest.empty() ? std::nullopt : to_number(words.rest.front(), 65535);
    if (!bytes || *bytes == 0) return false;
    if (*bytes <= 256) {
      context_.warn(command, "addresses of " + std::to_string(*bytes) +
                                 " bytes and more are common: almost all of the web is refused");
    }
    if (action != Action::allow) lost = context_.out.limit("max_uri_length", *bytes, action);
  } else if (kind == "max-header-length") {
    const auto request = behind("request");
    const auto response = behind("response");
    if (!request && !response) return false;
    if (!request) {
      context_.not_converted(command, "headers of answers have no limit here");
      return true;
    }
    if (*request == 0 || *request > 65535) return false;
    if (response) context_.warn(command, "the limit is for requests; answers' headers have none");
    if (*request <= 512) {
      context_.warn(command, "browsers send more than " + std::to_string(*request) +
                                 " bytes of header: almost all of the web is refused");
    }
    if (action != Action::allow) lost = context_.out.limit("max_header_length", *request, action);
  } else if (kind == "content-length") {
    const auto min = behind("min"), max = behind("max");
    if (!min && !max) return false;
    if (action != Action::allow) lost = context_.out.content_length(min, max, action);
  } else {
    return false;
  }
  context_.converted_unless_lost(command, lost);
  return true;
}

void HttpChecks::method_line(const Command& command, const Words& words, Action action) {
  if (words.rest.size() < 2) {
    return context_.not_converted(command, "the method is missing");
  }
  const bool rfc = words.rest[0] == "rfc";
  if (!rfc && !is_one_of(words.rest[0], {"ext", "extension"})) {
    return context_.not_converted(command, "neither rfc nor extension");
  }
  context_.converted(command);
  const Method method{action, &command};
  if (words.rest[1] == "default") {
    (rfc ? other_rfc_ : other_extension_) = method;
  } else {
    methods_.insert_or_assign(upper_case(words.rest[1]), method);
  }
}

void HttpChecks::finish_map() {
  strict_ = false;
  if (methods_.empty() && !other_rfc_ && !other_extension_) return;
  Texts allowed;
  Action strictest = Action::allow;
  const Command* command = nullptr;
  bool several = false;
  const auto add = [&](const std::string& name, const std::optional<Method>& method) {
    if (!method || method->action == Action::allow) {
      allowed.push_back(name);
      return;
    }
    several = several || (strictest != Action::allow && strictest != method->action);
    if (strictness(method->action) > strictness(strictest)) {
      strictest = method->action;
      command = method->command;
    }
  };
  for (const std::string_view each : proto::http::known_methods()) {
    const std::string name(each);
    const auto at = methods_.find(name);
    if (at != methods_.end()) {
      add(name, at->second);
    } else {
      add(name, is_one_of(each, kRfcMethods) ? other_rfc_ : other_extension_);
    }
  }
  if (strictest != Action::allow && !allowed.empty()) {
    warn_if_lost(*command, context_.out.methods(allowed, true, strictest));
    if (several) {
      context_.warn(*command,
                    "the policy has one action for methods: all that are named meet the "
                    "strictest");
    }
    if (!other_extension_) {
      context_.warn(*command, "methods that nobody knows meet the action too");
    }
  }
  methods_.clear();
  other_rfc_.reset();
  other_extension_.reset();
}

void HttpChecks::warn_if_lost(const Command& command, const std::optional<Action>& lost) {
  context_.converted_unless_lost(command, lost);
}

HttpChecks::Expression HttpChecks::expression(const Command& command) {
  const bool negated = command.word(1) == "not";
  std::size_t at = field_at(command);
  const std::string_view side = side_of(command), field = command.word(at);
  Expression result;
  if (field == "uri" && side == "request") {
    result.key = "uri";
  } else if (is_one_of(field, {"args", "arg"}) && side == "request") {
    result.key = "arguments";
  } else if (field == "body" && side == "request") {
    result.trouble =
        "what is in bodies is told by rules: a Snort rule with http_client_body, or, for a "
        "messenger within HTTP, a rule for the application";
    return result;
  } else if (field == "header" && side == "request" && command.word(at + 2) == "regex") {
    result.key = "headers";
    if (command.word(at + 1) != "regex") result.name = command.word(++at);
  } else {
    result.trouble = kNoCounterpart;
    return result;
  }
  ++at;
  if (command.word(at) != "regex") {
    result.trouble = kNoCounterpart;
    return result;
  }
  const Texts expressions = patterns_.find(command, at, result.trouble);
  if (!result.trouble.empty()) return result;
  result.pattern = negated ? none_of(expressions) : any_of(expressions);
  const std::string_view meant = field_of_builtin(command.raw(at + 1));
  const std::string here =
      std::string(side) + " " + std::string(field) + (result.name.empty() ? "" : " " + result.name);
  if (!meant.empty() && meant != here) {
    context_.warn(command, "\"" + command.raw(at + 1) + "\" is made for the " + std::string(meant) +
                               " and will hardly be found in the " + here +
                               "; a rule for the application, or policy/rules/p2p.rules and "
                               "tunnel.rules, knows what is meant");
  }
  return result;
}

std::string HttpChecks::match_all(const std::vector<const Command*>& commands, Action action) {
  if (commands.size() == 1) return match(*commands.front(), action);
  Texts patterns;
  std::optional<Expression> first;
  for (const Command* each : commands) {
    Expression one = expression(*each);
    if (one.key.empty()) return std::string(kNotTogether);
    if (!one.trouble.empty()) return one.trouble;
    if (first && (first->key != one.key || first->name != one.name)) {
      return std::string(kNotTogether);
    }
    patterns.push_back(one.pattern);
    if (!first) first = std::move(one);
  }
  Json entry = Json::object();
  if (!first->name.empty()) entry["name"] = first->name;
  entry["pattern"] = all_of(patterns);
  entry["action"] = to_string(action);
  context_.out.http_entry(first->key, std::move(entry));
  return {};
}

std::string HttpChecks::match(const Command& command, Action action) {
  const bool negated = command.word(1) == "not";
  const std::size_t at = field_at(command);
  const std::string_view side = side_of(command), field = command.word(at);
  if (side == "req-resp" && is_one_of(field, {"content-type", "header"}) && !negated) {
    warn_if_lost(command, context_.out.check("content_type_verification", action));
    return {};
  }
  if (field == "protocol-violation" && !negated) {
    warn_if_lost(command, context_.out.check("protocol_violation", action));
    return {};
  }
  if (field == "port-misuse" && !negated) {
    const std::string_view what = command.word(at + 1);
    if (!is_one_of(what, {"im", "p2p", "tunneling", "any"})) return "this misuse is not known";
    warn_if_lost(command, context_.out.misuse(what == "any" ? "default" : what, action));
    return {};
  }
  if (is_one_of(side, {"request", "response", "req-resp"}) && field == "body" &&
      command.word(at + 1) == "length" && command.word(at + 2) == "gt" && !negated) {
    const auto bytes = to_number(command.word(at + 3), ~std::uint32_t{0});
    if (!bytes) return "the length is missing";
    if (side != "req-resp") {
      context_.warn(command, "the limit is for requests and answers alike");
    }
    warn_if_lost(command, context_.out.content_length(std::nullopt, *bytes, action));
    return {};
  }
  if (field == "header" && side == "response" && !negated &&
      command.word(at + 1) == "content-type" &&
      is_one_of(command.word(at + 2), {"violation", "unknown"})) {
    if (command.word(at + 2) == "unknown") return std::string(kNoCounterpart);
    warn_if_lost(command, context_.out.check("content_type_verification", action));
    return {};
  }
  if (side != "request") return std::string(kNoCounterpart);
  return match_request(command, at, negated, action);
}

std::string HttpChecks::match_request(const Command& command, std::size_t at, bool negated,
                                      Action action) {
  const std::string_view field = command.word(at);
  if (field == "method") return match_method(command, at + 1, negated, action);
  if (!negated && field == "uri" && command.word(at + 1) == "length") {
    return number_check(command, at + 2, "max_uri_length", action);
  }
  if (!negated && field == "header") {
    if (std::string trouble; command.word(at + 1) == "length") {
      return number_check(command, at + 2, "max_header_length", action);
    }
    if (command.word(at + 1) == "count") {
      return number_check(command, at + 2, "max_header_count", action);
    }
    if (command.word(at + 1) == "transfer-encoding") return match_header(command, at + 2, action);
  }
  const Expression found = expression(command);
  if (!found.trouble.empty()) return found.trouble;
  Json entry = Json::object();
  if (!found.name.empty()) entry["name"] = found.name;
  entry["pattern"] = found.pattern;
  entry["action"] = to_string(action);
  context_.out.http_entry(found.key, std::move(entry));
  return {};
}

std::string HttpChecks::match_header(const Command& command, std::size_t at, Action action) {
  if (!is_one_of(command.word(at), {"chunked", "compress", "deflate", "gzip", "identity"})) {
    return std::string(kNoCounterpart);
  }
  warn_if_lost(command, context_.out.refuse_coding(command.word(at), action));
  return {};
}

std::string HttpChecks::match_method(const Command& command, std::size_t at, bool negated,
                                     Action action) {
  Texts named;
  for (; at < command.words.size(); ++at) {
    if (command.word(at) == "regex") return "methods are known by name alone";
    named.push_back(upper_case(command.word(at)));
  }
  if (named.empty()) return "the method is missing";
  if (!negated) context_.warn(command, "methods that nobody knows meet the action too");
  warn_if_lost(command, context_.out.methods(named, negated, action));
  return {};
}

std::string HttpChecks::number_check(const Command& command, std::size_t at, std::string_view key,
                                     Action action) {
  const auto number = to_number(command.word(at + 1), 65535);
  if (command.word(at) != "gt" || !number || *number == 0) return "the number is missing";
  if (action == Action::allow) return {};
  if (key == "max_uri_length" && *number <= 256) {
    context_.warn(command, "addresses of " + std::to_string(*number) +
                               " bytes and more are common: almost all of the web is refused");
  }
  warn_if_lost(command, context_.out.limit(key, *number, action,
                                           key == "max_header_count" ? "count" : "bytes"));
  return {};
}

int HttpChecks::rank(const Command& command) {
  const std::size_t at = field_at(command);
  const std::string_view side = side_of(command), field = command.word(at);
  const std::string_view what = command.word(at + 1);
  if (field == "protocol-violation" || field == "port-misuse") return 0;
  const int later = side == "response" ? 100 : side == "req-resp" ? 200 : 0;
  if (field == "method") return 1;
  if (field == "uri") return what == "length" ? 2 : 3;
  if (is_one_of(field, {"args", "arg"})) return 4;
  if (field == "status-line") return 90;
  if (field == "header") {
    if (is_one_of(what, {"count", "length"})) return later + 5;
    if (what == "content-type") return later + 9;
    if (what == "transfer-encoding") return later + 10;
    if (what == "non-ascii") return later + 11;
    const std::string_view kind = command.word(at + 2);
    return later + (kind == "count" ? 6 : kind == "length" ? 7 : 8);
  }
  if (field == "body") return later + (what == "length" ? 12 : 13);
  return later + 20;
}

}  // namespace chatgate::policy::import
