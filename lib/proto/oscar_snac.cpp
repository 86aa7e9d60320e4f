#include "base/cursor.h"
#include "proto/icq_message.h"
#include "proto/messenger_text.h"
#include "proto/oscar_parts.h"

namespace chatgate::proto::oscar {
namespace {

enum Family : std::uint16_t {
  generic = 0x01,
  location = 0x02,
  buddy_list = 0x03,
  icbm = 0x04,
  privacy = 0x09,
  user_lookup = 0x0a,
  chat_navigation = 0x0d,
  chat = 0x0e,
  directory = 0x0f,
  buddy_art = 0x10,
  feedbag = 0x13,
  icq = 0x15,
  sign_on = 0x17
};

constexpr std::uint16_t kMoreBeforeBody = 0x8000;  // of the flags

Service service_of_family(std::uint16_t family) {
  switch (family) {
    case Family::location:
    case Family::buddy_list:
    case Family::privacy:
    case Family::user_lookup:
    case Family::directory:
    case Family::buddy_art:
    case Family::feedbag:
    case Family::icq: return Service::presence;
    case Family::chat_navigation:
    case Family::chat: return Service::conference;
    case Family::sign_on: return Service::login;
    default: return Service::any;
  }
}

// --- Family 1

enum Generic : std::uint16_t {
  client_online = 0x02,
  host_online = 0x03,
  service_request = 0x04,
  service_response = 0x05,
  rate_request = 0x06,
  rate_response = 0x07,
  rate_subscription = 0x08,
  user_info_request = 0x0e,
  user_info = 0x0f,
  warned = 0x10,
  idle = 0x11,
  migrate = 0x12,
  message_of_the_day = 0x13,
  keep_alive = 0x16,
  client_versions = 0x17,
  host_versions = 0x18,
  set_status = 0x1e
};

enum Redirect : std::uint16_t { address = 0x05, family = 0x0d };

void read_redirect(Bytes tlvs, Messenger& messenger) {
  const Bytes group = find_tlv(tlvs, Redirect::family);
  messenger.service = group.size() >= 2 ? service_of_family(load_be16(group.data())) : Service::any;
  expect_endpoint(messenger, as_text(find_tlv(tlvs, Redirect::address)), kDefaultPort,
                  messenger.service);
}

// A user's info begins with the screen name.
std::string_view screen_name(Bytes body) {
  Cursor cursor(body);
  return as_text(cursor.sub8().rest());
}

void read_generic(std::uint16_t subtype, Bytes body, Messenger& messenger, Account& account) {
  switch (subtype) {
    case Generic::service_request:
      if (body.size() >= 2) messenger.service = service_of_family(load_be16(body.data()));
      break;
    case Generic::service_response: read_redirect(body, messenger); break;
    case Generic::user_info: {
      messenger.service = Service::presence;
      const std::string_view name = screen_name(body);
      messenger.login.assign(name);
      if (!name.empty()) account = account_of(name);
      break;
    }
    case Generic::migrate:
      messenger.service = Service::login;
      if (body.size() >= 2) {  // the number of families that go, and which
        Cursor cursor(body);
        cursor.skip(std::size_t{2} * cursor.be16());
        read_login(cursor.rest(), messenger, account);
      }
      break;
    case Generic::client_online:
    case Generic::host_online:
    case Generic::rate_request:
    case Generic::rate_response:
    case Generic::rate_subscription:
    case Generic::message_of_the_day:
    case Generic::client_versions:
    case Generic::host_versions: messenger.service = Service::login; break;
    case Generic::user_info_request:
    case Generic::warned:
    case Generic::idle:
    case Generic::keep_alive:
    case Generic::set_status: messenger.service = Service::presence; break;
    default: break;
  }
}

// --- Family 3

enum BuddyList : std::uint16_t { arrived = 0x0b, departed = 0x0c };

// --- Family 0x15: one TLV with a block of ICQ's own, little-endian.

enum Icq : std::uint16_t {
  request = 0x02,
  reply = 0x03,
  offline_request = 0x3c,
  offline_delete = 0x3e,
  offline_message = 0x41,
  offline_end = 0x42
};
constexpr std::uint16_t kIcqBlock = 0x01;
constexpr std::size_t kOfflineDate = 6;

void read_icq(std::uint16_t subtype, Bytes body, Messenger& messenger, Account& account) {
  account = Account::icq;
  if (subtype != Icq::request && subtype != Icq::reply) return;
  Cursor block(find_tlv(body, kIcqBlock));
  block.le16();  // its length
  const std::uint32_t uin = block.le32();
  const std::uint16_t command = block.le16();
  block.le16();  // sequence number
  if (!block.ok()) return;
  assign_number(messenger.login, uin);
  switch (command) {
    case Icq::offline_request:
    case Icq::offline_delete:
    case Icq::offline_end: messenger.service = Service::text_chat; break;
    case Icq::offline_message: {
      messenger.service = Service::text_chat;
      const std::uint32_t sender = block.le32();
      block.skip(kOfflineDate);
      const std::uint8_t type = block.u8();
      if (!block.ok()) return;
      assign_number(messenger.peer_login, sender);
      messenger.service = service_of_icq_message(type);
      break;
    }
    default: break;
  }
}

// --- Family 0x17

enum SignOn : std::uint16_t { login_request = 0x02, login_reply = 0x03, key_request = 0x06 };

}  // namespace

Account account_of(std::string_view name) {
  if (name.empty()) return Account::unknown;
  return is_number(name) ? Account::icq : Account::aim;
}

void read_login(Bytes bytes, Messenger& messenger, Account& account) {
  enum Login : std::uint16_t { name = 0x01, client = 0x03, leads_to = 0x05 };
  Tlvs tlvs(bytes);
  while (tlvs.next()) {
    switch (tlvs.type()) {
      case Login::name:
        messenger.login.assign(up_to_zero(tlvs.value()));
        if (!tlvs.value().empty()) account = account_of(up_to_zero(tlvs.value()));
        break;
      case Login::client:
        messenger.client.assign(tlvs.text());
        if (account == Account::unknown && tlvs.text().find("ICQ") != std::string_view::npos) {
          account = Account::icq;
        }
        break;
      case Login::leads_to:
        expect_endpoint(messenger, tlvs.text(), kDefaultPort, Service::any);
        break;
      default: break;
    }
  }
}

void read_snac(Bytes snac, Messenger& messenger, Account& account) {
  Cursor cursor(snac);
  const std::uint16_t family = cursor.be16();
  const std::uint16_t subtype = cursor.be16();
  const std::uint16_t flags = cursor.be16();
  cursor.be32();  // request id
  if ((flags & kMoreBeforeBody) != 0) cursor.sub16();
  if (!cursor.ok()) return;
  const Bytes body = cursor.rest();
  messenger.service = service_of_family(family);
  switch (family) {
    case Family::generic: read_generic(subtype, body, messenger, account); break;
    case Family::icbm: read_icbm(subtype, body, messenger); break;
    case Family::buddy_list:
      if (subtype == BuddyList::arrived || subtype == BuddyList::departed) {
        messenger.peer_login.assign(screen_name(body));
      }
      break;
    case Family::icq: read_icq(subtype, body, messenger, account); break;
    case Family::sign_on:
      if (subtype == SignOn::login_request || subtype == SignOn::login_reply ||
          subtype == SignOn::key_request) {
        read_login(body, messenger, account);
      }
      break;
    default: break;
  }
}

}  // namespace chatgate::proto::oscar
