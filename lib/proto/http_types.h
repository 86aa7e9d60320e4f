// What an HTTP body is said to be, what it begins with, and what a client accepts.
//
// For the policy's check of content types; called by the engine on a worker's thread. No state,
// nothing is allocated, work is linear in the text given. Types are those of IANA's registry with
// their common aliases; first bytes as in the formats' own descriptions (GIF89a, PNG, ISO/IEC
// 10918-1, ISO 32000, PKWARE's APPNOTE, Microsoft's PE format) and the WHATWG's MIME Sniffing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace chatgate::proto::http {

// Types that are told apart; `other` stands for everything else, of which nothing is known.
enum class MediaType : std::uint8_t {
  other,
  html,
  plain,
  css,
  javascript,
  json,
  xml,
  gif,
  png,
  jpeg,
  pdf,
  zip,
  executable,  // of DOS and Windows
};

// Of a Content-Type; what follows ";" does not count.
MediaType media_type(std::string_view content_type);

// So many bytes of a body tell.
inline constexpr std::size_t kTellingBytes = 8;

enum class Agreement : std::uint8_t {
  agrees,  // or nothing is known against it
  unsure,  // too few bytes
  contradicts,
};

// Whether a body that begins with `bytes` may be of the type; `whole`: there is no more of it.
// A text may not begin as an image, document, archive or program does, and each of those must
// begin as such.
Agreement verify(MediaType type, std::string_view bytes, bool whole);

// Whether more bytes could change what verify() says of any type.
bool is_in_doubt(std::string_view bytes);

// The types of an Accept field (RFC 9110 section 12.5.1). Exact for the types above and for
// wildcards; of two other types with the same first half ("image/webp", "image/avif") one named
// counts as both.
class Accepted {
 public:
  // Adds the value of an Accept field. What has q=0 is not added.
  void add(std::string_view value);
  // Without any field everything is accepted.
  bool accepts(std::string_view content_type) const;

 private:
  std::uint32_t bits_ = 0;
};

}  // namespace chatgate::proto::http
