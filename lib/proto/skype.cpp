#include "proto/skype.h"

#include <array>

#include "proto/opening.h"

namespace chatgate::proto::skype {
namespace {

constexpr std::array<std::uint8_t, kByteLimit> kAnswer = {0x17, 0x03, 0x01, 0x00, 0x00};

}  // namespace

Probe probe(Bytes stream) {
  if (!agrees(stream, kAnswer)) return Probe::not_mine;
  return stream.size() < kAnswer.size() ? Probe::unsure : Probe::certain;
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  const Probe probed = probe(stream);
  if (probed == Probe::not_mine) return ParseStatus::not_mine;
  if (probed == Probe::unsure) return ParseStatus::need_more;
  facts.protocol = AppProto::skype;
  facts.next = Next::opaque;
  facts.speak_of("skype", Service::login);
  state.offset = kByteLimit;
  return ParseStatus::done;
}

std::optional<std::uint16_t> datagram_number(Bytes datagram) {
  constexpr std::uint8_t kEnciphered = 0x02;
  constexpr std::size_t kShortest = 11;  // number, type, initialisation vector, checksum
  if (datagram.size() <= kShortest || datagram[2] != kEnciphered) return std::nullopt;
  return load_be16(datagram.data());
}

}  // namespace chatgate::proto::skype
