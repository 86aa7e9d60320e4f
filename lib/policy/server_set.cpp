#include "policy/server_set.h"

#include <algorithm>
#include <utility>

namespace chatgate::policy {
namespace {

bool has(const std::vector<std::string>& sorted, std::string_view name) {
  const auto at = std::lower_bound(sorted.begin(), sorted.end(), name);
  return at != sorted.end() && *at == name;
}

}  // namespace

ServerSet::ServerSet(std::vector<std::string> names, std::vector<std::string> exact,
                     std::vector<Prefix> addresses)
    : asks_(true),
      names_(std::move(names)),
      exact_(std::move(exact)),
      addresses_(std::move(addresses)) {
  std::sort(names_.begin(), names_.end());
  std::sort(exact_.begin(), exact_.end());
}

bool ServerSet::has_name(std::string_view name) const {
  if (name.empty()) return false;
  if (has(exact_, name)) return true;
  if (!names_.empty()) {
    for (std::string_view rest = name;;) {
      if (has(names_, rest)) return true;
      const std::size_t dot = rest.find('.');
      if (dot == rest.npos) break;
      rest.remove_prefix(dot + 1);
    }
  }
  if (addresses_.ranges().empty()) return false;
  const auto address = IpAddress::parse(name);
  return address && addresses_.contains(*address);
}

}  // namespace chatgate::policy
