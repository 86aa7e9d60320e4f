// Host names that came as UTF-8, in the ASCII form that names are compared in.
//
// Some clients put U-labels on the wire where A-labels belong, and servers and proxies map them.
// A label with characters beyond ASCII becomes "xn--" and its Punycode (RFC 3492, RFC 5891 section
// 4.4). Before that these are mapped, as UTS #46 has it: the dots U+3002, U+FF0E and U+FF61 and the
// full-width forms of ASCII to ASCII; capitals of ASCII, Latin, Greek and Cyrillic to small
// letters; soft hyphens and zero-width spaces to nothing.
//
// The limit: no normalisation (NFKC) beyond that, so a name of decomposed or otherwise equivalent
// characters comes out as another name; it is still one that can stand in a rule. Whether a label's
// characters may stand in a registered name is not looked at.
//
// Callable from any thread. No allocation; work is linear but for the square of a label, of at most
// 63 characters.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace chatgate::proto {

constexpr std::size_t kMaxAsciiHost = 255;

constexpr bool is_ascii(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

// The mapped name, in `buffer`. Nothing where `raw` is no UTF-8, where a label would be longer than
// 63 bytes, and where the name would not fit: such a name stays as it came. Text of ASCII comes out
// in small letters and else unchanged, so whether it is a host name is for others to say.
std::optional<std::string_view> to_ascii_host(std::string_view raw,
                                              std::span<char, kMaxAsciiHost> buffer);

}  // namespace chatgate::proto
