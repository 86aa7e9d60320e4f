// Objects and groups of objects, resolved.
//
// ASA's `object`, `object-group` and `name`, IOS's `object-group`: networks, services, protocols
// and ICMP types, groups within groups. A group's lines are converted where an access list that is
// in force uses it, and harmless where nobody does: by itself it denies nothing. Import only.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "policy/import/addresses.h"
#include "policy/import/context.h"
#include "policy/import/ports.h"

namespace chatgate::policy::import {

// One end of an entry of an access list.
struct Endpoint {
  Addresses addresses;
  Texts names;          // host names, `fqdn`
  std::string group;    // the one object or group that it is, empty otherwise
  std::string trouble;  // why it cannot be converted
};

struct ServiceSpec {
  std::string protocol;  // as protocol_word gives it
  Ports source, destination;
  bool has_type = false;  // of ICMP
};

class Objects {
 public:
  explicit Objects(Context& context) : context_(context) {}

  // `name A ALIAS`.
  void alias(const std::string& name, const std::string& address) { aliases_[name] = address; }
  // The address that a word stands for: itself, or the alias's.
  std::string address_of(const std::string& word) const;

  // Takes a block whose head is `object …` or `object-group …`. The block must outlive this.
  void define(const Block& block);

  // Whether the name is an object or a group of networks.
  bool is_network(const std::string& name) const;
  Endpoint network(const std::string& name);
  std::vector<ServiceSpec> services(const std::string& name, std::string& trouble);

  // Enters what nobody used as harmless.
  void finish();

  // From words[at] on, which is moved behind it: `tcp [source OP P] [destination OP P]`, `icmp
  // TYPE`.
  ServiceSpec read_service(const Command& command, std::size_t& at, std::string& trouble) const;
  // One address in any of the ways of a group's member: `host A`, `A MASK`, `A/LENGTH`, `range A
  // B`.
  Endpoint read_network(const Command& command, std::size_t at) const;

 private:
  struct Definition {
    std::vector<const Block*> blocks;
    bool used = false;
    // Of the question that read it last: a group that is in a collection already adds nothing to
    // it, so that the work is of the size of the text however groups hold one another.
    std::size_t question = 0;
    bool open = false;    // its members are being read
    std::string trouble;  // what came of them
  };

  void add_network(const Command& command, std::size_t depth, Endpoint& into);
  void collect_network(const std::string& name, std::size_t depth, Endpoint& into);
  void collect_services(const std::string& name, std::size_t depth, std::vector<ServiceSpec>& into,
                        std::string& trouble);
  void add_service(const Block& block, const Command& command, std::size_t depth,
                   std::vector<ServiceSpec>& into, std::string& trouble);
  void add_port_object(const Block& block, const Command& command, std::vector<ServiceSpec>& into,
                       std::string& trouble);
  // Null where there is nothing to collect: `trouble` says why, or is as it was where all of it
  // is collected already. What is not null ends with `close`.
  Definition* open(const std::string& name, std::size_t depth, bool networks, std::string& trouble);
  static void close(Definition& definition, const std::string& trouble);

  Context& context_;
  std::map<std::string, Definition> definitions_;
  std::size_t question_ = 0;
  std::map<std::string, std::string> aliases_;
};

}  // namespace chatgate::policy::import
