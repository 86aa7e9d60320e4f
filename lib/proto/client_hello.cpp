#include "proto/client_hello.h"

#include <utility>

#include "proto/ja4.h"

namespace chatgate::proto {
namespace {

// RFC 8446 section 4.2 and the registry of its section 11.
enum Extension : std::uint16_t {
  server_name = 0,
  signature_algorithms = 13,
  alpn = 16,
  session_ticket = 35,
  pre_shared_key = 41,
  early_data = 42,
  supported_versions = 43,
  encrypted_client_hello = 0xfe0d,
  encrypted_server_name = 0xffce,  // drafts 1 to 6 of the same
};

constexpr std::size_t kHeaderAfterLength =
    8;  // of DTLS: message number, offset, length of fragment
constexpr std::uint8_t kOuterHello = 0;
constexpr std::uint8_t kHostName = 0;  // RFC 6066 section 3
constexpr std::uint16_t kTls13 = 0x0304;
constexpr std::uint16_t kDtls13 = 0xfefc;
constexpr std::size_t kNameBuffer = 512;

static_assert(kNameBuffer > HostName::kCapacity + 8, "a longer name must count as cut");

// DTLS counts its versions downwards (RFC 9147 section 5.3).
bool is_newer(std::uint16_t version, std::uint16_t than, bool dtls) {
  return dtls ? version < than : version > than;
}

class Walk {
 public:
  Walk(NameSource source, char transport, Facts& facts) : source_(source), facts_(facts) {
    input_.transport = transport;
  }

  bool read(HandshakeReader message);

 private:
  bool dtls() const { return input_.transport == 'd'; }
  ClientHello& hello() { return facts_.hello; }

  bool read_extensions(HandshakeReader extensions);
  bool read_extension(std::uint16_t type, HandshakeReader body);
  bool read_server_names(HandshakeReader body);
  bool read_alpns(HandshakeReader body);
  bool read_versions(HandshakeReader body);
  bool read_signature_algorithms(HandshakeReader body);
  void add_alpn(HandshakeReader protocol);
  void finish(bool has_session_id);

  NameSource source_;
  Facts& facts_;
  ja4::Input input_;
  bool alpn_seen_ = false;
  std::uint16_t offered_version_ = 0;  // the newest of supported_versions
};

bool Walk::read(HandshakeReader message) {
  if (message.u8() != kClientHelloMessage) return false;
  const std::uint32_t length = message.be24();
  if (dtls()) message.skip(kHeaderAfterLength);
  bool sound = message.left() == length;

  const std::uint16_t own_version = message.be16();
  message.skip(32);  // random
  const bool has_session_id = message.sub8().left() > 0;
  if (dtls()) message.sub8();  // cookie
  HandshakeReader ciphers = message.sub16();
  message.sub8();  // legacy_compression_methods
  if (!message.ok()) return false;

  facts_.has_hello = true;
  hello() = ClientHello{};
  hello().version = own_version;
  while (ciphers.left() >= 2) input_.ciphers.add(ciphers.be16());
  // Hellos before TLS 1.3 may be without extensions.
  if (message.left() > 0) {
    const HandshakeReader extensions = message.sub16();
    sound = read_extensions(extensions) && message.ok() && sound;
  }
  finish(has_session_id);
  return sound;
}

bool Walk::read_extensions(HandshakeReader extensions) {
  bool sound = true;
  while (extensions.left() > 0) {
    const std::uint16_t type = extensions.be16();
    const HandshakeReader body = extensions.sub16();
    if (extensions.ok()) input_.extensions.add(type);
    sound = read_extension(type, body) && sound;
  }
  return sound && extensions.ok();
}

bool Walk::read_extension(std::uint16_t type, HandshakeReader body) {
  switch (type) {
    case Extension::server_name: return read_server_names(body);
    case Extension::alpn: return read_alpns(body);
    case Extension::supported_versions: return read_versions(body);
    case Extension::signature_algorithms: return read_signature_algorithms(body);
    case Extension::early_data: hello().early_data = true; return true;
    case Extension::encrypted_server_name: hello().ech = true; return true;
    case Extension::encrypted_client_hello:
      if (body.u8() == kOuterHello && body.ok()) hello().ech = true;
      return true;
    case Extension::session_ticket:
    case Extension::pre_shared_key:
      if (body.left() > 0) hello().resumption = true;
      return true;
    default: return true;
  }
}

// RFC 6066 section 3: a list of names, each with its kind.
bool Walk::read_server_names(HandshakeReader body) {
  HandshakeReader list = body.sub16();
  while (list.left() > 0) {
    const std::uint8_t kind = list.u8();
    HandshakeReader name = list.sub16();
    if (kind != kHostName || !list.ok()) continue;
    std::array<std::uint8_t, kNameBuffer> text;
    const MutableBytes shown(text.data(), std::min(name.left(), text.size()));
    name.read(shown);
    if (name.ok()) facts_.add_name(source_, as_text(shown));
  }
  return body.ok() && list.ok();
}

// RFC 7301 section 3.1.
bool Walk::read_alpns(HandshakeReader body) {
  HandshakeReader list = body.sub16();
  while (list.left() > 0) {
    const HandshakeReader protocol = list.sub8();
    if (list.ok()) add_alpn(protocol);
  }
  return body.ok() && list.ok();
}

void Walk::add_alpn(HandshakeReader protocol) {
  const std::size_t size = protocol.left();
  const bool first = !std::exchange(alpn_seen_, true);
  if (size == 0) return;
  if (first) {
    HandshakeReader ends = protocol;
    input_.has_alpn = true;
    input_.alpn_first = ends.u8();
    if (size > 2) ends.skip(size - 2);
    input_.alpn_last = size > 1 ? ends.u8() : input_.alpn_first;
  }
  if (hello().alpn_count == ClientHello::kMaxAlpns) return;
  std::array<std::uint8_t, ClientHello::kMaxAlpn> text;
  const MutableBytes shown(text.data(), std::min(size, text.size()));
  protocol.read(shown);
  if (!protocol.ok()) return;
  ClientHello::Alpn& alpn = hello().alpns[hello().alpn_count++];
  alpn.size = static_cast<std::uint8_t>(shown.size());
  std::memcpy(alpn.text.data(), shown.data(), shown.size());
}

// RFC 8446 section 4.2.1.
bool Walk::read_versions(HandshakeReader body) {
  HandshakeReader list = body.sub8();
  while (list.left() >= 2) {
    const std::uint16_t version = list.be16();
    if (!list.ok() || ja4::is_grease(version)) continue;
    if (offered_version_ == 0 || is_newer(version, offered_version_, dtls())) {
      offered_version_ = version;
    }
  }
  return body.ok() && list.left() == 0;
}

// RFC 8446 section 4.2.3.
bool Walk::read_signature_algorithms(HandshakeReader body) {
  HandshakeReader list = body.sub16();
  while (list.left() >= 2) input_.signature_algorithms.add(list.be16());
  return body.ok() && list.left() == 0;
}

void Walk::finish(bool has_session_id) {
  if (offered_version_ != 0) hello().version = offered_version_;
  const std::uint16_t just_before_13 = dtls() ? kDtls13 + 1 : kTls13 - 1;
  const bool offers_13 = is_newer(hello().version, just_before_13, dtls());
  if (has_session_id && !offers_13) hello().resumption = true;
  input_.version = hello().version;
  if (ja4::fingerprint(input_, hello().ja4)) hello().ja4_size = ClientHello::kJa4;
}

}  // namespace

bool read_client_hello(HandshakeReader message, NameSource source, char transport, Facts& facts) {
  return Walk(source, transport, facts).read(message);
}

bool read_client_hello(Bytes message, NameSource source, char transport, Facts& facts) {
  return read_client_hello(HandshakeReader::in_one_piece(message), source, transport, facts);
}

}  // namespace chatgate::proto
