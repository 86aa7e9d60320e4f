#include "proto/dns_canary.h"

#include <algorithm>
#include <array>

namespace chatgate::proto::dns {
namespace {

struct Canary {
  std::string_view name;
  bool with_all_below;
  CanarySignal signal;
};

constexpr std::array<Canary, 4> kCanaries = {{
    {"use-application-dns.net", false, CanarySignal::nxdomain},
    {"mask.icloud.com", false, CanarySignal::nxdomain},
    {"mask-h2.icloud.com", false, CanarySignal::nxdomain},
    {"resolver.arpa", true, CanarySignal::nodata},
}};

bool is_below(std::string_view name, std::string_view parent) {
  return name.size() > parent.size() && name.ends_with(parent) &&
         name[name.size() - parent.size() - 1] == '.';
}

}  // namespace

std::optional<CanarySignal> canary_signal(std::string_view name) {
  const auto found = std::find_if(kCanaries.begin(), kCanaries.end(), [&](const Canary& canary) {
    return name == canary.name || (canary.with_all_below && is_below(name, canary.name));
  });
  if (found == kCanaries.end()) return std::nullopt;
  return found->signal;
}

}  // namespace chatgate::proto::dns
