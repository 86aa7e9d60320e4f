#include "proto/http_head.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include "proto/http_authority.h"
#include "proto/http_text.h"
#include "proto/line_text.h"

namespace chatgate::proto::http {
namespace {

constexpr std::array<std::string_view, 5> kBodyUnusual = {"get", "head", "delete", "options",
                                                          "trace"};
constexpr std::uint64_t kMaxLength = std::numeric_limits<std::int64_t>::max();

// Takes lines one by one: ended by CR, LF, or both.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  // Skips blank lines; false at the end.
  bool next(std::string_view& line) {
    while (!rest_.empty() && is_line_end(rest_.front())) rest_.remove_prefix(1);
    if (rest_.empty()) return false;
    line = rest_.substr(0, find_line_end(rest_));
    rest_.remove_prefix(line.size());
    return true;
  }

 private:
  std::string_view rest_;
};

// Whether servers may split it into lines differently: a lone CR, LF beside CR LF, a NUL.
bool has_unclear_lines(std::string_view head) {
  bool with_cr = false;
  bool without_cr = false;
  for (std::size_t i = 0; i < head.size(); ++i) {
    if (head[i] == '\0') return true;
    if (head[i] == '\r' && i + 1 < head.size() && head[i + 1] != '\n') return true;
    if (head[i] == '\n') (i > 0 && head[i - 1] == '\r' ? with_cr : without_cr) = true;
  }
  return with_cr && without_cr;
}

// The value of a "Host:" line.
std::optional<std::string_view> host_value(std::string_view line) {
  if (!starts_with_word(line, "host")) return std::nullopt;
  const std::size_t colon = line.find_first_not_of(" \t", 4);
  if (colon == std::string_view::npos || line[colon] != ':') return std::nullopt;
  return line.substr(colon + 1);
}

enum class Match : std::uint8_t { none, exact, resembling };

// Resembling: the same but for bytes that cannot stand in a field's name, which some servers strip.
Match match_name(std::string_view name, std::string_view word) {
  if (is_word(name, word)) return Match::exact;
  std::size_t matched = 0;
  for (const char c : name) {
    if (!is_token_char(c)) continue;
    if (matched == word.size() || lower(c) != word[matched]) return Match::none;
    ++matched;
  }
  return matched == word.size() ? Match::resembling : Match::none;
}

// Gathers what the fields say about the body.
class Framing {
 public:
  void add(std::string_view line) {
    if (line.front() == ' ' || line.front() == '\t') {
      if (in_framing_field_ && !trimmed(line).empty()) unclear_ = true;
    }
    in_framing_field_ = false;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trimmed(line.substr(colon + 1));
    const Match length = match_name(name, "content-length");
    const Match coding = match_name(name, "transfer-encoding");
    if (length != Match::none) add_length(value);
    if (coding != Match::none) add_coding(value);
    if (length == Match::resembling || coding == Match::resembling) unclear_ = true;
    in_framing_field_ = length != Match::none || coding != Match::none;
  }

  void settle(const RequestLine& request, bool unclear_lines, Head& head) const {
    if (!length_ && !chunked_ && !unclear_) return;
    const bool bodiless = !chunked_ && length_.value_or(0) == 0;
    const bool wrong_version = chunked_ && !is_word(request.version, "http/1.1");
    if (unclear_ || unclear_lines || wrong_version || (chunked_ && length_.has_value()) ||
        (head.connect && !bodiless)) {
      head.body = Body::unclear;
    } else if (!bodiless) {
      head.body = chunked_ ? Body::chunked : Body::sized;
      head.length = length_.value_or(0);
    }
  }

 private:
  // RFC 9110 section 8.6: digits, or the same digits several times.
  void add_length(std::string_view value) {
    while (true) {
      const std::size_t comma = value.find(',');
      const std::string_view digits = trimmed(value.substr(0, comma));
      std::uint64_t length = 0;
      const char* const end = digits.data() + digits.size();
      const auto [stop, error] = std::from_chars(digits.data(), end, length);
      const bool whole = !digits.empty() && error == std::errc{} && stop == end;
      if (!whole || length > kMaxLength || (length_ && *length_ != length)) unclear_ = true;
      length_ = length;
      if (comma == std::string_view::npos || unclear_) return;
      value.remove_prefix(comma + 1);
    }
  }

  // RFC 9112 section 6.1: "chunked" once, in the end, behind known codings.
  void add_coding(std::string_view value) {
    const std::size_t comma = value.rfind(',');
    if (comma != std::string_view::npos) {
      const std::string_view before = trimmed(value.substr(0, comma));
      if (!is_word(before, "gzip") && !is_word(before, "deflate")) unclear_ = true;
      value = trimmed(value.substr(comma + 1));
    }
    if (chunked_ || !is_word(value, "chunked")) unclear_ = true;
    chunked_ = true;
  }

  std::optional<std::uint64_t> length_;
  bool chunked_ = false;
  bool unclear_ = false;
  bool in_framing_field_ = false;
};

Upgrade upgrade_of(std::string_view line, Upgrade before) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos ||
      match_name(line.substr(0, colon), "upgrade") == Match::none) {
    return before;
  }
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (value.empty()) return before;
  const bool websocket = is_word(value, "websocket") && before != Upgrade::other;
  return websocket ? Upgrade::websocket : Upgrade::other;
}

}  // namespace

RequestLine::RequestLine(std::string_view line)
    : method(take_word(line)), target(take_word(line)), version(last_word(line)) {}

bool RequestLine::of_other_protocol() const {
  return is_other_version(version);
}

bool RequestLine::plausible() const {
  if (target.empty() || of_other_protocol()) return false;
  return is_http_version(version) || target.front() == '/' || target.front() == '*' ||
         authority_of_uri(target).has_value();
}

Head read_head(std::string_view text, Facts& facts) {
  Head head;
  Lines lines(text);
  std::string_view line;
  if (!lines.next(line)) return head;
  const RequestLine request(line);
  head.connect = is_word(request.method, "connect");
  head.body_unusual = std::any_of(kBodyUnusual.begin(), kBodyUnusual.end(),
                                  [&](auto method) { return is_word(request.method, method); });
  add_target(head.connect, request.target, facts);
  Framing framing;
  bool in_host = false;
  while (lines.next(line)) {
    framing.add(line);
    // A line that begins with a blank continues the one before; to some servers it is one more
    // field.
    const bool folded = line.front() == ' ' || line.front() == '\t';
    if (folded) line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (folded && in_host) add_hosts(line, NameSource::http_host, facts);
    const std::optional<std::string_view> value = host_value(line);
    if (value) add_hosts(*value, NameSource::http_host, facts);
    in_host = value.has_value() || (folded && in_host);
    head.upgrade = upgrade_of(line, head.upgrade);
  }
  framing.settle(request, has_unclear_lines(text), head);
  return head;
}

}  // namespace chatgate::proto::http
