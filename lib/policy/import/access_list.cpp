#include "policy/import/access_list.h"

#include <algorithm>

#include "policy/import/text.h"

namespace chatgate::policy::import {
namespace {

bool is_standard_number(std::string_view name) {
  const auto number = to_number(name, 1999);
  return number && ((*number >= 1 && *number <= 99) || *number >= 1300);
}

// Options of entries that change nothing about which connection may be opened.
constexpr std::string_view kIdleOptions[] = {"log-input"};
constexpr std::string_view kLogWords[] = {
    "emergencies",   "alerts",        "critical",  "errors",  "warnings",
    "notifications", "informational", "debugging", "default", "disable"};

bool is_address_start(std::string_view word) {
  return is_one_of(
      word, {"any", "any4", "any6", "host", "object", "object-group", "interface", "addrgroup"});
}

Ports& ports_of(ServiceSpec& spec, bool source) {
  return source ? spec.source : spec.destination;
}

}  // namespace

bool covers_all(const AccessEntryIn& entry) {
  return entry.trouble.empty() && !entry.inactive && !entry.established && entry.when.empty() &&
         entry.services.size() == 1 && entry.services.front().protocol == "ip" &&
         entry.from.addresses.is_any() && entry.to.addresses.is_any();
}

void AccessLists::read(const Command& command) {
  const std::string& list = command.raw(1);
  std::size_t at = 2;
  if (command.word(at) == "remark") return context_.harmless(command);
  if (list == "cached" || is_one_of(command.word(at), {"ethertype", "webtype", "compiled"})) {
    return context_.not_converted(command, "access lists of this kind have no counterpart");
  }
  if (command.word(1) == "alert-interval" || command.word(1) == "deny-flow-max" ||
      command.word(2) == "rename") {
    return context_.harmless(command);
  }
  if (command.word(at) == "line") at += 2;
  bool standard = context_.dialect == Dialect::ios && is_standard_number(list);
  if (is_one_of(command.word(at), {"standard", "extended"})) {
    standard = command.word(at) == "standard";
    ++at;
  }
  if (command.word(at) == "remark") return context_.harmless(command);
  read_entry(command, at, standard, list);
}

void AccessLists::read(const Block& block) {
  const bool standard = block.head.word(2) == "standard";
  const std::string& list = block.head.raw(3);
  if (!is_one_of(block.head.word(2), {"standard", "extended"}) || list.empty()) {
    // `ip access-list log-update`, `logging`, `resequence`.
    return block.body.empty()
               ? context_.harmless(block.head)
               : context_.not_converted(block, "this kind of list is not known here");
  }
  lists_[list];
  context_.converted(block.head);
  for (const Command& each : block.body) {
    // Entries may be numbered.
    const std::size_t at = to_number(each.word(0), ~std::uint32_t{0}) ? 1 : 0;
    if (each.word(at) == "remark") {
      context_.harmless(each);
    } else {
      read_entry(each, at, standard, list);
    }
  }
}

void AccessLists::read_entry(const Command& command, std::size_t at, bool standard,
                             const std::string& list) {
  if (!is_one_of(command.word(at), {"permit", "deny"})) {
    return context_.not_converted(command, "neither permit nor deny");
  }
  AccessEntryIn entry;
  entry.command = &command;
  entry.permit = command.word(at) == "permit";
  if (standard) {
    read_standard(entry, at + 1);
  } else {
    read_extended(entry, at + 1);
  }
  lists_[list].entries.push_back(std::move(entry));
}

void AccessLists::read_standard(AccessEntryIn& entry, std::size_t at) {
  entry.services.push_back({"ip", {}, {}, false});
  entry.to.addresses = Addresses::any();
  const Command& command = *entry.command;
  const bool alone = at + 1 >= command.words.size() || command.word(at + 1) == "log";
  if (!is_address_start(command.word(at)) && alone) {
    const auto address = IpAddress::parse(objects_.address_of(command.raw(at)));
    if (!address) {
      entry.trouble = "\"" + command.raw(at) + "\" is no address";
      return;
    }
    entry.from.addresses = Addresses::of(*address, *address);
    ++at;
  } else {
    at = read_end(entry, at, entry.from);
  }
  read_options(entry, at);
}

void AccessLists::read_extended(AccessEntryIn& entry, std::size_t at) {
  at = read_services(entry, at);
  if (!entry.trouble.empty()) return;
  at = read_end(entry, at, entry.from);
  if (!entry.trouble.empty()) return;
  at = read_entry_ports(entry, at, true);
  at = read_end(entry, at, entry.to);
  if (!entry.trouble.empty()) return;
  at = read_entry_ports(entry, at, false);
  if (entry.trouble.empty()) read_options(entry, at);
}

std::size_t AccessLists::read_services(AccessEntryIn& entry, std::size_t at) {
  const Command& command = *entry.command;
  if (is_one_of(command.word(at), {"object", "object-group"})) {
    entry.services = objects_.services(command.raw(at + 1), entry.trouble);
    return at + 2;
  }
  const std::string protocol = protocol_word(command.word(at));
  if (protocol.empty()) {
    entry.trouble = "\"" + command.raw(at) + "\" is no protocol";
    return at;
  }
  entry.services.push_back({protocol, {}, {}, false});
  return at + 1;
}

std::size_t AccessLists::read_end(AccessEntryIn& entry, std::size_t at, Endpoint& end) {
  const Command& command = *entry.command;
  const std::string_view word = command.word(at);
  if (is_one_of(word, {"object", "object-group", "addrgroup"})) {
    end = objects_.network(command.raw(at + 1));
    at += 2;
  } else if (word == "interface") {
    end.trouble = "an interface's own address is not known here";
    at += 2;
  } else if (is_one_of(word, {"any", "any4", "any6"})) {
    end = objects_.read_network(command, at);
    at += 1;
  } else if (word == "host") {
    end = objects_.read_network(command, at);
    at += 2;
  } else if (word.find('/') != std::string_view::npos) {
    const auto prefix = Prefix::parse(word);
    if (prefix) end.addresses = Addresses::of(*prefix);
    if (!prefix) end.trouble = "\"" + std::string(word) + "\" is no address";
    at += 1;
  } else {
    const std::string address = objects_.address_of(command.raw(at));
    const auto set = context_.dialect == Dialect::asa ? with_netmask(address, command.raw(at + 1))
                                                      : with_wildcard(address, command.raw(at + 1));
    if (set) end.addresses = *set;
    if (!set) end.trouble = "\"" + std::string(command.rest(at)) + "\" begins with no address";
    at += 2;
  }
  if (entry.trouble.empty()) entry.trouble = end.trouble;
  return at;
}

std::size_t AccessLists::read_entry_ports(AccessEntryIn& entry, std::size_t at, bool source) {
  const Command& command = *entry.command;
  if (is_port_operator(command.word(at))) {
    const auto ports = read_ports(command, at, context_.dialect);
    if (!ports) {
      entry.trouble = "\"" + std::string(command.rest(at)) + "\" begins with no ports";
      return at;
    }
    for (ServiceSpec& spec : entry.services) ports_of(spec, source) = *ports;
    return at;
  }
  // A group of services in the place of ports, or the next address.
  if (command.word(at) == "object-group" && entry.services.size() == 1) {
    std::string trouble;
    const std::string& name = command.raw(at + 1);
    if (source && objects_.is_network(name)) return at;
    const auto members = objects_.services(name, trouble);
    if (!trouble.empty()) {
      entry.trouble = trouble;
      return at + 2;
    }
    const std::string protocol = entry.services.front().protocol;
    const Ports other = ports_of(entry.services.front(), !source);
    entry.services.clear();
    ServiceSpec spec{protocol, {}, {}, false};
    ports_of(spec, !source) = other;
    for (const ServiceSpec& each : members) {
      spec.has_type = spec.has_type || each.has_type;
      Ports& into = ports_of(spec, source);
      into.insert(into.end(), each.destination.begin(), each.destination.end());
    }
    entry.services.push_back(std::move(spec));
    return at + 2;
  }
  return at;
}

void AccessLists::read_options(AccessEntryIn& entry, std::size_t at) {
  const Command& command = *entry.command;
  while (at < command.words.size()) {
    const std::string_view word = command.word(at);
    if (word == "log") {
      entry.log = true;
      ++at;
      while (is_one_of(command.word(at), kLogWords) || to_number(command.word(at), 7)) {
        if (command.word(at) == "disable") entry.log = false;
        ++at;
      }
      if (command.word(at) == "interval") at += 2;
    } else if (is_one_of(word, kIdleOptions)) {
      entry.log = true;
      ++at;
    } else if (word == "inactive") {
      entry.inactive = true;
      ++at;
    } else if (word == "established") {
      entry.established = true;
      ++at;
    } else if (word == "time-range") {
      entry.when = command.raw(at + 1);
      at += 2;
    } else if (entry.services.size() == 1 && (entry.services.front().protocol == "icmp" ||
                                              entry.services.front().protocol == "58")) {
      entry.services.front().has_type = true;
      ++at;
    } else {
      entry.trouble = "\"" + command.raw(at) + "\" has no counterpart";
      return;
    }
  }
}

AccessListIn* AccessLists::use(const std::string& name) {
  const auto at = lists_.find(name);
  if (at == lists_.end()) return nullptr;
  at->second.used = true;
  return &at->second;
}

Texts AccessLists::words(const Endpoint& end) {
  if (end.addresses.is_any()) return {};
  Texts words = end.addresses.words();
  if (end.group.empty()) return words;
  return {context_.out.network(end.group, words)};
}

void AccessLists::refuse(const std::string& name, std::string_view why) {
  for (const AccessEntryIn& entry : lists_[name].entries) {
    context_.not_converted(*entry.command, why);
  }
}

void AccessLists::bind(const std::string& name, Opener opener, const Command& where,
                       bool last_deny) {
  AccessListIn* list = use(name);
  if (list == nullptr) {
    // Both systems let everything pass where the list is not there.
    return context_.not_converted(where, "there is no access list \"" + name + "\"");
  }
  context_.converted(where);
  bool permits_are_missing = false;
  for (const AccessEntryIn& entry : list->entries) {
    if (!emit(entry, name, opener) && entry.permit) permits_are_missing = true;
  }
  if (!last_deny || (!list->entries.empty() && covers_all(list->entries.back()))) return;
  if (permits_are_missing) {
    context_.warn(where, "entries of \"" + name +
                             "\" that permit were not converted: what they name meets the deny at "
                             "its end");
  }
  AccessOut last;
  last.name = name + ", the deny at its end";
  last.opener = opener;
  context_.out.access(std::move(last));
}

bool AccessLists::emit(const AccessEntryIn& entry, const std::string& list, Opener opener) {
  const Command& command = *entry.command;
  if (const std::string why = why_not(entry); !why.empty()) {
    context_.not_converted(command, why);
    return false;
  }
  if (entry.inactive) {
    context_.harmless(command);
    return true;
  }
  if (std::any_of(entry.services.begin(), entry.services.end(),
                  [](const ServiceSpec& each) { return each.has_type; })) {
    context_.warn(command, "every type of ICMP is permitted, not this one alone");
  }
  context_.converted(command);
  // Of a flow's first packet `established` is never true; those after it need no permission.
  if (entry.established) return true;
  if (!entry.to.names.empty()) emit_names(entry, list);
  if (entry.to.addresses.none()) return true;
  AccessOut base;
  base.name = list + ", line " + std::to_string(command.line());
  base.permit = entry.permit;
  base.opener = opener;
  base.from = words(entry.from);
  base.to = words(entry.to);
  base.when = entry.when;
  base.log = entry.log;
  emit_services(entry, base);
  return true;
}

// Why the policy's `access` cannot hold the entry; empty where it can.
std::string AccessLists::why_not(const AccessEntryIn& entry) const {
  if (!entry.trouble.empty()) return entry.trouble;
  if (entry.inactive) return {};
  if (entry.established) {
    if (entry.permit) return {};
    return "only first packets of connections are held against the list";
  }
  if (!entry.when.empty() && std::find(times_.begin(), times_.end(), entry.when) == times_.end()) {
    return "there is no time range \"" + entry.when + "\"";
  }
  if (!entry.from.names.empty()) return "a client cannot be told by a host name";
  for (const ServiceSpec& spec : entry.services) {
    if (!spec.source.empty()) {
      return "it names ports of the client; entries are about the ports of servers, and answers "
             "pass by themselves";
    }
    if (spec.has_type && !entry.permit) return "types of ICMP cannot be told apart";
  }
  if (entry.permit && !entry.to.names.empty()) {
    return "an access list knows servers by address alone";
  }
  return {};
}

void AccessLists::emit_services(const AccessEntryIn& entry, const AccessOut& base) {
  // One entry of the policy for each protocol and its ports.
  std::vector<ServiceSpec> merged;
  const auto add = [&](const std::string& protocol, const Ports& ports) {
    const auto same = std::find_if(merged.begin(), merged.end(), [&](const ServiceSpec& each) {
      return each.protocol == protocol && each.destination.empty() == ports.empty();
    });
    if (same == merged.end()) {
      merged.push_back({protocol, {}, ports, false});
    } else {
      same->destination.insert(same->destination.end(), ports.begin(), ports.end());
    }
  };
  for (const ServiceSpec& each : entry.services) {
    if (each.protocol != "tcp-udp") {
      add(each.protocol, each.destination);
    } else {
      add("tcp", each.destination);
      add("udp", each.destination);
    }
  }
  for (const ServiceSpec& each : merged) {
    AccessOut one = base;
    one.protocol = each.protocol;
    one.port = port_words(each.destination);
    if (merged.size() > 1) one.name += " " + each.protocol;
    context_.out.access(std::move(one));
  }
}

void AccessLists::emit_names(const AccessEntryIn& entry, const std::string& list) {
  const Command& command = *entry.command;
  RuleOut rule;
  rule.name = list + ", line " + std::to_string(command.line());
  rule.server = entry.to.names;
  rule.from = words(entry.from);
  rule.when = entry.when;
  rule.action = Action::drop;
  rule.log = entry.log;
  context_.out.rule(std::move(rule));
  const bool has_ports = std::any_of(
      entry.services.begin(), entry.services.end(),
      [](const ServiceSpec& each) { return each.protocol != "ip" || !each.destination.empty(); });
  if (has_ports) {
    context_.warn(command, "refused on every port: a rule about a server's name knows no ports");
  }
}

void AccessLists::finish() {
  for (const auto& [name, list] : lists_) {
    if (list.used) continue;
    for (const AccessEntryIn& entry : list.entries) {
      if (entry.inactive) {
        context_.harmless(*entry.command);
      } else {
        context_.not_converted(*entry.command, "no interface and no class uses this access list");
      }
    }
  }
}

}  // namespace chatgate::policy::import
