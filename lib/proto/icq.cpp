#include "proto/icq.h"

#include <algorithm>
#include <array>

#include "base/cursor.h"
#include "proto/icq_cipher.h"
#include "proto/icq_message.h"
#include "proto/messenger_text.h"

namespace chatgate::proto::icq {
namespace {

constexpr std::uint8_t kFirstVersion = 2;
constexpr std::uint8_t kLastVersion = 5;
constexpr std::uint32_t kFirstUin = 1000;
constexpr std::uint32_t kLastUin = 1'000'000'000;
constexpr std::size_t kLeastV2 = 10;

// Where the fields of a header are, by version, from 2 on.
struct Layout {
  std::size_t command;
  std::size_t uin;
  std::size_t parameters;
};
constexpr std::array<Layout, 4> kClient = {
    {{2, 6, kLeastV2}, {2, 8, kLeastV3}, {6, 12, kLeastV4}, {14, 6, kLeastV5}}};
constexpr std::array<Layout, 4> kServer = {{{2, 0, 6}, {2, 8, 16}, {2, 8, 16}, {7, 13, 21}}};

enum Command : std::uint16_t {
  acknowledge = 0x000a,
  send_message = 0x010e,
  reconnect = 0x015e,
  log_in = 0x03e8,
  prepare_log_in = 0x03f2,
  register_user = 0x03fc,
  contact_list = 0x0406,
  search_uin = 0x041a,
  search_user = 0x0424,
  keep_alive = 0x042e,
  send_text_code = 0x0438,
  acknowledge_messages = 0x0442,
  log_in_1 = 0x044c,
  message_to_new_user = 0x0456,
  info_request = 0x0460,
  ext_info_request = 0x046a,
  change_password = 0x049c,
  new_user_info = 0x04a6,
  update_ext_info = 0x04b0,
  query_servers = 0x04ba,
  query_addons = 0x04c4,
  status_change = 0x04d8,
  new_user_1 = 0x04ec,
  update_info = 0x050a,
  authorize = 0x0514,
  keep_alive_2 = 0x051e,
  log_in_2 = 0x0528,
  add_to_list = 0x053c,
  set_random = 0x0564,
  search_random = 0x056e,
  meta_user = 0x064a,
  invisible_list = 0x06a4,
  visible_list = 0x06ae,
  update_list = 0x06b8
};

bool is_command(std::uint16_t command) {
  constexpr std::array<std::uint16_t, 34> kCommands = {
      acknowledge,     send_message,        reconnect,       log_in,
      prepare_log_in,  register_user,       contact_list,    search_uin,
      search_user,     keep_alive,          send_text_code,  acknowledge_messages,
      log_in_1,        message_to_new_user, info_request,    ext_info_request,
      change_password, new_user_info,       update_ext_info, query_servers,
      query_addons,    status_change,       new_user_1,      update_info,
      authorize,       keep_alive_2,        log_in_2,        add_to_list,
      set_random,      search_random,       meta_user,       invisible_list,
      visible_list,    update_list};
  return std::find(kCommands.begin(), kCommands.end(), command) != kCommands.end();
}

Service service_of_command(std::uint16_t command) {
  switch (command) {
    case Command::acknowledge:
    case Command::query_servers:
    case Command::query_addons: return Service::any;
    case Command::send_message:
    case Command::acknowledge_messages:
    case Command::message_to_new_user: return Service::text_chat;
    case Command::reconnect:
    case Command::log_in:
    case Command::prepare_log_in:
    case Command::register_user:
    case Command::log_in_1:
    case Command::new_user_info:
    case Command::new_user_1:
    case Command::log_in_2: return Service::login;
    default: return Service::presence;
  }
}

enum Answer : std::uint16_t {
  acknowledged = 0x000a,
  go_away = 0x0028,
  new_uin = 0x0046,
  logged_in = 0x005a,
  bad_password = 0x0064,
  user_online = 0x006e,
  user_offline = 0x0078,
  offline_message = 0x00dc,
  end_of_offline_messages = 0x00e6,
  not_connected = 0x00f0,
  try_again = 0x00fa,
  message = 0x0104,
  several = 0x0212
};

// --- A client's

std::uint8_t version_of(Bytes payload) {
  if (payload.size() < kLeastV2 || payload[1] != 0) return 0;
  const std::uint8_t version = payload[0];
  if (version < kFirstVersion || version > kLastVersion) return 0;
  return payload.size() >= kClient[version - kFirstVersion].parameters ? version : std::uint8_t{0};
}

bool is_uin(std::uint32_t number) {
  return number >= kFirstUin && number <= kLastUin;
}

// Version 2: a text with a zero at its end stands where its length says so.
bool ends_text(const Datagram& datagram, std::size_t length_at, std::size_t least_behind,
               std::size_t most_behind) {
  if (datagram.size() < length_at + 2) return false;
  const std::size_t length = datagram.le16(length_at);
  const std::size_t end = length_at + 2 + length;
  return length != 0 && datagram.size() >= end + least_behind &&
         datagram.size() <= end + most_behind && datagram.u8(end - 1) == 0;
}

// Its log-in: port, password, then 20 bytes or a few more; its message: receiver, kind, text.
bool is_sound_v2(const Datagram& datagram, std::uint16_t command) {
  if (command == Command::log_in) return ends_text(datagram, kLeastV2 + 4, 16, 32);
  return command == Command::send_message && ends_text(datagram, kLeastV2 + 6, 0, 0);
}

bool is_client(Bytes payload, bool on_port, bool begun) {
  const std::uint8_t version = version_of(payload);
  if (version == 0) return false;
  const Layout& layout = kClient[version - kFirstVersion];
  const Datagram datagram(payload, version);
  const std::uint16_t command = datagram.le16(layout.command);
  if (!is_command(command) || !is_uin(datagram.le32(layout.uin))) {
    // Whoever registers has no number yet.
    const bool registers = command == Command::register_user && datagram.le32(layout.uin) == 0;
    if (!registers) return false;
  }
  if (version == 2) return begun || (on_port && is_sound_v2(datagram, command));
  const bool zeros =
      (version != 4 || datagram.le16(4) == 0) && (version != 5 || datagram.le32(2) == 0);
  return zeros && datagram.is_sound();
}

void read_client(Bytes payload, Facts& facts) {
  const std::uint8_t version = payload[0];
  const Layout& layout = kClient[version - kFirstVersion];
  const Datagram datagram(payload, version);
  const std::uint16_t command = datagram.le16(layout.command);
  Messenger& messenger = facts.speak_of("icq", service_of_command(command));
  const std::uint32_t uin = datagram.le32(layout.uin);
  if (uin != 0) assign_number(messenger.login, uin);
  assign_number(messenger.version, version);
  if (command == Command::send_message && payload.size() >= layout.parameters + 6) {
    assign_number(messenger.peer_login, datagram.le32(layout.parameters));
    messenger.service = service_of_icq_message(datagram.u8(layout.parameters + 4));
  }
}

// --- A server's

// The user that the message is about, and where in the parameters the kind of a message stands.
void read_user(Bytes parameters, Service service, std::size_t kind_at, Messenger& messenger) {
  messenger.service = service;
  if (parameters.size() < 4) return;
  assign_number(messenger.peer_login, load_le32(parameters.data()));
  if (kind_at != 0 && parameters.size() > kind_at) {
    messenger.service = service_of_icq_message(parameters[kind_at]);
  }
}

ParseStatus read_server(Bytes payload, std::uint8_t version, Facts& facts);

bool is_for_a_user(Service service) {
  return service == Service::text_chat || service == Service::file_transfer ||
         service == Service::conference;
}

// Datagrams within a datagram: of the first that has a message for the user, or of the last.
void read_several(Bytes parameters, std::uint8_t version, Facts& facts) {
  constexpr int kMost = 32;
  Cursor cursor(parameters);
  const int count = std::min<int>(cursor.u8(), kMost);
  for (int i = 0; i < count; ++i) {
    const Bytes each = cursor.take(cursor.le16());
    const std::size_t command_at = kServer[version - kFirstVersion].command;
    if (each.size() < command_at + 2 || load_le16(&each[command_at]) == Answer::several) return;
    if (read_server(each, version, facts) != ParseStatus::done) return;
    if (is_for_a_user(facts.messenger.service)) return;
  }
}

ParseStatus read_server(Bytes payload, std::uint8_t version, Facts& facts) {
  const Layout& layout = kServer[version - kFirstVersion];
  if (payload.size() < layout.parameters || load_le16(payload.data()) != version) {
    return ParseStatus::not_mine;
  }
  const Bytes parameters = payload.subspan(layout.parameters);
  Messenger& messenger = facts.speak_of("icq", Service::any);
  assign_number(messenger.version, version);
  if (layout.uin != 0) assign_number(messenger.login, load_le32(&payload[layout.uin]));
  switch (load_le16(&payload[layout.command])) {
    case Answer::acknowledged: break;
    case Answer::new_uin:
    case Answer::logged_in:
    case Answer::bad_password:
    case Answer::go_away:
    case Answer::not_connected:
    case Answer::try_again: messenger.service = Service::login; break;
    case Answer::user_online:
    case Answer::user_offline: read_user(parameters, Service::presence, 0, messenger); break;
    case Answer::offline_message: read_user(parameters, Service::text_chat, 10, messenger); break;
    case Answer::message: read_user(parameters, Service::text_chat, 4, messenger); break;
    case Answer::several:
      messenger.service = Service::presence;
      read_several(parameters, version, facts);
      break;
    case Answer::end_of_offline_messages: messenger.service = Service::text_chat; break;
    default: messenger.service = Service::presence; break;
  }
  return ParseStatus::done;
}

// ParserState::mark: the version, and which way the client's datagrams go; zero before the first.
std::uint32_t mark_of(std::uint8_t version, Direction direction) {
  return version | static_cast<std::uint32_t>(direction) << 8;
}

ParseStatus read(ParserState& state, Bytes payload, Direction direction, bool on_port,
                 Facts& facts) {
  facts.protocol = AppProto::icq;
  facts.next = Next::message;
  const auto version = static_cast<std::uint8_t>(state.mark);
  if (version != 0 && state.mark != mark_of(version, direction)) {
    return read_server(payload, version, facts);
  }
  if (!is_client(payload, on_port, version != 0)) return ParseStatus::not_mine;
  state.mark = mark_of(payload[0], direction);
  read_client(payload, facts);
  return ParseStatus::done;
}

Probe probed(bool is_mine) {
  return is_mine ? Probe::certain : Probe::not_mine;
}

}  // namespace

Probe probe(Bytes payload) {
  return probed(is_client(payload, false, false));
}
Probe probe_on_port(Bytes payload) {
  return probed(is_client(payload, true, false));
}

ParseStatus parse(ParserState& state, Bytes payload, Direction direction, Facts& facts,
                  Context& /*context*/) {
  return read(state, payload, direction, false, facts);
}
ParseStatus parse_on_port(ParserState& state, Bytes payload, Direction direction, Facts& facts,
                          Context& /*context*/) {
  return read(state, payload, direction, true, facts);
}

}  // namespace chatgate::proto::icq
