// Names by which a network tells clients to keep to its own resolver.
//
// A client that finds a name of this table answered as documented here leaves encrypted DNS, or a
// relay, alone. Asked by the engine where the policy does not allow encrypted DNS; a pure function,
// callable on any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace chatgate::proto::dns {

enum class CanarySignal : std::uint8_t {
  nxdomain,  // the name does not exist
  nodata,    // it exists, but has no such record
};

// What the answer to any question for `name` (normalised as HostName) has to be; nothing for a name
// that is no canary.
//
// * use-application-dns.net, asked for by Firefox before it turns DNS over HTTPS on by itself: any
//   answer but NOERROR with an address turns it off (Mozilla, "Canary domain -
//   use-application-dns.net"). It does not hold where a user chose a resolver.
// * mask.icloud.com, mask-h2.icloud.com of iCloud Private Relay: NXDOMAIN, or no data; silence
//   would only delay the client (Apple, "Prepare your network or web server for iCloud Private
//   Relay").
// * resolver.arpa and all below it, such as _dns.resolver.arpa: how clients discover the encrypted
//   form of their resolver. No data says that there is none (RFC 9462 sections 4 and 8.1).
std::optional<CanarySignal> canary_signal(std::string_view name);

}  // namespace chatgate::proto::dns
