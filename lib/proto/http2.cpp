#include "proto/http2.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "proto/http_authority.h"
#include "proto/http_text.h"

namespace chatgate::proto::http2 {
namespace {

// RFC 9113 section 6.
enum FrameType : std::uint8_t { headers = 1, push_promise = 5, continuation = 9 };
namespace flag {
constexpr std::uint8_t kEndHeaders = 0x04;
constexpr std::uint8_t kPadded = 0x08;
constexpr std::uint8_t kPriority = 0x20;
}  // namespace flag
constexpr std::size_t kPrioritySize = 5;

struct FrameHeader {
  std::uint32_t length;
  std::uint8_t type;
  std::uint8_t flags;
  std::uint32_t stream;

  // `at`: kFrameHeader bytes.
  explicit FrameHeader(const std::uint8_t* at)
      : length(load_be24(at)), type(at[3]), flags(at[4]), stream(load_be32(at + 5) & 0x7fffffff) {}
};

// The part of the block that a frame carries (RFC 9113 section 6.2).
std::optional<Bytes> fragment_of(const FrameHeader& frame, Bytes payload) {
  if (frame.type != FrameType::headers) return payload;
  std::size_t padding = 0;
  if ((frame.flags & flag::kPadded) != 0) {
    if (payload.empty()) return std::nullopt;
    padding = payload[0];
    payload = payload.subspan(1);
  }
  const std::size_t priority = (frame.flags & flag::kPriority) != 0 ? kPrioritySize : 0;
  if (padding + priority > payload.size()) return std::nullopt;
  return payload.subspan(priority, payload.size() - priority - padding);
}

std::string_view text_of(const std::uint8_t* text, std::size_t size) {
  return as_text(Bytes(text, size));
}

}  // namespace

struct Connections::Session {
  DecoderMemory memory;
  nghttp2_hd_inflater* decoder = nullptr;
};

// What the fields of a block say. Whom `:authority` means depends on `:method`, in any order.
struct Connections::Request {
  bool connect = false;
  std::uint32_t fields = 0;
  std::uint32_t looked_at = 0;
  Facts authorities;
  Facts hosts;

  void add(std::string_view name, std::string_view value) {
    const bool is_host = http::is_word(name, "host");
    if (!is_host && name != ":authority" && name != ":path" && name != ":method") return;
    if (++looked_at > kMaxFields) return;
    if (is_host) {
      http::add_hosts(value, NameSource::http_host, hosts);
    } else if (name == ":authority") {
      http::add_hosts(value, NameSource::http_host, authorities);
      const http::Authority authority = http::split_authority(http::take_word(value));
      if (authority.port != 0) authorities.target_port = authority.port;
    } else if (name == ":path") {
      http::add_target(false, value, hosts);
    } else {
      connect = connect || http::is_word(http::trimmed(value), "connect");
    }
  }

  void finish(Facts& facts) const {
    const NameSource source = connect ? NameSource::tunnel_target : NameSource::http_host;
    for (std::size_t i = 0; i < authorities.name_count; ++i) {
      facts.add_name(source, authorities.names[i].host.view());
    }
    for (std::size_t i = 0; i < hosts.name_count; ++i) {
      facts.add_name(NameSource::http_host, hosts.names[i].host.view());
    }
    if (authorities.names_cut || hosts.names_cut || looked_at > kMaxFields) facts.names_cut = true;
    facts.target_port = connect ? authorities.target_port : hosts.target_port;
  }
};

Probe probe(Bytes stream) {
  const std::string_view text = as_text(stream);
  if (text.starts_with(http::kHttp2Preface)) return Probe::certain;
  return http::kHttp2Preface.starts_with(text) ? Probe::unsure : Probe::not_mine;
}

Connections::Connections(std::uint32_t capacity) : long_strings_(std::make_unique<LongStrings>()) {
  const auto count = std::min<std::size_t>(capacity, SessionIndex::capacity());
  // Not initialised: a page that is never touched takes no memory.
  arenas_.reset(new std::byte[count * kArena]);
  sessions_.resize(count);
  free_.reserve(count);
  for (std::size_t index = count; index-- > 0;) free_.push_back(static_cast<std::uint16_t>(index));
}

Connections::~Connections() = default;

bool Connections::acquire(ParserState& state) {
  if (free_.empty()) return false;
  const std::uint16_t index = free_.back();
  Session& session = sessions_[index];
  session.memory.start(arenas_.get() + index * kArena, *long_strings_);
  if (nghttp2_hd_inflate_new2(&session.decoder, session.memory.functions()) != 0) return false;
  nghttp2_hd_inflate_change_table_size(session.decoder, kMaxTable);
  free_.pop_back();
  state.session = SessionIndex(index);
  return true;
}

void Connections::release(ParserState& state) {
  if (!state.session.valid()) return;
  // Gives back what it holds of the strings that all share.
  nghttp2_hd_inflate_del(sessions_[state.session.value()].decoder);
  free_.push_back(state.session.value());
  state.session = SessionIndex::none();
}

std::uint32_t Connections::in_use() const {
  return static_cast<std::uint32_t>(sessions_.size() - free_.size());
}

std::size_t Connections::memory() const {
  return sizeof *this + sizeof(LongStrings) +
         sessions_.size() * (kArena + sizeof(Session) + sizeof(std::uint16_t));
}

ParseStatus Connections::feed(ParserState& state, Bytes stream, Facts& facts) {
  return state.session.valid() ? feed_frame(state, stream, facts)
                               : feed_preface(state, stream, facts);
}

ParseStatus Connections::feed_preface(ParserState& state, Bytes stream, Facts& facts) {
  switch (probe(stream)) {
    case Probe::unsure: return ParseStatus::need_more;
    case Probe::not_mine: return ParseStatus::not_mine;
    case Probe::certain: break;
  }
  if (!acquire(state)) {
    facts.protocol = AppProto::http2;
    return ParseStatus::malformed;
  }
  state.offset = http::kHttp2Preface.size();
  return ParseStatus::piece;
}

// ParserState, while a block grows: `offset` is behind its last complete frame, `mark` counts the
// bytes of its fragments, `extra` its CONTINUATIONs.
ParseStatus Connections::feed_frame(ParserState& state, Bytes stream, Facts& facts) {
  while (stream.size() - state.offset >= kFrameHeader) {
    const FrameHeader frame(stream.data() + state.offset);
    const Bytes before = stream.first(state.offset);
    if (before.empty()) {
      if (frame.type == FrameType::continuation || frame.type == FrameType::push_promise) {
        return broken(state, before, facts);
      }
      if (frame.type != FrameType::headers) {
        state.offset = kFrameHeader;
        state.skip = frame.length;
        return ParseStatus::piece;
      }
    } else if (frame.type != FrameType::continuation ||
               frame.stream != FrameHeader(stream.data()).stream ||
               state.extra == kMaxContinuations) {
      return broken(state, before, facts);
    }
    if (frame.length > kMaxBlock - state.mark) return broken(state, before, facts);
    if (stream.size() - state.offset - kFrameHeader < frame.length) break;
    state.offset += kFrameHeader + frame.length;
    state.mark += frame.length;
    if (!before.empty()) ++state.extra;
    if ((frame.flags & flag::kEndHeaders) == 0) continue;
    if (!read_block(sessions_[state.session.value()], stream.first(state.offset), facts)) {
      return broken(state, {}, facts);
    }
    state.mark = 0;
    state.extra = 0;
    facts.protocol = AppProto::http2;
    facts.next = Next::message;
    return ParseStatus::done;
  }
  return ParseStatus::need_more;
}

// `frames`: complete frames of a block that will not be completed.
ParseStatus Connections::broken(ParserState& state, Bytes frames, Facts& facts) {
  if (!frames.empty()) read_block(sessions_[state.session.value()], frames, facts);
  release(state);
  facts.protocol = AppProto::http2;
  return ParseStatus::malformed;
}

// Decompresses the block in `frames`, HEADERS and its CONTINUATIONs, and adds its names. False
// where it is broken.
bool Connections::read_block(Session& session, Bytes frames, Facts& facts) {
  Request request;
  bool sound = true;
  while (sound && !frames.empty()) {
    const FrameHeader frame(frames.data());
    const auto fragment = fragment_of(frame, frames.subspan(kFrameHeader, frame.length));
    frames = frames.subspan(kFrameHeader + frame.length);
    sound = fragment && read_fragment(session, *fragment, frames.empty(), request);
  }
  request.finish(facts);
  if (sound) nghttp2_hd_inflate_end_headers(session.decoder);
  return sound && !long_strings_->in_use();
}

// False where the decoder refuses it, the block has too many fields, or ends within one.
bool Connections::read_fragment(Session& session, Bytes fragment, bool last, Request& request) {
  while (true) {
    nghttp2_nv field{};
    int flags = 0;
    const auto read = nghttp2_hd_inflate_hd2(session.decoder, &field, &flags, fragment.data(),
                                             fragment.size(), last ? 1 : 0);
    if (read < 0) return false;
    fragment = fragment.subspan(static_cast<std::size_t>(read));
    const bool emitted = (flags & NGHTTP2_HD_INFLATE_EMIT) != 0;
    if (emitted) {
      if (++request.fields > kMaxBlockFields) return false;
      request.add(text_of(field.name, field.namelen), text_of(field.value, field.valuelen));
    }
    if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) return true;
    if (!emitted && fragment.empty()) return !last;
  }
}

}  // namespace chatgate::proto::http2
