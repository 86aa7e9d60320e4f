#include "proto/sametime.h"

#include <algorithm>

#include "base/cursor.h"
#include "proto/messenger_text.h"

namespace chatgate::proto::sametime {
namespace {

constexpr std::size_t kLengthSize = 4;  // does not count itself
constexpr std::size_t kHeader = 8;      // type, options, channel
constexpr std::uint32_t kMostLength = 0x01000000;
constexpr std::uint8_t kKeepAlive = 0x80;
constexpr std::uint16_t kHasAttributes = 0x8000;

enum Type : std::uint16_t {
  handshake = 0x0000,
  handshake_answer = 0x8000,
  log_in = 0x0001,
  log_in_answer = 0x8001,
  log_in_continue = 0x0016,
  log_in_redirect = 0x0018,
  channel_create = 0x0002,
  channel_destroy = 0x0003,
  channel_send = 0x0004,
  channel_accept = 0x0006,
  set_status = 0x0009,
  set_privacy = 0x000b,
  sense_service = 0x0011,
  admin = 0x0019,
  announce = 0x0022
};

// --- The first messages

constexpr std::uint16_t kMajor = 0x001e;
constexpr std::uint16_t kMostMinor = 0x00ff;
constexpr std::size_t kHandshakeBody = 18;
constexpr std::size_t kMostHandshake = 512;
constexpr std::size_t kMajorAt = kLengthSize + kHeader;
constexpr std::size_t kMinorAt = kMajorAt + 2;
constexpr std::size_t kClientAt = kMajorAt + 12;
constexpr std::uint16_t kFirstClient = 0x1000;
constexpr std::uint16_t kLastClient = 0x1fff;

// --- Channels: the services of the last 16 channels, four bits each, in ParserState::mark (of the
// even ones) and ParserState::extra (of the odd ones).

constexpr std::size_t kKept = 16;
static_assert(kServiceCount <= 16);

int shift_of(std::uint32_t channel) {
  return static_cast<int>(channel % kKept / 2 * 4);
}
std::uint32_t& word_of(ParserState& state, std::uint32_t channel) {
  return channel % 2 == 0 ? state.mark : state.extra;
}
void remember(ParserState& state, std::uint32_t channel, Service service) {
  std::uint32_t& word = word_of(state, channel);
  word &= ~(std::uint32_t{0xf} << shift_of(channel));
  word |= static_cast<std::uint32_t>(service) << shift_of(channel);
}
Service service_of_channel(ParserState& state, std::uint32_t channel) {
  return static_cast<Service>(word_of(state, channel) >> shift_of(channel) & 0xf);
}

enum ServiceId : std::uint32_t {
  awareness = 0x00000011,
  resolve = 0x00000015,
  storage = 0x00000018,
  directory = 0x0000001a,
  file_transfer = 0x00000038,
  instant_message = 0x00001000,
  conference = 0x80000010,
  place = 0x80000022
};

Service service_of(std::uint32_t id) {
  switch (id) {
    case ServiceId::awareness:
    case ServiceId::resolve:
    case ServiceId::storage:
    case ServiceId::directory: return Service::presence;
    case ServiceId::file_transfer: return Service::file_transfer;
    case ServiceId::instant_message: return Service::text_chat;
    case ServiceId::conference:
    case ServiceId::place: return Service::conference;
    default: return Service::other;
  }
}

// What is sent in a channel, where its kind is one service's alone.
Service service_of_kind(std::uint16_t kind) {
  enum Kind : std::uint16_t {
    message = 0x0064,
    add = 0x0068,
    remove = 0x0069,
    set_attribute = 0x00c9,
    unset_attribute = 0x00ca,
    watch_attributes = 0x00cb,
    snapshot = 0x01f4,
    update = 0x01f5,
    group = 0x01f6,
    attribute_set = 0x0259,
    attribute_unset = 0x025a
  };
  switch (kind) {
    case Kind::message: return Service::text_chat;
    case Kind::add:
    case Kind::remove:
    case Kind::set_attribute:
    case Kind::unset_attribute:
    case Kind::watch_attributes:
    case Kind::snapshot:
    case Kind::update:
    case Kind::group:
    case Kind::attribute_set:
    case Kind::attribute_unset: return Service::presence;
    default: return Service::any;
  }
}

std::string_view take_string(Cursor& cursor) {
  return as_text(cursor.sub16().rest());
}
Bytes take_opaque(Cursor& cursor) {
  return cursor.take(cursor.be32());
}

// --- Messages

struct Header {
  std::uint16_t type;
  std::uint32_t channel;
};

// The name a client has for its kind, as number; their names are in nobody's hands.
void read_client(std::uint16_t client, Messenger& messenger) {
  messenger.client.assign("0x");
  append_hex(messenger.client, client);
}

void read_version(Cursor& cursor, Messenger& messenger) {
  assign_number(messenger.version, cursor.be16());
  messenger.version.append(".");
  append_number(messenger.version, cursor.be16());
}

void read_handshake(Cursor cursor, Messenger& messenger) {
  read_version(cursor, messenger);
  cursor.be32();  // channel and address
  cursor.be32();
  const std::uint16_t client = cursor.be16();
  if (cursor.ok()) read_client(client, messenger);
}

void read_log_in(Cursor cursor, Messenger& messenger) {
  const std::uint16_t client = cursor.be16();
  const std::string_view name = take_string(cursor);
  if (!cursor.ok()) return;
  read_client(client, messenger);
  messenger.login.assign(name);
}

// A log-in as servers describe it, which begins with its id and the kind of client.
std::string_view take_user(Cursor& cursor) {
  take_string(cursor);
  cursor.be16();
  return take_string(cursor);
}

void read_create(Cursor cursor, ParserState& state, Messenger& messenger) {
  cursor.be32();
  const std::uint32_t channel = cursor.be32();
  const std::string_view target = take_string(cursor);
  take_string(cursor);  // community
  const std::uint32_t id = cursor.be32();
  if (!cursor.ok()) return;
  messenger.service = service_of(id);
  messenger.peer_login.assign(target);
  remember(state, channel, messenger.service);

  cursor.be32();  // protocol: kind, version, options
  cursor.be32();
  cursor.be32();
  Cursor detail(take_opaque(cursor));
  if (id == ServiceId::file_transfer) {
    detail.be32();
    messenger.filename.assign(take_string(detail));
  }
  // A server says who opens it.
  if (cursor.u8() != 0 && cursor.ok()) {
    const std::string_view creator = take_user(cursor);
    if (cursor.ok() && state.way == Direction::to_client) messenger.peer_login.assign(creator);
  }
}

void read_body(const Header& header, Cursor cursor, ParserState& state, Messenger& messenger) {
  switch (header.type) {
    case Type::handshake: read_handshake(cursor, messenger); break;
    case Type::handshake_answer: read_version(cursor, messenger); break;
    case Type::log_in: read_log_in(cursor, messenger); break;
    case Type::log_in_answer: messenger.login.assign(take_user(cursor)); break;
    case Type::log_in_redirect:
      expect_endpoint(messenger, take_string(cursor), 1533, Service::any);
      break;
    case Type::log_in_continue: break;
    case Type::channel_create: read_create(cursor, state, messenger); return;
    case Type::channel_send:
      messenger.service = service_of_channel(state, header.channel);
      if (messenger.service == Service::any) messenger.service = service_of_kind(cursor.be16());
      return;
    case Type::channel_accept:
      messenger.service = service_of(cursor.be32());
      remember(state, header.channel, messenger.service);
      return;
    case Type::channel_destroy:
      messenger.service = service_of_channel(state, header.channel);
      remember(state, header.channel, Service::any);
      return;
    case Type::set_status:
    case Type::set_privacy: messenger.service = Service::presence; return;
    case Type::sense_service: messenger.service = service_of(cursor.be32()); return;
    case Type::announce: messenger.service = Service::text_chat; return;
    default: return;
  }
  messenger.service = Service::login;
}

// How much of a message is looked at: of what channels carry, its kind.
std::size_t looked_at(std::uint16_t type, std::size_t size) {
  const std::size_t most =
      type == Type::channel_send ? kLengthSize + kHeader + 2 : std::size_t{kByteLimit};
  return std::min(size, most);
}

}  // namespace

Probe probe(Bytes stream) {
  if (stream.size() < kMajorAt + 4) {
    const bool may_be = std::all_of(
        stream.begin(),
        stream.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(stream.size(), 2)),
        [](std::uint8_t byte) { return byte == 0; });
    return may_be ? Probe::unsure : Probe::not_mine;
  }
  const std::size_t length = load_be32(stream.data());
  const std::uint16_t type = load_be16(&stream[kLengthSize]);
  const bool plain = load_be16(&stream[kLengthSize + 2]) == 0 &&
                     load_be32(&stream[kLengthSize + 4]) == 0 && length <= kMostHandshake &&
                     load_be16(&stream[kMajorAt]) == kMajor &&
                     load_be16(&stream[kMinorAt]) <= kMostMinor;
  if (!plain) return Probe::not_mine;
  if (type == Type::handshake_answer) {
    return length >= kHeader + 8 ? Probe::certain : Probe::not_mine;
  }
  if (type != Type::handshake || length < kHeader + kHandshakeBody) return Probe::not_mine;
  if (stream.size() < kClientAt + 2) return Probe::unsure;
  const std::uint16_t client = load_be16(&stream[kClientAt]);
  return client >= kFirstClient && client <= kLastClient ? Probe::certain : Probe::not_mine;
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  if (stream.empty()) return ParseStatus::need_more;
  if (stream[0] >= kKeepAlive) {
    state.offset = 1;
    return ParseStatus::piece;
  }
  if (stream.size() < kLengthSize + 2) return ParseStatus::need_more;
  facts.protocol = AppProto::sametime;
  facts.next = Next::message;
  const std::size_t length = load_be32(stream.data());
  if (length < kHeader || length > kMostLength) return ParseStatus::malformed;
  const std::size_t size = kLengthSize + length;
  const std::size_t end = looked_at(load_be16(&stream[kLengthSize]), size);
  if (stream.size() < end) return ParseStatus::need_more;

  Cursor cursor(stream.first(end));
  cursor.skip(kLengthSize);
  Header header{};
  header.type = cursor.be16();
  const std::uint16_t options = cursor.be16();
  header.channel = cursor.be32();
  if ((options & kHasAttributes) != 0) take_opaque(cursor);
  read_body(header, cursor, state, facts.speak_of("sametime", Service::any));
  state.offset = static_cast<std::uint32_t>(end);
  state.skip = size - end;
  return ParseStatus::done;
}

}  // namespace chatgate::proto::sametime
