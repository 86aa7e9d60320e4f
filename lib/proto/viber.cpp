#include "proto/viber.h"

#include <array>

#include "proto/opening.h"
#include "proto/question.h"

namespace chatgate::proto::viber {
namespace {

Messenger& begin(Service service, Facts& facts) {
  facts.protocol = AppProto::viber;
  facts.next = Next::opaque;
  return facts.speak_of("viber", service);
}

bool may_be_first(Bytes stream) {
  constexpr std::array<std::uint8_t, 2> kFirst = {0xfc, 0xff};
  constexpr std::array<std::uint8_t, 1> kFirstFlag = {0x80};
  return agrees(stream, 6, kFirst) && agrees(stream, 9, kFirstFlag);
}

bool may_be_second(Bytes stream) {
  constexpr std::array<std::uint8_t, 2> kSecond = {0x03, 0x80};
  constexpr std::array<std::uint8_t, 1> kSecondField = {0x0a};
  return agrees(stream, 4, kSecond) && agrees(stream, 10, kSecondField);
}

}  // namespace

Probe probe(Bytes stream) {
  constexpr std::uint16_t kMaxMessage = 1460;
  if (stream.size() < 2) return Probe::unsure;
  const std::uint16_t length = load_le16(stream.data());
  if (length < kByteLimit || length > kMaxMessage) return Probe::not_mine;
  if (!may_be_first(stream) && !may_be_second(stream)) return Probe::not_mine;
  return stream.size() < kByteLimit ? Probe::unsure : Probe::certain;
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  const Probe probed = probe(stream);
  if (probed == Probe::not_mine) return ParseStatus::not_mine;
  if (probed == Probe::unsure) return ParseStatus::need_more;
  begin(Service::login, facts);
  state.offset = kByteLimit;
  return ParseStatus::done;
}

namespace {

constexpr std::size_t kTypeAt = 2;

struct Form {
  std::size_t size;
  std::uint16_t type;
};
struct Exchange {
  Form question;
  Form answer;
};
constexpr std::array<Exchange, 3> kExchanges = {{
    {{55, 12}, {76, 1}},
    {{76, 1}, {55, 12}},
    {{12, 3}, {12, 4}},
}};

bool has(Bytes payload, const Form& form) {
  return payload.size() == form.size && load_le16(&payload[kTypeAt]) == form.type;
}

bool calls(Bytes payload) {
  constexpr std::size_t kMinimum = 20;
  constexpr std::array<std::uint8_t, 4> kCall = {1, 0, 5, 0};
  return payload.size() >= kMinimum && agrees(payload, kTypeAt, kCall);
}

// The number of the exchange that it begins, or the count of all.
std::size_t exchange_of(Bytes payload) {
  std::size_t index = 0;
  while (index < kExchanges.size() && !has(payload, kExchanges[index].question)) ++index;
  return index;
}

}  // namespace

Probe probe_datagram(Bytes payload) {
  if (calls(payload)) return Probe::certain;
  return exchange_of(payload) < kExchanges.size() ? Probe::unsure : Probe::not_mine;
}

ParseStatus parse_datagram(ParserState& state, Bytes payload, Direction direction, Facts& facts,
                           Context& /*context*/) {
  Question question(state);
  if (calls(payload) ||
      (question.answered_by(direction) && has(payload, kExchanges[question.kind()].answer) &&
       load_le16(payload.data()) == question.detail())) {
    begin(Service::voice, facts);
    return ParseStatus::done;
  }
  const std::size_t exchange = exchange_of(payload);
  const bool known = exchange < kExchanges.size();
  return question.hear(direction, known, static_cast<std::uint32_t>(exchange),
                       known ? load_le16(payload.data()) : 0);
}

}  // namespace chatgate::proto::viber
