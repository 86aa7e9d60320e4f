#include <algorithm>

#include "policy/import/asa.h"
#include "policy/import/text.h"

namespace chatgate::policy::import {

void AsaInspections::attach(const Command& command) {
  const PolicyMap* policy = maps_.use_policy(command.raw(1));
  const bool global = command.word(2) == "global";
  if (policy == nullptr || (!global && command.word(2) != "interface")) {
    return context_.not_converted(command, policy == nullptr ? "there is no such policy map"
                                                             : "neither global nor an interface");
  }
  context_.converted(command);
  for (const Section& section : policy->sections) {
    if (section.kind == Section::Kind::map_class) {
      attach_class(*policy, section, global);
    } else {
      for (const Command* each : section.actions)
        context_.not_converted(*each, "it is in no class");
    }
  }
}

void AsaInspections::attach_class(const PolicyMap& policy, const Section& section, bool global) {
  const Selection selection = select(section);
  context_.converted(*section.command);
  const std::string where = policy.head.name + ", class " + section.command->raw(1);
  for (const Command* each : section.actions) attach_action(*each, selection, where, global);
}

void AsaInspections::attach_action(const Command& command, const Selection& selection,
                                   const std::string& where, bool global) {
  if (command.word(0) == "no") return context_.harmless(command);
  if (command.word(0) != "inspect") {
    const bool timer = command.starts({"set", "connection", "timeout"}) ||
                       command.starts({"set", "connection", "random-sequence-number"}) ||
                       command.starts({"set", "connection", "decrement-ttl"});
    if (timer) return context_.harmless(command);
    return context_.not_converted(
        command, command.word(0) == "set" ? "limits of connections have no counterpart"
                                          : "this is no inspection of messengers, HTTP or DNS");
  }
  Binding binding;
  binding.feature = command.word(1);
  binding.map = command.raw(2);
  binding.command = &command;
  binding.selection = selection;
  binding.where = where;
  binding.global = global;
  if (!is_one_of(binding.feature, {"im", "http", "dns"})) {
    return context_.not_converted(command,
                                  "the inspection of " + binding.feature + " has no counterpart");
  }
  if (!selection.trouble.empty()) return context_.not_converted(command, selection.trouble);
  binding.behind_everything =
      std::any_of(bindings_.begin(), bindings_.end(), [&](const Binding& before) {
        return before.feature == "im" && before.selection.everything && before.global == global;
      });
  bindings_.push_back(std::move(binding));
}

Selection AsaInspections::select(const Section& section) {
  Selection selection;
  const std::string& name = section.command->raw(1);
  if (name == "class-default") {
    selection.everything = true;
  } else if (const ClassMap* map = maps_.use_class("", name)) {
    for (const Command& each : map->block->body) select_by_line(each, selection);
    if (map->block->body.empty()) selection.trouble = "the class \"" + name + "\" has no match";
  } else {
    selection.trouble = "there is no class map \"" + name + "\"";
  }
  if (selection.parts.empty()) selection.parts.push_back({});
  return selection;
}

void AsaInspections::select_by_line(const Command& command, Selection& selection) {
  if (command.word(0) == "description") return context_.harmless(command);
  const std::string_view what = command.word(1);
  if (what == "any") {
    selection.everything = true;
  } else if (what == "default-inspection-traffic") {
    selection.default_traffic = true;
  } else if (what == "port" && is_one_of(command.word(2), {"tcp", "udp"})) {
    std::size_t at = 3;
    const auto ports = read_ports(command, at, Dialect::asa);
    if (!ports) {
      selection.trouble = "the class's ports are missing";
      return context_.not_converted(command, selection.trouble);
    }
    selection.ports = *ports;
  } else if (what == "access-list") {
    return select_by_list(command, selection);
  } else {
    selection.trouble = "its class selects by what is not known here";
    return context_.not_converted(command, "this match is not known here");
  }
  context_.converted(command);
}

void AsaInspections::select_by_list(const Command& command, Selection& selection) {
  const AccessListIn* list = lists_.use(command.raw(2));
  if (list == nullptr) {
    selection.trouble = "there is no access list \"" + command.raw(2) + "\"";
    return context_.not_converted(command, selection.trouble);
  }
  context_.converted(command);
  selection.by_list = true;
  for (const AccessEntryIn& entry : list->entries) {
    const bool narrow = std::any_of(
        entry.services.begin(), entry.services.end(),
        [](const ServiceSpec& each) { return !each.source.empty() || !each.destination.empty(); });
    std::string why = entry.trouble;
    if (entry.established) why = "only first packets of connections are held against the list";
    if (!entry.from.names.empty() || !entry.to.names.empty()) why = "it names hosts by name";
    if (narrow && !entry.permit) why = "an exception for some ports only cannot be made";
    if (!why.empty()) {
      context_.not_converted(*entry.command, why);
      continue;
    }
    if (entry.inactive) {
      context_.harmless(*entry.command);
      continue;
    }
    context_.converted(*entry.command);
    if (narrow) {
      context_.warn(*entry.command,
                    "what is inspected because of this entry is refused on every "
                    "port, not on these alone");
    }
    selection.parts.push_back(
        {entry.permit, lists_.words(entry.from), lists_.words(entry.to), entry.when});
  }
}

// A policy of an interface takes the place of the global one, feature by feature.
bool AsaInspections::outranked(const Binding& binding) const {
  return binding.global &&
         std::any_of(bindings_.begin(), bindings_.end(), [&](const Binding& other) {
           return !other.global && other.feature == binding.feature;
         });
}

void AsaInspections::convert() {
  for (const Binding& binding : bindings_) {
    if (outranked(binding)) {
      context_.not_converted(*binding.command,
                             "an interface's policy with the same inspection takes its place");
    } else if (binding.feature == "im") {
      convert_im(binding);
    } else if (binding.feature == "http") {
      convert_http(binding);
    } else {
      convert_dns(binding);
    }
  }
  for (const HttpMap& each : http_maps_) {
    if (!each.used) context_.not_converted(*each.block, "no inspection that is in force uses it");
  }
}

// ---- Messengers

void AsaInspections::convert_im(const Binding& binding) {
  const PolicyMap* map = maps_.use_policy(binding.map);
  if (map == nullptr || map->head.protocol != "im") {
    return context_.not_converted(*binding.command,
                                  "there is no map of type inspect im with "
                                  "this name");
  }
  if (binding.selection.default_traffic) {
    return context_.not_converted(*binding.command,
                                  "messengers have no default port: on an ASA "
                                  "this inspects nothing");
  }
  context_.converted(*binding.command);
  if (!binding.selection.ports.empty()) {
    context_.warn(*binding.command, "refused on every port, not on those of the class alone");
  }
  std::vector<const Section*> sections;
  for (const Section& section : map->sections) {
    if (section.kind == Section::Kind::map_class || section.kind == Section::Kind::match) {
      sections.push_back(&section);
      continue;
    }
    if (section.command != nullptr) context_.converted(*section.command);
    for (const Command* each : section.actions) {
      context_.not_converted(*each, "a map of messengers has no such parameter");
    }
  }
  const auto rank = [&](const Section* section) {
    if (section->kind == Section::Kind::match) return im_rank(*section->command);
    const ClassMap* group = maps_.use_class("im", section->command->raw(1));
    int last = 0;
    if (group != nullptr) {
      for (const Command& each : group->block->body) last = std::max(last, im_rank(each));
    }
    return last;
  };
  std::stable_sort(sections.begin(), sections.end(),
                   [&](const Section* a, const Section* b) { return rank(a) < rank(b); });
  // What only logs goes on to what refuses, and here the first match decides.
  for (const bool logs : {false, true}) {
    for (const Section* section : sections) im_section(*map, *section, binding, logs);
  }
  context_.warn(*binding.command,
                "the names of these messengers in DNS, HTTP and TLS are refused "
                "too; an ASA knows only their own protocols");
}

void AsaInspections::im_section(const PolicyMap& map, const Section& section,
                                const Binding& binding, bool logs) {
  std::string trouble;
  const MapAction action = read_action(section.actions, trouble);
  if (!action.said && trouble.empty()) trouble = "no action belongs to it";
  if ((action.action == Action::alert) != logs) return;
  const auto conditions = im_conditions(section, trouble);
  if (!trouble.empty()) {
    context_.not_converted(*section.command, trouble);
    for (const Command* each : section.actions) context_.not_converted(*each, trouble);
    return;
  }
  context_.converted(*section.command);
  for (const Command* each : section.actions) context_.converted(*each);
  im_rules(map.head.name + ": " + section.command->text, conditions, action, binding);
}

std::vector<ImCondition> AsaInspections::im_conditions(const Section& section,
                                                       std::string& trouble) {
  if (!trouble.empty()) return {};
  if (section.kind == Section::Kind::match) {
    return {read_im_match(*section.command, patterns_, trouble)};
  }
  const ClassMap* group = maps_.use_class("im", section.command->raw(1));
  if (group == nullptr) {
    trouble = "there is no class map of type inspect im with this name";
    return {};
  }
  std::vector<ImCondition> conditions;
  for (const Command& each : group->block->body) {
    if (each.word(0) != "match") {
      context_.harmless(each);
      continue;
    }
    std::string why;
    const ImCondition one = read_im_match(each, patterns_, why);
    if (!why.empty()) {
      context_.not_converted(each, why);
      trouble = why;
      continue;
    }
    context_.converted(each);
    if (group->head.match_all && !conditions.empty()) {
      conditions.front().narrow(one);
    } else {
      conditions.push_back(one);
    }
  }
  // Of `match-any` the others stand; of `match-all` a condition less would refuse too much.
  if (!group->head.match_all && !conditions.empty()) trouble.clear();
  if (conditions.empty() && trouble.empty()) trouble = "the class has no match";
  return conditions;
}

void AsaInspections::im_rules(const std::string& name, const std::vector<ImCondition>& conditions,
                              const MapAction& action, const Binding& binding) {
  for (const ImCondition& condition : conditions) {
    if (condition.impossible()) continue;
    for (const Selection::Part& part : binding.selection.parts) {
      RuleOut rule = rule_of(condition);
      rule.name = (part.permit ? "" : "not for ") + name;
      if (!rule.from.empty() && !part.from.empty()) {
        context_.warn(*binding.command,
                      "a condition on the client's address is taken instead of "
                      "the class's access list");
      } else if (!part.from.empty()) {
        rule.from = part.from;
      }
      if (rule.to.empty()) rule.to = part.to;
      rule.when = part.when;
      rule.action = part.permit ? action.action : Action::allow;
      rule.log = part.permit && action.log && action.action != Action::alert;
      context_.out.rule(std::move(rule));
    }
  }
}

// ---- HTTP

void AsaInspections::http_scope(const Binding& binding) {
  const Selection& selection = binding.selection;
  if (selection.everything) {
    context_.warn(*binding.command,
                  "an ASA resets every connection here that is not HTTP; the "
                  "policy's checks hold for what speaks HTTP, and for what does "
                  "not on port 80");
  } else if (selection.by_list) {
    context_.warn(*binding.command,
                  "the checks of HTTP hold for everybody, not for the class's "
                  "access list alone");
  } else if (!selection.ports.empty() && selection.ports != Ports{{80, 80}}) {
    context_.warn(*binding.command, "the checks of HTTP hold on every port");
  }
  if (binding.behind_everything) {
    context_.warn(*binding.command,
                  "a class before this takes every connection for inspect im, and newer ASAs give "
                  "a connection to one inspection alone; both are converted (--asa-combine)");
  }
}

void AsaInspections::convert_http(const Binding& binding) {
  if (binding.behind_everything && options_.combine == Combine::first_class) {
    return context_.not_converted(*binding.command,
                                  "a class before it takes every connection for "
                                  "inspect im (--asa-combine first-class)");
  }
  if (binding.map.empty()) return context_.harmless(*binding.command);
  http_scope(binding);
  if (http_old_map(binding)) return;
  const PolicyMap* map = maps_.use_policy(binding.map);
  if (map == nullptr || map->head.protocol != "http") {
    return context_.not_converted(*binding.command,
                                  "there is no map of type inspect http with "
                                  "this name");
  }
  context_.converted(*binding.command);
  bool strict = false;
  std::vector<const Section*> sections;
  for (const Section& section : map->sections) {
    if (section.kind == Section::Kind::map_class || section.kind == Section::Kind::match) {
      sections.push_back(&section);
    } else {
      strict = http_parameters(section) || strict;
    }
  }
  if (!strict) {
    context_.out.check("protocol_violation", Action::reset);
    context_.warn(*binding.command,
                  "a map switches strict checks on, which reset and log: they "
                  "became \"protocol_violation\"");
  }
  const auto rank = [&](const Section* section) {
    if (section->kind == Section::Kind::match) return HttpChecks::rank(*section->command);
    const ClassMap* group = maps_.use_class("http", section->command->raw(1));
    int last = 0;
    if (group != nullptr) {
      for (const Command& each : group->block->body) {
        if (each.word(0) == "match") last = std::max(last, HttpChecks::rank(each));
      }
    }
    return last;
  };
  std::stable_sort(sections.begin(), sections.end(),
                   [&](const Section* a, const Section* b) { return rank(a) < rank(b); });
  for (const Section* section : sections) http_section(*section);
}

bool AsaInspections::http_old_map(const Binding& binding) {
  const auto at = std::find_if(http_maps_.begin(), http_maps_.end(), [&](const HttpMap& each) {
    return each.block->head.raw(1) == binding.map;
  });
  if (at == http_maps_.end()) return false;
  at->used = true;
  context_.converted(*binding.command);
  context_.converted(at->block->head);
  for (const Command& each : at->block->body) {
    if (each.word(0) == "description") {
      context_.harmless(each);
    } else {
      http_.map_line(each);
    }
  }
  if (!http_.strictness_said()) {
    context_.out.check("protocol_violation", Action::reset);
    context_.warn(*binding.command,
                  "a map switches strict checks on, which reset and log: they "
                  "became \"protocol_violation\"");
  }
  http_.finish_map();
  return true;
}

// Whether the section says what happens to what is no HTTP.
bool AsaInspections::http_parameters(const Section& section) {
  bool strict = false;
  if (section.command != nullptr) context_.converted(*section.command);
  for (const Command* each : section.actions) {
    if (each->word(0) == "protocol-violation") {
      std::string trouble;
      std::vector<const Command*> none;
      Command words = *each;
      std::erase_if(words.lower, [](const std::string& word) {
        return word == "protocol-violation" || word == "action";
      });
      words.words.resize(words.lower.size());
      none.push_back(&words);
      MapAction action = read_action(none, trouble);
      if (!action.said) action.action = Action::reset;
      if (action.action != Action::allow) context_.out.check("protocol_violation", action.action);
      context_.converted(*each);
      strict = true;
    } else if (each->word(0) == "body-match-maximum") {
      context_.harmless(*each);
    } else {
      context_.not_converted(*each, "this parameter of HTTP has no counterpart");
    }
  }
  return strict;
}

void AsaInspections::http_section(const Section& section) {
  std::string trouble;
  const MapAction action = read_action(section.actions, trouble);
  if (!action.said && trouble.empty()) trouble = "no action belongs to it";
  if (trouble.empty() && section.kind == Section::Kind::match) {
    trouble = http_.match(*section.command, action.action);
  }
  if (!trouble.empty()) {
    context_.not_converted(*section.command, trouble);
    for (const Command* each : section.actions) context_.not_converted(*each, trouble);
    return;
  }
  for (const Command* each : section.actions) context_.converted(*each);
  context_.converted(*section.command);
  if (section.kind == Section::Kind::map_class) http_class(section, action.action);
}

void AsaInspections::http_class(const Section& section, Action action) {
  const ClassMap* group = maps_.use_class("http", section.command->raw(1));
  if (group == nullptr) {
    return context_.not_converted(*section.command,
                                  "there is no class map of type inspect http with this name");
  }
  std::vector<const Command*> matches;
  for (const Command& each : group->block->body) {
    if (each.word(0) == "match") {
      matches.push_back(&each);
    } else {
      context_.harmless(each);
    }
  }
  if (matches.empty()) return context_.not_converted(*section.command, "the class has no match");
  if (group->head.match_all) {
    const std::string trouble = http_.match_all(matches, action);
    for (const Command* each : matches) {
      trouble.empty() ? context_.converted(*each) : context_.not_converted(*each, trouble);
    }
    if (!trouble.empty()) context_.not_converted(*section.command, trouble);
    return;
  }
  for (const Command* each : matches) {
    const std::string trouble = http_.match(*each, action);
    trouble.empty() ? context_.converted(*each) : context_.not_converted(*each, trouble);
  }
}

// ---- DNS

void AsaInspections::convert_dns(const Binding& binding) {
  const Command& command = *binding.command;
  if (binding.map == "maximum-length") {
    // As 7.0 and 7.1 have it.
    const auto bytes = to_number(command.word(3), 65535);
    if (!bytes || *bytes < 12) return context_.not_converted(command, "the length is missing");
    context_.out.dns("message_length", {{"max", *bytes}, {"action", "drop"}});
    return context_.converted(command);
  }
  if (binding.map.empty()) return context_.harmless(command);
  const PolicyMap* map = maps_.use_policy(binding.map);
  if (map == nullptr || map->head.protocol != "dns") {
    return context_.not_converted(command, "there is no map of type inspect dns with this name");
  }
  context_.converted(command);
  for (const Section& section : map->sections) {
    if (section.kind == Section::Kind::map_class || section.kind == Section::Kind::match) {
      dns_section(*map, section);
    } else {
      if (section.command != nullptr) context_.converted(*section.command);
      dns_parameters(section);
    }
  }
}

void AsaInspections::dns_parameters(const Section& section) {
  const bool follows_client =
      std::any_of(section.actions.begin(), section.actions.end(), [](const Command* each) {
        return each->starts({"message-length", "maximum", "client", "auto"});
      });
  for (const Command* each : section.actions) {
    if (each->word(0) == "no") {
      context_.harmless(*each);
      continue;
    }
    if (each->word(0) != "message-length") {
      context_.not_converted(*each, "this check of DNS has no counterpart");
      continue;
    }
    const auto bytes = to_number(each->word(2), 65535);
    if (follows_client) {
      context_.not_converted(*each,
                             "the length follows what each client says it can take, which "
                             "no fixed limit does");
    } else if (!bytes || *bytes < 12) {
      context_.not_converted(*each, "a limit for clients or servers alone has no counterpart");
    } else {
      context_.out.dns("message_length", {{"max", *bytes}, {"action", "drop"}});
      context_.converted(*each);
      if (*bytes < 1232) {
        context_.warn(*each, "answers with EDNS are longer than " + std::to_string(*bytes) +
                                 " bytes as a matter of course, and will be dropped");
      }
    }
  }
}

void AsaInspections::dns_section(const PolicyMap& map, const Section& section) {
  std::string trouble;
  const MapAction action = read_action(section.actions, trouble);
  if (!action.said && trouble.empty()) trouble = "no action belongs to it";
  RuleOut rule;
  rule.name = map.head.name + ": " + section.command->text;
  std::vector<const Command*> matches = {section.command};
  if (section.kind == Section::Kind::map_class && trouble.empty()) {
    matches.clear();
    const ClassMap* group = maps_.use_class("dns", section.command->raw(1));
    if (group == nullptr) {
      trouble = "there is no class map of type inspect dns with this name";
    } else {
      for (const Command& each : group->block->body) {
        if (each.word(0) == "description") {
          context_.harmless(each);
        } else {
          matches.push_back(&each);
        }
      }
      if (group->head.match_all && matches.size() > 1) {
        trouble = "conditions that must all hold cannot be brought together";
      }
    }
  }
  for (const Command* each : matches) {
    if (!trouble.empty()) continue;
    if (each->word(1) != "domain-name") {
      trouble = "of a DNS message only names are judged";
      continue;
    }
    for (const std::string& expression : patterns_.find(*each, 2, trouble)) {
      const std::string domain = domain_of(expression);
      if (domain.empty()) trouble = "\"" + expression + "\" is more than a domain's name";
      rule.server.push_back(domain);
    }
  }
  if (trouble.empty() && rule.server.empty()) trouble = "the class names no domain";
  const auto enter = [&](const Command& command) {
    trouble.empty() ? context_.converted(command) : context_.not_converted(command, trouble);
  };
  enter(*section.command);
  for (const Command* each : matches) enter(*each);
  for (const Command* each : section.actions) enter(*each);
  if (!trouble.empty()) return;
  context_.warn(*section.command,
                "connections to these names are refused too, not their look-up "
                "alone, and names below them");
  rule.action = action.action;
  rule.log = action.log && action.action != Action::alert;
  context_.out.rule(std::move(rule));
}

}  // namespace chatgate::policy::import
