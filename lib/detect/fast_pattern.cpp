#include "detect/fast_pattern.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

namespace chatgate::detect {
namespace {

// How much a literal keeps from being evaluated for nothing, in points for each byte: bytes that
// are everywhere and bytes that repeat the one before them count little, and a buffer that is
// searched seldom makes up for bytes (points times `weight`), while one that says nearly always the
// same (GET, HTTP/1.1, 200) is good only where there is nothing else.
constexpr unsigned kPlainByte = 3;
constexpr unsigned kPoorByte = 1;

unsigned weight(Buffer buffer) {
  switch (buffer) {
    case Buffer::payload:
    case Buffer::raw_payload:
    case Buffer::file_data:
    case Buffer::http_client_body: return 4;
    case Buffer::http_method:
    case Buffer::http_protocol:
    case Buffer::http_stat_code:
    case Buffer::http_stat_msg:
    case Buffer::http_header_names:
    case Buffer::http_accept:
    case Buffer::http_accept_encoding:
    case Buffer::http_accept_language:
    case Buffer::http_connection: return 2;
    default: return 6;
  }
}

unsigned points(std::string_view bytes, std::size_t at) {
  const auto byte = static_cast<std::uint8_t>(bytes[at]);
  const bool common = byte == 0 || byte == ' ' || byte == 0xff || byte == '\r' || byte == '\n';
  return common || (at > 0 && bytes[at - 1] == bytes[at]) ? kPoorByte : kPlainByte;
}

struct Scored {
  FastPattern pattern;
  unsigned score = 0;
};

// The best piece of kMaxFastPattern bytes, the first of equals.
Scored cut(Buffer buffer, Literal literal) {
  const std::string_view bytes = literal.bytes;
  unsigned sum = 0;
  unsigned best = 0;
  std::size_t best_end = 0;
  for (std::size_t end = 0; end < bytes.size(); ++end) {
    sum += points(bytes, end);
    if (end >= kMaxFastPattern) sum -= points(bytes, end - kMaxFastPattern);
    if (sum > best) {
      best = sum;
      best_end = end + 1;
    }
  }
  if (bytes.size() > kMaxFastPattern) {
    const std::size_t start = best_end > kMaxFastPattern ? best_end - kMaxFastPattern : 0;
    literal.bytes = literal.bytes.substr(start, kMaxFastPattern);
  }
  // Of two equals the one whose case counts hits less often.
  const unsigned score = 2 * best * weight(buffer) + (literal.nocase ? 0 : 1);
  return {{buffer, std::move(literal)}, score};
}

bool has_whitespace(std::string_view text) {
  return text.find_first_of(" \t\n\v\f\r") != std::string_view::npos;
}

// Turns what is in the result of a transform into what must be in the buffer itself. False where
// that need not be there in one piece.
bool undo(Transform transform, Literal& literal) {
  switch (transform) {
    case Transform::dotprefix:
      if (literal.bytes.starts_with('.')) literal.bytes.erase(0, 1);
      return !literal.bytes.empty();
    case Transform::to_lowercase:
    case Transform::to_uppercase: literal.nocase = true; return true;
    case Transform::compress_whitespace: return !has_whitespace(literal.bytes);
    case Transform::strip_whitespace:
    case Transform::url_decode: break;
  }
  return false;
}

std::optional<Scored> scored(const Target& target, Literal literal) {
  for (auto step = target.transforms.rbegin(); step != target.transforms.rend(); ++step) {
    if (!undo(*step, literal)) return std::nullopt;
  }
  return cut(target.buffer, std::move(literal));
}

std::optional<Scored> of_content(const Content& content) {
  if (content.negated) return std::nullopt;
  std::string bytes = content.bytes;
  const PatternPart& part = content.fast_pattern_part;
  if (content.fast_pattern && part.length != 0) bytes = bytes.substr(part.offset, part.length);
  return scored(content.target, {std::move(bytes), content.nocase});
}

}  // namespace

std::optional<FastPattern> choose_fast_pattern(const Rule& rule) {
  std::optional<Scored> best;
  const auto consider = [&best](std::optional<Scored> candidate) {
    if (candidate && (!best || candidate->score > best->score)) best = std::move(candidate);
  };
  for (const PayloadOption& option : rule.payload) {
    const Content* content = std::get_if<Content>(&option);
    if (content == nullptr) continue;
    std::optional<Scored> candidate = of_content(*content);
    if (content->fast_pattern && candidate) return std::move(candidate->pattern);
    consider(std::move(candidate));
  }
  if (!best) {
    for (const PayloadOption& option : rule.payload) {
      const Pcre* pcre = std::get_if<Pcre>(&option);
      if (pcre == nullptr) continue;
      std::optional<Literal> literal = required_literal(*pcre);
      if (literal) consider(scored(pcre->target, std::move(*literal)));
    }
  }
  if (!best) return std::nullopt;
  return std::move(best->pattern);
}

}  // namespace chatgate::detect
