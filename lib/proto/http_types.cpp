#include "proto/http_types.h"

#include <algorithm>
#include <array>

#include "proto/http_text.h"

namespace chatgate::proto::http {
namespace {

struct Name {
  std::string_view text;
  MediaType type;
};

constexpr Name kNames[] = {
    {"text/html", MediaType::html},
    {"application/xhtml+xml", MediaType::html},
    {"text/plain", MediaType::plain},
    {"text/css", MediaType::css},
    {"text/javascript", MediaType::javascript},
    {"application/javascript", MediaType::javascript},
    {"application/x-javascript", MediaType::javascript},
    {"application/json", MediaType::json},
    {"text/xml", MediaType::xml},
    {"application/xml", MediaType::xml},
    {"image/gif", MediaType::gif},
    {"image/png", MediaType::png},
    {"image/x-png", MediaType::png},
    {"image/jpeg", MediaType::jpeg},
    {"image/jpg", MediaType::jpeg},
    {"image/pjpeg", MediaType::jpeg},
    {"application/pdf", MediaType::pdf},
    {"application/x-pdf", MediaType::pdf},
    {"application/zip", MediaType::zip},
    {"application/x-zip-compressed", MediaType::zip},
    {"application/x-msdownload", MediaType::executable},
    {"application/x-dosexec", MediaType::executable},
    {"application/vnd.microsoft.portable-executable", MediaType::executable},
};

constexpr std::array<std::string_view, 5> kMajors = {"text", "image", "audio", "video",
                                                     "application"};
// Bits of `Accepted`: the types, the wildcards of each first half, other types of each, everything.
constexpr unsigned kWildcards = 13;
constexpr unsigned kOthers = kWildcards + 6;
constexpr std::uint32_t kEverything = 1u << 31;

struct Magic {
  MediaType type;
  std::string_view bytes;
};

constexpr Magic kMagics[] = {
    {MediaType::gif, "GIF87a"},
    {MediaType::gif, "GIF89a"},
    {MediaType::png, "\x89PNG\r\n\x1a\n"},
    {MediaType::jpeg, "\xff\xd8\xff"},
    {MediaType::pdf, "%PDF-"},
    {MediaType::zip, "PK\3\4"},
    {MediaType::zip, "PK\5\6"},
    {MediaType::zip, "PK\7\10"},
    {MediaType::executable, "MZ"},
};

// The type alone, without parameters.
std::string_view bare(std::string_view text) {
  return without_blanks(text.substr(0, text.find(';')));
}

unsigned major_of(std::string_view type) {
  const std::string_view first = type.substr(0, type.find('/'));
  const auto found = std::find_if(kMajors.begin(), kMajors.end(),
                                  [&](std::string_view each) { return is_word(first, each); });
  return static_cast<unsigned>(found - kMajors.begin());
}

// Whether parameters hold a weight of zero (RFC 9110 section 12.4.2).
bool is_refused(std::string_view range) {
  for (std::size_t at = range.find(';'); at != std::string_view::npos; at = range.find(';')) {
    range.remove_prefix(at + 1);
    const std::string_view parameter = without_blanks(range.substr(0, range.find(';')));
    if (starts_with_word(parameter, "q=0")) {
      return parameter.find_first_not_of("0.", 2) == std::string_view::npos;
    }
  }
  return false;
}

// A word of two letters begins many a text; a DOS header has control characters behind it.
bool is_text_after_mz(std::string_view bytes) {
  return std::none_of(bytes.begin() + 2, bytes.end(), [](char c) {
    return is_blank(c) && c != ' ' && c != '\t' && !is_line_end(c);
  });
}

Agreement begins_with(std::string_view bytes, bool whole, std::string_view magic) {
  const std::size_t shared = std::min(bytes.size(), magic.size());
  if (bytes.substr(0, shared) != magic.substr(0, shared)) return Agreement::contradicts;
  if (shared == magic.size()) return Agreement::agrees;
  return whole ? Agreement::contradicts : Agreement::unsure;
}

}  // namespace

MediaType media_type(std::string_view content_type) {
  const std::string_view type = bare(content_type);
  const auto* found = std::find_if(std::begin(kNames), std::end(kNames),
                                   [&](const Name& each) { return is_word(type, each.text); });
  return found == std::end(kNames) ? MediaType::other : found->type;
}

Agreement verify(MediaType type, std::string_view bytes, bool whole) {
  bytes = bytes.substr(0, kTellingBytes);
  if (type == MediaType::other || (whole && bytes.empty())) return Agreement::agrees;
  const bool binary = type >= MediaType::gif;
  bool unsure = false;
  for (const Magic& magic : kMagics) {
    if (binary && magic.type != type) continue;
    const Agreement found = begins_with(bytes, whole, magic.bytes);
    if (binary && found == Agreement::agrees) return Agreement::agrees;
    if (found == Agreement::unsure) unsure = true;
    if (binary || found != Agreement::agrees) continue;
    if (magic.type != MediaType::executable) return Agreement::contradicts;
    if (!is_text_after_mz(bytes)) return Agreement::contradicts;
    if (bytes.size() < kTellingBytes && !whole) unsure = true;
  }
  if (unsure) return Agreement::unsure;
  return binary ? Agreement::contradicts : Agreement::agrees;
}

bool is_in_doubt(std::string_view bytes) {
  bytes = bytes.substr(0, kTellingBytes);
  return std::any_of(std::begin(kMagics), std::end(kMagics), [&](const Magic& magic) {
    const Agreement found = begins_with(bytes, false, magic.bytes);
    const bool mz = magic.type == MediaType::executable && found == Agreement::agrees;
    return found == Agreement::unsure || (mz && bytes.size() < kTellingBytes);
  });
}

void Accepted::add(std::string_view value) {
  while (!value.empty()) {
    const std::size_t comma = value.find(',');
    const std::string_view range = value.substr(0, comma);
    value.remove_prefix(comma == std::string_view::npos ? value.size() : comma + 1);
    const std::string_view type = bare(range);
    if (type.empty() || is_refused(range)) continue;
    const MediaType known = media_type(type);
    if (type == "*/*" || type == "*") {
      bits_ |= kEverything;
    } else if (type.ends_with("/*")) {
      bits_ |= 1u << (kWildcards + major_of(type));
    } else if (known != MediaType::other) {
      bits_ |= 1u << static_cast<unsigned>(known);
    } else {
      bits_ |= 1u << (kOthers + major_of(type));
    }
  }
}

bool Accepted::accepts(std::string_view content_type) const {
  const std::string_view type = bare(content_type);
  if (bits_ == 0 || type.empty()) return true;
  const MediaType known = media_type(type);
  const unsigned own =
      known == MediaType::other ? kOthers + major_of(type) : static_cast<unsigned>(known);
  return (bits_ & (kEverything | 1u << own | 1u << (kWildcards + major_of(type)))) != 0;
}

}  // namespace chatgate::proto::http
