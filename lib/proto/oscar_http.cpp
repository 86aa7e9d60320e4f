#include "proto/oscar_http.h"

#include <algorithm>

#include "proto/oscar_parts.h"

namespace chatgate::proto::oscar_http {
namespace {

constexpr std::size_t kHeader = 14;
constexpr std::size_t kVersionAt = 2;
constexpr std::size_t kTypeAt = 4;
constexpr std::size_t kTypeEnd = 6;
constexpr std::size_t kLengthField = 2;  // not counted by itself
constexpr std::size_t kLeast = kHeader - kLengthField;
constexpr std::uint16_t kVersion = 0x0443;

enum Type : std::uint16_t {
  hello_reply = 2,
  login = 3,
  login_reply = 4,
  flap = 5,
  close = 6,
  close_reply = 7,
};

// ParserState::mark is the account; extra: what is left of the packet, and what of a frame is still
// to come in the next.
struct Memory {
  std::uint32_t left;
  std::uint32_t frame;
  oscar::Account account;

  explicit Memory(const ParserState& state)
      : left(state.extra & 0xffff),
        frame(state.extra >> 16),
        account(static_cast<oscar::Account>(state.mark)) {}
  void store(ParserState& state) const {
    state.extra = left | frame << 16;
    state.mark = static_cast<std::uint32_t>(account);
  }
};

bool is_type(std::uint16_t type) {
  return type >= Type::hello_reply && type <= Type::close_reply;
}

ParseStatus pass(Memory memory, std::uint32_t size, ParserState& state) {
  memory.left -= size;
  state.offset = 0;
  state.skip = size;
  memory.store(state);
  return ParseStatus::piece;
}

// The front of what a packet holds of FLAP.
ParseStatus feed_frame(Memory memory, ParserState& state, Bytes stream, Facts& facts) {
  if (memory.frame != 0) {
    const std::uint32_t size = std::min(memory.frame, memory.left);
    memory.frame -= size;
    return pass(memory, size, state);
  }
  // What continues a frame of another body, or has less than its header here, tells nothing.
  if (stream[0] != oscar::kFlapMark || memory.left < oscar::kFlapHeader) {
    return pass(memory, memory.left, state);
  }
  if (stream.size() < oscar::kFlapHeader) return ParseStatus::need_more;
  const std::uint32_t whole = oscar::kFlapHeader + std::uint32_t{load_be16(&stream[4])};
  const std::uint32_t here = std::min(whole, memory.left);
  const std::uint32_t read = std::min(here, kByteLimit);
  if (stream.size() < read) return ParseStatus::need_more;
  oscar::read_frame(stream[1], stream.subspan(oscar::kFlapHeader, read - oscar::kFlapHeader), facts,
                    memory.account);
  memory.left -= here;
  memory.frame = std::min<std::uint32_t>(whole - here, 0xffff);
  memory.store(state);
  state.offset = read;
  state.skip = here - read;
  return ParseStatus::done;
}

}  // namespace

Probe probe(Bytes stream) {
  if (stream.size() >= kVersionAt && load_be16(stream.data()) < kLeast) return Probe::not_mine;
  if (stream.size() > kVersionAt && stream[kVersionAt] != kVersion >> 8) return Probe::not_mine;
  if (stream.size() > kVersionAt + 1 && stream[kVersionAt + 1] != (kVersion & 0xff)) {
    return Probe::not_mine;
  }
  if (stream.size() > kTypeAt && stream[kTypeAt] != 0) return Probe::not_mine;
  if (stream.size() < kTypeEnd) return Probe::unsure;
  return is_type(load_be16(&stream[kTypeAt])) ? Probe::certain : Probe::not_mine;
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  facts.protocol = AppProto::oscar;
  facts.next = Next::message;
  if (stream.empty()) return ParseStatus::need_more;
  Memory memory(state);
  if (memory.left != 0) return feed_frame(memory, state, stream, facts);
  const Probe probed = probe(stream);
  if (probed == Probe::not_mine) return ParseStatus::malformed;
  if (probed == Probe::unsure || stream.size() < kHeader) return ParseStatus::need_more;

  const std::uint16_t type = load_be16(&stream[kTypeAt]);
  const auto length = static_cast<std::uint32_t>(load_be16(stream.data()) - kLeast);
  state.offset = kHeader;
  if (type == Type::flap) {
    memory.left = length;
    memory.store(state);
    return ParseStatus::piece;
  }
  state.skip = length;
  const bool closes = type == Type::close || type == Type::close_reply;
  Messenger& messenger = facts.speak_of(oscar::application_of(memory.account),
                                        closes ? Service::presence : Service::login);
  if (memory.account == oscar::Account::unknown) oscar::assume(messenger);
  return ParseStatus::done;
}

}  // namespace chatgate::proto::oscar_http
