// Kinds of ICQ's messages, which its old protocol (proto/icq.h) and OSCAR (proto/oscar.h) share.
//
// Called by those parsers. A number, no bytes; any thread.
// Source: the message types of the published descriptions of ICQ's protocol, versions 2 to 8.
#pragma once

#include <cstdint>

#include "proto/messenger.h"

namespace chatgate::proto {

constexpr Service service_of_icq_message(std::uint8_t type) {
  enum Type : std::uint8_t {
    chat = 2,
    file = 3,
    authorization_request = 6,
    denied = 7,
    granted = 8,
    added = 12,
    contacts = 19,
    first_away = 0xe8,  // asks for the text of a status
    last_away = 0xec
  };
  switch (type) {
    case Type::chat: return Service::conference;
    case Type::file: return Service::file_transfer;
    case Type::authorization_request:
    case Type::denied:
    case Type::granted:
    case Type::added:
    case Type::contacts: return Service::presence;
    default:
      return type >= Type::first_away && type <= Type::last_away ? Service::presence
                                                                 : Service::text_chat;
  }
}

}  // namespace chatgate::proto
