#include "policy/import/im_condition.h"

#include <algorithm>
#include <iterator>

#include "policy/import/text.h"

namespace chatgate::policy::import {
namespace {

using Words = std::set<std::string>;

const Words kApplications = {"msn", "yahoo"};
// Beside log-in and presence, which no administrator names, everything a session may hold.
const Words kServices = {"text-chat",  "file-transfer", "voice",        "video", "webcam",
                         "conference", "games",         "screen-share", "other"};

std::string application_of(std::string_view word) {
  if (is_one_of(word, {"msn-im", "im-msn", "msn"})) return "msn";
  if (is_one_of(word, {"yahoo-im", "im-yahoo", "yahoo"})) return "yahoo";
  return {};
}

std::string service_of(std::string_view word) {
  if (word == "chat") return "text-chat";
  if (word == "voice-chat") return "voice";
  return is_one_of(word, {"conference", "file-transfer", "games", "webcam"}) ? std::string(word)
                                                                             : std::string();
}

Words without(const Words& all, const Words& some) {
  Words rest;
  std::set_difference(all.begin(), all.end(), some.begin(), some.end(),
                      std::inserter(rest, rest.end()));
  return rest;
}

template <typename ToWord>
std::optional<Words> read_list(const Command& command, std::size_t at, bool negated,
                               const Words& all, ToWord to_word, std::string& trouble) {
  Words named;
  for (; at < command.words.size(); ++at) {
    std::string word = to_word(command.word(at));
    if (word.empty()) {
      trouble = "\"" + command.raw(at) + "\" is not known here";
      return std::nullopt;
    }
    named.insert(std::move(word));
  }
  if (named.empty()) trouble = "the line ends too early";
  return negated ? without(all, named) : named;
}

void intersect(std::optional<Words>& mine, const std::optional<Words>& other) {
  if (!other) return;
  if (!mine) {
    mine = other;
    return;
  }
  std::erase_if(*mine, [&](const std::string& word) { return !other->contains(word); });
}

void intersect(std::optional<Addresses>& mine, const std::optional<Addresses>& other) {
  if (other) mine = mine ? mine->intersect(*other) : *other;
}

void append(Texts& into, const Texts& more) {
  into.insert(into.end(), more.begin(), more.end());
}

Texts one_pattern(const Texts& patterns) {
  if (patterns.size() < 2) return patterns;
  return {all_of(patterns)};
}

Texts listed(const std::optional<Words>& words) {
  return words ? Texts(words->begin(), words->end()) : Texts();
}

Texts prefixes(const std::optional<Addresses>& addresses) {
  return addresses && !addresses->is_any() ? addresses->words() : Texts();
}

}  // namespace

void ImCondition::narrow(const ImCondition& other) {
  intersect(applications, other.applications);
  intersect(services, other.services);
  intersect(from, other.from);
  intersect(to, other.to);
  append(login, other.login);
  append(peer_login, other.peer_login);
  append(filename, other.filename);
  append(version, other.version);
}

bool ImCondition::impossible() const {
  return (applications && applications->empty()) || (services && services->empty()) ||
         (from && from->none()) || (to && to->none());
}

int im_rank(const Command& command) {
  const std::string_view what = command.word(command.word(1) == "not" ? 2 : 1);
  constexpr std::string_view kOrder[] = {"protocol",        "version",    "ip-address",
                                         "peer-ip-address", "login-name", "peer-login-name",
                                         "service",         "filename"};
  return static_cast<int>(std::find(std::begin(kOrder), std::end(kOrder), what) -
                          std::begin(kOrder));
}

ImCondition read_im_match(const Command& command, Patterns& patterns, std::string& trouble) {
  const bool negated = command.word(1) == "not";
  const std::size_t at = negated ? 2 : 1;
  const std::string_view what = command.word(at);
  ImCondition condition;
  if (what == "protocol") {
    condition.applications =
        read_list(command, at + 1, negated, kApplications, application_of, trouble);
  } else if (what == "service") {
    condition.services = read_list(command, at + 1, negated, kServices, service_of, trouble);
  } else if (is_one_of(what, {"ip-address", "peer-ip-address"})) {
    auto addresses = with_netmask(command.raw(at + 1), command.raw(at + 2));
    if (!addresses) {
      trouble = "\"" + std::string(command.rest(at + 1)) + "\" is no address with its mask";
      return condition;
    }
    if (negated) addresses = addresses->complement();
    (what == "ip-address" ? condition.from : condition.to) = addresses;
  } else if (is_one_of(what, {"login-name", "peer-login-name", "filename", "version"})) {
    const Texts expressions = patterns.find(command, at + 1, trouble);
    if (!trouble.empty()) return condition;
    const Texts pattern = {negated ? none_of(expressions) : any_of(expressions)};
    (what == "login-name"        ? condition.login
     : what == "peer-login-name" ? condition.peer_login
     : what == "filename"        ? condition.filename
                                 : condition.version) = pattern;
  } else {
    trouble = "this match is not known here";
  }
  return condition;
}

RuleOut rule_of(const ImCondition& condition) {
  RuleOut rule;
  rule.application =
      listed(condition.applications ? condition.applications : std::optional(kApplications));
  rule.service = listed(condition.services);
  rule.from = prefixes(condition.from);
  rule.to = prefixes(condition.to);
  rule.login = one_pattern(condition.login);
  rule.peer_login = one_pattern(condition.peer_login);
  rule.filename = one_pattern(condition.filename);
  rule.version = one_pattern(condition.version);
  return rule;
}

}  // namespace chatgate::policy::import
