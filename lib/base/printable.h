// What came from a file or from the network, made fit to be shown: one line, and nothing that a
// terminal would act on.
//
// Not for the packet path (strings are made). No state, callable from any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chatgate {

// The length of the well-formed UTF-8 sequence at the start of `text`, which is not empty; 0 where
// there is none: overlong forms, surrogates and what lies above U+10FFFF are none (RFC 3629
// section 4).
std::size_t utf8_sequence(std::string_view text);

// `raw` with every control character and every byte that is not UTF-8 written as \xNN, cut after
// `limit` characters with "..." in their place.
std::string printable(std::string_view raw, std::size_t limit = 255);

}  // namespace chatgate
