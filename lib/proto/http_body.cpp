#include "proto/http_body.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <string_view>

#include "proto/http.h"
#include "proto/http_text.h"

namespace chatgate::proto::http {
namespace {

constexpr std::uint64_t kMaxChunk = std::numeric_limits<std::int64_t>::max();

ParseStatus broken(Facts& facts) {
  facts.protocol = AppProto::http;
  return ParseStatus::malformed;
}

// Where the view's first line ends, looked for from `from` on. `broken` where it is longer than
// `limit`.
struct LineEnd {
  bool found = false;
  bool broken = false;
  std::size_t at = 0;  // of the LF
};

LineEnd find_line_end(ParserState& state, std::string_view text, std::size_t from,
                      std::size_t limit) {
  const std::string_view searched = text.substr(0, std::min(text.size(), limit));
  const std::size_t at = searched.find('\n', std::max<std::size_t>(state.offset, from));
  if (at != std::string_view::npos) return {true, false, at};
  state.offset = static_cast<std::uint32_t>(searched.size());
  return {false, text.size() >= limit, 0};
}

struct ChunkLine {
  std::string_view text;  // without its end
  bool crlf;
};

ChunkLine without_cr(std::string_view line) {
  const bool crlf = line.ends_with('\r');
  if (crlf) line.remove_suffix(1);
  return {line, crlf};
}

// RFC 9112 section 7.1: "SIZE" or "SIZE;EXTENSIONS". Nothing where servers may read it in several
// ways: an extension that is ended by LF alone goes on for some.
std::optional<std::uint64_t> chunk_size(std::string_view raw) {
  const ChunkLine line = without_cr(raw);
  const std::size_t semicolon = line.text.find(';');
  if (semicolon != std::string_view::npos && !line.crlf) return std::nullopt;
  if (std::any_of(line.text.begin(), line.text.end(),
                  [](char c) { return is_blank(c) && c != ' ' && c != '\t'; })) {
    return std::nullopt;
  }
  const std::string_view digits = trimmed(line.text.substr(0, semicolon));
  std::uint64_t size = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, size, 16);
  if (digits.empty() || error != std::errc{} || stop != end || size > kMaxChunk) {
    return std::nullopt;
  }
  return size;
}

bool is_trailer_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  return colon != std::string_view::npos && colon != 0 &&
         std::all_of(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(colon),
                     is_token_char) &&
         line.find('\r') == std::string_view::npos;
}

}  // namespace

Next begin_next_message(Upgrade upgrade, ParserState& state) {
  state.mark = 0;
  const Mode mode = upgrade == Upgrade::websocket ? Mode::upgraded : Mode::request;
  Progress{.mode = mode}.store(state);
  return upgrade == Upgrade::other ? Next::protocol : Next::message;
}

// The body of a GET is nothing to some servers, and the next request to them.
ParseStatus feed_unusual_body(ParserState& state, Bytes stream, Facts& facts) {
  const std::uint32_t length = state.mark;
  const Bytes body = stream.first(std::min<std::size_t>(stream.size(), length));
  const Probe looks_like_request = probe(body);
  if (looks_like_request == Probe::certain) return broken(facts);
  if (looks_like_request == Probe::unsure && body.size() < length) return ParseStatus::need_more;
  state.offset = 0;
  state.skip = length;
  if (begin_next_message(Progress::of(state).upgrade, state) == Next::message) {
    return ParseStatus::piece;
  }
  facts.protocol = AppProto::http;
  facts.next = Next::protocol;
  return ParseStatus::done;
}

ParseStatus feed_chunk_head(ParserState& state, Bytes stream, Facts& facts) {
  const std::string_view text = as_text(stream);
  Progress progress = Progress::of(state);
  std::size_t begin = 0;
  if (progress.mode == Mode::chunk) {
    if (text.empty() || text == "\r") return ParseStatus::need_more;
    begin = text[0] == '\r' ? 2 : 1;
    if (text[begin - 1] != '\n') return broken(facts);
  }
  const LineEnd end = find_line_end(state, text, begin, kMaxChunkLine);
  if (end.broken) return broken(facts);
  if (!end.found) return ParseStatus::need_more;
  const std::optional<std::uint64_t> size = chunk_size(text.substr(begin, end.at - begin));
  if (!size) return broken(facts);
  state.offset = static_cast<std::uint32_t>(end.at + 1);
  state.skip = *size;
  progress.mode = *size == 0 ? Mode::trailer : Mode::chunk;
  progress.store(state);
  return ParseStatus::piece;
}

ParseStatus feed_trailer(ParserState& state, Bytes stream, Facts& facts) {
  const std::string_view text = as_text(stream);
  const LineEnd end = find_line_end(state, text, 0, kMaxTrailerLine);
  if (end.broken) return broken(facts);
  if (!end.found) return ParseStatus::need_more;
  const std::string_view line = without_cr(text.substr(0, end.at)).text;
  state.offset = static_cast<std::uint32_t>(end.at + 1);
  if (!line.empty()) return is_trailer_field(line) ? ParseStatus::piece : broken(facts);
  if (begin_next_message(Progress::of(state).upgrade, state) == Next::message) {
    return ParseStatus::piece;
  }
  facts.protocol = AppProto::http;
  facts.next = Next::protocol;
  return ParseStatus::done;
}

}  // namespace chatgate::proto::http
