// What the payloads of MSNP's messages say: their kind, invitations, and the sessions of peers.
//
// Sources: hypothetic.org's and MSNPiki's pages on messages, invitations and MSNC; the NINA wiki on
// P2Pv1 and P2Pv2 headers and MSNSLP; Microsoft's application sharing sources for their GUIDs.
//
// Read are the MIME headers and, by Content-Type,
//
//   - text/plain, ink, datacasts (nudges, winks), emoticons: text chat. The text is not looked at;
//   - text/x-msmsgscontrol, capabilities and keep-alive: presence, with who is typing;
//   - text/x-msmsgsinvite: the application by its GUID or its name, the file's name, and of an
//     acceptance the addresses and ports that are announced as expected flows;
//   - application/x-msnmsgrp2p: MSNSLP invitations by their EUF-GUID or AppID with the file's name
//     from the context, answers with addresses for a direct connection, which are taken to be for a
//     file; chunks of data by the flags of their header.
//
// Called by the parsers of MSNP on a worker's thread. Views are borrowed for the call, texts are
// copied into the messenger facts. No allocation; work is linear in the payload that is given.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "proto/messenger.h"
#include "proto/parser.h"

namespace chatgate::proto::msnp {

// What one direction of a session remembers from message to message.
struct Memory {
  std::uint8_t parties = 0;             // others in the switchboard, as the server told
  Service invited = Service::any;       // what the last invitation was for
  std::uint16_t invitation_cookie = 0;  // its low bits

  static Memory from(std::uint32_t packed) {
    return {static_cast<std::uint8_t>(packed), static_cast<Service>(packed >> 8 & 0xff),
            static_cast<std::uint16_t>(packed >> 16)};
  }
  std::uint32_t packed() const {
    return parties | static_cast<std::uint32_t>(invited) << 8 |
           static_cast<std::uint32_t>(invitation_cookie) << 16;
  }
};

// "1:someone%40example.com;{GUID}" and "<msnmsgr:someone@example.com>" are someone@example.com. A
// text without "@" is no login, and leaves `to` as it is.
void assign_login(ShortText& to, std::string_view text);

// Of MSG, UUM and UBM: MIME headers and a body.
void read_message(Bytes payload, Direction way, Memory& memory, Messenger& messenger);

// Of a message of type text/x-msmsgsinvite, which Windows Messenger and Communicator send over SIP
// as well: its body.
void read_invitation(std::string_view text, Memory& memory, Messenger& messenger);

// Of SDG: headers of routing, reliability and messaging, and a body.
void read_datagram(Bytes payload, Direction way, Messenger& messenger);

// Of UUN and UBN: an invitation to a call, or MSNSLP.
void read_notification(Bytes payload, Direction way, Messenger& messenger);

// A message of MSNC's peer-to-peer layer: a binary header with MSNSLP or data behind it.
enum class PeerHeader : std::uint8_t { v1, v2 };
void read_peer_message(Bytes message, PeerHeader header, Direction way, Messenger& messenger);

}  // namespace chatgate::proto::msnp
