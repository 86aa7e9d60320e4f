#include "proto/xmpp_names.h"

namespace chatgate::proto::xmpp {
namespace {

struct Row {
  std::string_view uri;  // or how it begins, where it ends with ':', '/' or '*'
  Namespace name;
  Service service;
};

// The first that fits.
constexpr Row kRows[] = {
    // RFC 6120
    {"urn:ietf:params:xml:ns:xmpp-sasl", Namespace::sasl, Service::login},
    {"urn:ietf:params:xml:ns:xmpp-tls", Namespace::tls, Service::login},
    {"urn:ietf:params:xml:ns:xmpp-bind", Namespace::bind, Service::login},
    {"urn:ietf:params:xml:ns:xmpp-session", Namespace::other, Service::login},
    {"urn:ietf:params:xml:ns:xmpp-streams", Namespace::streams, Service::any},
    {"urn:xmpp:sasl:", Namespace::sasl2, Service::login},        // XEP-0388
    {"urn:xmpp:bind:", Namespace::bind, Service::login},         // XEP-0386
    {"jabber:iq:auth", Namespace::iq_auth, Service::login},      // XEP-0078
    {"jabber:iq:register", Namespace::iq_auth, Service::login},  // XEP-0077
    {"http://jabber.org/features/", Namespace::other, Service::login},
    {"http://jabber.org/protocol/compress", Namespace::other, Service::login},  // XEP-0138
    {"jabber:server:dialback", Namespace::other, Service::login},               // XEP-0220
    {"urn:xmpp:features:dialback", Namespace::other, Service::login},
    {"urn:xmpp:sm:", Namespace::stream_management, Service::any},  // XEP-0198

    {"jabber:iq:roster", Namespace::other, Service::presence},
    {"jabber:iq:privacy", Namespace::other, Service::presence},       // XEP-0016
    {"jabber:iq:last", Namespace::other, Service::presence},          // XEP-0012
    {"jabber:iq:time", Namespace::other, Service::presence},          // XEP-0090
    {"jabber:iq:private", Namespace::other, Service::presence},       // XEP-0049
    {"jabber:iq:search", Namespace::other, Service::presence},        // XEP-0055
    {"jabber:iq:version", Namespace::iq_version, Service::presence},  // XEP-0092
    {"jabber:x:event", Namespace::other, Service::presence},          // XEP-0022
    {"vcard-temp*", Namespace::other, Service::presence},             // XEP-0054, XEP-0153
    {"urn:ietf:params:xml:ns:vcard-4.0", Namespace::other, Service::presence},
    {"urn:xmpp:blocking*", Namespace::other, Service::presence},                     // XEP-0191
    {"urn:xmpp:ping", Namespace::other, Service::presence},                          // XEP-0199
    {"urn:xmpp:time", Namespace::other, Service::presence},                          // XEP-0202
    {"urn:xmpp:csi:", Namespace::other, Service::presence},                          // XEP-0352
    {"urn:xmpp:receipts", Namespace::other, Service::presence},                      // XEP-0184
    {"urn:xmpp:chat-markers:", Namespace::other, Service::presence},                 // XEP-0333
    {"http://jabber.org/protocol/chatstates", Namespace::other, Service::presence},  // XEP-0085
    {"http://jabber.org/protocol/pubsub*", Namespace::other, Service::presence},     // XEP-0163
    {"http://jabber.org/protocol/caps", Namespace::caps, Service::any},              // XEP-0115
    {"google:roster", Namespace::other, Service::presence},

    // Text that is encrypted (XEP-0384, XEP-0027, XEP-0373)
    {"eu.siacs.conversations.axolotl", Namespace::encryption, Service::any},
    {"urn:xmpp:omemo:", Namespace::encryption, Service::any},
    {"jabber:x:encrypted", Namespace::encryption, Service::any},
    {"urn:xmpp:openpgp:", Namespace::encryption, Service::any},

    {"http://jabber.org/protocol/muc#user", Namespace::muc_user, Service::conference},  // XEP-0045
    {"http://jabber.org/protocol/muc*", Namespace::other, Service::conference},
    {"jabber:x:conference", Namespace::other, Service::conference},  // XEP-0249
    {"jabber:iq:conference", Namespace::other, Service::conference},
    {"urn:xmpp:mix:", Namespace::other, Service::conference},   // XEP-0369
    {"urn:xmpp:muji:", Namespace::other, Service::conference},  // XEP-0272
    {"http://jitsi.org/protocol/inputevt", Namespace::other, Service::screen_share},
    {"http://jitsi.org/protocol/colibri*", Namespace::other, Service::conference},  // XEP-0340
    {"http://jitsi.org/protocol/focus", Namespace::other, Service::conference},
    {"http://jitsi.org/*", Namespace::jitsi, Service::any},
    {"urn:ietf:params:xml:ns:conference-info", Namespace::other, Service::conference},  // XEP-0298

    {"http://jabber.org/protocol/si", Namespace::si, Service::any},  // XEP-0095
    {"http://jabber.org/protocol/si/profile/file-transfer", Namespace::si,
     Service::file_transfer},  // XEP-0096
    {"http://jabber.org/protocol/bytestreams", Namespace::bytestreams,
     Service::file_transfer},                                                      // XEP-0065
    {"http://jabber.org/protocol/ibb", Namespace::other, Service::file_transfer},  // XEP-0047
    {"jabber:x:oob", Namespace::oob, Service::file_transfer},                      // XEP-0066
    {"jabber:iq:oob", Namespace::oob, Service::file_transfer},
    {"urn:xmpp:http:upload*", Namespace::http_upload, Service::file_transfer},         // XEP-0363
    {"urn:xmpp:jingle:apps:file-transfer:", Namespace::file, Service::file_transfer},  // XEP-0234
    {"urn:xmpp:file:metadata:", Namespace::file, Service::file_transfer},              // XEP-0446
    {"urn:xmpp:sfs:", Namespace::file, Service::file_transfer},                        // XEP-0447
    {"urn:xmpp:sims:", Namespace::file, Service::file_transfer},                       // XEP-0385

    {"urn:xmpp:jingle:1", Namespace::jingle, Service::any},               // XEP-0166
    {"urn:xmpp:jingle:apps:rtp:1", Namespace::jingle_rtp, Service::any},  // XEP-0167
    {"urn:xmpp:jingle:apps:rtp:info:", Namespace::other, Service::voice},
    {"urn:xmpp:jingle:transports:ice*", Namespace::jingle_datagram, Service::any},      // XEP-0176
    {"urn:xmpp:jingle:transports:raw-udp:", Namespace::jingle_datagram, Service::any},  // XEP-0177
    {"urn:xmpp:jingle:transports:s5b:", Namespace::jingle_stream, Service::any},        // XEP-0260
    {"urn:xmpp:jingle:transports:ibb:", Namespace::other, Service::file_transfer},      // XEP-0261
    {"urn:xmpp:jingle-message:", Namespace::other, Service::voice},                     // XEP-0353
    {"urn:xmpp:call-invites:", Namespace::call_invite, Service::voice},                 // XEP-0482
    {"http://www.google.com/session", Namespace::google_session, Service::any},
    {"http://www.google.com/session/phone", Namespace::other, Service::voice},
    {"http://www.google.com/session/video", Namespace::other, Service::video},
    {"http://www.google.com/session/share", Namespace::google_share, Service::file_transfer},
    {"http://www.google.com/transport/*", Namespace::jingle_datagram, Service::any},

    {"http://jabber.org/protocol/mug*", Namespace::other, Service::games},
    {"http://volity.org/protocol/*", Namespace::other, Service::games},
    {"games:board", Namespace::other, Service::games},
    {"http://telepathy.freedesktop.org/xmpp/tubes", Namespace::tube, Service::any},
};

bool fits(const Row& row, std::string_view uri) {
  const char last = row.uri.back();
  if (last == '*') return uri.starts_with(row.uri.substr(0, row.uri.size() - 1));
  if (last == ':' || last == '/') return uri.starts_with(row.uri);
  return uri == row.uri;
}

}  // namespace

NamespaceMeaning meaning_of(std::string_view uri) {
  for (const Row& row : kRows) {
    if (fits(row, uri)) return {row.name, row.service};
  }
  return {};
}

}  // namespace chatgate::proto::xmpp
