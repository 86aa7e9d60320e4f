#include "proto/whatsapp.h"

#include <algorithm>
#include <array>

#include "base/cursor.h"
#include "proto/opening.h"

namespace chatgate::proto::whatsapp {
namespace {

constexpr std::size_t kHeader = 4;
constexpr std::size_t kFrameHeader = 3;
constexpr std::array<std::uint8_t, kHeader> kEdge = {'E', 'D', 0, 1};
constexpr std::array<std::uint8_t, 2> kMagic = {'W', 'A'};

constexpr std::uint8_t kOldVersion = 1;

bool is_version(std::uint8_t major, std::uint8_t minor) {
  switch (major) {
    case kOldVersion: return minor >= 1 && minor <= 6;
    case 5:
    case 6: return minor >= 1 && minor <= 4;
    default: return false;
  }
}

bool is_major(std::uint8_t major) {
  return is_version(major, 1);
}

Messenger& begin(Facts& facts) {
  facts.protocol = AppProto::whatsapp;
  facts.next = Next::opaque;
  return facts.speak_of("whatsapp", Service::login);
}

// The program, in version 1's first stanza: a text whose length is one byte, behind fc.
std::string_view program_in(Bytes stanza) {
  constexpr std::uint8_t kText = 0xfc;
  for (std::size_t at = 0; at + 2 < stanza.size(); ++at) {
    if (stanza[at] != kText || stanza[at + 1] > stanza.size() - at - 2) continue;
    const std::string_view text = as_text(stanza.subspan(at + 2, stanza[at + 1]));
    const bool printable =
        std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
    if (printable && text.find('-') != std::string_view::npos) return text;
  }
  return {};
}

ParseStatus feed_old(ParserState& state, Bytes stream, Facts& facts) {
  constexpr std::size_t kBegin = kHeader + kFrameHeader;
  if (stream.size() < kBegin) return ParseStatus::need_more;
  const std::size_t end = kBegin + load_be24(&stream[kHeader]);
  if (end <= kByteLimit && stream.size() < end) return ParseStatus::need_more;
  Messenger& messenger = begin(facts);
  messenger.version.assign("1");
  state.offset = kHeader;
  if (end > kByteLimit) return ParseStatus::done;
  messenger.client.assign(program_in(stream.subspan(kBegin, end - kBegin)));
  state.offset = static_cast<std::uint32_t>(end);
  return ParseStatus::done;
}

}  // namespace

Probe probe(Bytes stream) {
  if (agrees(stream, kEdge)) return stream.size() < kHeader ? Probe::unsure : Probe::certain;
  if (!agrees(stream, kMagic)) return Probe::not_mine;
  if (stream.size() > 2 && !is_major(stream[2])) return Probe::not_mine;
  if (stream.size() < kHeader) return Probe::unsure;
  return is_version(stream[2], stream[3]) ? Probe::certain : Probe::not_mine;
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  const Probe probed = probe(stream);
  if (probed == Probe::not_mine) return ParseStatus::not_mine;
  if (probed == Probe::unsure) return ParseStatus::need_more;
  if (stream[0] == kMagic[0] && stream[2] == kOldVersion) return feed_old(state, stream, facts);
  Messenger& messenger = begin(facts);
  if (stream[0] == kMagic[0]) messenger.version.assign(stream[2] == 5 ? "5" : "6");
  state.offset = kHeader;
  return ParseStatus::done;
}

// Frame: length, then field 3 of HandshakeMessage; in it field 1, the ephemeral key, and field 2
// or 3 behind it.
Probe probe_answer(Bytes stream) {
  constexpr std::uint8_t kServerHello = 0x1a;
  constexpr std::array<std::uint8_t, 2> kEphemeral = {0x0a, 32};
  constexpr std::uint8_t kStatic = 0x12;
  constexpr std::uint8_t kPayload = 0x1a;
  constexpr std::uint8_t kMore = 0x80;  // another byte of a length follows
  if (!stream.empty() && stream[0] != 0) return Probe::not_mine;
  if (stream.size() > kFrameHeader && stream[kFrameHeader] != kServerHello) return Probe::not_mine;
  if (stream.size() < kFrameHeader + 3) return Probe::unsure;
  const std::uint8_t low = stream[kFrameHeader + 1];
  const std::uint8_t high = stream[kFrameHeader + 2];
  const bool two_bytes = (low & kMore) != 0;
  if (two_bytes && (high & kMore) != 0) return Probe::not_mine;
  const std::size_t length = two_bytes ? (low & 0x7fu) | std::size_t{high} << 7 : low;
  const std::size_t head = two_bytes ? 3 : 2;
  if (load_be24(stream.data()) != head + length) return Probe::not_mine;
  const std::size_t key = kFrameHeader + head;
  if (!agrees(stream, key, kEphemeral)) return Probe::not_mine;
  const std::size_t behind = key + kEphemeral.size() + kEphemeral[1];
  if (stream.size() <= behind) return Probe::unsure;
  const bool fits = length > kEphemeral.size() + kEphemeral[1];
  return fits && (stream[behind] == kStatic || stream[behind] == kPayload) ? Probe::certain
                                                                           : Probe::not_mine;
}

ParseStatus feed_answer(ParserState& state, Bytes stream, Facts& facts) {
  const Probe probed = probe_answer(stream);
  if (probed == Probe::not_mine) return ParseStatus::not_mine;
  if (probed == Probe::unsure) return ParseStatus::need_more;
  begin(facts);
  state.offset = kFrameHeader;
  return ParseStatus::done;
}

}  // namespace chatgate::proto::whatsapp
