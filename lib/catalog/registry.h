// Numbers for application identifiers that stay the same over reloads.
//
// A flow record keeps a number, and a reloaded catalogue may hold other applications than the one
// before it; so a word keeps its number for the life of the process. Owned by whoever loads
// (control, replay), used on that thread only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/strong_id.h"

namespace chatgate::catalog {

class ApplicationRegistry {
 public:
  static constexpr std::size_t kCapacity = 1024;  // as telemetry keeps counters for

  // The word's number, a new one where it has none; nothing where the registry is full.
  std::optional<ApplicationId> intern(std::string_view word);

 private:
  std::unordered_map<std::string, ApplicationId> ids_;
};

}  // namespace chatgate::catalog
