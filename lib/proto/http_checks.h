// What a policy may ask of the head of an HTTP/1 request: its lengths, and whether servers refuse
// it.
//
// Called by the engine on a worker's thread, on a head that the parser of proto/http.h has read to
// its end, and only where the policy has such checks. Views borrow from the head. Work is linear in
// the head; nothing is allocated.
//
// A violation is what RFC 9112 and RFC 9110 have servers answer with 400 or 505, or not send at
// all:
//
//   - a request line that is not METHOD SP TARGET SP HTTP/1.x (section 3), which HTTP/0.9's is not,
//   - a target in none of the forms of section 3.2, or with control characters,
//   - a line without a field, a field's name that is no token or has a blank behind it, a folded
//     line (sections 5.1 and 5.2),
//   - a CR that ends no line, a NUL (section 2.2; RFC 9110 section 5.5),
//   - a request of HTTP/1.1 without Host, any with several, or with blanks within it (section 3.2).
//
// Lines that end in LF alone are none, since servers may take them (section 2.2). Bodies whose end
// is in doubt are the parser's own affair: it calls them malformed.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proto/http_types.h"

namespace chatgate::proto::http {

struct RequestChecks {
  std::string_view method;
  std::string_view target;          // all between method and version
  std::uint32_t header_length = 0;  // of the field lines with their ends
  std::optional<std::uint64_t> content_length;
  Accepted accepted;
  bool violation = false;
};

// `head`: from the request line, or blank lines before it, to the blank line at its end.
RequestChecks check_request(std::string_view head);

// The method alone.
std::string_view method_of(std::string_view head);

}  // namespace chatgate::proto::http
