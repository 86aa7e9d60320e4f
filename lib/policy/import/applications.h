// Names of messengers and file sharers in IOS, as the catalogue has them.
//
// NBAR's, the zone-based firewall's and appfw's words. Import only; no state.
#pragma once

#include <cstdint>
#include <string_view>

namespace chatgate::policy::import {

struct KnownApplication {
  std::string_view word;         // in lower case
  std::string_view application;  // identifier of the catalogue
  std::string_view service;      // empty: whatever is done in it
};

// Null for a word that names no application of the catalogue.
const KnownApplication* known_application(std::string_view word);

// A protocol that is no messenger, by its port: `http`, `dns`, `smtp` …
struct KnownService {
  std::string_view word;
  std::string_view protocol;  // "tcp", "udp", "icmp" or "tcp-udp"
  std::uint16_t port;         // 0: any
};
const KnownService* known_service(std::string_view word);

}  // namespace chatgate::policy::import
