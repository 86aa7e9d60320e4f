#include "proto/voice_datagrams.h"

#include <algorithm>
#include <array>
#include <bitset>

#include "base/crc32.h"
#include "proto/messenger_text.h"
#include "proto/opening.h"
#include "proto/question.h"

namespace chatgate::proto {
namespace {

Messenger& begin(AppProto protocol, std::string_view application, Service service, Facts& facts) {
  facts.protocol = protocol;
  facts.next = Next::opaque;
  return facts.speak_of(application, service);
}

bool all_zero(Bytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

namespace discord {
namespace {

constexpr std::size_t kDiscovery = 74;
constexpr std::size_t kKeepAlive = 8;
constexpr std::size_t kAddressAt = 8;
constexpr std::size_t kAddressSize = 64;

// A text of an address, and zeros behind it.
bool is_address(Bytes field) {
  const std::string_view text = as_text(field);
  const std::size_t size = std::min(text.find('\0'), text.size());
  return size >= 3 && all_zero(field.subspan(size)) &&
         text.find_first_not_of("0123456789abcdefABCDEF.:") == size;
}

}  // namespace

Probe probe(Bytes payload) {
  constexpr std::array<std::uint8_t, 4> kRequest = {0, 1, 0, 70};
  constexpr std::array<std::uint8_t, 4> kResponse = {0, 2, 0, 70};
  constexpr std::array<std::uint8_t, 4> kAlive = {0x13, 0x37, 0xca, 0xfe};
  bool known = payload.size() == kKeepAlive && agrees(payload, kAlive);
  if (payload.size() == kDiscovery) {
    const Bytes address = payload.subspan(kAddressAt, kAddressSize);
    known = (agrees(payload, kRequest) && all_zero(address)) ||
            (agrees(payload, kResponse) && is_address(address));
  }
  return known ? Probe::certain : Probe::not_mine;
}

ParseStatus parse(Bytes payload, Direction /*direction*/, Facts& facts) {
  if (probe(payload) != Probe::certain) return ParseStatus::not_mine;
  begin(AppProto::discord, "discord", Service::voice, facts);
  return ParseStatus::done;
}

}  // namespace discord

namespace line {
namespace {

struct Form {
  std::size_t size;
  std::uint32_t first;
};
constexpr std::array<Form, 6> kForms = {{{8, 0xb6070004},
                                         {16, 0xb609000c},
                                         {35, 0xb6130006},
                                         {46, 0xb6130006},
                                         {108, 0xb6120068},
                                         {110, 0xb618006a}}};

}  // namespace

Probe probe(Bytes payload) {
  const bool known = std::any_of(kForms.begin(), kForms.end(), [&](const Form& form) {
    return payload.size() == form.size && load_be32(payload.data()) == form.first;
  });
  return known ? Probe::certain : Probe::not_mine;
}

ParseStatus parse(Bytes payload, Direction /*direction*/, Facts& facts) {
  if (probe(payload) != Probe::certain) return ParseStatus::not_mine;
  begin(AppProto::line, "line", Service::voice, facts);
  return ParseStatus::done;
}

}  // namespace line

namespace zalo {

Probe probe(Bytes payload) {
  constexpr std::array<std::size_t, 4> kSizes = {26, 27, 34, 42};
  constexpr std::uint32_t kFirst = 0x01010000;
  const bool size = std::find(kSizes.begin(), kSizes.end(), payload.size()) != kSizes.end();
  return size && load_be32(payload.data()) == kFirst ? Probe::unsure : Probe::not_mine;
}

ParseStatus parse(ParserState& state, Bytes payload, Direction direction, Facts& facts,
                  Context& /*context*/) {
  Question question(state);
  const bool known = probe(payload) == Probe::unsure;
  if (known && question.answered_by(direction) && payload.size() == question.detail()) {
    begin(AppProto::zalo, "zalo", Service::voice, facts);
    return ParseStatus::done;
  }
  return question.hear(direction, known, 0, static_cast<std::uint32_t>(payload.size()));
}

}  // namespace zalo

namespace mumble {
namespace {

constexpr std::size_t kPing = 12;
constexpr std::size_t kAnswer = 24;
constexpr std::size_t kIdentAt = 4;
constexpr std::size_t kIdentSize = 8;

std::uint32_t ident_of(Bytes payload) {
  return crc32(payload.subspan(kIdentAt, kIdentSize));
}

bool answers(Bytes payload, std::uint32_t ident) {
  if (payload.size() != kAnswer || payload[0] != 0 || payload[1] != 1) return false;
  const std::uint32_t users = load_be32(&payload[12]);
  const std::uint32_t most = load_be32(&payload[16]);
  return users <= most && ident_of(payload) == ident;
}

}  // namespace

Probe probe(Bytes payload) {
  const bool ping = payload.size() == kPing && all_zero(payload.first(kIdentAt));
  return ping ? Probe::unsure : Probe::not_mine;
}

ParseStatus parse(ParserState& state, Bytes payload, Direction direction, Facts& facts,
                  Context& /*context*/) {
  Question question(state);
  if (question.answered_by(direction) && answers(payload, question.detail())) {
    ShortText& version = begin(AppProto::mumble, "mumble", Service::presence, facts).version;
    for (std::size_t i = 1; i < 4; ++i) {
      if (i != 1) version.append(".");
      append_number(version, payload[i]);
    }
    return ParseStatus::done;
  }
  const bool ping = probe(payload) == Probe::unsure;
  return question.hear(direction, ping, 0, ping ? ident_of(payload) : 0);
}

}  // namespace mumble

namespace tox {
namespace {

struct Exchange {
  std::uint8_t question;
  std::size_t size;
  std::uint8_t answer;
};
constexpr std::array<Exchange, 3> kExchanges = {
    {{0x00, 82, 0x01}, {0x02, 113, 0x04}, {0x18, 145, 0x19}}};

// What follows the id: a key or a nonce. Of 24 random bytes fewer than 14 values are met once in
// 2^35.
bool looks_random(Bytes payload) {
  constexpr std::size_t kLooked = 24;
  constexpr std::size_t kValues = 14;
  if (payload.size() <= kLooked) return false;
  std::bitset<256> seen;
  for (const std::uint8_t byte : payload.subspan(1, kLooked)) seen.set(byte);
  return seen.count() >= kValues;
}

// Up to four nodes, of 39 bytes with IPv4 and 51 with IPv6.
bool is_size_of_nodes(std::size_t size) {
  constexpr std::size_t kNone = 82;
  for (std::size_t v4 = 0; v4 <= 4; ++v4) {
    for (std::size_t v6 = 0; v4 + v6 <= 4; ++v6) {
      if (size == kNone + 39 * v4 + 51 * v6) return true;
    }
  }
  return false;
}

bool is_size_of_answer(std::size_t size, std::size_t exchange) {
  constexpr std::size_t kPong = 82;
  constexpr std::size_t kCookie = 161;
  if (exchange == 1) return is_size_of_nodes(size);
  return size == (exchange == 0 ? kPong : kCookie);
}

std::size_t exchange_of(Bytes payload) {
  std::size_t index = 0;
  while (index < kExchanges.size() &&
         (payload.size() != kExchanges[index].size || payload[0] != kExchanges[index].question)) {
    ++index;
  }
  return looks_random(payload) ? index : kExchanges.size();
}

}  // namespace

Probe probe(Bytes payload) {
  return exchange_of(payload) < kExchanges.size() ? Probe::unsure : Probe::not_mine;
}

ParseStatus parse(ParserState& state, Bytes payload, Direction direction, Facts& facts,
                  Context& /*context*/) {
  Question question(state);
  if (question.answered_by(direction) && looks_random(payload) &&
      payload[0] == kExchanges[question.kind()].answer &&
      is_size_of_answer(payload.size(), question.kind())) {
    begin(AppProto::tox, "tox", Service::login, facts);
    return ParseStatus::done;
  }
  const std::size_t exchange = exchange_of(payload);
  return question.hear(direction, exchange < kExchanges.size(),
                       static_cast<std::uint32_t>(exchange), 0);
}

}  // namespace tox

}  // namespace chatgate::proto
