// What parsers of messengers do alike with the texts and numbers they find.
//
// Called by the parsers of lib/proto on a worker's thread. All bytes and texts are borrowed for the
// call. Results are cut to the capacity of the text they go to; work is linear in what is given. No
// allocation, no state.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/address.h"
#include "base/bytes.h"
#include "proto/decimal.h"
#include "proto/messenger.h"

namespace chatgate::proto {

// Of decimal digits alone, and of at least one.
bool is_number(std::string_view text);

// Decimal, without leading zeros.
void append_number(ShortText& text, std::uint32_t number);
inline void assign_number(ShortText& text, std::uint32_t number) {
  text.clear();
  append_number(text, number);
}

// Four digits of base 16, in small letters.
void append_hex(ShortText& text, std::uint16_t number);

// RFC 3986 section 2.1: "%40" is "@". A percent sign without two hexadecimal digits stays.
void append_percent_decoded(ShortText& to, std::string_view text);

// UTF-16 (RFC 2781) up to its end or a zero, as UTF-8; half a surrogate pair becomes U+FFFD. Cut at
// a whole character.
void append_utf16(ShortText& text, Bytes utf16, std::endian order);

// RFC 4648 section 4, without white space. Stops at the first other character that is none of the
// alphabet's, such as "=", or where `to` is full. The number of bytes written.
std::size_t decode_base64(std::string_view text, MutableBytes to);

// The text before the first zero byte, or all of it.
std::string_view up_to_zero(Bytes bytes);

// Takes off the text up to `separator`, and the separator.
std::string_view take_field(std::string_view& text, char separator);

// "ADDRESS" or "ADDRESS:PORT" of IPv4; port 0 where none is given.
struct AddressAndPort {
  IpAddress address;
  std::uint16_t port = 0;
};
std::optional<AddressAndPort> address_and_port(std::string_view text);

// The same, as servers hand clients on to others. A name in place of the address announces nothing
// here: the look-up of the name tells where it leads.
void expect_endpoint(Messenger& messenger, std::string_view text, std::uint16_t default_port,
                     Service service);

// 0.0.0.0 and ports that are not known announce nothing, an address that is there already neither.
// The announcement of that address, new or old; nullptr where there is none.
ExpectedFlow* expect_flow(Messenger& messenger, const ExpectedFlow& flow);
void expect_tcp(Messenger& messenger, const IpAddress& address, std::uint16_t port,
                Service service);

}  // namespace chatgate::proto
