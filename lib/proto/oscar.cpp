#include "proto/oscar.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "proto/messenger_text.h"
#include "proto/oscar_parts.h"

namespace chatgate::proto::oscar {
namespace {

constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kVersionSize = 4;
constexpr std::string_view kTocStart = "FLAPON";

enum Channel : std::uint8_t { sign_on = 1, data = 2, error = 3, sign_off = 4, keep_alive = 5 };

// ParserState::mark.
struct Memory {
  static constexpr std::uint32_t kBegun = 1;

  explicit Memory(std::uint32_t mark)
      : begun((mark & kBegun) != 0), account(static_cast<Account>(mark >> 1 & 3)) {}
  std::uint32_t mark() const { return kBegun | static_cast<std::uint32_t>(account) << 1; }

  bool begun;
  Account account;
};

bool begins_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix.substr(0, text.size());
}

// FLAPON, and an empty line with or without CR behind it. Zero where there is more to come.
std::size_t end_of_toc_start(std::string_view text) {
  std::size_t at = kTocStart.size();
  for (int line = 0; line < 2; ++line) {
    if (at < text.size() && text[at] == '\r') ++at;
    if (at >= text.size()) return 0;
    if (text[at] != '\n') return std::string_view::npos;
    ++at;
  }
  return at;
}

ParseStatus feed_toc_start(ParserState& state, std::string_view text, Facts& facts) {
  if (!begins_with(text, kTocStart)) return ParseStatus::not_mine;
  const std::size_t end = text.size() < kTocStart.size() ? 0 : end_of_toc_start(text);
  if (end == 0) return ParseStatus::need_more;
  if (end == std::string_view::npos) return ParseStatus::not_mine;
  Memory memory(state.mark);
  memory.account = Account::aim;
  state.mark = memory.mark();
  state.offset = static_cast<std::uint32_t>(end);
  facts.speak_of(application_of(memory.account), Service::login);
  return ParseStatus::done;
}

// The first frame of both ends. Of a log-in in two steps it says no more than that one begins.
void read_sign_on(Bytes body, Messenger& messenger, Account& account) {
  messenger.service = Service::login;
  if (body.size() <= kVersionSize) {
    if (account == Account::unknown) messenger.application = {};
    return;
  }
  // TOC has the client's name as the only TLV, and else nothing.
  read_login(body.subspan(kVersionSize), messenger, account);
}

void read_data(Bytes body, Messenger& messenger, Account& account) {
  if (!body.empty() && body[0] >= 'A') {
    read_toc(up_to_zero(body), messenger, account);
  } else {
    read_snac(body, messenger, account);
  }
}

void read_sign_off(Bytes body, Messenger& messenger, Account& account) {
  messenger.service = body.empty() ? Service::presence : Service::login;
  read_login(body, messenger, account);
}

}  // namespace

void read_frame(std::uint8_t channel, Bytes body, Facts& facts, Account& account) {
  Messenger& messenger = facts.speak_of(application_of(account), Service::any);
  switch (channel) {
    case Channel::sign_on: read_sign_on(body, messenger, account); break;
    case Channel::data: read_data(body, messenger, account); break;
    case Channel::sign_off: read_sign_off(body, messenger, account); break;
    case Channel::keep_alive: messenger.service = Service::presence; break;
    default: break;
  }
  if (messenger.application.empty()) return;
  messenger.application = application_of(account);
  if (account == Account::unknown) assume(messenger);
}

Probe probe(Bytes stream) {
  if (stream.empty()) return Probe::unsure;
  if (stream[0] == static_cast<std::uint8_t>(kTocStart[0])) {
    if (!begins_with(as_text(stream), kTocStart)) return Probe::not_mine;
    const std::size_t end =
        stream.size() < kTocStart.size() ? 0 : end_of_toc_start(as_text(stream));
    if (end == std::string_view::npos) return Probe::not_mine;
    return end == 0 ? Probe::unsure : Probe::certain;
  }
  constexpr std::array<std::uint8_t, 4> kVersionBytes = {0, 0, 0, kVersion};
  if (stream[0] != kFlapMark) return Probe::not_mine;
  if (stream.size() >= 2 && stream[1] != Channel::sign_on) return Probe::not_mine;
  if (stream.size() < kFlapHeader) return Probe::unsure;
  if (load_be16(&stream[4]) < kVersionSize) return Probe::not_mine;
  const Bytes version =
      stream.subspan(kFlapHeader, std::min(kVersionSize, stream.size() - kFlapHeader));
  if (!std::equal(version.begin(), version.end(), kVersionBytes.begin())) return Probe::not_mine;
  return version.size() == kVersionSize ? Probe::certain : Probe::unsure;
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  if (stream.empty()) return ParseStatus::need_more;
  facts.protocol = AppProto::oscar;
  facts.next = Next::message;
  Memory memory(state.mark);
  if (stream[0] != kFlapMark) {
    return memory.begun ? ParseStatus::malformed : feed_toc_start(state, as_text(stream), facts);
  }
  if (stream.size() < kFlapHeader) return ParseStatus::need_more;
  const std::size_t size = kFlapHeader + load_be16(&stream[4]);
  const std::size_t looked_at = std::min<std::size_t>(size, kByteLimit);
  if (stream.size() < looked_at) return ParseStatus::need_more;

  read_frame(stream[1], stream.subspan(kFlapHeader, looked_at - kFlapHeader), facts,
             memory.account);
  state.mark = memory.mark();
  state.offset = static_cast<std::uint32_t>(looked_at);
  state.skip = size - looked_at;
  return ParseStatus::done;
}

}  // namespace chatgate::proto::oscar
