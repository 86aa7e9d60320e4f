// Text as messengers put it on the wire, turned into plain UTF-8.
//
// Called by the messengers' parsers on a worker's thread. Results are cut to the capacity of the
// text they go to; what is not well-formed is taken over as it came or left out, as said. Work is
// linear in what is given, no allocation; inputs and outputs are the caller's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "proto/messenger.h"

namespace chatgate::proto {

// RFC 3986 section 2.1: "%40" is "@". A percent sign without two hexadecimal digits stays.
void append_percent_decoded(ShortText& to, std::string_view text);

// UTF-16 with the low byte first (RFC 2781), up to a zero or the end. Halves of surrogate pairs
// that stand alone become U+FFFD.
void append_utf16le(ShortText& to, Bytes text);

// RFC 4648 section 4. Stops at the first character that is none of the alphabet's, such as "=", or
// where `to` is full. The number of bytes written.
std::size_t decode_base64(std::string_view text, MutableBytes to);

// The whole text is one decimal number within the type; nothing otherwise.
std::optional<std::uint32_t> decimal(std::string_view text);

// "ADDRESS" or "ADDRESS:PORT" of IPv4; port 0 where none is given.
struct AddressAndPort {
  IpAddress address;
  std::uint16_t port = 0;
};
std::optional<AddressAndPort> address_and_port(std::string_view text);

}  // namespace chatgate::proto
