#include "proto/lwp.h"

#include <array>

#include "base/cursor.h"
#include "proto/opening.h"

namespace chatgate::proto::lwp {
namespace {

constexpr std::uint8_t kFirst = 0x10;
constexpr std::size_t kHeader = 4;
constexpr std::array<std::uint8_t, 14> kFixed = {0x87, 0x80, 1,   0,   1, 0, 2,
                                                 0,    2,    'd', 'k', 3, 0, 32};
constexpr std::size_t kFixedAt = 2;
constexpr std::uint8_t kMinLength = 12 + 32;

enum Field : std::uint8_t { program = 0x84 };

}  // namespace

Probe probe(Bytes stream) {
  if (stream.size() > 0 && stream[0] != kFirst) return Probe::not_mine;
  if (stream.size() > 1 && stream[1] < kMinLength) return Probe::not_mine;
  if (!agrees(stream, kFixedAt, kFixed)) return Probe::not_mine;
  return stream.size() < kFixedAt + kFixed.size() ? Probe::unsure : Probe::certain;
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  const Probe probed = probe(stream);
  if (probed == Probe::not_mine) return ParseStatus::not_mine;
  if (probed == Probe::unsure) return ParseStatus::need_more;
  const std::size_t size = kHeader + stream[1];
  if (stream.size() < size) return ParseStatus::need_more;
  facts.protocol = AppProto::lwp;
  facts.next = Next::opaque;
  Messenger& messenger = facts.speak_of("dingtalk", Service::login);
  Cursor cursor(stream.first(size));
  cursor.skip(kHeader);
  while (!cursor.at_end()) {
    const std::uint8_t type = cursor.u8();
    const Bytes value = cursor.take(cursor.be16());
    if (cursor.ok() && type == Field::program) messenger.client.assign(as_text(value));
  }
  state.offset = static_cast<std::uint32_t>(size);
  return ParseStatus::done;
}

}  // namespace chatgate::proto::lwp
