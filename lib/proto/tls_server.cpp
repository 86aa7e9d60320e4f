#include "proto/tls_server.h"

#include <algorithm>
#include <array>
#include <optional>

#include "proto/certificate.h"
#include "proto/handshake_records.h"

namespace chatgate::proto::tls_server {
namespace {

using Look = HandshakeRecords::Look;

// RFC 8446 section 4, RFC 5246 section 7.4.
constexpr std::uint8_t kServerHello = 2;
constexpr std::uint8_t kCertificate = 11;
constexpr std::uint8_t kSupplementalData = 23;  // RFC 4680: the one message that may stand between
constexpr std::size_t kMessageHeader = 4;
constexpr std::uint16_t kSupportedVersions = 43;
constexpr std::uint16_t kTls13 = 0x0304;

// The random of a ServerHello that asks for another hello (RFC 8446 section 4.1.3).
constexpr std::array<std::uint8_t, 32> kRetry = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

// How far the messages can be read; `wanted` is how many handshake bytes it takes to get further.
struct Progress {
  bool over = false;
  bool broken = false;
  bool asks_again = false;
  std::size_t wanted = 0;
  std::optional<HandshakeReader> certificate = {};  // with `over`: the server's own
};

Progress over() {
  return {.over = true};
}
Progress broken() {
  return {.broken = true};
}

bool asks_again(HandshakeReader hello) {
  hello.skip(2);  // legacy_version
  return std::all_of(kRetry.begin(), kRetry.end(),
                     [&hello](std::uint8_t byte) { return hello.u8() == byte; });
}

// A draft's version in `supported_versions` counts as 1.3.
bool is_tls13(HandshakeReader hello) {
  hello.skip(2 + 32);  // legacy_version, random
  hello.sub8();        // session id
  hello.skip(2 + 1);   // cipher suite, compression method
  HandshakeReader extensions = hello.sub16();
  while (extensions.left() > 0) {
    const std::uint16_t type = extensions.be16();
    HandshakeReader body = extensions.sub16();
    if (type == kSupportedVersions) return body.be16() >= kTls13;
  }
  return false;
}

// RFC 5246 section 7.4.2; `body` begins at byte `at` of the handshake. Needs no more than the first
// certificate.
Progress find_certificate(HandshakeReader body, std::size_t length, std::size_t at,
                          std::size_t available) {
  constexpr std::size_t kLengths = 3 + 3;  // of the list and of its first entry
  if (length < kLengths) return over();
  if (available < at + kLengths) return {.wanted = at + kLengths};
  body.skip(3);
  const std::size_t size = body.be24();
  if (size > length - kLengths) return broken();
  const std::size_t wanted = at + kLengths + size;
  if (available < wanted) return {.wanted = wanted};
  return {.over = true, .certificate = body.sub(size)};
}

// From the first message on; there are few of them. What is wanted is more than what is available.
Progress read_messages(const HandshakeRecords& records) {
  const std::size_t available = records.available();
  std::size_t at = 0;
  for (std::uint32_t i = 0; i < kMaxMessages; ++i) {
    if (available < at + kMessageHeader) return {.wanted = at + kMessageHeader};
    HandshakeReader reader = records.reader(available);
    reader.skip(at);
    const std::uint8_t type = reader.u8();
    const std::size_t length = reader.be24();
    at += kMessageHeader;
    if (i > 0 && type == kCertificate) {
      return find_certificate(reader, length, at, available);
    }
    const bool read_on = i == 0 ? type == kServerHello : type == kSupplementalData;
    if (!read_on) return i == 0 ? broken() : over();
    if (available < at + length) return {.wanted = at + length};
    if (i == 0 && asks_again(HandshakeReader(reader).sub(length))) return {.asks_again = true};
    if (i == 0 && is_tls13(reader.sub(length))) return over();
    at += length;
  }
  return over();
}

}  // namespace

Probe probe(Bytes stream) {
  if (stream.size() > 0 && stream[0] != HandshakeRecords::kHandshake) return Probe::not_mine;
  if (stream.size() > 1 && stream[1] != HandshakeRecords::kVersionMajor) return Probe::not_mine;
  if (stream.size() < HandshakeRecords::kHeader) return Probe::unsure;
  if (!HandshakeRecords::valid_header(stream.data()) || load_be16(stream.data() + 3) == 0) {
    return Probe::not_mine;
  }
  if (stream.size() == HandshakeRecords::kHeader) return Probe::unsure;
  return stream[HandshakeRecords::kHeader] == kServerHello ? Probe::certain : Probe::not_mine;
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  stream = stream.first(std::min<std::size_t>(stream.size(), kByteLimit));
  HandshakeRecords records(stream, state);
  std::size_t wanted = std::max<std::size_t>(state.extra, kMessageHeader);
  facts.protocol = AppProto::tls;
  facts.next = Next::opaque;
  while (true) {
    const Look look = records.look();
    if (look == Look::foreign && records.at_start()) return ParseStatus::not_mine;
    Progress progress{.over = look == Look::foreign, .wanted = wanted};
    if (!progress.over && records.available() >= wanted) {
      progress = read_messages(records);
      wanted = progress.wanted;
    }
    if (progress.broken) return ParseStatus::malformed;
    if (progress.asks_again && look == Look::whole) {
      state.offset = static_cast<std::uint32_t>(records.record_end());
      state.mark = state.extra = 0;
      return ParseStatus::piece;
    }
    if (progress.over) {
      if (progress.certificate) read_certificate_names(*progress.certificate, facts);
      records.store(state);
      return ParseStatus::done;
    }
    if (look != Look::whole) break;
    if (!records.next()) return ParseStatus::malformed;
  }
  if (stream.size() >= kByteLimit) return ParseStatus::malformed;
  records.store(state);
  state.extra = static_cast<std::uint32_t>(wanted);
  return ParseStatus::need_more;
}

Bytes first_certificate(const ParserState& state, Bytes stream, MutableBytes scratch) {
  HandshakeRecords records(stream.first(std::min<std::size_t>(stream.size(), kByteLimit)), state);
  records.look();
  std::optional<HandshakeReader> certificate = read_messages(records).certificate;
  if (!certificate) return {};
  const Bytes in_place = certificate->in_place();
  if (!in_place.empty() || certificate->left() > scratch.size()) return in_place;
  const MutableBytes copy = scratch.first(certificate->left());
  certificate->read(copy);
  return certificate->ok() ? Bytes(copy) : Bytes();
}

}  // namespace chatgate::proto::tls_server
