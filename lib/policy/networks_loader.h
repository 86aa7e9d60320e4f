// The policy's key `networks`, and addresses by name wherever another key takes them.
//
// A network is a list of prefixes, `!` before one takes it out, or `{"file": PATH}` with a prefix a
// line. Whatever is wrong is reported with its place. Not for the packet path; lives for one load.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "policy/address_set.h"

#include "config/json_document.h"

namespace chatgate::policy {

using Networks = std::map<std::string, std::vector<Prefix>, std::less<>>;

inline constexpr std::string_view kNetworkKeys[] = {"file"};

class NetworksLoader {
 public:
  // Relative files are meant from the folder of `policy_file`. Borrows the reporter.
  NetworksLoader(config::Reporter& reporter, const std::string& policy_file);

  void load(const config::ObjectReader& policy);

  const Networks& networks() const { return networks_; }
  // What `object` has under `key`: any address where it has none.
  AddressSet addresses(const config::ObjectReader& object, std::string_view key);

 private:
  void load_network(const config::JsonMember& member);
  std::vector<Prefix> read_network_file(const config::JsonValue& value, std::string_view name);
  void add(const config::JsonValue& at, std::string_view word, std::vector<Prefix>& into);
  void unknown_network(const config::JsonValue& at, std::string_view word);

  config::Reporter& reporter_;
  const std::string policy_file_;
  Networks networks_;
};

// A file that a policy names: relative to the policy's own folder.
std::string beside_policy(const std::string& policy_file, const std::string& path);

}  // namespace chatgate::policy
