#include "policy/import/objects.h"

#include "policy/import/text.h"

namespace chatgate::policy::import {
namespace {

// Groups within groups; deeper ones are refused.
constexpr std::size_t kMaxDepth = 16;

Endpoint trouble(std::string why) {
  Endpoint none;
  none.trouble = std::move(why);
  return none;
}

Endpoint found(std::optional<Addresses> addresses, std::string_view text) {
  if (!addresses) return trouble("\"" + std::string(text) + "\" is no address");
  Endpoint one;
  one.addresses = std::move(*addresses);
  return one;
}

bool is_of_networks(const Block& block) {
  return block.head.word(1) == "network";
}

std::optional<Addresses> host(const std::string& text) {
  const auto address = IpAddress::parse(text);
  if (!address) return std::nullopt;
  return Addresses::of(*address, *address);
}

}  // namespace

std::string Objects::address_of(const std::string& word) const {
  const auto alias = aliases_.find(word);
  return alias == aliases_.end() ? word : alias->second;
}

void Objects::define(const Block& block) {
  const Command& head = block.head;
  // `object network NAME`, `object-group network NAME`; IOS's `object-group security` has no use.
  definitions_[head.raw(2)].blocks.push_back(&block);
  if (head.words.size() < 3) context_.not_converted(block, "a group without a name");
}

bool Objects::is_network(const std::string& name) const {
  const auto at = definitions_.find(name);
  return at != definitions_.end() && is_of_networks(*at->second.blocks.front());
}

Objects::Definition* Objects::open(const std::string& name, std::size_t depth, bool networks,
                                   std::string& trouble) {
  const auto at = definitions_.find(name);
  if (at == definitions_.end()) {
    trouble = "there is no object or group \"" + name + "\"";
    return nullptr;
  }
  Definition& found = at->second;
  if (found.open || depth > kMaxDepth) {
    trouble = found.open ? "its groups hold one another"
                         : "its groups are more than " + std::to_string(kMaxDepth) + " deep";
    return nullptr;
  }
  if (found.question == question_) {
    if (!found.trouble.empty()) trouble = found.trouble;
    return nullptr;
  }
  for (const Block* block : found.blocks) {
    if (is_of_networks(*block) == networks) continue;
    trouble = "\"" + name + "\" is no group of " + (networks ? "networks" : "services");
    return nullptr;
  }
  if (!found.used) {
    found.used = true;
    for (const Block* block : found.blocks) context_.converted(block->head);
  }
  found.question = question_;
  found.open = true;
  return &found;
}

void Objects::close(Definition& definition, const std::string& trouble) {
  definition.open = false;
  definition.trouble = trouble;
}

Endpoint Objects::read_network(const Command& command, std::size_t at) const {
  const std::string_view word = command.word(at);
  if (is_one_of(word, {"any", "any4", "any6"})) {
    return found(word == "any4"   ? Addresses::any_v4()
                 : word == "any6" ? Addresses::any_v6()
                                  : Addresses::any(),
                 word);
  }
  if (word == "fqdn") {
    const std::size_t name = is_one_of(command.word(at + 1), {"v4", "v6"}) ? at + 2 : at + 1;
    if (!is_host_name(command.word(name))) return trouble("fqdn without a host's name");
    Endpoint one;
    one.names.emplace_back(command.word(name));
    return one;
  }
  if (word == "range") {
    const auto first = IpAddress::parse(address_of(command.raw(at + 1)));
    const auto last = IpAddress::parse(address_of(command.raw(at + 2)));
    if (!first || !last || first->is_v4() != last->is_v4() || *last < *first) {
      return trouble("the range is none");
    }
    return found(Addresses::of(*first, *last), {});
  }
  if (word == "host") return found(host(address_of(command.raw(at + 1))), command.raw(at + 1));
  const std::size_t value = word == "subnet" ? at + 1 : at;
  const std::string address = address_of(command.raw(value));
  if (const std::string& mask = command.raw(value + 1); mask.starts_with("/")) {
    const auto prefix = Prefix::parse(address + mask);
    return found(prefix ? std::optional(Addresses::of(*prefix)) : std::nullopt, address + mask);
  }
  if (address.find('/') != std::string::npos) {
    const auto prefix = Prefix::parse(address);
    return found(prefix ? std::optional(Addresses::of(*prefix)) : std::nullopt, address);
  }
  if (command.words.size() > value + 1) {
    return found(with_netmask(address, command.raw(value + 1)), command.rest(value));
  }
  return found(host(address), address);
}

void Objects::add_network(const Command& command, std::size_t depth, Endpoint& into) {
  const std::string_view word = command.word(0);
  if (word == "description") return context_.harmless(command);
  if (word == "nat") return context_.not_converted(command, "address translation");
  const bool group = word == "group-object";
  Endpoint one;
  if (group ||
      (word == "network-object" && is_one_of(command.word(1), {"object", "object-group"}))) {
    collect_network(command.raw(group ? 1 : 2), depth + 1, one);
  } else {
    one = read_network(command, word == "network-object" ? 1 : 0);
  }
  if (!one.trouble.empty()) {
    context_.not_converted(command, one.trouble);
    if (into.trouble.empty()) into.trouble = one.trouble;
    return;
  }
  context_.converted(command);
  into.addresses.add(one.addresses);
  into.names.insert(into.names.end(), one.names.begin(), one.names.end());
}

void Objects::collect_network(const std::string& name, std::size_t depth, Endpoint& into) {
  Definition* definition = open(name, depth, true, into.trouble);
  if (definition == nullptr) return;
  for (const Block* block : definition->blocks) {
    for (const Command& each : block->body) add_network(each, depth, into);
  }
  close(*definition, into.trouble);
}

Endpoint Objects::network(const std::string& name) {
  Endpoint all;
  ++question_;
  collect_network(name, 0, all);
  all.group = name;
  if (all.trouble.empty() && all.addresses.none() && all.names.empty()) {
    all.trouble = "\"" + name + "\" is empty";
  }
  return all;
}

ServiceSpec Objects::read_service(const Command& command, std::size_t& at,
                                  std::string& trouble) const {
  ServiceSpec spec;
  spec.protocol = protocol_word(command.word(at));
  if (command.word(at) == "tcp-udp") spec.protocol = "tcp-udp";
  if (spec.protocol.empty()) {
    trouble = "\"" + command.raw(at) + "\" is no protocol";
    return spec;
  }
  ++at;
  if (spec.protocol == "icmp" || spec.protocol == "58") {
    spec.has_type = at < command.words.size();
    at = command.words.size();
    return spec;
  }
  const auto ports = [&](Ports& into) {
    if (!is_port_operator(command.word(at))) return;
    if (const auto read = read_ports(command, at, context_.dialect)) {
      into = *read;
    } else {
      trouble = "\"" + std::string(command.rest(at)) + "\" are no ports";
      at = command.words.size();
    }
  };
  if (command.word(at) == "source") {
    ++at;
    ports(spec.source);
  }
  if (command.word(at) == "destination") ++at;
  if (context_.dialect == Dialect::ios && port_number(command.word(at))) {
    // IOS also takes a port by itself.
    const auto port = *port_number(command.word(at++));
    spec.destination = {{port, port}};
  } else {
    ports(spec.destination);
  }
  if (at < command.words.size() && trouble.empty()) {
    trouble = "\"" + std::string(command.rest(at)) + "\" is not known in a service";
  }
  return spec;
}

void Objects::add_port_object(const Block& block, const Command& command,
                              std::vector<ServiceSpec>& into, std::string& trouble) {
  std::size_t at = 1;
  const auto ports = read_ports(command, at, context_.dialect);
  if (!ports || block.head.words.size() < 4) {
    trouble = "the ports or their protocol are missing";
    return context_.not_converted(command, trouble);
  }
  context_.converted(command);
  into.push_back({std::string(block.head.word(3)), {}, *ports, false});
}

void Objects::add_service(const Block& block, const Command& command, std::size_t depth,
                          std::vector<ServiceSpec>& into, std::string& trouble) {
  const std::string_view word = command.word(0);
  if (word == "description") return context_.harmless(command);
  if (word == "port-object") return add_port_object(block, command, into, trouble);
  if (word == "group-object" || (word == "service-object" && command.word(1) == "object")) {
    std::string why;
    collect_services(command.raw(word == "group-object" ? 1 : 2), depth + 1, into, why);
    if (why.empty()) return context_.converted(command);
    trouble = why;
    return context_.not_converted(command, why);
  }
  if (word == "icmp-object") {
    context_.converted(command);
    into.push_back({"icmp", {}, {}, true});
    return;
  }
  const bool prefixed = is_one_of(word, {"service-object", "protocol-object", "service"});
  std::size_t at = prefixed ? 1 : 0;
  std::string why;
  ServiceSpec spec = read_service(command, at, why);
  if (!why.empty()) {
    trouble = why;
    return context_.not_converted(command, why);
  }
  context_.converted(command);
  into.push_back(std::move(spec));
}

void Objects::collect_services(const std::string& name, std::size_t depth,
                               std::vector<ServiceSpec>& into, std::string& trouble) {
  Definition* definition = open(name, depth, false, trouble);
  if (definition == nullptr) return;
  for (const Block* block : definition->blocks) {
    for (const Command& each : block->body) add_service(*block, each, depth, into, trouble);
  }
  close(*definition, trouble);
}

std::vector<ServiceSpec> Objects::services(const std::string& name, std::string& trouble) {
  std::vector<ServiceSpec> all;
  ++question_;
  collect_services(name, 0, all, trouble);
  if (trouble.empty() && all.empty()) trouble = "\"" + name + "\" is empty";
  return all;
}

void Objects::finish() {
  for (const auto& [name, definition] : definitions_) {
    for (const Block* block : definition.blocks) {
      // What is used has its fate already.
      if (definition.used) continue;
      context_.harmless(block->head);
      for (const Command& each : block->body) {
        if (each.word(0) == "nat") {
          context_.not_converted(each, "address translation");
        } else {
          context_.harmless(each);
        }
      }
    }
  }
}

}  // namespace chatgate::policy::import
