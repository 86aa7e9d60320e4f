#include "proto/steam.h"

#include "proto/opening.h"

namespace chatgate::proto::steam {
namespace {

constexpr std::string_view kStreamMagic = "VT01";
constexpr std::string_view kDatagramMagic = "VS01";

ParseStatus finish(Facts& facts) {
  facts.protocol = AppProto::steam;
  facts.next = Next::opaque;
  facts.speak_of({}, Service::login);
  return ParseStatus::done;
}

}  // namespace

Probe probe(Bytes stream) {
  constexpr std::size_t kMagicAt = 4;
  constexpr std::uint32_t kMaxMessage = 1 << 24;
  if (!agrees(stream, kMagicAt, as_bytes(kStreamMagic))) return Probe::not_mine;
  if (stream.size() < kMagicAt) return Probe::unsure;
  const std::uint32_t length = load_le32(stream.data());
  if (length == 0 || length > kMaxMessage) return Probe::not_mine;
  return stream.size() < kByteLimit ? Probe::unsure : Probe::certain;
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  const Probe probed = probe(stream);
  if (probed == Probe::not_mine) return ParseStatus::not_mine;
  if (probed == Probe::unsure) return ParseStatus::need_more;
  state.offset = kByteLimit;
  return finish(facts);
}

Probe probe_datagram(Bytes payload) {
  constexpr std::size_t kHeader = 36;
  constexpr std::size_t kLengthAt = 4;
  constexpr std::size_t kTypeAt = 6;
  constexpr std::uint8_t kLastType = 7;
  if (payload.size() < kHeader || !agrees(payload, as_bytes(kDatagramMagic))) {
    return Probe::not_mine;
  }
  const bool sound = load_le16(&payload[kLengthAt]) == payload.size() - kHeader &&
                     payload[kTypeAt] >= 1 && payload[kTypeAt] <= kLastType;
  return sound ? Probe::certain : Probe::not_mine;
}

ParseStatus parse_datagram(Bytes payload, Direction /*direction*/, Facts& facts) {
  return probe_datagram(payload) == Probe::certain ? finish(facts) : ParseStatus::not_mine;
}

}  // namespace chatgate::proto::steam
