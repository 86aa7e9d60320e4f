// What parsers established about a flow: protocol, names, and little else.
//
// A `Facts` is filled by one parser call and read at once by the engine, which keeps what it needs.
// Fixed size, no allocation; lives in the worker's scratch space.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "proto/messenger.h"

namespace chatgate::proto {

// The application-layer protocol as spoken, in EVE's `app_proto` words (`failed` where payload was
// seen and nothing recognised it).
enum class AppProto : std::uint8_t {
  unknown,
  failed,
  tls,
  http,
  dns,
  http2,
  quic,
  dtls,
  socks,
  proxy_protocol,
  smtp,
  imap,
  irc,
  xmpp,
  stun,
  msnp,   // MSN Messenger's notification and switchboard sessions
  ymsg,   // Yahoo! Messenger
  oscar,  // AIM and ICQ over FLAP
  icq,    // ICQ's old protocol over UDP
  gadu_gadu,
  oicq,      // QQ
  sametime,  // IBM's Virtual Places
  sip,
  msrp,
  skype,
  mtproto,   // Telegram
  whatsapp,  // its Noise handshake
  mmtls,     // WeChat
  line,
  loco,  // KakaoTalk
  viber,
  threema,
  zalo,
  lwp,  // DingTalk
  tox,
  mumble,
  teamspeak,
  steam,
  discord,  // its voice
  zoom,
  rtp,
};

std::string_view to_string(AppProto protocol);

// Where a name was read.
enum class NameSource : std::uint8_t {
  tls_sni,
  tls_certificate,  // the server's, where the client sent no name
  quic_sni,
  http_host,      // Host, :authority, an absolute target
  tunnel_target,  // CONNECT, SOCKS, PROXY protocol: whom the client wants to be put through to
  dns_query,
  stream_to,   // XMPP's "to"
  stun_realm,  // REALM of STUN and TURN (RFC 8489 section 14.9)
};

// What comes after a message that is complete, from ParserState::offset on.
enum class Next : std::uint8_t {
  opaque,    // nothing that is read
  message,   // another message, for the same parser and state
  protocol,  // a stream of its own from its first byte: a tunnel, or TLS after STARTTLS
  answer,    // nothing this way, but the other direction's answer may still name it
};

// A host name in the one form that names are compared in: lower-case ASCII, no trailing dot, no
// port. At most 255 bytes (RFC 1035 section 2.3.4). Bytes that cannot stand in a host name are kept
// as they came, so that they never match by accident and can be shown; see `well_formed`.
class HostName {
 public:
  static constexpr std::size_t kCapacity = 255;

  // Normalises `raw`: lower case, one trailing dot removed, ":PORT" removed, brackets of an IPv6
  // literal removed, UTF-8 in its ASCII form (proto/punycode.h). What exceeds the capacity is cut
  // and the name counts as not well-formed.
  static HostName normalised(std::string_view raw);
  // The same in place; `raw` must not be of this name.
  void assign(std::string_view raw);

  std::string_view view() const { return {text_.data(), size_}; }
  bool empty() const { return size_ == 0; }
  // Letters, digits, hyphen, underscore and dots only, no empty label, no label over 63 bytes.
  bool well_formed() const { return well_formed_; }

 private:
  std::array<char, kCapacity> text_;
  std::uint8_t size_ = 0;
  bool well_formed_ = false;
};

// What a ClientHello says beside names; for events and for the policy's word on ECH.
struct ClientHello {
  static constexpr std::size_t kJa4 = 36;
  static constexpr std::size_t kMaxAlpns = 8;
  static constexpr std::size_t kMaxAlpn = 24;

  struct Alpn {
    std::uint8_t size = 0;
    std::array<char, kMaxAlpn> text;  // cut where longer

    std::string_view view() const { return {text.data(), size}; }
  };

  std::uint16_t version = 0;  // the highest offered, as 0x0304; 0x0002 for a hello of SSLv2's form
  bool ech = false;         // an encrypted_client_hello extension of the outer kind, GREASE or not
  bool resumption = false;  // a session id or ticket of TLS 1.2, or a pre-shared key
  bool early_data = false;
  std::uint8_t alpn_count = 0;
  std::array<Alpn, kMaxAlpns> alpns;
  std::uint8_t ja4_size = 0;  // 0 where it was not computed
  std::array<char, kJa4> ja4;

  std::string_view ja4_view() const { return {ja4.data(), ja4_size}; }
};

struct Facts {
  static constexpr std::size_t kMaxNames = 8;

  struct Name {
    NameSource source;
    HostName host;
  };

  AppProto protocol = AppProto::unknown;
  AppProto carrier = AppProto::unknown;  // the protocol around `protocol`, where it is within one
  Next next = Next::opaque;
  std::uint8_t name_count = 0;
  bool names_cut = false;         // there were more names than fit
  bool has_hello = false;         // `hello` is filled
  std::uint16_t target_port = 0;  // of a tunnel; 0: not told
  std::array<Name, kMaxNames> names;
  ClientHello hello;
  bool has_messenger = false;  // `messenger` is filled
  Messenger messenger;

  // Appends what is not empty and not there yet; where the array is full sets `names_cut`.
  void add_name(NameSource source, std::string_view raw);
  // Whether a name in normalised form is there, from that source.
  bool has_name(NameSource source, std::string_view host) const;
  // What a flow is said to speak.
  AppProto spoken() const { return carrier == AppProto::unknown ? protocol : carrier; }
  bool has_name_from(NameSource source) const {
    for (std::size_t i = 0; i < name_count; ++i) {
      if (names[i].source == source) return true;
    }
    return false;
  }
  void clear() {
    protocol = AppProto::unknown;
    carrier = AppProto::unknown;
    next = Next::opaque;
    name_count = 0;
    names_cut = false;
    has_hello = false;
    target_port = 0;
    has_messenger = false;
  }
  // Begins to say something of a messenger.
  Messenger& speak_of(std::string_view application, Service service) {
    has_messenger = true;
    messenger.clear();
    messenger.application = application;
    messenger.service = service;
    return messenger;
  }
};

}  // namespace chatgate::proto
