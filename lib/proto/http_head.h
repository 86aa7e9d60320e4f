// The head of one HTTP/1 request: names, and how long the request is (RFC 9112).
//
// Read as tolerantly as the most tolerant servers do, because what any server takes for the host
// must be seen: lines ended by LF or a lone CR, spaces and tabs anywhere between words, folded
// lines, several Host fields. How long the body is, is believed only where all servers must agree:
// a client that has two servers, or a server and us, disagree about it could hide a request in it
// (RFC 9112 section 11.2).
//
// Used by proto/http.cpp on a worker's thread. Work is linear in the head, nothing is allocated.
#pragma once

#include <cstdint>
#include <string_view>

#include "proto/facts.h"

namespace chatgate::proto::http {

struct RequestLine {
  std::string_view method;
  std::string_view target;
  std::string_view version;  // the last word after the target

  explicit RequestLine(std::string_view line);

  // HTTP/0.9: the server answers without waiting for header lines.
  bool stands_alone() const { return version.empty(); }
  bool of_other_protocol() const;
  // Whether a server may take it for a request, on a connection that has spoken HTTP before.
  bool plausible() const;
};

enum class Body : std::uint8_t {
  none,
  sized,
  chunked,
  unclear,  // servers may differ in where it ends
};

enum class Upgrade : std::uint8_t {
  none,
  websocket,  // RFC 6455
  other,      // h2c (RFC 7540 section 3.2), TLS (RFC 2817), or what else the server knows
};

struct Head {
  bool connect = false;
  bool body_unusual = false;  // a method whose body some servers do not read: GET and the like
  Body body = Body::none;
  Upgrade upgrade = Upgrade::none;
  std::uint64_t length = 0;  // of a sized body, at most 2^63 - 1; never 0
};

// `head`: from its first line to the blank line at its end, or what there is of it. Fills names and
// target port.
Head read_head(std::string_view head, Facts& facts);

}  // namespace chatgate::proto::http
