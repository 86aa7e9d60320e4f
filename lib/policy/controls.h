// How traffic is looked at, beside what is decided about it: the policy's keys `inspection`, `dns`,
// `tls` and `evasion`.
//
// Plain values, part of a Policy and so immutable and read by workers without locks. Read from JSON
// by policy/controls_loader.h; the meaning of each word for an operator is in docs/guide/policy.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "net/encapsulation.h"
#include "policy/verdict.h"

namespace chatgate::policy {

// How long flows live without a packet, in seconds. ASA calls these `timeout embryonic, conn,
// half-closed, udp`.
struct Timeouts {
  static constexpr std::uint32_t kLeast = 1;
  static constexpr std::uint32_t kMost = 24 * 3600;

  std::uint32_t embryonic = 30;      // TCP without payload
  std::uint32_t established = 3600;  // TCP with payload
  std::uint32_t closing = 10;        // TCP after both FINs or a RST
  std::uint32_t udp = 60;
  std::uint32_t blocked = 60;
  std::uint32_t incomplete = 30;  // payload that does not become a whole message
};

// What happens to a TCP connection whose opening was not seen.
enum class Midstream : std::uint8_t {
  inspect,  // from the first byte seen
  forward,  // judged by address and port alone
  drop,
  reset,
};

// What happens to a packet for which a resource has run out.
enum class OnExhaustion : std::uint8_t { open, closed };

struct InspectionControls {
  net::Encapsulations look_through = net::Encapsulations::all();
  Midstream midstream = Midstream::inspect;
  // A message of a known protocol that is too long, or never becomes whole: reset, drop or allow.
  Action incomplete = Action::reset;
  Timeouts timeouts;
  // Where not given, as the gateway was started.
  std::optional<OnExhaustion> flows, inspections;
  // Held fragments: those that find no room are dropped unless this says otherwise.
  OnExhaustion fragments = OnExhaustion::closed;
};

// How a question about a blocked name is answered where its rule says reset.
enum class DnsAnswer : std::uint8_t {
  nxdomain,
  refused,
  nodata,   // the name exists, but not this type
  address,  // of a server that explains
  drop,     // not at all
};

struct DnsControls {
  DnsAnswer answer = DnsAnswer::nxdomain;
  // For DnsAnswer::address; a question of the other type is answered with no data.
  std::optional<IpAddress> ipv4, ipv6;
  bool learn_servers = true;
};

// Encrypted ClientHello (RFC 9849).
enum class EncryptedClientHello : std::uint8_t {
  allow,  // the outer name is judged
  reset,  // a hello that offers it in earnest is reset
  strip,  // the keys are taken out of DNS answers, so that no client can offer it
};

enum class Quic : std::uint8_t {
  inspect,
  allow,  // not looked at: judged by address and port
  block,  // refused, so that browsers use TCP
};

struct TlsControls {
  // Names in clear that stand for a provider's encrypted ones.
  std::vector<std::string> ech_public_names = {"cloudflare-ech.com"};
  EncryptedClientHello ech = EncryptedClientHello::allow;
  Quic quic = Quic::inspect;
  Action unreadable_quic = Action::allow;
};

enum class Proxies : std::uint8_t {
  inspect,  // the target is judged, and what goes through the tunnel is read
  allow,    // the target is judged, the tunnel is not read
  reset,    // CONNECT, SOCKS and the PROXY protocol are refused
};

struct EvasionControls {
  // What becomes of encrypted DNS that no rule names.
  Action doh = Action::allow;
  Action dot = Action::allow;
  Proxies proxies = Proxies::inspect;
};

struct Controls {
  InspectionControls inspection;
  DnsControls dns;
  TlsControls tls;
  EvasionControls evasion;
};

}  // namespace chatgate::policy
