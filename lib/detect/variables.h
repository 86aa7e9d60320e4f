// Addresses and ports as rules write them, and the variables that stand for them.
//
// A list is the union of its members less the union of its negated members; a list of negated ones
// only is everything less those. A variable is a set like any other, so `!$NAME` is everything that
// is not in it, whatever it was made of. An empty result is an error, as in Snort and Suricata.
//
// Load time only.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "detect/range_set.h"
#include "detect/text.h"

namespace chatgate::detect {

// The variables that rule files may name (`$HOME_NET`). Names of addresses and of ports are apart.
// A copy shares the sets.
class Variables {
 public:
  // Those of Snort's and Suricata's own configuration: HOME_NET and all kinds of servers in it are
  // `home`, EXTERNAL_NET is what is outside of it (everything, where home is everything),
  // AIM_SERVERS and the like are any address, ports are the assigned ones.
  static Variables customary(const AddressSet& home = AddressSet::any());

  void define_addresses(std::string name, AddressSet set);
  void define_ports(std::string name, PortSet set);
  // As `ipvar NAME TEXT`, `portvar NAME TEXT` in a file; `source` names the origin in findings.
  // Nothing is defined where the text is wrong.
  void define_addresses(std::string name, std::string_view text, const std::string& source,
                        Diagnostics& findings);
  void define_ports(std::string name, std::string_view text, const std::string& source,
                    Diagnostics& findings);

  // Null where there is none of that name (without "$").
  SharedAddresses addresses(std::string_view name) const;
  SharedPorts ports(std::string_view name) const;
  // `did you mean …`, for a name that there is not.
  std::string suggest_addresses(std::string_view name) const;
  std::string suggest_ports(std::string_view name) const;

 private:
  std::map<std::string, SharedAddresses, std::less<>> addresses_;
  std::map<std::string, SharedPorts, std::less<>> ports_;
};

// Letters, digits and "_", at most 64, beginning with no digit.
bool is_variable_name(std::string_view text);

// The set that a part of a line says, null after an error. Sets of a single variable are shared.
SharedAddresses parse_addresses(std::string_view text, const Variables& variables,
                                Reporter& reporter);
SharedPorts parse_ports(std::string_view text, const Variables& variables, Reporter& reporter);

// In the form that parse_addresses and parse_ports read: "any", "10.0.0.0/8", "[a-b,c]".
std::string to_text(const AddressSet& set);
std::string to_text(const PortSet& set);

}  // namespace chatgate::detect
