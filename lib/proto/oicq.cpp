#include "proto/oicq.h"

#include <algorithm>
#include <array>

#include "proto/messenger_text.h"

namespace chatgate::proto::oicq {
namespace {

constexpr std::uint8_t kFirstByte = 2;
constexpr std::uint8_t kLastByte = 3;
constexpr std::size_t kVersionAt = 1;
constexpr std::size_t kCommandAt = 3;
constexpr std::size_t kUserAt = 7;
constexpr std::size_t kHeader = 11;
constexpr std::size_t kLeast = kHeader + 1;
constexpr std::size_t kLengthSize = 2;  // counts itself

constexpr std::uint32_t kFirstUser = 10'000;
constexpr std::uint16_t kServersVersion = 0x0100;
constexpr std::uint16_t kRenumbered = 0x1500;  // QQ 2009
constexpr std::uint16_t kLastVersion = 0x3fff;

// Versions that are told of, or seen in captures, in order.
constexpr std::array<std::uint16_t, 33> kVersions = {
    0x0100, 0x062e, 0x072e, 0x0801, 0x0a1d, 0x0b07, 0x0b2f, 0x0b35, 0x0b37, 0x0c0b, 0x0c0d,
    0x0c21, 0x0c49, 0x0d05, 0x0d51, 0x0d55, 0x0d61, 0x0e1b, 0x0e35, 0x0f15, 0x0f4b, 0x0f5f,
    0x1105, 0x111d, 0x115b, 0x1203, 0x1205, 0x120b, 0x1412, 0x1441, 0x1663, 0x3624, 0x3b0b};
static_assert(std::is_sorted(kVersions.begin(), kVersions.end()));

enum Command : std::uint16_t {
  log_out = 0x0001,
  keep_alive = 0x0002,  // and group messages, later
  update_info = 0x0004,
  search_user = 0x0005,
  user_info = 0x0006,
  add_friend = 0x0009,
  delete_friend = 0x000a,
  add_friend_by_authorization = 0x000b,
  set_status = 0x000d,
  acknowledge = 0x0012,
  send_message = 0x0016,
  receive_message = 0x0017,
  retrieve = 0x0018,
  reserved = 0x001a,
  delete_me = 0x001c,
  request_key = 0x001d,
  cell_phone = 0x0021,
  log_in = 0x0022,
  friend_list = 0x0026,
  friends_online = 0x0027,
  cell_phone_2 = 0x0029,
  short_message = 0x002d,
  group = 0x0030,  // and a step of the log-in, later
  log_in_test = 0x0031,
  group_name = 0x003c,
  upload_group = 0x003d,
  memo = 0x003e,
  download_group = 0x0058,  // and the keep-alive, later
  level = 0x005c,
  request_log_in = 0x0062,
  extra_info = 0x0065,
  signature = 0x0067,
  system_message = 0x0080,
  friend_status = 0x0081,
  detect_server = 0x0091,
  log_in_a4 = 0x00a4,
  log_in_a8 = 0x00a8,
  add_by_question = 0x00ae,
  log_in_token = 0x00ba,
  send_message_2 = 0x00cd,
  receive_message_2 = 0x00ce,
  log_in_verify = 0x00dd,
  log_in_e3 = 0x00e3,
  log_in_info = 0x00e5,
  change_status = 0x00ec,
  friend_list_2 = 0x0126
};

constexpr std::array<std::uint16_t, 46> kCommands = {log_out,
                                                     keep_alive,
                                                     update_info,
                                                     search_user,
                                                     user_info,
                                                     add_friend,
                                                     delete_friend,
                                                     add_friend_by_authorization,
                                                     set_status,
                                                     acknowledge,
                                                     send_message,
                                                     receive_message,
                                                     retrieve,
                                                     reserved,
                                                     delete_me,
                                                     request_key,
                                                     cell_phone,
                                                     log_in,
                                                     friend_list,
                                                     friends_online,
                                                     cell_phone_2,
                                                     short_message,
                                                     group,
                                                     log_in_test,
                                                     group_name,
                                                     upload_group,
                                                     memo,
                                                     download_group,
                                                     level,
                                                     request_log_in,
                                                     extra_info,
                                                     signature,
                                                     system_message,
                                                     friend_status,
                                                     detect_server,
                                                     log_in_a4,
                                                     log_in_a8,
                                                     add_by_question,
                                                     log_in_token,
                                                     send_message_2,
                                                     receive_message_2,
                                                     log_in_verify,
                                                     log_in_e3,
                                                     log_in_info,
                                                     change_status,
                                                     friend_list_2};
static_assert(std::is_sorted(kCommands.begin(), kCommands.end()));

// Behind the user's number, clients since QQ 2009 have this: 02 or 03, then what is the same in all
// but where the mask is zero.
constexpr std::array<std::uint8_t, 9> kClientMark = {0x02, 0, 0, 0, 0x01, 0, 0x01, 0, 0};
constexpr std::array<std::uint8_t, 9> kClientMask = {0xfe, 0xff, 0xff, 0xff, 0xff,
                                                     0,    0xff, 0xff, 0xff};

// As far as it is there: a known version, or a client of a later one.
bool may_be_known(Bytes message) {
  if (message.size() < kCommandAt) return true;
  const std::uint16_t version = load_be16(&message[kVersionAt]);
  if (std::binary_search(kVersions.begin(), kVersions.end(), version)) return true;
  if (version < kRenumbered) return false;
  for (std::size_t i = 0; i < kClientMark.size() && kHeader + i < message.size(); ++i) {
    if ((message[kHeader + i] & kClientMask[i]) != kClientMark[i]) return false;
  }
  return true;
}
// Everything that is looked at, and the last byte.
constexpr std::size_t kLeastProven = kHeader + kClientMark.size() + 1;
bool is_known(Bytes message) {
  return message.size() >= kLeastProven && may_be_known(message);
}

// All but the last byte.
bool is_header(Bytes message) {
  const std::uint16_t command = load_be16(&message[kCommandAt]);
  const std::uint16_t version = load_be16(&message[kVersionAt]);
  return message[0] == kFirstByte && version >= kServersVersion && version <= kLastVersion &&
         std::binary_search(kCommands.begin(), kCommands.end(), command) &&
         load_be32(&message[kUserAt]) >= kFirstUser;
}

bool is_message(Bytes message) {
  return message.size() >= kLeast && message.back() == kLastByte && is_header(message);
}

void read(Bytes header, Facts& facts) {
  facts.protocol = AppProto::oicq;
  facts.next = Next::message;
  const std::uint16_t version = load_be16(&header[kVersionAt]);
  Messenger& messenger =
      facts.speak_of("qq", service_of_command(version, load_be16(&header[kCommandAt])));
  assign_number(messenger.login, load_be32(&header[kUserAt]));
  append_hex(messenger.version, version);
}

Probe probed(bool is_mine) {
  return is_mine ? Probe::certain : Probe::not_mine;
}

// Of the header over TCP, as much as is there.
bool may_be_first(Bytes stream) {
  const Bytes message = stream.subspan(std::min(stream.size(), kLengthSize));
  if (stream.size() >= kLengthSize) {
    const std::size_t size = load_be16(stream.data());
    if (size < kLengthSize + kLeastProven || size > kByteLimit) return false;
  }
  if (!message.empty() && message[0] != kFirstByte) return false;
  return may_be_known(message) && (message.size() < kHeader || is_header(message));
}

}  // namespace

Service service_of_command(std::uint16_t version, std::uint16_t command) {
  const bool renumbered = version >= kRenumbered;
  switch (command) {
    case Command::keep_alive: return renumbered ? Service::conference : Service::presence;
    case Command::group: return renumbered ? Service::login : Service::conference;
    case Command::group_name:
    case Command::upload_group: return Service::conference;
    case Command::send_message:
    case Command::receive_message:
    case Command::send_message_2:
    case Command::receive_message_2:
    case Command::cell_phone:
    case Command::cell_phone_2:
    case Command::short_message: return Service::text_chat;
    case Command::log_in:
    case Command::log_in_test:
    case Command::request_log_in:
    case Command::detect_server:
    case Command::log_in_a4:
    case Command::log_in_a8:
    case Command::log_in_token:
    case Command::log_in_verify:
    case Command::log_in_e3:
    case Command::log_in_info: return Service::login;
    case Command::acknowledge:
    case Command::retrieve:
    case Command::reserved:
    case Command::request_key:
    case Command::system_message: return Service::any;
    default:
      return std::binary_search(kCommands.begin(), kCommands.end(), command) ? Service::presence
                                                                             : Service::any;
  }
}

Probe probe_datagram(Bytes payload) {
  return probed(is_message(payload) && is_known(payload));
}
Probe probe_datagram_on_port(Bytes payload) {
  return probed(is_message(payload));
}

ParseStatus parse(Bytes payload, Direction /*direction*/, Facts& facts) {
  if (payload.size() < kLeast || payload[0] != kFirstByte || payload.back() != kLastByte) {
    return ParseStatus::not_mine;
  }
  read(payload, facts);
  return ParseStatus::done;
}

Probe probe(Bytes stream) {
  if (!may_be_first(stream)) return Probe::not_mine;
  if (stream.size() < kLengthSize) return Probe::unsure;
  const std::size_t size = load_be16(stream.data());
  if (stream.size() < size) return Probe::unsure;
  return probed(stream[size - 1] == kLastByte);
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  if (state.mark == 0) {
    switch (probe(stream)) {
      case Probe::not_mine: return ParseStatus::not_mine;
      case Probe::unsure: return ParseStatus::need_more;
      case Probe::certain: break;
    }
  }
  if (stream.size() < kLengthSize) return ParseStatus::need_more;
  const std::size_t size = load_be16(stream.data());
  const bool wrong = size < kLengthSize + kLeast ||
                     (stream.size() > kLengthSize && stream[kLengthSize] != kFirstByte);
  if (wrong) {
    facts.protocol = AppProto::oicq;
    return ParseStatus::malformed;
  }
  constexpr std::size_t kLookedAt = kLengthSize + kHeader;
  if (stream.size() < kLookedAt) return ParseStatus::need_more;
  read(stream.subspan(kLengthSize), facts);
  state.mark = 1;
  state.offset = kLookedAt;
  state.skip = size - kLookedAt;
  return ParseStatus::done;
}

}  // namespace chatgate::proto::oicq
