#include "proto/wechat.h"

#include <algorithm>
#include <array>

#include "base/cursor.h"
#include "proto/opening.h"

namespace chatgate::proto::wechat {
namespace {

Messenger& begin(Service service, Facts& facts) {
  facts.protocol = AppProto::mmtls;
  facts.next = Next::opaque;
  return facts.speak_of("wechat", service);
}

// --- mmtls

constexpr std::uint8_t kHandshake = 0x16;
constexpr std::uint8_t kEarlyHandshake = 0x19;
constexpr std::uint8_t kVersionMajor = 0xf1;
constexpr std::size_t kHelloVersionEnd = 12;

bool is_minor(std::uint8_t minor) {
  return minor == 3 || minor == 4;
}

Probe probe_mmtls(Bytes stream) {
  constexpr std::size_t kRecordHeader = 5;
  constexpr std::uint32_t kMinimum = 40;
  if (stream.size() > 1 && stream[1] != kVersionMajor) return Probe::not_mine;
  if (stream.size() > 2 && !is_minor(stream[2])) return Probe::not_mine;
  if (stream.size() < kRecordHeader + 4) return Probe::unsure;
  const std::uint32_t hello = load_be32(&stream[kRecordHeader]);
  if (hello < kMinimum || hello + 4 != load_be16(&stream[3])) return Probe::not_mine;
  if (stream.size() < kHelloVersionEnd) return Probe::unsure;
  const std::uint8_t type = stream[9];
  // The hello's version is written the other way round than the record's.
  const bool is_hello =
      (type == 1 || type == 2) && is_minor(stream[10]) && stream[11] == kVersionMajor;
  return is_hello ? Probe::certain : Probe::not_mine;
}

// --- The header without encryption

constexpr std::array<std::uint8_t, 4> kHeaderAndVersion = {0, 16, 0, 1};
constexpr std::size_t kPlainHeader = 16;

Probe probe_plain(Bytes stream) {
  constexpr std::uint8_t kPacked = 0xbf;
  constexpr std::array<std::uint8_t, 8> kHeartbeat = {0, 0, 0, 6, 0xff, 0xff, 0xff, 0xff};
  if (!agrees(stream, 4, kHeaderAndVersion)) return Probe::not_mine;
  if (stream.size() < kPlainHeader) return Probe::unsure;
  const std::uint32_t length = load_be32(stream.data());
  if (length < kPlainHeader) return Probe::not_mine;
  if (length == kPlainHeader) {
    return agrees(stream, 8, kHeartbeat) ? Probe::certain : Probe::not_mine;
  }
  if (stream.size() == kPlainHeader) return Probe::unsure;
  return stream[kPlainHeader] == kPacked ? Probe::certain : Probe::not_mine;
}

// --- Transfers

constexpr std::uint8_t kTransfer = 0xab;
constexpr std::size_t kTransferHeader = 25;
constexpr std::size_t kFirstKeyEnd = 32;

Probe probe_transfer(Bytes stream) {
  constexpr std::array<std::uint8_t, 7> kFirstKey = {0, 0, 0, 3, 'v', 'e', 'r'};
  if (!agrees(stream, kTransferHeader, kFirstKey)) return Probe::not_mine;
  if (stream.size() > 1 && stream[1] != 0) return Probe::not_mine;
  if (stream.size() < kFirstKeyEnd) return Probe::unsure;
  const std::uint32_t length = load_be32(&stream[1]);
  const std::uint32_t texts = load_be32(&stream[21]);
  return length > kFirstKeyEnd && texts == length - kTransferHeader ? Probe::certain
                                                                    : Probe::not_mine;
}

ParseStatus feed_transfer(ParserState& state, Bytes stream, Facts& facts) {
  const std::size_t wanted = std::min(load_be32(&stream[1]), kByteLimit);
  if (stream.size() < wanted) return ParseStatus::need_more;
  Messenger& messenger = begin(Service::file_transfer, facts);
  Cursor cursor(stream.first(wanted));
  cursor.skip(kTransferHeader);
  while (!cursor.at_end()) {
    const std::string_view key = as_text(cursor.take(cursor.be32()));
    const std::string_view value = as_text(cursor.take(cursor.be32()));
    if (!cursor.ok()) break;
    if (key == "weixinnum") messenger.login.assign(value);
    if (key == "clientostype") messenger.client.assign(value);
  }
  state.offset = static_cast<std::uint32_t>(wanted);
  return ParseStatus::done;
}

}  // namespace

Probe probe(Bytes stream) {
  if (stream.empty()) return Probe::unsure;
  switch (stream[0]) {
    case kHandshake:
    case kEarlyHandshake: return probe_mmtls(stream);
    case kTransfer: return probe_transfer(stream);
    case 0: return probe_plain(stream);
    default: return Probe::not_mine;
  }
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  const Probe probed = probe(stream);
  if (probed == Probe::not_mine) return ParseStatus::not_mine;
  if (probed == Probe::unsure) return ParseStatus::need_more;
  if (stream[0] == kTransfer) return feed_transfer(state, stream, facts);
  Messenger& messenger = begin(Service::login, facts);
  if (stream[0] == 0) {
    state.offset = kPlainHeader;
    return ParseStatus::done;
  }
  messenger.version.assign(stream[2] == 3 ? "mmtls f103" : "mmtls f104");
  state.offset = kHelloVersionEnd;
  return ParseStatus::done;
}

}  // namespace chatgate::proto::wechat
