// The namespaces of XMPP by which a stanza's meaning is told. Part of proto/xmpp_stanza.
//
// Sources: RFC 6120, RFC 6121 and the XMPP Standards Foundation's extensions (XEP) named in the
// table; Google's session protocol as libjingle's documentation describes it.
//
// Threads: no state. Nothing is allocated; a look-up compares with every row.
#pragma once

#include <cstdint>
#include <string_view>

#include "proto/messenger.h"

namespace chatgate::proto::xmpp {

// Those whose elements are read; `other` only tells a service, or nothing.
enum class Namespace : std::uint8_t {
  none,
  other,
  sasl,
  sasl2,
  tls,
  bind,
  iq_auth,  // and registration
  iq_version,
  caps,
  streams,  // conditions of stream errors
  stream_management,
  muc_user,
  encryption,
  si,
  bytestreams,
  oob,
  http_upload,
  file,  // descriptions of a file: Jingle's and those in messages
  jingle,
  jingle_rtp,
  jingle_datagram,  // transports: ICE, raw UDP, Google's
  jingle_stream,    // transports: SOCKS5 bytestreams
  google_session,
  google_share,
  call_invite,
  tube,
  jitsi,
};

struct NamespaceMeaning {
  Namespace name = Namespace::other;
  Service service = Service::any;
};

// What a namespace means; `other` and `any` where it is not known.
NamespaceMeaning meaning_of(std::string_view uri);

}  // namespace chatgate::proto::xmpp
