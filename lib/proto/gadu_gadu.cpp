#include "proto/gadu_gadu.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/cursor.h"
#include "proto/messenger_text.h"

namespace chatgate::proto::gadu_gadu {
namespace {

constexpr std::size_t kHeader = 8;
constexpr std::uint32_t kMostBody = 65'535;

// --- Log-ins

enum LogIn : std::uint32_t {
  log_in = 0x0c,
  log_in_ext = 0x13,
  log_in_60 = 0x15,
  log_in_70 = 0x19,
  log_in_80_beta = 0x29,
  log_in_80 = 0x31,
  log_in_105 = 0x83
};

// What a log-in's body has where, counted from its begin. Zero: nothing.
struct Shape {
  std::uint32_t type;
  std::uint32_t least;
  std::uint32_t most;
  std::size_t hash_kind;  // 1 or 2
  std::size_t version;    // little-endian, flags in its high bytes
  std::size_t language;   // two letters
};

constexpr std::array<Shape, 6> kShapes = {{
    {LogIn::log_in, 22, 110, 0, 12, 0},
    {LogIn::log_in_ext, 28, 110, 0, 12, 0},
    {LogIn::log_in_60, 31, 110, 0, 12, 0},
    {LogIn::log_in_70, 92, 200, 4, 73, 0},
    {LogIn::log_in_80_beta, 92, 600, 4, 73, 0},
    {LogIn::log_in_80, 97, 1024, 6, 0, 4},
}};
constexpr std::uint32_t kLeast105 = 48;
constexpr std::uint32_t kMost105 = 2048;

constexpr std::uint8_t kFirstVersion = 0x0b;
constexpr std::uint8_t kLastVersion = 0x3f;
constexpr std::uint32_t kVersionFlags = 0x44000000;  // voice, operator's network
constexpr std::uint32_t kLastUin = 0x0fffffff;

const Shape* shape_of(std::uint32_t type) {
  const auto shape = std::find_if(kShapes.begin(), kShapes.end(),
                                  [&](const Shape& each) { return each.type == type; });
  return shape == kShapes.end() ? nullptr : &*shape;
}

bool is_letter(std::uint8_t byte) {
  return byte >= 'a' && byte <= 'z';
}

// Those parts of a body that are there yet.
bool fits(const Shape& shape, Bytes body) {
  const auto is_there = [&](std::size_t at, std::size_t size) {
    return at != 0 && at + size <= body.size();
  };
  if (body.size() >= 4) {
    const std::uint32_t uin = load_le32(body.data());
    if (uin == 0 || uin > kLastUin) return false;
  }
  if (is_there(shape.hash_kind, 1) && body[shape.hash_kind] != 1 && body[shape.hash_kind] != 2) {
    return false;
  }
  if (is_there(shape.language, 2) &&
      (!is_letter(body[shape.language]) || !is_letter(body[shape.language + 1]))) {
    return false;
  }
  if (!is_there(shape.version, 4)) return true;
  const std::uint32_t version = load_le32(&body[shape.version]);
  const auto number = static_cast<std::uint8_t>(version);
  return number >= kFirstVersion && number <= kLastVersion && (version & ~kVersionFlags) == number;
}

// How much of a body decides.
std::size_t deciding(const Shape& shape) {
  return std::max({shape.hash_kind + 1, shape.version + 4, shape.language + 2, std::size_t{4}});
}

// A number as newer packets have it: a field's mark, its length, a zero, how many digits, the
// digits.
struct TextUin {
  Probe probe;  // unsure: more is needed
  std::string_view digits;
};
TextUin read_text_uin(Bytes bytes, std::uint8_t mark) {
  constexpr std::size_t kBeforeDigits = 4;
  constexpr std::size_t kMostDigits = 10;
  if (!bytes.empty() && bytes[0] != mark) return {Probe::not_mine, {}};
  if (bytes.size() < kBeforeDigits) return {Probe::unsure, {}};
  const std::size_t digits = bytes[3];
  if (bytes[1] != digits + 2 || bytes[2] != 0 || digits == 0 || digits > kMostDigits) {
    return {Probe::not_mine, {}};
  }
  if (bytes.size() < kBeforeDigits + digits) return {Probe::unsure, {}};
  const std::string_view text = as_text(bytes.subspan(kBeforeDigits, digits));
  return {is_number(text) ? Probe::certain : Probe::not_mine, text};
}

// A language of two letters, then the number.
constexpr std::size_t kLanguage105 = 4;
constexpr std::uint8_t kUinMark105 = 0x12;

TextUin read_log_in_105(Bytes body) {
  constexpr std::array<std::uint8_t, 2> kMark = {0x0a, 0x02};
  for (std::size_t i = 0; i < std::min(body.size(), kLanguage105); ++i) {
    const bool sound = i < kMark.size() ? body[i] == kMark[i] : is_letter(body[i]);
    if (!sound) return {Probe::not_mine, {}};
  }
  if (body.size() < kLanguage105) return {Probe::unsure, {}};
  return read_text_uin(body.subspan(kLanguage105), kUinMark105);
}

Probe probe_log_in(std::uint32_t type, std::uint32_t length, Bytes body) {
  if (type == LogIn::log_in_105) {
    if (length < kLeast105 || length > kMost105) return Probe::not_mine;
    return read_log_in_105(body).probe;
  }
  const Shape* shape = shape_of(type);
  if (shape == nullptr || length < shape->least || length > shape->most || !fits(*shape, body)) {
    return Probe::not_mine;
  }
  return body.size() < deciding(*shape) ? Probe::unsure : Probe::certain;
}

void read_log_in(std::uint32_t type, Bytes body, Messenger& messenger) {
  messenger.service = Service::login;
  if (type == LogIn::log_in_105) {
    messenger.login.assign(read_log_in_105(body).digits);
    return;
  }
  constexpr std::size_t kClientAt = 97;  // of a log-in 8.0
  const Shape& shape = *shape_of(type);
  if (body.size() < 4) return;
  assign_number(messenger.login, load_le32(body.data()));
  if (shape.version != 0 && body.size() > shape.version) {
    assign_number(messenger.version, body[shape.version]);
  }
  if (type == LogIn::log_in_80 && body.size() > kClientAt) {
    Cursor cursor(body.subspan(kClientAt));
    messenger.client.assign(as_text(cursor.take(cursor.le32())));
  }
}

// --- Messages

constexpr std::uint32_t kControl = 0x10;  // of a message's class: not a text, but for programs

// Other receivers than the first stand behind a text: a mark, and how many.
bool has_receivers(Bytes attributes) {
  return attributes.size() >= 5 && attributes[0] == 1 && load_le32(&attributes[1]) != 0;
}

// `times`: whether a time stands behind the sequence number, as in what servers send.
void read_message(Bytes body, bool times, Messenger& messenger) {
  Cursor cursor(body);
  const std::uint32_t peer = cursor.le32();
  cursor.le32();
  if (times) cursor.le32();
  const std::uint32_t kind = cursor.le32();
  messenger.service = Service::text_chat;
  if (!cursor.ok()) return;
  assign_number(messenger.peer_login, peer);
  const Bytes text = cursor.rest();
  const auto end = std::find(text.begin(), text.end(), std::uint8_t{0});
  const std::size_t size = static_cast<std::size_t>(end - text.begin());
  if ((kind & kControl) != 0) {
    messenger.service = Service::file_transfer;  // asks for a direct connection
  } else if (size < text.size() && has_receivers(text.subspan(size + 1))) {
    messenger.service = Service::conference;
  }
}

// With HTML before the text, and where both end.
void read_message_80(Bytes body, bool times, Messenger& messenger) {
  Cursor cursor(body);
  const std::uint32_t peer = cursor.le32();
  cursor.le32();
  if (times) cursor.le32();
  cursor.le32();
  cursor.le32();  // where the plain text begins
  const std::uint32_t attributes = cursor.le32();
  messenger.service = Service::text_chat;
  if (!cursor.ok()) return;
  assign_number(messenger.peer_login, peer);
  if (attributes < body.size() && has_receivers(body.subspan(attributes))) {
    messenger.service = Service::conference;
  }
}

constexpr std::uint8_t kPeerMark110 = 0x0a;

void read_message_110(Bytes body, Messenger& messenger) {
  messenger.service = Service::text_chat;
  messenger.peer_login.assign(read_text_uin(body, kPeerMark110).digits);
}

void read_typing(Bytes body, Messenger& messenger) {
  messenger.service = Service::text_chat;
  if (body.size() >= 6) assign_number(messenger.peer_login, load_le32(&body[2]));
}

// --- Direct connections since 7.0

constexpr std::uint32_t kVoice = 1;
constexpr std::size_t kId = 8;
constexpr std::size_t kFileName = 255;

// ParserState::mark: 1 where the last that was set up is a voice call.
Service service_of_setup(const ParserState& state) {
  return state.mark != 0 ? Service::voice : Service::file_transfer;
}

void set_up(ParserState& state, std::uint32_t kind, Messenger& messenger) {
  state.mark = kind == kVoice ? 1 : 0;
  messenger.service = service_of_setup(state);
}

void read_id(Bytes body, ParserState& state, Messenger& messenger) {
  messenger.service = service_of_setup(state);
  if (body.size() >= 4) set_up(state, load_le32(body.data()), messenger);
}

void read_offer(Bytes body, bool to_server, ParserState& state, Messenger& messenger) {
  Cursor cursor(body);
  cursor.skip(kId);
  const std::uint32_t from = cursor.le32();
  const std::uint32_t to = cursor.le32();
  const std::uint32_t kind = cursor.le32();
  messenger.service = service_of_setup(state);
  if (!cursor.ok()) return;
  set_up(state, kind, messenger);
  assign_number(messenger.login, to_server ? from : to);
  assign_number(messenger.peer_login, to_server ? to : from);
  messenger.filename.assign(up_to_zero(cursor.take(kFileName)));
}

// Number, how to connect, id; then "ADDRESS PORT" in text.
void read_info(Bytes body, const ParserState& state, Messenger& messenger) {
  constexpr std::uint32_t kDirect = 1;
  constexpr std::size_t kText = 32;
  messenger.service = service_of_setup(state);
  Cursor cursor(body);
  const std::uint32_t peer = cursor.le32();
  const std::uint32_t how = cursor.le32();
  cursor.skip(kId);
  if (!cursor.ok()) return;
  assign_number(messenger.peer_login, peer);
  if (how != kDirect) return;
  std::string_view text = up_to_zero(cursor.rest().first(std::min(cursor.remaining(), kText)));
  const auto address = IpAddress::parse(take_field(text, ' '));
  if (!address) return;
  // A hash of the address may stand behind the port.
  const std::string_view port = text.substr(0, text.find_first_not_of("0123456789"));
  expect_tcp(messenger, *address, port_of(port).value_or(0), messenger.service);
}

void read_answer_to_offer(Bytes body, const ParserState& state, Messenger& messenger) {
  messenger.service = service_of_setup(state);
  if (body.size() >= 4) assign_number(messenger.peer_login, load_le32(body.data()));
}

// --- Packets

enum Shared : std::uint32_t {  // the same both ways
  dcc7_info = 0x1f,
  dcc7_offer = 0x20,
  dcc7_accept = 0x21,
  dcc7_reject = 0x22,
  dcc7_id = 0x23,
  dcc7_abort = 0x25,
  typing = 0x59
};
enum FromClient : std::uint32_t {
  new_status = 0x02,
  pong = 0x07,
  ping = 0x08,
  send_message = 0x0b,
  add_notify = 0x0d,
  remove_notify = 0x0e,
  notify_first = 0x0f,
  notify_last = 0x10,
  list_empty = 0x12,
  public_directory = 0x14,
  user_list = 0x16,
  new_status_80_beta = 0x28,
  send_message_80 = 0x2d,
  user_list_80 = 0x2f,
  new_status_80 = 0x38,
  user_list_100 = 0x40,
  message_received = 0x46,
  disconnect_other = 0x62,
  new_status_105 = 0x63,
  notify_105 = 0x78,
  add_notify_105 = 0x7b,
  remove_notify_105 = 0x7c,
  send_message_110 = 0x7d
};
enum FromServer : std::uint32_t {
  welcome = 0x01,
  status = 0x02,
  log_in_ok = 0x03,
  message_sent = 0x05,
  server_pong = 0x07,
  server_ping = 0x08,
  log_in_failed = 0x09,
  receive_message = 0x0a,
  disconnecting = 0x0b,
  notify_reply = 0x0c,
  disconnect_acknowledged = 0x0d,
  status_60 = 0x0f,
  user_list_reply = 0x10,
  notify_reply_60 = 0x11,
  need_email = 0x14,
  hash_kind_invalid = 0x16,
  status_77 = 0x17,
  notify_reply_77 = 0x18,
  status_80_beta = 0x2a,
  notify_reply_80_beta = 0x2b,
  receive_message_80 = 0x2e,
  user_list_reply_80 = 0x30,
  log_in_ok_80 = 0x35,
  status_80 = 0x36,
  notify_reply_80 = 0x37,
  user_list_reply_100 = 0x41,
  log_in_failed_80 = 0x43,
  user_data = 0x44,
  own_message = 0x5a,
  user_list_version = 0x5c,
  receive_message_110 = 0x7e,
  log_in_ok_110 = 0x9d
};

bool read_shared(std::uint32_t type, Bytes body, bool to_server, ParserState& state,
                 Messenger& messenger) {
  switch (type) {
    case Shared::dcc7_info: read_info(body, state, messenger); return true;
    case Shared::dcc7_offer: read_offer(body, to_server, state, messenger); return true;
    case Shared::dcc7_accept:
    case Shared::dcc7_reject: read_answer_to_offer(body, state, messenger); return true;
    case Shared::dcc7_id: read_id(body, state, messenger); return true;
    case Shared::dcc7_abort: messenger.service = service_of_setup(state); return true;
    case Shared::typing: read_typing(body, messenger); return true;
    default: return false;
  }
}

void read_client(std::uint32_t type, Bytes body, ParserState& state, Messenger& messenger) {
  if (read_shared(type, body, true, state, messenger)) return;
  if (type == LogIn::log_in_105 || shape_of(type) != nullptr) {
    read_log_in(type, body, messenger);
    return;
  }
  switch (type) {
    case FromClient::send_message: read_message(body, false, messenger); break;
    case FromClient::send_message_80: read_message_80(body, false, messenger); break;
    case FromClient::send_message_110: read_message_110(body, messenger); break;
    case FromClient::new_status:
    case FromClient::pong:
    case FromClient::ping:
    case FromClient::add_notify:
    case FromClient::remove_notify:
    case FromClient::notify_first:
    case FromClient::notify_last:
    case FromClient::list_empty:
    case FromClient::public_directory:
    case FromClient::user_list:
    case FromClient::new_status_80_beta:
    case FromClient::user_list_80:
    case FromClient::new_status_80:
    case FromClient::user_list_100:
    case FromClient::disconnect_other:
    case FromClient::new_status_105:
    case FromClient::notify_105:
    case FromClient::add_notify_105:
    case FromClient::remove_notify_105: messenger.service = Service::presence; break;
    default: break;
  }
}

void read_server(std::uint32_t type, Bytes body, ParserState& state, Messenger& messenger) {
  if (read_shared(type, body, false, state, messenger)) return;
  switch (type) {
    case FromServer::receive_message: read_message(body, true, messenger); break;
    case FromServer::receive_message_80: read_message_80(body, true, messenger); break;
    case FromServer::receive_message_110: read_message_110(body, messenger); break;
    case FromServer::own_message: messenger.service = Service::text_chat; break;
    case FromServer::welcome:
    case FromServer::log_in_ok:
    case FromServer::log_in_failed:
    case FromServer::disconnecting:
    case FromServer::need_email:
    case FromServer::hash_kind_invalid:
    case FromServer::log_in_ok_80:
    case FromServer::log_in_failed_80:
    case FromServer::log_in_ok_110: messenger.service = Service::login; break;
    case FromServer::status:
    case FromServer::server_pong:
    case FromServer::server_ping:
    case FromServer::notify_reply:
    case FromServer::disconnect_acknowledged:
    case FromServer::status_60:
    case FromServer::user_list_reply:
    case FromServer::notify_reply_60:
    case FromServer::status_77:
    case FromServer::notify_reply_77:
    case FromServer::status_80_beta:
    case FromServer::notify_reply_80_beta:
    case FromServer::user_list_reply_80:
    case FromServer::status_80:
    case FromServer::notify_reply_80:
    case FromServer::user_list_reply_100:
    case FromServer::user_data:
    case FromServer::user_list_version: messenger.service = Service::presence; break;
    default: break;
  }
}

using Reader = void (*)(std::uint32_t type, Bytes body, ParserState& state, Messenger& messenger);

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts, Reader read) {
  if (stream.size() < kHeader) return ParseStatus::need_more;
  facts.protocol = AppProto::gadu_gadu;
  facts.next = Next::message;
  const std::uint32_t type = load_le32(stream.data());
  const std::uint32_t length = load_le32(&stream[4]);
  if (length > kMostBody) return ParseStatus::malformed;
  const std::size_t size = kHeader + length;
  const std::size_t end = std::min<std::size_t>(size, kByteLimit);
  if (stream.size() < end) return ParseStatus::need_more;
  read(type, stream.subspan(kHeader, end - kHeader), state,
       facts.speak_of("gadu-gadu", Service::any));
  state.offset = static_cast<std::uint32_t>(end);
  state.skip = size - end;
  return ParseStatus::done;
}

// Whether the first packet can be the server's second: an answer to a log-in, of its length.
bool is_answer(std::uint32_t type, std::uint32_t length) {
  switch (type) {
    case FromServer::log_in_ok: return length <= 1;
    case FromServer::log_in_ok_80: return length == 4;
    case FromServer::log_in_failed:
    case FromServer::disconnecting:
    case FromServer::need_email: return length == 0;
    case FromServer::hash_kind_invalid: return length <= 4;
    case FromServer::log_in_failed_80: return length <= 4;
    case FromServer::log_in_ok_110: return length >= 4 && length <= 512;
    default: return false;
  }
}

}  // namespace

Probe probe_client(Bytes stream) {
  if (stream.size() < kHeader) {
    // The first byte tells the type, and the next three are zero.
    for (std::size_t i = 1; i < std::min<std::size_t>(stream.size(), 4); ++i) {
      if (stream[i] != 0) return Probe::not_mine;
    }
    if (!stream.empty() && stream[0] != LogIn::log_in_105 && shape_of(stream[0]) == nullptr) {
      return Probe::not_mine;
    }
    return Probe::unsure;
  }
  return probe_log_in(load_le32(stream.data()), load_le32(&stream[4]), stream.subspan(kHeader));
}

Probe probe_server(Bytes stream) {
  constexpr std::array<std::uint8_t, kHeader> kWelcome = {FromServer::welcome, 0, 0, 0, 4, 0, 0, 0};
  constexpr std::size_t kAnswerAt = kHeader + 4;
  const std::size_t shared = std::min(stream.size(), kWelcome.size());
  if (!std::equal(kWelcome.begin(), kWelcome.begin() + static_cast<std::ptrdiff_t>(shared),
                  stream.begin())) {
    return Probe::not_mine;
  }
  if (stream.size() < kAnswerAt + kHeader) return Probe::unsure;
  const bool answers = is_answer(load_le32(&stream[kAnswerAt]), load_le32(&stream[kAnswerAt + 4]));
  return answers ? Probe::certain : Probe::not_mine;
}

ParseStatus feed_client(ParserState& state, Bytes stream, Facts& facts) {
  return feed(state, stream, facts, read_client);
}
ParseStatus feed_server(ParserState& state, Bytes stream, Facts& facts) {
  return feed(state, stream, facts, read_server);
}

}  // namespace chatgate::proto::gadu_gadu
