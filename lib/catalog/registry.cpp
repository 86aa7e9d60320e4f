#include "catalog/registry.h"

namespace chatgate::catalog {

std::optional<ApplicationId> ApplicationRegistry::intern(std::string_view word) {
  if (const auto known = ids_.find(std::string(word)); known != ids_.end()) return known->second;
  if (ids_.size() == kCapacity) return std::nullopt;
  const ApplicationId id(static_cast<ApplicationId::rep>(ids_.size()));
  ids_.emplace(word, id);
  return id;
}

}  // namespace chatgate::catalog
