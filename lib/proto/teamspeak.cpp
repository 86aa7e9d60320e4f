#include "proto/teamspeak.h"

#include <array>

#include "base/crc32.h"
#include "proto/messenger_text.h"
#include "proto/opening.h"

namespace chatgate::proto::teamspeak {
namespace {

Messenger& begin(Service service, Next next, Facts& facts) {
  facts.protocol = AppProto::teamspeak;
  facts.next = next;
  return facts.speak_of("teamspeak", service);
}

// --- Version 3

constexpr std::string_view kInit = "TS3INIT1";

bool is_init(Bytes payload) {
  return payload.size() > kInit.size() && agrees(payload, as_bytes(kInit));
}

// --- Version 2: class, type, session, client, number; then a CRC in most classes

enum Class : std::uint16_t {
  standard = 0xbef0,
  acknowledgment = 0xbef1,
  voice_of_client = 0xbef2,
  voice_of_server = 0xbef3,
  connection = 0xbef4
};

enum Type : std::uint16_t {
  ping = 1,
  ping_reply = 2,
  login_request = 3,
  login_reply = 4,
  login_second = 5,
  login_end = 8,
  text_message = 0x82,
  text_bounce = 0xfc0f
};

constexpr std::size_t kHeader = 16;

bool has_crc_at(Bytes payload, std::size_t at) {
  constexpr std::array<std::uint8_t, 4> kZero{};
  if (payload.size() < at + kZero.size()) return false;
  const std::uint32_t before = crc32(kZero, crc32(payload.first(at)));
  return load_le32(&payload[at]) == crc32(payload.subspan(at + kZero.size()), before);
}

bool begins_connection(Bytes payload) {
  return payload.size() > kHeader && load_le16(payload.data()) == Class::connection &&
         has_crc_at(payload, kHeader);
}

Service service_of(std::uint16_t class_, std::uint16_t type) {
  if (class_ == Class::voice_of_client || class_ == Class::voice_of_server) return Service::voice;
  if (class_ != Class::standard && class_ != Class::connection) return Service::any;
  switch (type) {
    case Type::login_request:
    case Type::login_reply:
    case Type::login_second:
    case Type::login_end: return Service::login;
    case Type::text_message:
    case Type::text_bounce: return Service::text_chat;
    default: return Service::presence;
  }
}

// A text with its length in a field of 30 bytes.
std::string_view text_at(Bytes payload, std::size_t at) {
  constexpr std::size_t kField = 30;
  if (payload.size() < at + kField || payload[at] >= kField) return {};
  return as_text(payload.subspan(at + 1, payload[at]));
}

void read_login(Bytes payload, Messenger& messenger) {
  constexpr std::size_t kClientAt = 20;
  constexpr std::size_t kVersionAt = 80;
  constexpr std::size_t kNumbers = 4;
  constexpr std::size_t kLoginAt = 90;
  constexpr std::size_t kNicknameAt = 150;
  if (payload.size() < kLoginAt) return;
  messenger.client.assign(text_at(payload, kClientAt));
  for (std::size_t i = 0; i < kNumbers; ++i) {
    messenger.client.append(i == 0 ? " " : ".");
    append_number(messenger.client, load_le16(&payload[kVersionAt + 2 * i]));
  }
  const std::string_view login = text_at(payload, kLoginAt);
  messenger.login.assign(login.empty() ? text_at(payload, kNicknameAt) : login);
}

// ParserState::mark: the service that was told last, and a bit that there is one.
constexpr std::uint32_t kTold = 0x80;

ParseStatus follow(ParserState& state, Bytes payload, Facts& facts) {
  if (payload.size() < kHeader) return ParseStatus::need_more;
  const std::uint16_t class_ = load_le16(payload.data());
  const std::uint16_t type = load_le16(&payload[2]);
  const Service service = service_of(class_, type);
  const std::uint32_t told = kTold | static_cast<std::uint32_t>(service);
  const bool request = class_ == Class::connection && type == Type::login_request;
  if (service == Service::any || (told == state.mark && !request)) return ParseStatus::need_more;
  state.mark = told;
  Messenger& messenger = begin(service, Next::message, facts);
  messenger.version.assign("2");
  if (request) read_login(payload, messenger);
  return ParseStatus::done;
}

}  // namespace

Probe probe(Bytes payload) {
  return is_init(payload) || begins_connection(payload) ? Probe::certain : Probe::not_mine;
}

ParseStatus parse(ParserState& state, Bytes payload, Direction /*direction*/, Facts& facts,
                  Context& /*context*/) {
  if (is_init(payload)) {
    begin(Service::login, Next::opaque, facts).version.assign("3");
    return ParseStatus::done;
  }
  if (state.mark == 0 && !begins_connection(payload)) return ParseStatus::not_mine;
  return follow(state, payload, facts);
}

// --- Query

namespace {

constexpr std::string_view kBanner3 = "TS3\n\r";
constexpr std::string_view kBanner2 = "[TS]\r\n";

}  // namespace

Probe probe_query(Bytes stream) {
  for (const std::string_view banner : {kBanner3, kBanner2}) {
    if (!agrees(stream, as_bytes(banner))) continue;
    return stream.size() < banner.size() ? Probe::unsure : Probe::certain;
  }
  return Probe::not_mine;
}

ParseStatus feed_query(ParserState& state, Bytes stream, Facts& facts) {
  const Probe probed = probe_query(stream);
  if (probed == Probe::not_mine) return ParseStatus::not_mine;
  if (probed == Probe::unsure) return ParseStatus::need_more;
  const bool third = stream[0] == static_cast<std::uint8_t>(kBanner3[0]);
  begin(Service::login, Next::opaque, facts).version.assign(third ? "3" : "2");
  state.offset = static_cast<std::uint32_t>(third ? kBanner3.size() : kBanner2.size());
  return ParseStatus::done;
}

}  // namespace chatgate::proto::teamspeak
