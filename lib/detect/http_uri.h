// A request's target as rules see it: Snort's and Suricata's normalised URI.
//
// Called by HttpView on a worker's thread. Writes into memory of the caller, never more bytes than
// the target has but for one; work is linear in the target.
//
// What is done, in this order:
//   1. Of an absolute URI only path, query and fragment are kept; a path that is missing is "/".
//   2. Everywhere "%XX" becomes its byte, a NUL too, and "%uXXXX" the character (below 0x100 that
//      byte, the full-width forms U+FF01 to U+FF5E their ASCII, anything else "?"). Once: "%2541"
//      becomes "%41". What is no such escape stays as it is, "+" as well.
//   3. In the path, which ends at the first "?" or "#" that was sent as such: UTF-8 of an ASCII
//      character that is longer than it must be becomes that character, "\" becomes "/", several
//      "/" become one, the segments "." and ".." are taken out as RFC 3986 section 5.2.4 does.
// Case is kept. A target that is neither a path nor a URI ("*", the authority of CONNECT) is
// treated as a path.
//
// Where the two engines differ: the query is decoded as Snort does (http_inspect), which libhtp
// leaves as sent; "%u" and overlong UTF-8 are decoded as libhtp's personality "IDS" does, and "+"
// kept as it does.
#pragma once

#include <string_view>

#include "detect/scratch.h"

namespace chatgate::detect {

void normalise_uri(std::string_view target, Scratch& out);

}  // namespace chatgate::detect
