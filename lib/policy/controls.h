// How traffic is looked at, beside what is decided about it: the policy's keys `inspection`, `dns`,
// `tls`, `evasion` and `http`.
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
#include "policy/pattern.h"
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

// A length in bytes, and what meets anything longer.
struct LengthLimit {
  std::uint32_t bytes = 0;
  Action action = Action::allow;
};

struct DnsControls {
  DnsAnswer answer = DnsAnswer::nxdomain;
  // For DnsAnswer::address; a question of the other type is answered with no data.
  std::optional<IpAddress> ipv4, ipv6;
  bool learn_servers = true;
  // A message that is not well-formed (proto/dns_form.h).
  Action header = Action::allow;
  // Of one message over UDP.
  std::optional<LengthLimit> message_length;
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

// What meets applications that hide in HTTP or on the web's ports, where no rule of the policy
// does. IOS calls this `port-misuse`.
struct PortMisuse {
  std::optional<Action> im, p2p, tunneling;
  std::optional<Action> rest;  // the key "default": for those of the three that are not given

  std::optional<Action> of_im() const { return im ? im : rest; }
  std::optional<Action> of_p2p() const { return p2p ? p2p : rest; }
  std::optional<Action> of_tunneling() const { return tunneling ? tunneling : rest; }
};

// Checks of HTTP/1 itself. What is not given is not checked, and so is what has the action `allow`.
struct HttpControls {
  struct ContentLength {
    std::uint64_t min = 0;
    std::uint64_t max = ~std::uint64_t{0};
    Action action = Action::allow;
  };
  struct Methods {
    std::vector<std::string> allow;  // in capitals
    Action action = Action::allow;   // for any other
  };
  struct UriPattern {
    Pattern pattern;
    Action action = Action::allow;
  };

  // A field of a request; what is not given fits any.
  struct HeaderPattern {
    std::string name;  // in lower case
    std::optional<Pattern> name_pattern, pattern;
    Action action = Action::allow;
  };

  PortMisuse port_misuse;
  Action protocol_violation = Action::allow;
  std::optional<LengthLimit> max_uri_length, max_header_length;
  std::optional<ContentLength> content_length;
  Action content_type_verification = Action::allow;
  std::optional<Methods> methods;
  std::vector<UriPattern> uri;                  // the first that matches counts
  std::vector<UriPattern> arguments;            // of what stands behind "?"
  std::optional<LengthLimit> max_header_count;  // of fields
  std::optional<LengthLimit> max_header_line_length;
  std::vector<HeaderPattern> headers;
  std::optional<Methods> transfer_encoding;  // in lower case

  // Whether requests, or answers, have to be looked at for it.
  bool reads_requests() const {
    return protocol_violation != Action::allow || max_uri_length || max_header_length || methods ||
           !uri.empty() || !arguments.empty() || reads_fields() || reads_answers();
  }
  bool reads_fields() const {
    return max_header_count || max_header_line_length || transfer_encoding || !headers.empty();
  }
  bool reads_answers() const {
    return content_length || content_type_verification != Action::allow;
  }
};

struct Controls {
  InspectionControls inspection;
  DnsControls dns;
  TlsControls tls;
  EvasionControls evasion;
  HttpControls http;
};

}  // namespace chatgate::policy
