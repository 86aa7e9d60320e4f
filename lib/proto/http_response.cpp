#include "proto/http_response.h"

#include <algorithm>
#include <charconv>

#include "proto/http_body.h"
#include "proto/http_text.h"
#include "proto/http_types.h"

namespace chatgate::proto::http {
namespace {

constexpr std::string_view kBegin = "HTTP/";
constexpr unsigned kLengthBits = 56;

// What a view starts with.
enum class Stage : std::uint8_t {
  head,
  sized,        // a body of known length
  unended,      // one that lasts as long as the connection
  first_chunk,  // its head
  chunk_body,   // the first chunk's
  chunk,
  trailer,
};

// ParserState::extra: stage, what was read, and the upper bits of the length whose lower ones are
// in `mark`.
struct Place {
  Stage stage = Stage::head;
  ResponsePart part = ResponsePart::head;
  bool whole = false;
  std::uint64_t length = 0;

  static Place of(const ParserState& state) {
    return {static_cast<Stage>(state.extra & 0x0f), static_cast<ResponsePart>(state.extra >> 4 & 1),
            (state.extra >> 5 & 1) != 0, std::uint64_t{state.extra >> 8} << 32 | state.mark};
  }
  void store(ParserState& state) const {
    state.extra = static_cast<std::uint32_t>(stage) | static_cast<std::uint32_t>(part) << 4 |
                  (whole ? 1u << 5 : 0u) | static_cast<std::uint32_t>(length >> 32) << 8;
    state.mark = static_cast<std::uint32_t>(length);
  }
};

ParseStatus broken(Facts& facts) {
  facts.protocol = AppProto::http;
  return ParseStatus::malformed;
}

// The fields of a head that say what follows.
struct Fields {
  ResponseChecks checks;
  bool chunked = false;
  bool unclear = false;
};

void read_field(std::string_view line, Fields& fields) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const std::string_view name = trimmed(line.substr(0, colon));
  const std::string_view value = without_blanks(line.substr(colon + 1));
  if (is_word(name, "content-type")) {
    fields.checks.content_type = value;
  } else if (is_word(name, "content-encoding")) {
    fields.checks.encoded = fields.checks.encoded || !is_word(value, "identity");
  } else if (is_word(name, "transfer-encoding")) {
    fields.chunked = true;
    if (!is_word(value, "chunked")) fields.checks.encoded = true;
    const std::size_t comma = value.rfind(',');
    const std::string_view last = comma == std::string_view::npos ? value : value.substr(comma + 1);
    if (!is_word(without_blanks(last), "chunked")) fields.unclear = true;
  } else if (is_word(name, "content-length")) {
    std::uint64_t length = 0;
    const char* const end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, length);
    const auto& before = fields.checks.content_length;
    if (error != std::errc{} || stop != end || (before && *before != length)) {
      fields.unclear = true;
    }
    fields.checks.content_length = length;
  }
}

Fields read_fields(std::string_view head) {
  Fields fields;
  std::size_t end = head.find('\n');
  const std::string_view status = head.substr(0, end);
  const std::size_t blank = status.find(' ');
  if (blank != std::string_view::npos && status.size() >= blank + 4) {
    std::from_chars(status.data() + blank + 1, status.data() + blank + 4, fields.checks.status);
  }
  while (end != std::string_view::npos) {
    head.remove_prefix(end + 1);
    end = head.find('\n');
    read_field(head.substr(0, end), fields);
  }
  return fields;
}

// A head is complete: what follows it.
ParseStatus end_head(std::string_view head, ParserState& state, Facts& facts) {
  const Fields fields = read_fields(head);
  if (fields.unclear) return broken(facts);
  Place place;
  const unsigned status = fields.checks.status;
  const std::uint64_t length = fields.checks.content_length.value_or(0);
  if (status / 100 == 1 || status == 204 || status == 304) {
    place.stage = Stage::head;
  } else if (fields.chunked) {
    place.stage = Stage::first_chunk;
  } else if (!fields.checks.content_length || length >> kLengthBits != 0) {
    place.stage = Stage::unended;
  } else if (length != 0) {
    place.stage = Stage::sized;
    place.length = length;
  }
  place.store(state);
  facts.protocol = AppProto::http;
  facts.next = Next::message;
  return ParseStatus::done;
}

ParseStatus feed_head(ParserState& state, Bytes stream, Facts& facts) {
  const std::string_view text =
      as_text(stream.first(std::min<std::size_t>(stream.size(), kByteLimit)));
  // Where the current line starts is `mark`; blank lines before a head are not known to be sent.
  if (!kBegin.starts_with(text.substr(0, kBegin.size()))) return broken(facts);
  while (true) {
    const std::size_t end = text.find('\n', state.offset);
    if (end == std::string_view::npos) break;
    const std::string_view line = text.substr(state.mark, end - state.mark);
    state.offset = state.mark = static_cast<std::uint32_t>(end + 1);
    if (line.empty() || line == "\r") return end_head(text.substr(0, end + 1), state, facts);
  }
  state.offset = static_cast<std::uint32_t>(text.size());
  return stream.size() < kByteLimit ? ParseStatus::need_more : broken(facts);
}

// The first bytes of a body, or of its first chunk: as few as leave no doubt about any type, so
// that they are the same however the body comes.
ParseStatus feed_body(Place place, ParserState& state, Bytes stream, Facts& facts) {
  const bool ends = place.stage != Stage::unended;
  const std::size_t most =
      ends ? std::min<std::uint64_t>(place.length, kTellingBytes) : kTellingBytes;
  std::size_t size = 1;
  while (size < std::min(most, stream.size()) && is_in_doubt(as_text(stream.first(size)))) ++size;
  const std::string_view text = as_text(stream.first(std::min(size, stream.size())));
  if (text.size() < most && is_in_doubt(text)) return ParseStatus::need_more;
  state.offset = static_cast<std::uint32_t>(text.size());
  state.skip = ends ? place.length - text.size() : 0;
  facts.protocol = AppProto::http;
  facts.next = ends ? Next::message : Next::opaque;
  place.part = ResponsePart::body;
  place.whole = place.stage == Stage::sized && place.length == text.size();
  place.stage = place.stage == Stage::chunk_body ? Stage::chunk : Stage::head;
  place.length = 0;
  place.store(state);
  return ParseStatus::done;
}

// Chunks and trailers, as http_body.h reads them for requests.
ParseStatus feed_chunks(Place place, ParserState& state, Bytes stream, Facts& facts) {
  ParserState inner;
  inner.offset = state.offset;
  const Mode mode = place.stage == Stage::trailer       ? Mode::trailer
                    : place.stage == Stage::first_chunk ? Mode::first_chunk
                                                        : Mode::chunk;
  Progress{.mode = mode}.store(inner);
  const ParseStatus status = mode == Mode::trailer ? feed_trailer(inner, stream, facts)
                                                   : feed_chunk_head(inner, stream, facts);
  state.offset = inner.offset;
  if (status != ParseStatus::piece) return status;
  state.skip = inner.skip;
  const Mode next = Progress::of(inner).mode;
  if (next == Mode::request) {
    place.stage = Stage::head;
  } else if (next == Mode::trailer) {
    place.stage = Stage::trailer;
  } else if (mode == Mode::first_chunk && inner.skip >> kLengthBits == 0) {
    place.stage = Stage::chunk_body;
    place.length = inner.skip;
    state.skip = 0;
  } else {
    place.stage = Stage::chunk;
  }
  place.store(state);
  return ParseStatus::piece;
}

}  // namespace

ResponsePart part_read(const ParserState& state) {
  return Place::of(state).part;
}
bool is_whole_body(const ParserState& state) {
  return Place::of(state).whole;
}

void expect_no_body(ParserState& state) {
  Place{}.store(state);
}

ResponseChecks check_response(std::string_view head) {
  return read_fields(head).checks;
}

Probe probe_response(Bytes stream) {
  const std::string_view text = as_text(stream);
  const std::size_t shared = std::min(text.size(), kBegin.size());
  if (text.substr(0, shared) != kBegin.substr(0, shared)) return Probe::not_mine;
  if (text.size() <= kBegin.size()) return Probe::unsure;
  return text[kBegin.size()] == '1' ? Probe::certain : Probe::not_mine;
}

ParseStatus feed_response(ParserState& state, Bytes stream, Facts& facts) {
  const Place place = Place::of(state);
  switch (place.stage) {
    case Stage::head: return feed_head(state, stream, facts);
    case Stage::sized:
    case Stage::unended:
    case Stage::chunk_body: return feed_body(place, state, stream, facts);
    case Stage::first_chunk:
    case Stage::chunk:
    case Stage::trailer: return feed_chunks(place, state, stream, facts);
  }
  return ParseStatus::malformed;
}

}  // namespace chatgate::proto::http
