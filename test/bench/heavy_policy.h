// Policies that are large: many rules, long lists, many Snort rules; none of which matches what is
// made up for measuring.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace chatgate::bench {

// As text.
std::string policy_of_rules(std::uint32_t rules);

// As files in a folder of their own, which goes with this object. Throws what writing throws.
class HeavyPolicy {
 public:
  HeavyPolicy(std::uint32_t rules, std::uint32_t names, std::uint32_t signatures);
  ~HeavyPolicy();
  HeavyPolicy(const HeavyPolicy&) = delete;
  HeavyPolicy& operator=(const HeavyPolicy&) = delete;

  std::string file() const { return folder_ / "policy.json"; }

 private:
  std::filesystem::path folder_;
};

}  // namespace chatgate::bench
