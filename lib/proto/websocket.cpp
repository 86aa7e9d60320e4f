// The frames of a WebSocket (RFC 6455 section 5), for proto/carriers.h.

#include <algorithm>

#include "proto/carriers.h"

namespace chatgate::proto {
namespace {

constexpr std::size_t kShortHead = 2;
constexpr std::uint8_t kCompressed = 0x40;  // RSV1: RFC 7692 section 6
constexpr std::uint8_t kOpcode = 0x0f;
constexpr std::uint8_t kControl = 0x08;
constexpr std::uint8_t kMasked = 0x80;
constexpr std::uint8_t kLength = 0x7f;
constexpr std::uint8_t kLength16 = 126;
constexpr std::uint8_t kLength64 = 127;
constexpr std::size_t kKey = 4;

enum Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2 };

std::size_t size_of_head(Bytes begin) {
  const std::uint8_t length = begin[1] & kLength;
  const std::size_t more = length == kLength16 ? 2 : length == kLength64 ? 8 : 0;
  return kShortHead + more + ((begin[1] & kMasked) != 0 ? kKey : 0);
}

std::uint64_t length_of(Bytes head) {
  const std::uint8_t length = head[1] & kLength;
  if (length == kLength16) return load_be16(&head[kShortHead]);
  if (length != kLength64) return length;
  return std::uint64_t{load_be32(&head[kShortHead])} << 32 | load_be32(&head[kShortHead + 4]);
}

}  // namespace

bool Carriers::begin_frames(ParserState& state) {
  if (!state.session.valid() && !acquire(state)) return false;
  state.carriage.stage = Carriage::Stage::frames;
  state.carriage.left = 0;
  if (state.carriage.xmpp) read_by(session(state), framed_);
  return true;
}

ParseStatus Carriers::feed_frames(ParserState& state, Bytes stream, Facts& facts) {
  Carriage& carriage = state.carriage;
  Session& reading = session(state);
  if (carriage.left == 0) return feed_frame_head(state, stream, facts);
  const Bytes span = stream.first(std::min<std::uint64_t>(stream.size(), carriage.left));
  const ParseStatus status = read(reading, state, span, facts);
  carriage.left -= state.offset;
  carriage.found = carriage.found || status == ParseStatus::done;
  if (status == ParseStatus::piece && reading.over) {
    state.skip = carriage.left;
    carriage.left = 0;
  }
  return status;
}

ParseStatus Carriers::feed_frame_head(ParserState& state, Bytes stream, Facts& facts) {
  if (stream.size() < kShortHead) return ParseStatus::need_more;
  const std::size_t size = size_of_head(stream);
  if (stream.size() < size) return ParseStatus::need_more;
  Session& reading = session(state);
  const std::uint64_t length = length_of(stream);
  if (length >> 63 != 0) {
    release(state);
    facts.protocol = AppProto::http;
    facts.next = Next::opaque;
    state.offset = 0;
    return ParseStatus::done;
  }
  const std::uint8_t opcode = stream[0] & kOpcode;
  if (opcode == Opcode::text || opcode == Opcode::binary) {
    reading.compressed = (stream[0] & kCompressed) != 0;
    if (reading.over || reading.parser == kNone) {
      reading.start((Mask{1} << parser_count_) - 1, state.way);
      if (state.carriage.xmpp) read_by(reading, framed_);
    }
  }
  state.offset = static_cast<std::uint32_t>(size);
  const bool is_read = opcode <= Opcode::binary && !reading.compressed && !reading.over;
  if (is_read) {
    state.carriage.left = length;
    reading.phase = 0;
    reading.key = {};
    if ((stream[1] & kMasked) != 0) {
      std::copy_n(&stream[size - kKey], kKey, reading.key.begin());
    }
    return ParseStatus::piece;
  }
  state.skip = length;
  if (!reading.compressed || !state.carriage.xmpp || reading.told) return ParseStatus::piece;
  // Nothing can be read of it, but it was said what it is.
  reading.told = true;
  facts.protocol = AppProto::xmpp;
  facts.carrier = AppProto::http;
  facts.next = Next::message;
  facts.speak_of("xmpp", Service::any).assumed = true;
  return ParseStatus::done;
}

}  // namespace chatgate::proto
