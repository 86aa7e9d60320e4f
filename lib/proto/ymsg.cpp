#include "proto/ymsg.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "base/ascii.h"
#include "proto/http_text.h"
#include "proto/messenger_text.h"
#include "proto/ymsg_service.h"

namespace chatgate::proto::ymsg {
namespace {

constexpr std::string_view kApplication = "yahoo";

// Both headers begin with a name of four characters.
constexpr std::size_t kName = 4;
constexpr std::string_view kPlainName = "YMSG";
constexpr std::array<std::string_view, 2> kOldNames = {"YHOO", "YPNS"};

// The header of YMSG: name, version, vendor, length of the body, service, status, session.
constexpr std::size_t kHeader = 20;
constexpr std::size_t kVersionAt = 4;
constexpr std::size_t kLengthAt = 8;
constexpr std::size_t kServiceAt = 10;
constexpr std::uint16_t kMaxService = 0x0fff;

// The old one: "YHOO1.0" and a zero; length of the whole and service, the low byte first; the
// logins of 36 bytes each at its end.
constexpr std::size_t kOldHeader = 104;
constexpr std::size_t kOldLengthAt = 8;
constexpr std::size_t kOldServiceAt = 12;
constexpr std::size_t kOldLoginAt = 32;
constexpr std::size_t kOldLogin = 36;
constexpr std::uint32_t kOldMaxLength = 64 * 1024;

bool begins_old(std::string_view text) {
  return std::any_of(kOldNames.begin(), kOldNames.end(), [&](std::string_view name) {
    return text.substr(0, kName) == name.substr(0, text.size());
  });
}

// "N.N" and a zero, as far as it is there.
bool is_old_version(std::string_view text) {
  constexpr std::size_t kText = 4;
  for (std::size_t i = 0; i < std::min(text.size(), kText); ++i) {
    const char c = text[i];
    const bool fits = i == 1 ? c == '.' : i == 3 ? c == '\0' : is_digit(c);
    if (!fits) return false;
  }
  return true;
}

// Numbers from 6 to 19 and 101, 102; the oldest clients have them in the other order of bytes.
bool is_version(std::uint8_t first, std::uint8_t second) {
  constexpr std::uint8_t kHighest = 0x7f;
  return (first == 0 || second == 0) && first <= kHighest && second <= kHighest;
}

// The first value of each key that is of interest.
struct Values {
  static constexpr std::array<std::uint16_t, 17> kKeys = {0,  1,  3,  4,   5,   7,   12,  20, 27,
                                                          49, 50, 52, 102, 109, 118, 135, 250};

  std::array<std::string_view, kKeys.size()> values;

  std::string_view operator[](std::uint16_t key) const {
    const auto* const found = std::find(kKeys.begin(), kKeys.end(), key);
    return found == kKeys.end() ? std::string_view()
                                : values[static_cast<std::size_t>(found - kKeys.begin())];
  }
  std::string_view first_of(std::initializer_list<std::uint16_t> keys) const {
    for (const std::uint16_t key : keys) {
      if (!(*this)[key].empty()) return (*this)[key];
    }
    return {};
  }
  void take(std::string_view key, std::string_view value) {
    const auto number = decimal(key);
    if (!number) return;
    const auto* const found = std::find(kKeys.begin(), kKeys.end(), *number);
    if (found == kKeys.end()) return;
    std::string_view& place = values[static_cast<std::size_t>(found - kKeys.begin())];
    if (place.empty()) place = value;
  }
};

// Takes a text off that two bytes end. Nothing where these are not there.
std::optional<std::string_view> take_text(std::string_view& body) {
  constexpr std::string_view kEnd = "\xc0\x80";
  const std::size_t end = body.find(kEnd);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view text = body.substr(0, end);
  body.remove_prefix(end + kEnd.size());
  return text;
}

Values read_values(Bytes bytes) {
  Values values;
  std::string_view body = as_text(bytes);
  while (true) {
    const auto key = take_text(body);
    if (!key) return values;
    const auto value = take_text(body);
    if (!value) return values;
    values.take(*key, *value);
  }
}

// Who sends and whom it is to, by the end that sent it.
void read_names(const Values& values, Direction way, Messenger& messenger) {
  if (way == Direction::to_server) {
    messenger.login.assign(values.first_of({1, 4, 0, 109}));
    messenger.peer_login.assign(values.first_of({5, 7, 118, 52}));
    return;
  }
  messenger.peer_login.assign(values.first_of({4, 7, 50, 3, 109}));
  const bool is_to_user = !values[4].empty() && !values[5].empty();
  messenger.login.assign(is_to_user ? values[5] : values.first_of({0, 1, 5}));
  if (messenger.peer_login.view() == messenger.login.view()) messenger.peer_login.clear();
}

// "http://ADDRESS:PORT/PATH" or "ADDRESS:PORT". Where it names a host nothing can be expected.
void expect_place(std::string_view url, Messenger& messenger) {
  constexpr std::string_view kScheme = "http://";
  constexpr std::uint16_t kPort = 80;
  if (http::starts_with_word(url, kScheme)) url.remove_prefix(kScheme.size());
  const auto place = address_and_port(url.substr(0, url.find('/')));
  if (!place) return;
  messenger.expect({.address = place->address,
                    .port = place->port != 0 ? place->port : kPort,
                    .tcp = true,
                    .service = Service::file_transfer});
}

// An address as a decimal number in Base64, its first byte the lowest.
std::optional<IpAddress> address_of_number(std::string_view encoded) {
  std::array<std::uint8_t, 16> bytes;
  const std::size_t size = decode_base64(encoded, bytes);
  const std::string_view digits = as_text(Bytes(bytes).first(size));
  const auto number = decimal<std::int64_t>(digits);
  if (!number) return std::nullopt;
  const auto value = static_cast<std::uint32_t>(*number);
  if (value == 0) return std::nullopt;
  const std::array<std::uint8_t, 4> address = {
      static_cast<std::uint8_t>(value), static_cast<std::uint8_t>(value >> 8),
      static_cast<std::uint8_t>(value >> 16), static_cast<std::uint8_t>(value >> 24)};
  return IpAddress::from_v4(address.data());
}

void expect_flows(std::uint32_t service, const Values& values, Messenger& messenger) {
  constexpr std::uint16_t kPeerPort = 5101;
  constexpr std::uint16_t kWebcamPort = 5100;
  if (messenger.service == Service::file_transfer) {
    expect_place(values[20], messenger);
    expect_place(values[250], messenger);
  }
  if (service == Number::peer_to_peer) {
    if (const auto address = address_of_number(values[12])) {
      messenger.expect({.address = *address, .port = kPeerPort});
    }
  }
  if (service == Number::webcam) {
    if (const auto server = address_and_port(values[102])) {
      messenger.expect({.address = server->address,
                        .port = server->port != 0 ? server->port : kWebcamPort,
                        .tcp = true,
                        .service = Service::webcam});
    }
  }
}

void read_packet(Bytes header, Bytes body, Direction way, Facts& facts) {
  const std::uint16_t service = load_be16(&header[kServiceAt]);
  const Values values = read_values(body);
  const bool names_user = !values[0].empty() || !values[1].empty();
  Messenger& messenger = facts.speak_of(
      kApplication, service_of(service, values[49], way == Direction::to_server || names_user));
  const std::uint16_t version = load_be16(&header[kVersionAt]);
  assign_number(messenger.version, version > 0xff ? version >> 8 : version);
  read_names(values, way, messenger);
  messenger.filename.assign(values[27]);
  messenger.client.assign(values[135]);
  expect_flows(service, values, messenger);
}

std::string_view until_zero(Bytes field) {
  const std::string_view text = as_text(field);
  return text.substr(0, text.find('\0'));
}

void read_old_packet(Bytes packet, Direction way, Facts& facts) {
  constexpr std::size_t kMaxLogin = 64;
  const std::uint32_t service = load_le32(&packet[kOldServiceAt]);
  Messenger& messenger = facts.speak_of(kApplication, service_of(service, {}, true));
  messenger.version.assign(as_text(packet).substr(kName, 3));
  messenger.login.assign(until_zero(packet.subspan(kOldLoginAt, kOldLogin)));
  if (way != Direction::to_server || service != Number::message) return;
  // "TO,TEXT"
  const std::string_view content = as_text(packet.subspan(kOldHeader)).substr(0, kMaxLogin);
  const std::size_t comma = content.find(',');
  if (comma != std::string_view::npos) messenger.peer_login.assign(content.substr(0, comma));
}

ParseStatus feed_old(ParserState& state, Bytes stream, Facts& facts) {
  if (!is_old_version(as_text(stream).substr(kName))) return ParseStatus::malformed;
  if (stream.size() < kOldHeader) return ParseStatus::need_more;
  const std::uint32_t length = load_le32(&stream[kOldLengthAt]);
  if (length < kOldHeader || length > kOldMaxLength) return ParseStatus::malformed;
  const std::uint32_t read = std::min<std::uint32_t>(length, kBodyRead);
  if (stream.size() < read) return ParseStatus::need_more;
  read_old_packet(stream.first(read), state.way, facts);
  facts.next = Next::message;
  state.offset = read;
  state.skip = length - read;
  return ParseStatus::done;
}

}  // namespace

Probe probe(Bytes stream) {
  const std::string_view text = as_text(stream);
  const std::string_view name = text.substr(0, kName);
  if (name == kPlainName.substr(0, name.size())) {
    if (stream.size() > kVersionAt + 1 && !is_version(stream[kVersionAt], stream[kVersionAt + 1])) {
      return Probe::not_mine;
    }
    if (stream.size() < kServiceAt + 2) {
      // One of the two names goes on like the other's beginning.
      return Probe::unsure;
    }
    return load_be16(&stream[kServiceAt]) <= kMaxService ? Probe::certain : Probe::not_mine;
  }
  if (!begins_old(text) || !is_old_version(text.substr(name.size()))) return Probe::not_mine;
  return text.size() >= kOldLengthAt ? Probe::certain : Probe::unsure;
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  facts.protocol = AppProto::ymsg;
  const std::string_view name = as_text(stream).substr(0, kName);
  if (name != kPlainName.substr(0, name.size())) {
    if (!begins_old(name)) return ParseStatus::malformed;
    return name.size() < kName ? ParseStatus::need_more : feed_old(state, stream, facts);
  }
  if (stream.size() < kHeader) return ParseStatus::need_more;
  const std::uint32_t length = load_be16(&stream[kLengthAt]);
  const std::uint32_t read = std::min(length, kBodyRead);
  if (stream.size() < kHeader + read) return ParseStatus::need_more;
  read_packet(stream.first(kHeader), stream.subspan(kHeader, read), state.way, facts);
  facts.next = Next::message;
  state.offset = static_cast<std::uint32_t>(kHeader + read);
  state.skip = length - read;
  return ParseStatus::done;
}

}  // namespace chatgate::proto::ymsg
