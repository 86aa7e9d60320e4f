// The servers that a rule's key `server` names: host names, addresses, prefixes.
//
// A name covers itself and every name below it; an exact one only itself. Names are never resolved:
// an address has the names that DNS answers gave it on their way through. IOS calls this `server
// permit|deny name` and `ip-address`. Built by the loader, immutable afterwards; the questions are
// for workers: a binary search for each label, no allocation.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/address_set.h"

namespace chatgate::policy {

class ServerSet {
 public:
  ServerSet() = default;  // asks for no server
  // Names in the form of proto::HostName.
  ServerSet(std::vector<std::string> names, std::vector<std::string> exact,
            std::vector<Prefix> addresses);

  bool any() const { return !asks_; }
  // A name, or an address written as one.
  bool has_name(std::string_view name) const;
  bool has_address(const IpAddress& address) const { return addresses_.contains(address); }

  std::span<const std::string> names() const { return names_; }
  std::span<const std::string> exact_names() const { return exact_; }
  const AddressSet& addresses() const { return addresses_; }

 private:
  bool asks_ = false;
  std::vector<std::string> names_, exact_;  // sorted
  AddressSet addresses_{std::vector<Prefix>()};
};

}  // namespace chatgate::policy
