#include "policy/import/zones.h"

#include <algorithm>

#include "policy/import/text.h"

namespace chatgate::policy::import {
namespace {

constexpr std::size_t kMaxDepth = 8;
constexpr std::string_view kNoAction = "its class has no action";

// Where clients of the application connect to, for lists that end with a deny.
std::uint16_t native_port(std::string_view application) {
  struct Native {
    std::string_view application;
    std::uint16_t port;
  };
  constexpr Native kNative[] = {{"aim", 5190},         {"icq", 5190},       {"yahoo", 5050},
                                {"msn", 1863},         {"irc", 6667},       {"xmpp", 5222},
                                {"google-talk", 5222}, {"gnutella", 6346},  {"kazaa", 1214},
                                {"edonkey", 4662},     {"bittorrent", 6881}};
  for (const Native& each : kNative) {
    if (each.application == application) return each.port;
  }
  return 0;
}

}  // namespace

void ZoneFirewall::convert(const PolicyMap& policy, Opener opener) {
  const Section* rest = nullptr;
  for (const Section& section : policy.sections) {
    if (section.kind == Section::Kind::map_class &&
        section.command->words.back().text == "class-default") {
      rest = &section;
    }
  }
  const Verdict last = rest == nullptr ? Verdict() : read_verdict(*rest);
  const bool closed = !last.pass;
  for (const Section& section : policy.sections) {
    if (section.kind == Section::Kind::map_class) {
      if (&section != rest) convert_section(policy, section, opener, closed);
      continue;
    }
    for (const Command* each : section.actions) context_.not_converted(*each, "it is in no class");
  }
  if (rest != nullptr) context_.converted(*rest->command);
  if (closed) last_deny(policy, opener, last.log);
}

void ZoneFirewall::last_deny(const PolicyMap& policy, Opener opener, bool log) {
  AccessOut deny;
  deny.name = policy.head.name + ", class-default";
  deny.opener = opener;
  deny.log = log;
  context_.out.access(std::move(deny));
}

ZoneFirewall::Verdict ZoneFirewall::read_verdict(const Section& section) {
  Verdict verdict;
  for (const Command* each : section.actions) {
    const std::string_view word = each->word(0);
    if (word == "inspect" || word == "pass") {
      verdict.pass = true;
    } else if (word == "drop") {
      verdict.drop = true;
    } else if (word == "service-policy") {
      verdict.deeper = each;
      continue;
    } else if (word != "log") {
      context_.not_converted(*each, "this action has no counterpart");
      continue;
    }
    verdict.log = verdict.log || word == "log" || each->word(1) == "log";
    context_.converted(*each);
  }
  return verdict;
}

void ZoneFirewall::convert_section(const PolicyMap& policy, const Section& section, Opener opener,
                                   bool closed) {
  const Verdict verdict = read_verdict(section);
  const std::string& name = section.command->words.back().text;
  const ClassMap* map = maps_.use_class("", name);
  if (map == nullptr) {
    return context_.not_converted(*section.command, "there is no class map \"" + name + "\"");
  }
  if (!verdict.pass && !verdict.drop) {
    context_.not_converted(*map->block, kNoAction);
    return context_.not_converted(*section.command, kNoAction);
  }
  context_.converted(*section.command);
  Class one;
  one.name = policy.head.name + ", class " + name;
  one.all = map->head.match_all;
  read_class(*map, 0, one);
  if (one.lists.empty() || !one.all || one.protocols.empty()) {
    for (const Protocol& each : one.protocols) {
      emit_protocol(one, each, verdict, opener, closed, {}, {});
    }
    emit_lists(one, verdict, opener);
  } else {
    // Both must match: the list's ends with the protocols' ports.
    for (const Command* where : one.lists) {
      const AccessListIn* list = lists_.use(where->raw(3));
      if (list == nullptr) {
        context_.not_converted(*where, "there is no access list \"" + where->raw(3) + "\"");
        continue;
      }
      context_.converted(*where);
      for (const AccessEntryIn& entry : list->entries) {
        if (!entry.permit) {
          enter_exception(*list, entry);
          continue;
        }
        const std::string why = !entry.trouble.empty() ? entry.trouble
                                : !entry.from.names.empty() || !entry.to.names.empty()
                                    ? "it names hosts by name"
                                    : "";
        if (!why.empty()) {
          context_.not_converted(*entry.command, why);
          continue;
        }
        context_.converted(*entry.command);
        for (const Protocol& each : one.protocols) {
          emit_protocol(one, each, verdict, opener, closed, lists_.words(entry.from),
                        lists_.words(entry.to));
        }
      }
    }
  }
  if (verdict.deeper != nullptr) convert_deeper(verdict, one);
}

void ZoneFirewall::read_class(const ClassMap& map, std::size_t depth, Class& into) {
  for (const Command& each : map.block->body) {
    if (each.word(0) != "match") {
      context_.harmless(each);
    } else if (each.word(1) == "protocol") {
      read_protocol(each, into);
    } else if (each.starts({"match", "access-group", "name"})) {
      into.lists.push_back(&each);
    } else if (each.starts({"match", "class-map"}) && depth < kMaxDepth) {
      const ClassMap* inner = maps_.use_class("", each.raw(2));
      if (inner == nullptr) {
        context_.not_converted(each, "there is no class map \"" + each.raw(2) + "\"");
        continue;
      }
      context_.converted(each);
      read_class(*inner, depth + 1, into);
    } else {
      context_.not_converted(each, "this match is not known here");
    }
  }
}

void ZoneFirewall::read_protocol(const Command& command, Class& into) {
  Protocol protocol;
  protocol.command = &command;
  protocol.application = known_application(command.word(2));
  protocol.service = known_service(command.word(2));
  if (protocol.application == nullptr && protocol.service == nullptr) {
    return context_.not_converted(command,
                                  "\"" + command.raw(2) + "\" is no application of the catalogue");
  }
  context_.converted(command);
  if (command.words.size() > 3 && protocol.application != nullptr) {
    protocol.servers = servers(command);
  }
  into.protocols.push_back(std::move(protocol));
}

Texts ZoneFirewall::servers(const Command& command) {
  const std::string& name = command.words.back().text;
  const auto at = servers_.find(name);
  if (at == servers_.end()) {
    if (name != "signature") {
      context_.warn(command,
                    "there are no servers \"" + name + "\": the whole application is meant");
    }
    return {};
  }
  at->second.used = true;
  context_.converted(at->second.block->head);
  Texts list;
  for (const Command& each : at->second.block->body) {
    if (each.starts({"server", "name"}) && is_host_name(each.word(2))) {
      list.push_back("=" + std::string(each.word(2)));
      context_.converted(each);
      continue;
    }
    const std::size_t first_at = each.word(2) == "range" ? 3 : 2;
    const auto first = IpAddress::parse(each.raw(first_at));
    const auto last = first_at == 3 ? IpAddress::parse(each.raw(4)) : first;
    if (each.starts({"server", "ip"}) && first && last && first->is_v4() == last->is_v4() &&
        !(*last < *first)) {
      for (std::string& prefix : Addresses::of(*first, *last).words()) list.push_back(prefix);
      context_.converted(each);
    } else {
      context_.not_converted(each, "this line of a list of servers is not known here");
    }
  }
  return list;
}

void ZoneFirewall::emit_lists(const Class& one, const Verdict& verdict, Opener opener) {
  for (const Command* where : one.lists) emit_list(one, *where, verdict, opener);
}

void ZoneFirewall::emit_list(const Class& one, const Command& where, const Verdict& verdict,
                             Opener opener) {
  const AccessListIn* list = lists_.use(where.raw(3));
  if (list == nullptr) {
    return context_.not_converted(where, "there is no access list \"" + where.raw(3) + "\"");
  }
  context_.converted(where);
  for (const AccessEntryIn& entry : list->entries) {
    if (!entry.permit) {
      enter_exception(*list, entry);
      continue;
    }
    AccessEntryIn as_class = entry;
    as_class.permit = verdict.pass;
    as_class.log = entry.log || verdict.log;
    lists_.emit(as_class, one.name, opener);
  }
}

// A deny keeps what it names out of the class. Behind the last permit that changes nothing.
void ZoneFirewall::enter_exception(const AccessListIn& list, const AccessEntryIn& entry) {
  const auto rest = std::find_if(list.entries.begin(), list.entries.end(),
                                 [&](const auto& each) { return &each == &entry; });
  const bool matters =
      std::any_of(rest, list.entries.end(), [](const AccessEntryIn& each) { return each.permit; });
  if (matters) {
    context_.not_converted(*entry.command, "an exception within a class has no counterpart");
  } else {
    context_.harmless(*entry.command);
  }
}

void ZoneFirewall::emit_access(const std::string& name, const KnownService& service,
                               const Verdict& verdict, Opener opener, const Texts& from,
                               const Texts& to) {
  for (const std::string_view protocol : {"tcp", "udp", "icmp"}) {
    const bool concerned =
        service.protocol == protocol || (service.protocol == "tcp-udp" && protocol != "icmp");
    if (!concerned) continue;
    AccessOut entry;
    entry.name = name;
    entry.permit = verdict.pass;
    entry.opener = opener;
    entry.protocol = protocol;
    entry.from = from;
    entry.to = to;
    if (service.port != 0) entry.port = {std::to_string(service.port)};
    entry.log = verdict.log;
    context_.out.access(std::move(entry));
  }
}

void ZoneFirewall::emit_protocol(const Class& one, const Protocol& protocol, const Verdict& verdict,
                                 Opener opener, bool closed, const Texts& from, const Texts& to) {
  const std::string name = one.name + ": " + std::string(protocol.command->rest(1));
  if (protocol.service != nullptr && protocol.application == nullptr) {
    return emit_access(name, *protocol.service, verdict, opener, from, to);
  }
  const std::string_view application = protocol.application->application;
  if (verdict.drop) {
    RuleOut rule;
    rule.name = name;
    // Whatever is said to one of its servers is the messenger's.
    rule.server = protocol.servers;
    if (protocol.servers.empty()) rule.application = {std::string(application)};
    if (!protocol.application->service.empty()) {
      rule.service = {std::string(protocol.application->service)};
    }
    rule.from = from;
    rule.to = to;
    rule.action = Action::drop;
    rule.log = verdict.log;
    context_.out.rule(std::move(rule));
    return;
  }
  if (!closed) return;
  const std::uint16_t port = native_port(application);
  if (port == 0) {
    context_.warn(*protocol.command,
                  "its port is not known: its connections pass only where "
                  "another class lets them");
    return;
  }
  emit_access(name, {protocol.application->word, "tcp", port}, verdict, opener, from, to);
}

// ---- The maps below a class

void ZoneFirewall::convert_deeper(const Verdict& verdict, const Class& one) {
  const Command& command = *verdict.deeper;
  const PolicyMap* map = maps_.use_policy(command.words.back().text);
  if (map == nullptr || !is_one_of(map->head.protocol, {"im", "http", "p2p"})) {
    return context_.not_converted(command,
                                  "there is no map of messengers, HTTP or peer-to-peer "
                                  "with this name");
  }
  context_.converted(command);
  if (map->head.protocol == "http") return deeper_http(*map);
  for (const Section& section : map->sections) {
    if (section.kind == Section::Kind::map_class) {
      deeper_section(*map, section, one);
    } else {
      for (const Command* each : section.actions) {
        context_.not_converted(*each, "it is in no class");
      }
    }
  }
}

void ZoneFirewall::deeper_http(const PolicyMap& map) {
  context_.warn(map.block->head, "the checks of HTTP hold in both directions and on every port");
  for (const Section& section : map.sections) {
    std::string trouble;
    const MapAction action = read_action(section.actions, trouble);
    if (section.command == nullptr) continue;
    const ClassMap* group = maps_.use_class("http", section.command->words.back().text);
    if (group == nullptr) trouble = "there is no class map of type inspect http with this name";
    if (!action.said && trouble.empty()) trouble = "no action belongs to it";
    const auto enter = [&](const Command& each, const std::string& why) {
      why.empty() ? context_.converted(each) : context_.not_converted(each, why);
    };
    std::vector<const Command*> matches;
    if (group != nullptr) {
      for (const Command& each : group->block->body) {
        if (each.word(0) == "match") matches.push_back(&each);
        if (each.word(0) != "match") context_.harmless(each);
      }
    }
    if (trouble.empty() && group->head.match_all && !matches.empty()) {
      trouble = http_.match_all(matches, action.action);
      for (const Command* each : matches) enter(*each, trouble);
    } else {
      for (const Command* each : matches) {
        enter(*each, trouble.empty() ? http_.match(*each, action.action) : trouble);
      }
    }
    enter(*section.command, trouble);
    for (const Command* each : section.actions) enter(*each, trouble);
  }
}

void ZoneFirewall::deeper_section(const PolicyMap& map, const Section& section, const Class& one) {
  const MapHead head = read_map_head(*section.command);
  const KnownApplication* application = known_application(head.protocol);
  const ClassMap* group = maps_.use_class(head.protocol, head.name);
  std::string trouble;
  const MapAction action = read_action(section.actions, trouble);
  if (application == nullptr || group == nullptr) trouble = "there is no such class";
  if (!action.said && trouble.empty()) trouble = "no action belongs to it";
  const auto enter = [&](const Command& each, const std::string& why) {
    why.empty() ? context_.converted(each) : context_.not_converted(each, why);
  };
  enter(*section.command, trouble);
  for (const Command* each : section.actions) enter(*each, trouble);
  if (!trouble.empty()) return;
  RuleOut rule;
  rule.application = {std::string(application->application)};
  for (const Protocol& each : one.protocols) {
    const bool same =
        each.application != nullptr && each.application->application == application->application;
    if (same) rule.server = each.servers;
  }
  rule.action = action.action;
  rule.log = action.log && action.action != Action::alert;
  for (const Command& each : group->block->body) {
    RuleOut single = rule;
    single.name = map.head.name + ", class " + head.name + ": " + each.text;
    std::string why;
    if (each.starts({"match", "service", "text-chat"}) || each.starts({"match", "text-chat"})) {
      single.service = {"text-chat"};
    } else if (each.starts({"match", "file-transfer"})) {
      single.service = {"file-transfer"};
      if (each.words.size() > 2 && each.word(2) != "*") {
        const Texts names = patterns_.find_or_take(each, 2, why);
        if (why.empty()) single.filename = {any_of(names)};
      }
    } else if (each.starts({"match", "service", "any"})) {
      // Whatever is said to a listed server is this messenger's.
      if (!single.server.empty()) single.application.clear();
    } else if (each.word(0) == "description") {
      context_.harmless(each);
      continue;
    } else {
      why = "this match is not known here";
    }
    enter(each, why);
    if (why.empty()) context_.out.rule(std::move(single));
  }
}

// ---- NBAR

void ZoneFirewall::convert_nbar(const PolicyMap& policy) {
  for (const Section& section : policy.sections) {
    const bool drops = std::any_of(section.actions.begin(), section.actions.end(),
                                   [](const Command* each) { return each->word(0) == "drop"; });
    const bool is_class = section.kind == Section::Kind::map_class;
    for (const Command* each : section.actions) {
      if (is_class && each->word(0) == "drop") {
        context_.converted(*each);
      } else {
        context_.not_converted(*each, "quality of service");
      }
    }
    if (!is_class) continue;
    const std::string& name = section.command->words.back().text;
    if (!drops) {
      // A class without a drop refuses nothing.
      if (const ClassMap* map = maps_.use_class("", name)) {
        context_.not_converted(*map->block, "quality of service");
      }
      context_.not_converted(*section.command, "quality of service");
      continue;
    }
    const ClassMap* map = maps_.use_class("", name);
    if (map == nullptr) {
      context_.not_converted(*section.command, "there is no class map \"" + name + "\"");
      continue;
    }
    context_.converted(*section.command);
    const bool several = map->head.match_all && map->block->body.size() > 1;
    for (const Command& each : map->block->body) {
      if (each.word(0) != "match") {
        context_.harmless(each);
      } else if (several) {
        context_.not_converted(each, "conditions that must all hold cannot be brought together");
      } else {
        nbar_match(policy.head.name + ", class " + name + ": " + std::string(each.rest(1)), each);
      }
    }
  }
}

void ZoneFirewall::nbar_match(const std::string& name, const Command& match) {
  const KnownApplication* application = known_application(match.word(2));
  RuleOut rule;
  rule.name = name;
  rule.action = Action::drop;
  if (match.word(1) != "protocol") {
    return context_.not_converted(match, "this match is not known here");
  }
  if (match.starts({"match", "protocol", "http", "host"})) {
    // `*messenger.example.com*`: blanks in the pattern are none in a name.
    std::string host(match.word(4));
    std::erase(host, '*');
    const std::string domain = domain_of(host);
    if (domain.empty()) return context_.not_converted(match, "it names no whole domain");
    rule.server = {domain};
    context_.warn(match, "every connection to the name and to names below it is refused");
  } else if (application != nullptr) {
    rule.application = {std::string(application->application)};
    if (!application->service.empty()) rule.service = {std::string(application->service)};
    if (match.words.size() > 3) {
      context_.warn(match, "the whole application is refused, not \"" + std::string(match.rest(3)) +
                               "\" alone");
    }
  } else {
    return context_.not_converted(match,
                                  "\"" + match.raw(2) + "\" is no application of the catalogue");
  }
  context_.converted(match);
  context_.out.rule(std::move(rule));
}

void ZoneFirewall::finish() {
  for (const auto& [name, list] : servers_) {
    if (list.used) continue;
    context_.harmless(list.block->head);
    for (const Command& each : list.block->body) context_.harmless(each);
  }
}

}  // namespace chatgate::policy::import
