#include "proto/http.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace chatgate::proto::http {
namespace {

// RFC 9110 section 9.3 and the registry of methods: those that servers and clients use.
constexpr std::array<std::string_view, 31> kMethods = {
    "ACL",      "BIND",        "CHECKOUT",       "CONNECT", "COPY",       "DELETE",     "GET",
    "HEAD",     "LOCK",        "MERGE",          "MKCOL",   "MKACTIVITY", "MKCALENDAR", "MOVE",
    "M-SEARCH", "NOTIFY",      "OPTIONS",        "PATCH",   "POST",       "PROPFIND",   "PROPPATCH",
    "PURGE",    "PUT",         "QUERY",          "REPORT",  "SEARCH",     "SUBSCRIBE",  "TRACE",
    "UNLOCK",   "UNSUBSCRIBE", "VERSION-CONTROL"};
constexpr std::size_t kMaxMethod = 24;

// Every control character counts as blank: a server that works with C strings stops at a NUL,
// another trims vertical tabs.
bool is_blank(char c) {
  return static_cast<unsigned char>(c) <= ' ';
}
bool is_line_end(char c) {
  return c == '\r' || c == '\n';
}
bool is_method_char(char c) {
  return (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

// `word` is in lower case.
bool starts_with_word(std::string_view text, std::string_view word) {
  return text.size() >= word.size() &&
         std::equal(word.begin(), word.end(), text.begin(),
                    [](char expected, char c) { return expected == lower(c); });
}

// The next word of `text`, which moves behind it; empty at the end.
std::string_view take_word(std::string_view& text) {
  const auto begin = std::find_if_not(text.begin(), text.end(), is_blank);
  const auto end = std::find_if(begin, text.end(), is_blank);
  const std::string_view word(text.data() + (begin - text.begin()),
                              static_cast<std::size_t>(end - begin));
  text.remove_prefix(static_cast<std::size_t>(end - text.begin()));
  return word;
}

std::string_view last_word(std::string_view text) {
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  const auto blank = std::find_if(text.rbegin(), text.rend(), is_blank);
  return text.substr(static_cast<std::size_t>(text.rend() - blank));
}

// "HTTP/2" or "HTTP/1.1".
bool is_http_version(std::string_view word) {
  if (!starts_with_word(word, "http/")) return false;
  word.remove_prefix(5);
  return (word.size() == 1 || (word.size() == 3 && word[1] == '.' && is_digit(word[2]))) &&
         is_digit(word[0]);
}

// Of those protocols whose request line looks like HTTP's.
bool is_other_version(std::string_view word) {
  return starts_with_word(word, "rtsp/") || starts_with_word(word, "sip/") ||
         starts_with_word(word, "icap/");
}

// --- probe

enum class Agreement { full, prefix, none };

// How far `text`, which may be cut, agrees with `word` (lower case).
Agreement agree(std::string_view text, std::string_view word) {
  const std::size_t shared = std::min(text.size(), word.size());
  if (!starts_with_word(text, word.substr(0, shared))) return Agreement::none;
  return shared == word.size() ? Agreement::full : Agreement::prefix;
}

Agreement agrees_with_http_uri(std::string_view target) {
  const Agreement plain = agree(target, "http://");
  return plain == Agreement::none ? agree(target, "https://") : plain;
}

// Whether the target alone may follow a method that is not well known.
Agreement plausible_target(std::string_view target) {
  if (target.front() == '/' || target.front() == '*') return Agreement::full;
  return agrees_with_http_uri(target);
}

// The verdict on a line that only its end can decide.
Probe probe_whole_line(std::string_view line) {
  const std::string_view searched = line.substr(0, std::min(line.size(), kMaxUnsureLine));
  const std::size_t end = searched.find('\n');
  if (end == std::string_view::npos) {
    return line.size() >= kMaxUnsureLine ? Probe::not_mine : Probe::unsure;
  }
  return is_http_version(last_word(searched.substr(0, end))) ? Probe::certain : Probe::not_mine;
}

Probe probe_line(std::string_view line) {
  const auto method_end = std::find_if_not(line.begin(), line.end(), is_method_char);
  const std::string_view method =
      line.substr(0, static_cast<std::size_t>(method_end - line.begin()));
  if (method.size() > kMaxMethod) return Probe::not_mine;
  if (method.size() == line.size()) return Probe::unsure;

  const std::string_view after = line.substr(method.size());
  if (method.empty() || (after[0] != ' ' && after[0] != '\t')) return Probe::not_mine;
  const std::size_t gap = after.find_first_not_of(" \t");
  if (gap == std::string_view::npos) {
    return line.size() >= kMaxUnsureLine ? Probe::not_mine : Probe::unsure;
  }
  const std::size_t target_at = method.size() + gap;
  if (target_at >= kMaxUnsureLine) return Probe::not_mine;

  const std::string_view target = line.substr(target_at);
  if (std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end()) {
    if (target.front() == '/' || agrees_with_http_uri(target) == Agreement::full) {
      return Probe::certain;
    }
  } else {
    const Agreement agreement = plausible_target(target);
    if (agreement == Agreement::none) return Probe::not_mine;
    if (agreement == Agreement::prefix) return Probe::unsure;
  }
  return probe_whole_line(line);
}

// --- names

// "USER@HOST:PORT" or "HOST:PORT". What follows the first colon is no part of the host, whatever
// it is: servers differ in what they take for a port.
void add_authority(std::string_view authority, Facts& facts) {
  const std::size_t user = authority.rfind('@');
  if (user != std::string_view::npos) authority.remove_prefix(user + 1);
  if (!authority.starts_with('[')) authority = authority.substr(0, authority.find(':'));
  facts.add_name(NameSource::http_host, authority);
}

// The words of a Host value, one in any sensible request.
void add_host_value(std::string_view value, Facts& facts) {
  while (true) {
    const std::string_view word = take_word(value);
    if (word.empty()) return;
    add_authority(word, facts);
  }
}

void add_target(std::string_view method, std::string_view target, Facts& facts) {
  const std::size_t scheme_end = target.find("://");
  const std::size_t path = target.find_first_of("/?#");
  if (scheme_end != std::string_view::npos && scheme_end < path) {
    const std::string_view rest = target.substr(scheme_end + 3);
    add_authority(rest.substr(0, rest.find_first_of("/\\?#")), facts);
  } else if (method == "CONNECT") {
    add_authority(target.substr(0, path), facts);
  }
}

// The value of a "Host:" line.
std::optional<std::string_view> host_value(std::string_view line) {
  if (!starts_with_word(line, "host")) return std::nullopt;
  const std::size_t colon = line.find_first_not_of(" \t", 4);
  if (colon == std::string_view::npos || line[colon] != ':') return std::nullopt;
  return line.substr(colon + 1);
}

// Takes lines one by one: ended by CR, LF, or both.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  // Skips blank lines; false at the end.
  bool next(std::string_view& line) {
    while (!rest_.empty() && is_line_end(rest_.front())) rest_.remove_prefix(1);
    if (rest_.empty()) return false;
    line = rest_.substr(0, rest_.find_first_of("\r\n"));
    rest_.remove_prefix(line.size());
    return true;
  }

 private:
  std::string_view rest_;
};

struct RequestLine {
  std::string_view method;
  std::string_view target;
  std::string_view version;  // the last word after the target

  explicit RequestLine(std::string_view line)
      : method(take_word(line)), target(take_word(line)), version(last_word(line)) {}

  // HTTP/0.9: the server answers without waiting for header lines.
  bool stands_alone() const { return version.empty(); }
  bool of_other_protocol() const { return is_other_version(version); }
};

void read_head(std::string_view head, Facts& facts) {
  Lines lines(head);
  std::string_view line;
  if (!lines.next(line)) return;
  const RequestLine request(line);
  add_target(request.method, request.target, facts);
  bool in_host = false;
  while (lines.next(line)) {
    // A line that begins with a blank continues the one before; to some servers it is one more
    // field.
    const bool folded = line.front() == ' ' || line.front() == '\t';
    if (folded) line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (folded && in_host) add_host_value(line, facts);
    const std::optional<std::string_view> value = host_value(line);
    if (value) add_host_value(*value, facts);
    in_host = value.has_value() || (folded && in_host);
  }
}

// ParserState::mark: where the current line starts, and whether the request line is behind it.
struct LineMark {
  std::uint32_t start;
  bool request_line_seen;

  static LineMark unpacked(const ParserState& state) {
    return {state.mark >> 1, (state.mark & 1) != 0};
  }
  void pack(ParserState& state) const { state.mark = start << 1 | (request_line_seen ? 1 : 0); }
};

}  // namespace

Probe probe(Bytes stream) {
  const std::string_view text = as_text(stream);
  const std::size_t begin = text.find_first_not_of("\r\n");
  if (begin == std::string_view::npos) {
    return text.size() > kMaxLeadingBlank ? Probe::not_mine : Probe::unsure;
  }
  return begin > kMaxLeadingBlank ? Probe::not_mine : probe_line(text.substr(begin));
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  const std::string_view text =
      as_text(stream.first(std::min<std::size_t>(stream.size(), kByteLimit)));
  LineMark mark = LineMark::unpacked(state);
  while (true) {
    const std::size_t end = text.find('\n', state.offset);
    if (end == std::string_view::npos) break;
    const std::string_view line = text.substr(mark.start, end - mark.start);
    const bool blank = std::all_of(line.begin(), line.end(), is_line_end);
    state.offset = mark.start = static_cast<std::uint32_t>(end + 1);

    if (blank && !mark.request_line_seen) continue;
    bool complete = blank;
    if (!mark.request_line_seen) {
      mark.request_line_seen = true;
      const RequestLine request(line);
      if (request.of_other_protocol()) return ParseStatus::not_mine;
      complete = request.stands_alone();
    }
    if (complete) {
      mark.pack(state);
      facts.protocol = AppProto::http;
      read_head(text.substr(0, end), facts);
      return ParseStatus::done;
    }
  }
  state.offset = static_cast<std::uint32_t>(text.size());
  mark.pack(state);
  if (stream.size() < kByteLimit) return ParseStatus::need_more;
  facts.protocol = AppProto::http;
  read_head(text, facts);
  return ParseStatus::malformed;
}

}  // namespace chatgate::proto::http
