#include "proto/msnp_payload.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/ascii.h"
#include "proto/http_text.h"
#include "proto/messenger_text.h"
#include "proto/msnp_slp.h"

namespace chatgate::proto::msnp {
namespace {

using http::is_word;
using http::starts_with_word;

struct KnownWord {
  std::string_view word;  // in lower case
  Service service;
};

// By how the media type begins.
constexpr std::array<KnownWord, 12> kContents = {{
    {"text/plain", Service::text_chat},
    {"text/x-msmsgscontrol", Service::presence},
    {"text/x-clientcaps", Service::presence},
    {"text/x-keepalive", Service::presence},
    {"text/x-msmsgsprofile", Service::login},
    {"text/x-msnmsgr-datacast", Service::text_chat},
    {"text/x-mms-emoticon", Service::text_chat},
    {"text/x-mms-animemoticon", Service::text_chat},
    {"text/html", Service::text_chat},
    {"image/gif", Service::text_chat},  // handwriting
    {"application/x-ms-ink", Service::text_chat},
    {"text/x-msmsgsoimnotification", Service::text_chat},
}};

// Of SDG's Message-Type.
constexpr std::array<KnownWord, 7> kDatagrams = {{
    {"text", Service::text_chat},
    {"nudge", Service::text_chat},
    {"wink", Service::text_chat},
    {"customemoticon", Service::text_chat},
    {"control/", Service::presence},
    {"signal/", Service::presence},
    {"data", Service::any},
}};

constexpr std::array<KnownWord, 10> kApplications = {{
    {"{5d3e02ab-6190-11d3-bbbb-00c04f795683}", Service::file_transfer},
    {"{02d3c01f-bf30-4825-a83a-de7af41648aa}", Service::voice},
    {"{2a23868e-b45f-401d-b8b0-1e16b774a5b7}", Service::webcam},
    {"{44bba842-cc51-11cf-aafa-00aa00b6015c}", Service::conference},    // NetMeeting
    {"{f1b1920c-6a3c-4ce7-b18c-afab305fd03d}", Service::screen_share},  // application sharing
    {"{1df57d09-637a-4ca5-91b9-2c3edaaf62fe}", Service::screen_share},  // whiteboard
    {"{56b994a7-380f-410b-9985-c809d78c1bdc}", Service::screen_share},  // asks for assistance
    {"{703ea1a8-d73e-43e3-852c-ee85b5d872c2}", Service::screen_share},  // offers assistance
    {"{8dae4336-2b71-11d4-9a6c-006067325e47}", Service::games},         // Baldur's Gate 2
    {"{41fd0fa-2942-4dc4-b4c5-73d2c55f4c94}", Service::games},          // MechWarrior Mercenaries
}};

// Words of Application-Name, for those that are known by no GUID.
constexpr std::array<KnownWord, 9> kNames = {{
    {"file transfer", Service::file_transfer},
    {"voice", Service::voice},
    {"audio", Service::voice},
    {"video", Service::video},
    {"webcam", Service::webcam},
    {"netmeeting", Service::conference},
    {"assistance", Service::screen_share},
    {"sharing", Service::screen_share},
    {"whiteboard", Service::screen_share},
}};

template <std::size_t Count>
std::optional<Service> service_by_start(std::string_view text,
                                        const std::array<KnownWord, Count>& words) {
  for (const KnownWord& known : words) {
    if (starts_with_word(text, known.word)) return known.service;
  }
  return std::nullopt;
}

bool contains_word(std::string_view text, std::string_view word) {
  return std::search(text.begin(), text.end(), word.begin(), word.end(),
                     [](char c, char expected) { return lower(c) == expected; }) != text.end();
}

// What the fields of an invitation say.
struct Invitation {
  std::string_view command;
  std::string_view guid;
  std::string_view name;
  std::string_view file;
  std::string_view data;  // what the session is able to do
  std::optional<std::uint32_t> cookie;
  bool has_auth_cookie = false;
  std::string_view address;
  std::string_view address_internal;
  std::optional<std::uint32_t> port;
  std::optional<std::uint32_t> port_x;
  std::optional<std::uint32_t> port_x_internal;

  void take(std::string_view field, std::string_view value) {
    if (is_word(field, "invitation-command")) command = value;
    if (is_word(field, "application-guid")) guid = value;
    if (is_word(field, "application-name")) name = value;
    if (is_word(field, "application-file")) file = value;
    if (is_word(field, "context-data")) data = value;
    if (is_word(field, "invitation-cookie")) cookie = decimal(value);
    if (is_word(field, "authcookie")) has_auth_cookie = true;
    if (is_word(field, "ip-address")) address = value;
    if (is_word(field, "ip-address-internal")) address_internal = value;
    if (is_word(field, "port")) port = decimal(value);
    if (is_word(field, "portx")) port_x = decimal(value);
    if (is_word(field, "portx-internal")) port_x_internal = decimal(value);
  }

  Service service(const Memory& memory) const {
    if (!guid.empty() || !name.empty()) return service_by_application();
    if (cookie && memory.invited != Service::any &&
        static_cast<std::uint16_t>(*cookie) == memory.invitation_cookie) {
      return memory.invited;
    }
    return has_auth_cookie || !file.empty() ? Service::file_transfer : Service::any;
  }

 private:
  Service service_by_application() const {
    for (const KnownWord& known : kApplications) {
      if (!is_word(guid, known.word)) continue;
      const bool with_video = known.service == Service::voice && contains_word(data, "sip_v");
      return with_video ? Service::video : known.service;
    }
    for (const KnownWord& known : kNames) {
      if (contains_word(name, known.word)) return known.service;
    }
    return Service::other;
  }
};

// Ports are also sent in a form that address translators do not recognise.
std::uint16_t plain_port(std::uint32_t port_x) {
  constexpr std::uint16_t kMask = 0x3141;
  return static_cast<std::uint16_t>(port_x ^ kMask);
}

void expect_address(std::string_view text, std::uint16_t port, Service service,
                    Messenger& messenger) {
  const auto target = address_and_port(text);
  if (!target) return;
  messenger.expect({.address = target->address,
                    .port = target->port != 0 ? target->port : port,
                    .tcp = true,
                    .service = service});
}

// Whom peer-to-peer data is for. Only those who have several places to be signed on at name one,
// and only they use the second header.
PeerHeader read_destination(std::string_view value, Direction way, Messenger& messenger) {
  if (way == Direction::to_server) assign_login(messenger.peer_login, value);
  return value.find(";{") != std::string_view::npos ? PeerHeader::v2 : PeerHeader::v1;
}

}  // namespace

void assign_login(ShortText& to, std::string_view text) {
  constexpr std::string_view kScheme = "<msnmsgr:";
  if (starts_with_word(text, kScheme)) text.remove_prefix(kScheme.size());
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos && decimal(text.substr(0, colon))) {
    text.remove_prefix(colon + 1);
  }
  text = text.substr(0, text.find_first_of(";>"));
  ShortText login;
  append_percent_decoded(login, text);
  if (login.view().find('@') != std::string_view::npos) to = login;
}

void read_invitation(std::string_view text, Memory& memory, Messenger& messenger) {
  Fields fields(text);
  Invitation invitation;
  while (fields.next()) invitation.take(fields.name(), fields.value());
  messenger.service = invitation.service(memory);
  messenger.filename.assign(invitation.file);
  if (is_word(invitation.command, "invite")) {
    memory.invited = messenger.service;
    memory.invitation_cookie = static_cast<std::uint16_t>(invitation.cookie.value_or(0));
  }
  std::uint16_t port = 0;
  if (invitation.port_x) port = plain_port(*invitation.port_x);
  if (invitation.port) port = static_cast<std::uint16_t>(*invitation.port);
  expect_address(invitation.address, port, messenger.service, messenger);
  const std::uint16_t internal =
      invitation.port_x_internal ? plain_port(*invitation.port_x_internal) : port;
  expect_address(invitation.address_internal, internal, messenger.service, messenger);
}

void read_message(Bytes payload, Direction way, Memory& memory, Messenger& messenger) {
  Fields headers(as_text(payload));
  std::string_view type;
  PeerHeader peer_header = PeerHeader::v1;
  bool is_later_chunk = false;
  bool is_invitation = false;
  while (headers.next()) {
    const std::string_view name = headers.name();
    if (is_word(name, "content-type")) type = headers.value();
    if (is_word(name, "chunk")) is_later_chunk = true;
    if (is_word(name, "invitation-command")) is_invitation = true;
    if (is_word(name, "typinguser") && way == Direction::to_client) {
      assign_login(messenger.peer_login, headers.value());
    }
    if (is_word(name, "typinguser") && way == Direction::to_server) {
      assign_login(messenger.login, headers.value());
    }
    if (is_word(name, "p2p-dest")) peer_header = read_destination(headers.value(), way, messenger);
  }
  if (starts_with_word(type, "text/x-msmsgsinvite")) {
    read_invitation(is_invitation ? as_text(payload) : headers.rest(), memory, messenger);
  } else if (starts_with_word(type, "application/x-msnmsgrp2p")) {
    read_peer_message(as_bytes(headers.rest()), peer_header, way, messenger);
  } else if (const auto known = service_by_start(type, kContents)) {
    messenger.service = *known;
  } else if (type.empty() && is_later_chunk) {
    messenger.service = Service::text_chat;
  }
}

void read_datagram(Bytes payload, Direction way, Messenger& messenger) {
  constexpr int kGroups = 3;  // of headers: routing, reliability, messaging
  constexpr std::string_view kGroupChat = "10:";
  ShortText& sender = way == Direction::to_server ? messenger.login : messenger.peer_login;
  ShortText& receiver = way == Direction::to_server ? messenger.peer_login : messenger.login;
  std::string_view rest = as_text(payload);
  std::string_view type;
  bool in_group = false;
  for (int group = 0; group < kGroups; ++group) {
    Fields headers(rest);
    while (headers.next()) {
      const std::string_view value = headers.value();
      if (is_word(headers.name(), "from")) assign_login(sender, value);
      if (is_word(headers.name(), "to")) {
        assign_login(receiver, value);
        in_group = value.starts_with(kGroupChat);
      }
      if (is_word(headers.name(), "message-type")) type = value;
    }
    rest = headers.rest();
  }
  messenger.service = service_by_start(type, kDatagrams).value_or(Service::any);
  if (starts_with_word(type, "data")) {
    read_peer_message(as_bytes(rest), PeerHeader::v2, way, messenger);
  } else if (in_group && messenger.service == Service::text_chat) {
    messenger.service = Service::conference;
  }
}

void read_notification(Bytes payload, Direction way, Messenger& messenger) {
  const std::string_view text = as_text(payload);
  if (starts_with_word(text, "<sip ") ||
      (starts_with_word(text, "invite ") && !starts_with_word(text, "invite msnmsgr:"))) {
    messenger.service = Service::voice;
    return;
  }
  read_slp(text, way, messenger);
}

void read_peer_message(Bytes message, PeerHeader header, Direction way, Messenger& messenger) {
  if (read_slp(as_text(message), way, messenger)) return;
  messenger.service =
      header == PeerHeader::v1 ? service_of_chunk_v1(message) : service_of_chunk_v2(message);
}

}  // namespace chatgate::proto::msnp
