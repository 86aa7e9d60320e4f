// The customary classtypes, with their descriptions and priorities.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace chatgate::detect {

struct Classtype {
  std::string description;
  std::uint32_t priority = 3;
};

using Classtypes = std::map<std::string, Classtype, std::less<>>;

// Those of Snort's and Suricata's classification.config.
Classtypes customary_classtypes();

}  // namespace chatgate::detect
