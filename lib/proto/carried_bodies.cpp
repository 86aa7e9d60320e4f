// The bodies of HTTP/1's messages, and where a WebSocket begins, for proto/carriers.h.

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>

#include "proto/carriers.h"
#include "proto/http.h"
#include "proto/http_body.h"
#include "proto/http_field_lines.h"
#include "proto/http_response.h"
#include "proto/http_text.h"

namespace chatgate::proto {
namespace {

using Stage = Carriage::Stage;

constexpr std::uint8_t kUnknownCoding = 0xff;
// Of a body that lasts as long as its connection.
constexpr std::uint64_t kEndless = std::uint64_t{1} << 62;

std::uint8_t coded_as(http::Coding coding) {
  return static_cast<std::uint8_t>(static_cast<std::uint8_t>(coding) + 1);
}

// What the head of a message says of its body, and of what follows an upgrade.
struct BodyFields {
  std::uint8_t coding = 0;
  bool chunked = false;
  bool websocket = false;
  bool xmpp = false;
  bool msnp = false;
};

std::uint8_t coding_of(std::string_view value) {
  if (http::is_word(value, "identity")) return 0;
  if (http::is_word(value, "gzip") || http::is_word(value, "x-gzip")) {
    return coded_as(http::Coding::gzip);
  }
  return http::is_word(value, "deflate") ? coded_as(http::Coding::deflate) : kUnknownCoding;
}

bool lists(std::string_view value, std::string_view word) {
  while (!value.empty()) {
    const std::size_t comma = value.find(',');
    if (http::is_word(http::without_blanks(value.substr(0, comma)), word)) return true;
    value = comma == std::string_view::npos ? std::string_view() : value.substr(comma + 1);
  }
  return false;
}

BodyFields read_fields(std::string_view head) {
  BodyFields fields;
  fields.msnp =
      head.substr(0, head.find('\n')).find("/gateway/gateway.dll") != std::string_view::npos;
  http::FieldLines lines(head);
  while (lines.next()) {
    const std::string_view name = lines.name();
    if (http::is_word(name, "content-encoding")) {
      fields.coding = fields.coding == 0 ? coding_of(lines.value()) : kUnknownCoding;
    } else if (http::is_word(name, "transfer-encoding")) {
      fields.chunked = true;
      if (!http::is_word(lines.value(), "chunked")) fields.coding = kUnknownCoding;
    } else if (http::is_word(name, "content-type")) {
      fields.msnp =
          fields.msnp || http::starts_with_word(lines.value(), "application/x-msn-messenger");
    } else if (http::is_word(name, "x-msn-messenger")) {
      fields.msnp = true;
    } else if (http::is_word(name, "upgrade")) {
      fields.websocket = fields.websocket || http::is_word(lines.value(), "websocket");
    } else if (http::is_word(name, "sec-websocket-protocol")) {
      fields.xmpp = fields.xmpp || lists(lines.value(), "xmpp");
    }
  }
  return fields;
}

}  // namespace

// --- Of a request or an answer whose head has been read

void Carriers::begin_message(ParserState& state, Bytes head) {
  const BodyFields fields = read_fields(as_text(head));
  release(state);
  const Carriage before = state.carriage;
  state.carriage = {};
  state.carriage.memory = before.memory;
  state.carriage.msnp = before.msnp || fields.msnp;
  state.carriage.coding = fields.coding;
  state.carriage.chunked = fields.chunked;
  state.carriage.xmpp = fields.xmpp;
  if (fields.coding != kUnknownCoding) state.carriage.stage = Stage::fresh;
}

// What the parser of HTTP would pass over is looked at first.
void Carriers::look_at_body(ParserState& state) {
  const Stage stage = state.carriage.stage;
  if (stage != Stage::fresh && stage != Stage::reading) return;
  state.carriage.left = state.skip;
  state.skip = 0;
}

// A chunk's head, or another part of a message that says nothing.
ParseStatus Carriers::behind_piece(ParserState& state, Bytes stream, Facts& facts) {
  Carriage& carriage = state.carriage;
  if (state.skip != 0) {
    look_at_body(state);
    if (state.offset == 0 && carriage.left != 0) return feed_body(state, stream, facts);
  } else if (carriage.stage == Stage::reading) {
    // The last chunk, which is empty.
    Session& reading = session(state);
    if (carriage.coding != 0 && !reading.unpacked) unpack(reading, carriage.coding);
    if (carriage.coding != 0 && ends_unpacked(state, facts)) return ParseStatus::done;
    release(state);
    carriage.stage = Stage::none;
  }
  return ParseStatus::piece;
}

// The first bytes of an answer's body were a message, for those who compare them with its type.
void Carriers::behind_first_bytes(ParserState& state, Bytes stream, Facts& facts) {
  Carriage& carriage = state.carriage;
  if (carriage.stage != Stage::fresh) return;
  const bool endless = facts.next == Next::opaque;
  const std::uint64_t rest = endless ? kEndless : state.skip;
  const Bytes here = stream.first(std::min<std::uint64_t>(stream.size(), state.offset + rest));
  const bool whole = here.size() == state.offset + rest && !carriage.chunked;
  carriage.stage = Stage::none;
  if (rest == 0 && !carriage.chunked) return;
  if (look_ahead(carriage, here, whole) == Probe::not_mine) return;
  if (!acquire(state)) return;
  Session& reading = session(state);
  reading.key = {};
  reading.take(stream.first(state.offset));
  carriage.stage = Stage::reading;
  carriage.left = rest;
  state.skip = 0;
  facts.next = Next::message;
}

// --- The body

// Nothing of the body is read any more.
ParseStatus Carriers::pass_body(ParserState& state) {
  release(state);
  state.skip = state.carriage.left;
  state.carriage.left = 0;
  state.carriage.stage = Stage::none;
  return ParseStatus::piece;
}

ParseStatus Carriers::feed_body(ParserState& state, Bytes stream, Facts& facts) {
  Carriage& carriage = state.carriage;
  const Bytes span = stream.first(std::min<std::uint64_t>(stream.size(), carriage.left));
  if (carriage.stage == Stage::fresh) {
    const bool whole = span.size() == carriage.left && !carriage.chunked;
    if (look_ahead(carriage, span, whole) == Probe::not_mine) return pass_body(state);
    if (!acquire(state)) return pass_body(state);
    session(state).key = {};
    carriage.stage = Stage::reading;
  }
  Session& reading = session(state);
  const ParseStatus status = carriage.coding == 0 ? read(reading, state, span, facts)
                                                  : collect(reading, state, span, facts);
  carriage.left -= state.offset;
  carriage.found = carriage.found || status == ParseStatus::done;
  const bool ended = carriage.left == 0 && !carriage.chunked;
  if (ended || (status == ParseStatus::piece && reading.over)) {
    const std::uint32_t offset = state.offset;
    pass_body(state);
    state.offset = offset;
  }
  return status;
}

// Whose a body is, by its first bytes. `whole`: there are no more of it.
Probe Carriers::look_ahead(const Carriage& carriage, Bytes bytes, bool whole) {
  const Mask all = (Mask{1} << parser_count_) - 1;
  const std::uint8_t coding = carriage.coding;
  if (coding == 0) return choose(bytes, all, carriage.msnp).probe;
  if (bytes.size() < kFirstLook && !whole) return Probe::unsure;
  const Bytes some = bytes.first(std::min<std::size_t>(bytes.size(), kRoom));
  const http::ContentDecoder::Result result = decoder_.decode(
      static_cast<http::Coding>(coding - 1), some, MutableBytes(decoded_.get(), kRoom));
  if (result.size == 0) return whole || result.final ? Probe::not_mine : Probe::unsure;
  return choose(Bytes(decoded_.get(), result.size), all, carriage.msnp).probe;
}

// A coded body is put together first. Once it is there, or as much as there is room for, its last
// byte stays in the view until all was given that it says.
ParseStatus Carriers::collect(Session& session, ParserState& state, Bytes span, Facts& facts) {
  if (session.unpacked) return give_unpacked(session, state, 0, facts);
  const auto count = static_cast<std::uint32_t>(session.take(span));
  const bool full = session.room() == 0;
  const bool whole = count == state.carriage.left && !state.carriage.chunked;
  state.offset = count;
  if (!session.known && (whole || full || session.held() >= session.look_at)) {
    const Probe probe = look_ahead(state.carriage, session.view(), whole || full);
    if (probe == Probe::not_mine) session.over = true;
    session.known = probe == Probe::certain;
    session.look_at *= 2;
  }
  if (session.over || (!full && !whole)) return ParseStatus::piece;
  unpack(session, state.carriage.coding);
  return give_unpacked(session, state, count - 1, facts);
}

void Carriers::unpack(Session& session, std::uint8_t coding) {
  const http::ContentDecoder::Result result = decoder_.decode(
      static_cast<http::Coding>(coding - 1), session.view(), MutableBytes(decoded_.get(), kRoom));
  std::memcpy(session.bytes.get(), decoded_.get(), result.size);
  session.begin = 0;
  session.end = static_cast<std::uint32_t>(result.size);
  session.unpacked = true;
}

// `base`: bytes of the view before the one that is kept back.
ParseStatus Carriers::give_unpacked(Session& session, ParserState& state, std::uint32_t base,
                                    Facts& facts) {
  state.offset = base;
  if (step(session, facts) == Step::message) return ParseStatus::done;
  session.over = true;
  state.offset = base + 1;
  return ParseStatus::piece;
}

// Behind the last chunk of a coded body: whether it still has something to say.
bool Carriers::ends_unpacked(ParserState& state, Facts& facts) {
  if (step(session(state), facts) == Step::message) return true;
  release(state);
  state.carriage.stage = Stage::none;
  facts.clear();
  return false;
}

// What is carried and not over yet; nothing where HTTP's own parser is next.
std::optional<ParseStatus> Carriers::go_on(ParserState& state, Bytes stream, Facts& facts) {
  const Carriage& carriage = state.carriage;
  if (carriage.stage == Stage::frames) return feed_frames(state, stream, facts);
  if (carriage.left != 0) return feed_body(state, stream, facts);
  const bool unpacked = carriage.stage == Stage::reading && session(state).unpacked;
  if (unpacked && ends_unpacked(state, facts)) return ParseStatus::done;
  return std::nullopt;
}

// --- The parsers

ParseStatus Carriers::feed_requests(ParserState& state, Bytes stream, Facts& facts) {
  if (const auto status = go_on(state, stream, facts)) return *status;

  const bool upgraded = http::Progress::of(state).mode == http::Mode::upgraded;
  const ParseStatus status = http::feed(state, stream, facts);
  if (status == ParseStatus::piece) return behind_piece(state, stream, facts);
  if (status != ParseStatus::done) return status;
  if (state.offset == 0) {
    const bool frame = upgraded && facts.next == Next::opaque;
    if (!frame || !begin_frames(state)) return status;
    facts.clear();
    return feed_frames(state, stream, facts);
  }
  begin_message(state, stream.first(state.offset));
  if (facts.next == Next::message) look_at_body(state);
  return status;
}

ParseStatus Carriers::feed_answers(ParserState& state, Bytes stream, Facts& facts) {
  if (const auto status = go_on(state, stream, facts)) return *status;

  const ParseStatus status = http::feed_response(state, stream, facts);
  if (status == ParseStatus::piece) return behind_piece(state, stream, facts);
  if (status != ParseStatus::done) return status;
  if (http::part_read(state) == http::ResponsePart::body) {
    behind_first_bytes(state, stream, facts);
    return status;
  }
  const std::string_view head = as_text(stream.first(state.offset));
  begin_message(state, stream.first(state.offset));
  constexpr unsigned kSwitching = 101;
  if (http::check_response(head).status == kSwitching && read_fields(head).websocket) {
    begin_frames(state);
  }
  return status;
}

}  // namespace chatgate::proto
