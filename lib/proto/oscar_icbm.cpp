#include <algorithm>
#include <array>
#include <bit>

#include "base/cursor.h"
#include "proto/icq_message.h"
#include "proto/messenger_text.h"
#include "proto/oscar_parts.h"

namespace chatgate::proto::oscar {
namespace {

enum Icbm : std::uint16_t {
  to_host = 0x06,
  to_client = 0x07,
  missed = 0x0a,
  client_error = 0x0b,
  host_ack = 0x0c,
  offline_request = 0x10,
  typing = 0x14,
  offline_end = 0x17
};
enum Channel : std::uint16_t { text = 1, rendezvous = 2, old_icq = 4 };

constexpr std::size_t kCookie = 8;
constexpr std::uint16_t kBlock = 0x05;  // the TLV of channels 2 and 4

// --- Capabilities: 0946xxxx-4C7F-11D1-8222-444553540000, and one for chat.

constexpr std::array<std::uint8_t, 2> kFront = {0x09, 0x46};
constexpr std::array<std::uint8_t, 4> kMiddle = {0x4c, 0x7f, 0x11, 0xd1};
constexpr std::array<std::uint8_t, 6> kBack = {0x44, 0x45, 0x53, 0x54, 0, 0};
constexpr std::array<std::uint8_t, kUuid> kChat = {0x74, 0x8f, 0x24, 0x20, 0x62, 0x87, 0x11, 0xd1,
                                                   0x82, 0x22, 0x44, 0x45, 0x53, 0x54, 0,    0};

enum Capability : std::uint16_t {
  video = 0x0100,
  live_video = 0x0101,
  camera = 0x0102,
  microphone = 0x0103,
  live_audio = 0x0104,
  talk = 0x1341,
  file_send = 0x1343,
  icq_direct = 0x1344,
  direct_im = 0x1345,
  file_get = 0x1348,
  icq_relay = 0x1349,
  games = 0x134a,
  buddy_list = 0x134b
};

bool equals(Bytes bytes, std::size_t at, Bytes expected) {
  return std::equal(expected.begin(), expected.end(),
                    bytes.begin() + static_cast<std::ptrdiff_t>(at));
}

// Zero where it is none of AOL's.
std::uint16_t number_of_capability(Bytes uuid) {
  return equals(uuid, 0, kFront) && equals(uuid, 4, kMiddle) && equals(uuid, 10, kBack)
             ? load_be16(&uuid[2])
             : std::uint16_t{0};
}

// --- Rendezvous

enum RendezvousType : std::uint16_t { propose = 0, cancel = 1, accept = 2 };
enum RendezvousTlv : std::uint16_t {
  address = 0x02,
  own_address = 0x03,
  seen_address = 0x04,
  port = 0x05,
  by_proxy = 0x10,
  extended = 0x2711,
  charset = 0x2712
};

// How many files, how many bytes, and the name up to a zero.
void read_file(Bytes value, bool utf16, Messenger& messenger) {
  constexpr std::size_t kBeforeName = 8;
  if (value.size() <= kBeforeName) return;
  const Bytes name = value.subspan(kBeforeName);
  if (utf16) {
    append_utf16(messenger.filename, name, std::endian::big);
  } else {
    messenger.filename.assign(up_to_zero(name));
  }
}

// A message that goes by ICQ's server: two blocks, then the kind of the message. Plug-ins have
// their name behind it.
Service service_of_relayed(Bytes value) {
  constexpr std::uint8_t kPlugin = 0x1a;
  constexpr std::size_t kBehindKind = 5;  // flags, status, priority
  constexpr std::size_t kBeforeName = 18;
  Cursor cursor(value);
  cursor.skip(cursor.le16());
  cursor.skip(cursor.le16());
  const std::uint8_t kind = cursor.u8();
  if (!cursor.ok()) return Service::text_chat;
  if (kind != kPlugin) return service_of_icq_message(kind);
  cursor.skip(kBehindKind);
  cursor.skip(cursor.le16());  // an empty text
  cursor.le16();               // length of what follows
  cursor.skip(kBeforeName);
  const std::string_view name = as_text(cursor.take(cursor.le32()));
  return name.substr(0, 4) == "File" ? Service::file_transfer : Service::text_chat;
}

void read_rendezvous(Bytes block, Messenger& messenger) {
  Cursor cursor(block);
  const std::uint16_t type = cursor.be16();
  cursor.skip(kCookie);
  const Bytes uuid = cursor.take(kUuid);
  if (!cursor.ok()) return;
  messenger.service = service_of_capability(uuid);

  std::array<Bytes, 3> addresses;
  std::uint16_t to_port = 0;
  bool proxied = false;
  bool utf16 = false;
  Bytes detail;
  Tlvs tlvs(cursor.rest());
  while (tlvs.next()) {
    switch (tlvs.type()) {
      case RendezvousTlv::address:
      case RendezvousTlv::own_address:
      case RendezvousTlv::seen_address:
        if (tlvs.value().size() == 4)
          addresses[tlvs.type() - RendezvousTlv::address] = tlvs.value();
        break;
      case RendezvousTlv::port: to_port = tlvs.number(); break;
      case RendezvousTlv::by_proxy: proxied = true; break;
      case RendezvousTlv::extended: detail = tlvs.value(); break;
      case RendezvousTlv::charset:
        utf16 = tlvs.text().substr(0, 7) == "unicode" || tlvs.text().substr(0, 6) == "utf-16";
        break;
      default: break;
    }
  }
  const std::uint16_t capability = number_of_capability(uuid);
  if (capability == Capability::icq_relay) messenger.service = service_of_relayed(detail);
  if (capability == Capability::file_send) read_file(detail, utf16, messenger);
  if (type != RendezvousType::propose) return;
  // A proxy's port is told as a sign for both ends to know each other by; it listens on the usual.
  for (const Bytes& each : addresses) {
    if (each.empty()) continue;
    expect_tcp(messenger, IpAddress::from_v4(each.data()), proxied ? kDefaultPort : to_port,
               messenger.service);
    if (proxied) break;
  }
}

// Channel 4: one of ICQ's old messages.
void read_old_icq(Bytes block, Messenger& messenger) {
  Cursor cursor(block);
  cursor.le32();  // the sender's number, which is known
  const std::uint8_t kind = cursor.u8();
  if (cursor.ok()) messenger.service = service_of_icq_message(kind);
}

void read_message(Cursor cursor, bool with_user_info, Messenger& messenger) {
  cursor.skip(kCookie);
  const std::uint16_t channel = cursor.be16();
  messenger.peer_login.assign(as_text(cursor.sub8().rest()));
  if (with_user_info) {
    cursor.be16();  // warning level
    for (std::uint16_t left = cursor.be16(); left != 0 && cursor.ok(); --left) {
      cursor.be16();
      cursor.sub16();
    }
  }
  messenger.service = channel == Channel::rendezvous ? Service::other : Service::text_chat;
  if (!cursor.ok()) return;
  const Bytes block = find_tlv(cursor.rest(), kBlock);
  if (channel == Channel::rendezvous) read_rendezvous(block, messenger);
  if (channel == Channel::old_icq) read_old_icq(block, messenger);
}

// Cookie, channel and name.
void read_peer(Cursor cursor, Messenger& messenger) {
  cursor.skip(kCookie);
  cursor.be16();
  messenger.peer_login.assign(as_text(cursor.sub8().rest()));
}

}  // namespace

Service service_of_capability(Bytes uuid) {
  if (uuid.size() != kUuid) return Service::other;
  if (std::equal(uuid.begin(), uuid.end(), kChat.begin())) return Service::conference;
  switch (number_of_capability(uuid)) {
    case Capability::video:
    case Capability::live_video: return Service::video;
    case Capability::camera: return Service::webcam;
    case Capability::microphone:
    case Capability::live_audio:
    case Capability::talk: return Service::voice;
    case Capability::file_send:
    case Capability::file_get: return Service::file_transfer;
    case Capability::icq_direct:
    case Capability::direct_im:
    case Capability::icq_relay: return Service::text_chat;
    case Capability::games: return Service::games;
    case Capability::buddy_list: return Service::presence;
    default: return Service::other;
  }
}

void read_icbm(std::uint16_t subtype, Bytes body, Messenger& messenger) {
  Cursor cursor(body);
  switch (subtype) {
    case Icbm::to_host: read_message(cursor, false, messenger); break;
    case Icbm::to_client: read_message(cursor, true, messenger); break;
    case Icbm::typing:
      messenger.service = Service::text_chat;
      read_peer(cursor, messenger);
      break;
    case Icbm::client_error:
    case Icbm::host_ack: read_peer(cursor, messenger); break;
    case Icbm::missed:
      messenger.service = Service::text_chat;
      cursor.be16();  // channel
      messenger.peer_login.assign(as_text(cursor.sub8().rest()));
      break;
    case Icbm::offline_request:
    case Icbm::offline_end: messenger.service = Service::text_chat; break;
    default: break;
  }
}

}  // namespace chatgate::proto::oscar
