// What the numbers of YMSG's services mean.
//
// Sources: the lists of services in libyahoo2 and libpurple, and Wireshark's.
//
// Called by the parser of YMSG on a worker's thread. No state, no allocation; borrows its texts for
// the call.
#pragma once

#include <cstdint>
#include <string_view>

#include "proto/messenger.h"

namespace chatgate::proto::ymsg {

// Those that have a name in code; the others are known by the table in ymsg_service.cpp.
enum Number : std::uint16_t {
  log_on = 0x01,
  message = 0x06,
  notify = 0x4b,
  peer_file = 0x4d,
  peer_to_peer = 0x4f,
  webcam = 0x50,
};

// `subject` is what the packet calls itself (key 49), such as "TYPING"; `of_user` whether it is of
// the user's own session, where it could be of a contact's.
Service service_of(std::uint32_t number, std::string_view subject, bool of_user);

}  // namespace chatgate::proto::ymsg
