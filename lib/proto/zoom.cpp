#include "proto/zoom.h"

#include <algorithm>
#include <array>

#include "base/crc32.h"
#include "proto/opening.h"
#include "proto/question.h"

namespace chatgate::proto::zoom {
namespace {

// ParserState::mark once the flow is known to be Zoom's; before that it is a Question's.
struct Following {
  static constexpr std::uint32_t kKnown = 0x80000000;
  static constexpr std::uint32_t kPeers = 0x40000000;  // no server's encapsulation
  static constexpr std::uint32_t kToldShift = 16;      // a bit each kind of media
  static constexpr std::uint32_t kCount = 0xffff;
};

Messenger& begin(Service service, Next next, Facts& facts) {
  facts.protocol = AppProto::zoom;
  facts.next = next;
  return facts.speak_of("zoom", service);
}

// --- Greetings

constexpr std::size_t kIdAt = 3;
constexpr std::size_t kIdSize = 16;
constexpr std::size_t kIdEnd = kIdAt + kIdSize;

bool may_greet(Bytes payload) {
  constexpr std::size_t kMinimum = 30;
  constexpr std::size_t kMaximum = 512;
  return payload.size() >= kMinimum && payload.size() <= kMaximum && payload[0] == 1 &&
         payload[1] == 0 && (payload[2] == 2 || payload[2] == 3);
}

bool greets(Bytes payload) {
  constexpr std::array<std::uint8_t, 7> kZero{};
  constexpr std::array<std::uint8_t, 4> kSecret = {0, 0, 0, 64};
  constexpr std::size_t kTimeAt = kIdEnd + 8;
  constexpr std::size_t kEnd = kTimeAt + 12;
  return may_greet(payload) && payload.size() >= kEnd && agrees(payload, kIdEnd, kZero) &&
         load_be32(&payload[kTimeAt]) == load_be32(&payload[kTimeAt + 4]) &&
         agrees(payload, kTimeAt + 8, kSecret);
}

bool answers(Bytes payload, std::uint32_t id) {
  return payload.size() >= kIdEnd && payload[0] == 2 && payload[1] == 0 && payload[2] >= 1 &&
         payload[2] <= 3 && crc32(payload.subspan(kIdAt, kIdSize)) == id;
}

bool greets_peer(Bytes payload) {
  constexpr std::array<std::uint8_t, 3> kBegin = {0x1f, 2, 1};
  constexpr std::array<std::uint8_t, 4> kEnd{};
  constexpr std::size_t kAddressAt = 24;
  constexpr std::uint32_t kMaxAddress = 45;
  constexpr std::uint32_t kIdText = 36;
  if (payload.size() < kAddressAt + 4 || !agrees(payload, kBegin)) return false;
  const std::uint32_t address = load_be32(&payload[kAddressAt]);
  if (address == 0 || address > kMaxAddress) return false;
  const std::size_t id_at = kAddressAt + 4 + address;
  return payload.size() == id_at + 4 + kIdText + kEnd.size() &&
         load_be32(&payload[id_at]) == kIdText &&
         agrees(payload, payload.size() - kEnd.size(), kEnd);
}

// STUN in the form of RFC 3489: header, transaction, one attribute.
constexpr std::size_t kTransactionAt = 4;
constexpr std::size_t kTransaction = 16;
constexpr std::size_t kAttributeAt = kTransactionAt + kTransaction;

bool tests_reachability(Bytes payload) {
  constexpr std::array<std::uint8_t, 4> kHeader = {0, 1, 0, 24};
  constexpr std::array<std::uint8_t, 4> kAttribute = {1, 1, 0, 20};
  constexpr std::string_view kText("1234567890123456789\0", 20);
  return payload.size() == kAttributeAt + kAttribute.size() + kText.size() &&
         agrees(payload, kHeader) && agrees(payload, kAttributeAt, kAttribute) &&
         agrees(payload, kAttributeAt + kAttribute.size(), as_bytes(kText));
}

bool answers_test(Bytes payload, std::uint32_t transaction) {
  constexpr std::array<std::uint8_t, 4> kHeader = {0, 2, 0, 12};
  constexpr std::array<std::uint8_t, 4> kAttribute = {1, 3, 0, 8};
  return payload.size() == kAttributeAt + kHeader[3] && agrees(payload, kHeader) &&
         agrees(payload, kAttributeAt, kAttribute) &&
         crc32(payload.subspan(kTransactionAt, kTransaction)) == transaction;
}

// What may be Zoom's, and is with its answer.
enum Kind : std::uint32_t { none, greeting, test };

Kind kind_of(Bytes payload) {
  if (may_greet(payload)) return Kind::greeting;
  return tests_reachability(payload) ? Kind::test : Kind::none;
}

// What the answer repeats.
std::uint32_t detail_of(Bytes payload, Kind kind) {
  switch (kind) {
    case Kind::greeting: return crc32(payload.subspan(kIdAt, kIdSize));
    case Kind::test: return crc32(payload.subspan(kTransactionAt, kTransaction));
    case Kind::none: break;
  }
  return 0;
}

bool is_answer(Bytes payload, const Question& question) {
  return question.kind() == Kind::greeting ? answers(payload, question.detail())
                                           : answers_test(payload, question.detail());
}

// --- Media

struct Media {
  std::uint8_t type;
  Service service;
  std::size_t rtp_at;  // 0: not looked for
};
constexpr std::array<Media, 3> kMedia = {
    {{15, Service::voice, 19}, {16, Service::video, 24}, {30, Service::screen_share, 0}}};
constexpr std::uint32_t kAllMedia = 7;

const Media* media_of(Bytes payload, bool peers) {
  constexpr std::uint8_t kOfServer = 5;
  constexpr std::size_t kServerHeader = 8;
  if (!peers) {
    if (payload.size() <= kServerHeader || payload[0] != kOfServer) return nullptr;
    payload = payload.subspan(kServerHeader);
  }
  if (payload.empty()) return nullptr;
  const auto* const media = std::find_if(
      kMedia.begin(), kMedia.end(), [&](const Media& each) { return each.type == payload[0]; });
  if (media == kMedia.end() || payload.size() <= media->rtp_at) return nullptr;
  const bool rtp = (payload[media->rtp_at] & 0xc0) == 0x80;
  return media->rtp_at == 0 || rtp ? media : nullptr;
}

ParseStatus follow(ParserState& state, Bytes payload, Facts& facts) {
  ++state.mark;
  const bool last = (state.mark & Following::kCount) >= kMaxFollowed;
  const Media* const media = media_of(payload, (state.mark & Following::kPeers) != 0);
  const auto index = static_cast<std::uint32_t>(media == nullptr ? 0 : media - kMedia.data());
  const std::uint32_t bit = media == nullptr ? 0 : 1u << (Following::kToldShift + index);
  if (media == nullptr || (state.mark & bit) != 0) {
    if (!last) return ParseStatus::need_more;
    begin(Service::conference, Next::opaque, facts);
    return ParseStatus::done;
  }
  state.mark |= bit;
  const bool all = (state.mark >> Following::kToldShift & kAllMedia) == kAllMedia;
  begin(media->service, all || last ? Next::opaque : Next::message, facts);
  return ParseStatus::done;
}

ParseStatus known(ParserState& state, std::uint32_t how, Facts& facts) {
  state.mark = Following::kKnown | how;
  begin(Service::conference, Next::message, facts);
  return ParseStatus::done;
}

}  // namespace

Probe probe(Bytes payload) {
  if (greets(payload) || greets_peer(payload)) return Probe::certain;
  return kind_of(payload) == Kind::none ? Probe::not_mine : Probe::unsure;
}

ParseStatus parse(ParserState& state, Bytes payload, Direction direction, Facts& facts,
                  Context& /*context*/) {
  if ((state.mark & Following::kKnown) != 0) return follow(state, payload, facts);
  if (greets(payload)) return known(state, 0, facts);
  if (greets_peer(payload)) return known(state, Following::kPeers, facts);
  Question question(state);
  if (question.answered_by(direction) && is_answer(payload, question)) {
    return known(state, 0, facts);
  }
  const Kind kind = kind_of(payload);
  return question.hear(direction, kind != Kind::none, kind, detail_of(payload, kind));
}

}  // namespace chatgate::proto::zoom
