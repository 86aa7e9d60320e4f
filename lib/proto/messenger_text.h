// What parsers of messengers do alike with the texts and numbers they find.
//
// Called by the parsers of lib/proto on a worker's thread. All bytes and texts are borrowed for the
// call. No allocation, no state.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/address.h"
#include "base/bytes.h"
#include "proto/messenger.h"

namespace chatgate::proto {

// Of decimal digits alone, and of at least one.
bool is_number(std::string_view text);

// Decimal, without leading zeros.
void assign_number(ShortText& text, std::uint32_t number);

// Nothing where it is none, or more than 16 bits hold.
std::optional<std::uint16_t> port_of(std::string_view text);

// Four digits of base 16, in small letters.
void append_hex(ShortText& text, std::uint16_t number);

// UTF-16BE up to its end or a zero as UTF-8; half a surrogate pair becomes U+FFFD. Cut at a whole
// character.
void assign_utf16be(ShortText& text, Bytes utf16);

// The text before the first zero byte, or all of it.
std::string_view up_to_zero(Bytes bytes);

// Takes off the text up to `separator`, and the separator.
std::string_view take_field(std::string_view& text, char separator);

// "ADDRESS" or "ADDRESS:PORT", as servers hand clients on to others. A name in place of the address
// announces nothing here: the look-up of the name tells where it leads.
void expect_endpoint(Messenger& messenger, std::string_view text, std::uint16_t default_port,
                     Service service);

// 0.0.0.0 and ports that are not known announce nothing, an address that is there already neither.
// The announcement of that address, new or old; nullptr where there is none.
ExpectedFlow* expect_flow(Messenger& messenger, const ExpectedFlow& flow);
void expect_tcp(Messenger& messenger, const IpAddress& address, std::uint16_t port,
                Service service);

}  // namespace chatgate::proto
