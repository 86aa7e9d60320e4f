#include "proto/http.h"

#include <algorithm>
#include <string_view>

#include "proto/http_body.h"
#include "proto/http_head.h"
#include "proto/http_methods.h"
#include "proto/http_text.h"

namespace chatgate::proto::http {
namespace {

constexpr std::size_t kMaxMethod = 24;
// On a connection that has spoken HTTP before, servers get words that are no well-known method.
constexpr std::size_t kMaxToken = 64;
static_assert(kMaxToken > kMaxMethod, "the probe must not be certain of what is no request");

// The longest body of a GET that is believed.
constexpr std::uint64_t kMaxUnusualBody = 0x7fffffff;

bool is_method_char(char c) {
  return (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

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
  const auto certain = certain_methods();
  if (std::find(certain.begin(), certain.end(), method) != certain.end()) {
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

// --- requests

// Whether a message behind another begins like a request: certain at its first blank.
Probe probe_following(std::string_view text) {
  const std::size_t begin = text.find_first_not_of("\r\n");
  if (begin == std::string_view::npos) {
    return text.size() > kMaxLeadingBlank ? Probe::not_mine : Probe::unsure;
  }
  if (begin > kMaxLeadingBlank) return Probe::not_mine;
  const std::string_view line = text.substr(begin, kMaxToken + 1);
  const auto end = std::find_if_not(line.begin(), line.end(), is_token_char);
  if (end == line.end()) return line.size() > kMaxToken ? Probe::not_mine : Probe::unsure;
  return end != line.begin() && (*end == ' ' || *end == '\t') ? Probe::certain : Probe::not_mine;
}

// RFC 6455 section 5.2: what a client sends is masked.
Probe probe_websocket_frame(std::string_view text) {
  constexpr unsigned kOpcode = 0x0f;
  constexpr unsigned kMask = 0x80;
  const unsigned opcode = static_cast<unsigned char>(text[0]) & kOpcode;
  if (opcode > 10 || (opcode > 2 && opcode < 8)) return Probe::not_mine;
  if (text.size() < 2) return Probe::unsure;
  return (static_cast<unsigned char>(text[1]) & kMask) != 0 ? Probe::certain : Probe::not_mine;
}

// A connection was upgraded to what is no request.
ParseStatus feed_upgraded(std::string_view text, ParserState& state, Facts& facts) {
  const Probe frame = probe_websocket_frame(text);
  if (frame == Probe::unsure) return ParseStatus::need_more;
  state.offset = 0;
  facts.protocol = AppProto::http;
  facts.next = frame == Probe::certain ? Next::opaque : Next::protocol;
  return ParseStatus::done;
}

ParseStatus broken(Facts& facts) {
  facts.protocol = AppProto::http;
  return ParseStatus::malformed;
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

// `head` is complete and ends at ParserState::offset.
ParseStatus complete(std::string_view head, ParserState& state, Facts& facts) {
  facts.protocol = AppProto::http;
  head.remove_prefix(std::min(head.find_first_not_of("\r\n"), head.size()));
  const Head request = read_head(head, facts);
  const bool too_unusual = request.body_unusual && request.length > kMaxUnusualBody;
  if (request.body == Body::unclear || too_unusual) return ParseStatus::malformed;
  facts.next = begin_next_message(request.upgrade, state);
  if (request.connect) facts.next = Next::protocol;
  Progress progress = {.mode = Mode::first_chunk, .upgrade = request.upgrade};
  if (request.body == Body::chunked) {
    facts.next = Next::message;
    progress.store(state);
  } else if (request.body == Body::sized && request.body_unusual) {
    facts.next = Next::message;
    state.mark = static_cast<std::uint32_t>(request.length);
    progress.mode = Mode::unusual_body;
    progress.store(state);
  } else {
    state.skip = request.length;
  }
  return ParseStatus::done;
}

// A request line is complete: whether it is one.
ParseStatus judge_request_line(std::string_view line, Mode mode, Facts& facts) {
  const RequestLine request(line);
  if (mode == Mode::first_request) {
    return request.of_other_protocol() ? ParseStatus::not_mine : ParseStatus::need_more;
  }
  return request.plausible() ? ParseStatus::need_more : broken(facts);
}

ParseStatus feed_head(Mode mode, ParserState& state, Bytes stream, Facts& facts) {
  const std::string_view text =
      as_text(stream.first(std::min<std::size_t>(stream.size(), kByteLimit)));
  LineMark mark = LineMark::unpacked(state);
  if (mode != Mode::first_request && !mark.request_line_seen) {
    const Probe request = probe_following(text);
    if (request == Probe::unsure) return ParseStatus::need_more;
    if (request == Probe::not_mine) {
      return mode == Mode::upgraded ? feed_upgraded(text, state, facts) : broken(facts);
    }
  }
  while (true) {
    const std::size_t end = text.find('\n', state.offset);
    if (end == std::string_view::npos) break;
    const std::string_view line = text.substr(mark.start, end - mark.start);
    const bool blank = std::all_of(line.begin(), line.end(), is_line_end);
    state.offset = mark.start = static_cast<std::uint32_t>(end + 1);

    if (blank && !mark.request_line_seen) continue;
    bool is_complete = blank;
    if (!mark.request_line_seen) {
      mark.request_line_seen = true;
      const ParseStatus judged = judge_request_line(line, mode, facts);
      if (judged != ParseStatus::need_more) return judged;
      is_complete = RequestLine(line).stands_alone();
    }
    if (is_complete) return complete(text.substr(0, end + 1), state, facts);
  }
  state.offset = static_cast<std::uint32_t>(text.size());
  mark.pack(state);
  if (stream.size() < kByteLimit) return ParseStatus::need_more;
  facts.protocol = AppProto::http;
  read_head(text, facts);
  return ParseStatus::malformed;
}

}  // namespace

Probe probe(Bytes stream) {
  const std::string_view text = as_text(stream);
  if (text.starts_with(kHttp2Preface)) return Probe::not_mine;
  if (kHttp2Preface.starts_with(text)) return Probe::unsure;
  const std::size_t begin = text.find_first_not_of("\r\n");
  if (begin == std::string_view::npos) {
    return text.size() > kMaxLeadingBlank ? Probe::not_mine : Probe::unsure;
  }
  return begin > kMaxLeadingBlank ? Probe::not_mine : probe_line(text.substr(begin));
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  const Mode mode = Progress::of(state).mode;
  switch (mode) {
    case Mode::first_request:
    case Mode::request:
    case Mode::upgraded: return feed_head(mode, state, stream, facts);
    case Mode::unusual_body: return feed_unusual_body(state, stream, facts);
    case Mode::first_chunk:
    case Mode::chunk: return feed_chunk_head(state, stream, facts);
    case Mode::trailer: return feed_trailer(state, stream, facts);
  }
  return ParseStatus::malformed;
}

}  // namespace chatgate::proto::http
