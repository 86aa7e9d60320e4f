// The user name in what a client says to SASL, where it can be read. Used by XMPP and IRC.
//
// Sources: RFC 4616 (PLAIN), RFC 5802 section 7 (SCRAM), RFC 2831 section 2.1.2 (DIGEST-MD5), RFC
// 4648 (base64). The mechanism is told by the message's own form, so nothing has to be kept between
// messages. Passwords, proofs and tokens are looked over and never given. EXTERNAL, ANONYMOUS,
// GSSAPI and the like name nobody.
//
// Called by parsers on a worker's thread. Nothing is allocated; at most kLooked characters are
// looked at.
#pragma once

#include <cstddef>
#include <string_view>

#include "proto/messenger.h"

namespace chatgate::proto::sasl {

constexpr std::size_t kLooked = 1024;

// `base64`: an initial response or a response as it is on the wire. Leaves `user` as it is where
// it names nobody.
void read_user(std::string_view base64, ShortText& user);

}  // namespace chatgate::proto::sasl
