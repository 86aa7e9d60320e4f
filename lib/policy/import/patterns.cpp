#include "policy/import/patterns.h"

#include "policy/import/text.h"
#include "policy/pattern.h"

namespace chatgate::policy::import {
namespace {

struct Builtin {
  std::string_view name, pattern, field;
};

// What `show running-config all regex` lists.
constexpr Builtin kBuiltin[] = {
    {"_default_gator", "Gator", "request header user-agent"},
    {"_default_msn-messenger",
     "[Aa][Pp][Pp][Ll][Ii][Cc][Aa][Tt][Ii][Oo][Nn][/\\\\][Xx][-][Mm][Ss][Nn][-][Mm][Ee][Ss][Ss]"
     "[Ee][Nn][Gg][Ee][Rr]",
     "response header content-type"},
    {"_default_yahoo-messenger", "YMSG", "request body"},
    {"_default_aim-messenger",
     "[Hh][Tt][Tt][Pp][.][Pp][Rr][Oo][Xx][Yy][.][Ii][Cc][Qq][.][Cc][Oo][Mm]",
     "request header host"},
    {"_default_x-kazaa-network",
     "[\\r\\n\\t ]+[xX]-[kK][aA][zZ][aA][aA]-[nN][eE][tT][wW][oO][rR][kK]", "response header"},
    {"_default_httport-tunnel", "photo[.]exectech[-]va[.]com", "request header host"},
    {"_default_http-tunnel", "[/\\\\]HT_PortLog.aspx", "request uri"},
    {"_default_gnu-http-tunnel_uri", "[/\\\\]index[.]html", "request uri"},
    {"_default_gnu-http-tunnel_arg", "crap", "request args"},
    {"_default_firethru-tunnel_1", "firethru[.]com", "request header host"},
    {"_default_firethru-tunnel_2", "[/\\\\]cgi[-]bin[/\\\\]proxy", "request uri"},
    {"_default_GoToMyPC-tunnel", "machinekey", "request args"},
    {"_default_GoToMyPC-tunnel_2", "[/\\\\]erc[/\\\\]Poll", "request uri"},
    {"_default_windows-media-player-tunnel", "NSPlayer", "request header user-agent"},
    {"_default_shoutcast-tunneling-protocol", "1", "request header"},
    {"_default_icy-metadata", "[\\r\\n\\t ]+[iI][cC][yY]-[mM][eE][tT][aA][dD][aA][tT][aA]",
     "request header"}};

const Builtin* builtin(std::string_view name) {
  for (const Builtin& each : kBuiltin) {
    if (each.name == name) return &each;
  }
  return nullptr;
}

std::string alternatives(const Texts& expressions) {
  if (expressions.size() == 1) return expressions.front();
  std::string all;
  for (const std::string& each : expressions) all += (all.empty() ? "" : "|") + each;
  return "(?:" + all + ")";
}

}  // namespace

std::string any_of(const Texts& expressions) {
  return "(?-i)" + alternatives(expressions);
}

std::string none_of(const Texts& expressions) {
  return "(?-i)(?s)^(?!.*(?:" + alternatives(expressions) + "))";
}

std::string all_of(const Texts& patterns) {
  std::string all = "(?s)^";
  for (const std::string& each : patterns) all += "(?=.*(?:" + each + "))";
  return all;
}

std::string_view field_of_builtin(std::string_view name) {
  const Builtin* found = builtin(name);
  return found == nullptr ? std::string_view() : found->field;
}

std::string domain_of(std::string_view expression) {
  if (expression.starts_with("^")) expression.remove_prefix(1);
  for (const std::string_view any : {".*", "(.*)"}) {
    if (expression.starts_with(any)) expression.remove_prefix(any.size());
  }
  if (expression.ends_with("$")) expression.remove_suffix(1);
  std::string domain;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    const char c = expression[i];
    if (expression.substr(i).starts_with("[.]")) {
      domain += '.';
      i += 2;
    } else if (c == '\\' && i + 1 < expression.size() && expression[i + 1] == '.') {
      domain += '.';
      ++i;
    } else if (is_letter(c) || is_digit(c) || c == '-' || c == '.') {
      domain += lower(c);
    } else {
      return {};
    }
  }
  if (domain.starts_with(".")) domain.erase(0, 1);
  const bool whole =
      domain.find('.') != domain.npos && !domain.ends_with(".") && domain.find("..") == domain.npos;
  return whole ? domain : std::string();
}

void Patterns::define(const Command& command) {
  if (command.words.size() < 3) {
    return context_.not_converted(command, "a regex needs a name and an expression");
  }
  const std::string pattern =
      command.words.size() == 3 ? command.raw(2) : std::string(command.rest(2));
  named_[command.raw(1)] = {&command, pattern, false};
}

void Patterns::define_group(const std::string& name, const Block& block) {
  groups_[name] = {&block, false};
}

bool Patterns::usable(const std::string& pattern, std::string& trouble) const {
  std::string error;
  // First as it stands, so that the place of a mistake is that in the configuration.
  if (!pattern.empty() && Pattern::compile(pattern, error) &&
      Pattern::compile("(?-i)" + pattern, error)) {
    return true;
  }
  trouble = "\"" + pattern + "\" is no regular expression" + (error.empty() ? "" : ": " + error);
  return false;
}

bool Patterns::add(const std::string& name, Texts& into, std::string& trouble) {
  const auto at = named_.find(name);
  if (at == named_.end()) {
    if (const Builtin* found = builtin(name)) {
      into.emplace_back(found->pattern);
      return true;
    }
    trouble = "there is no regex \"" + name + "\"";
    return false;
  }
  Named& named = at->second;
  named.used = true;
  if (!usable(named.pattern, trouble)) {
    context_.not_converted(*named.command, trouble);
    return false;
  }
  context_.converted(*named.command);
  into.push_back(named.pattern);
  return true;
}

bool Patterns::add_group(const std::string& name, Texts& into, std::string& trouble) {
  const auto at = groups_.find(name);
  if (at == groups_.end()) {
    trouble = "there is no class of regular expressions \"" + name + "\"";
    return false;
  }
  at->second.used = true;
  const Block& block = *at->second.block;
  context_.converted(block.head);
  for (const Command& each : block.body) {
    std::string why;
    bool added = false;
    if (each.starts({"match", "regex"})) {
      added = add(each.raw(2), into, why);
    } else if (each.word(0) == "pattern") {
      const std::string pattern = each.words.size() == 2 ? each.raw(1) : std::string(each.rest(1));
      added = usable(pattern, why);
      if (added) into.push_back(pattern);
    } else if (each.word(0) == "description") {
      context_.harmless(each);
      continue;
    } else {
      why = "neither a pattern nor a regex";
    }
    if (added) {
      context_.converted(each);
    } else {
      context_.not_converted(each, why);
      trouble = why;
    }
  }
  if (into.empty() && trouble.empty()) trouble = "\"" + name + "\" is empty";
  return trouble.empty();
}

Texts Patterns::find(const Command& command, std::size_t at, std::string& trouble) {
  Texts found;
  if (command.word(at) == "regex") ++at;
  if (command.word(at) == "class") {
    add_group(command.raw(at + 1), found, trouble);
  } else if (!command.word(at).empty()) {
    const std::string& name = command.raw(at);
    if (groups_.contains(name) && !named_.contains(name)) {
      add_group(name, found, trouble);
    } else {
      add(name, found, trouble);
    }
  } else {
    trouble = "the regular expression is missing";
  }
  if (!trouble.empty()) found.clear();
  return found;
}

Texts Patterns::find_or_take(const Command& command, std::size_t at, std::string& trouble) {
  const std::string& word = command.raw(at);
  if (named_.contains(word) || groups_.contains(word) || builtin(word) != nullptr ||
      is_one_of(command.word(at), {"regex", "class"})) {
    return find(command, at, trouble);
  }
  if (!usable(word, trouble)) return {};
  return {word};
}

void Patterns::finish() {
  for (const auto& [name, named] : named_) {
    if (!named.used) context_.harmless(*named.command);
  }
  for (const auto& [name, group] : groups_) {
    if (group.used) continue;
    context_.harmless(group.block->head);
    for (const Command& each : group.block->body) context_.harmless(each);
  }
}

}  // namespace chatgate::policy::import
