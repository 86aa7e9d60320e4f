#include "proto/tls.h"

#include <algorithm>
#include <array>

#include "base/cursor.h"
#include "proto/client_hello.h"

namespace chatgate::proto::tls {
namespace {

using Look = HandshakeRecords::Look;

constexpr std::uint8_t kChangeCipherSpec = 20;  // RFC 8446 section 5.1
constexpr std::uint8_t kAlert = 21;
constexpr std::uint8_t kApplicationData = 23;
constexpr std::size_t kRecordHeader = HandshakeRecords::kHeader;
constexpr std::size_t kMessageHeader = 4;
constexpr std::uint16_t kTls13 = 0x0304;

static_assert(kByteLimit <= HandshakeRecords::kMaxStream);

// RFC 5246 appendix E.2: the high bit of a length of two bytes, the message's type, the version,
// three more lengths; cipher specifications of three bytes each.
struct OldHello {
  static constexpr std::size_t kHeader = 11;
  static constexpr std::uint8_t kLengthBit = 0x80;
  static constexpr std::uint16_t kVersion = 0x0002;
  static constexpr std::size_t kCipherSpec = 3;
  static constexpr std::size_t kSessionId = 16;
  static constexpr std::size_t kMinChallenge = 16;
  static constexpr std::size_t kMaxChallenge = 32;

  bool sound = false;
  bool has_session_id = false;
  std::uint32_t behind = 0;  // bytes of the hello behind the header

  static OldHello read(Bytes header);
};

OldHello OldHello::read(Bytes header) {
  Cursor cursor(header);
  const std::size_t length = cursor.be16() & 0x7fff;
  const std::uint8_t type = cursor.u8();
  const std::uint16_t version = cursor.be16();
  const std::size_t ciphers = cursor.be16();
  const std::size_t session_id = cursor.be16();
  const std::size_t challenge = cursor.be16();
  const bool known = version == kVersion || (version >= 0x0300 && version <= kTls13);
  const bool fits = ciphers > 0 && ciphers % kCipherSpec == 0 &&
                    (session_id == 0 || session_id == kSessionId) && challenge >= kMinChallenge &&
                    challenge <= kMaxChallenge &&
                    length + 2 == kHeader + ciphers + session_id + challenge;
  return {cursor.ok() && type == kClientHelloMessage && known && fits, session_id > 0,
          static_cast<std::uint32_t>(ciphers + session_id + challenge)};
}

bool may_be_old_hello(Bytes stream) {
  return !stream.empty() && (stream[0] & OldHello::kLengthBit) != 0;
}

Probe probe_old_hello(Bytes stream) {
  if (stream.size() > 2 && stream[2] != kClientHelloMessage) return Probe::not_mine;
  if (stream.size() > 3 && stream[3] != 0 && stream[3] != 3) return Probe::not_mine;
  if (stream.size() < OldHello::kHeader) return Probe::unsure;
  return OldHello::read(stream.first(OldHello::kHeader)).sound ? Probe::certain : Probe::not_mine;
}

// A warning, which may come before a hello: its record whole, or the start of one. Nothing is said
// of an empty stream.
constexpr std::array<std::uint8_t, 6> kWarning = {kAlert, HandshakeRecords::kVersionMajor, 0, 0, 2,
                                                  1};  // then what it warns of
constexpr std::size_t kWarningSize = kWarning.size() + 1;

bool may_be_warning(Bytes stream) {
  for (std::size_t i = 0; i < std::min(stream.size(), kWarning.size()); ++i) {
    if (i != 2 && stream[i] != kWarning[i]) return false;  // 2: the minor version
  }
  return true;
}

// What is kept between hellos, in ParserState::extra.
struct Between {
  // A hello is read anew for its names so far this often, so that the work stays linear.
  static constexpr std::uint32_t kMaxPeeks = 4;

  bool hello_seen = false;
  bool early_data = false;
  std::uint32_t peeks = 0;
  std::uint32_t skipped = 0;  // bytes of records

  static Between unpacked(const ParserState& state) {
    return {(state.extra >> 31) != 0, (state.extra >> 30 & 1) != 0, state.extra >> 24 & 7,
            state.extra & 0x00ffffff};
  }
  void pack(ParserState& state) const {
    state.extra =
        std::uint32_t{hello_seen} << 31 | std::uint32_t{early_data} << 30 | peeks << 24 | skipped;
  }
};

ParseStatus finish_old_hello(ParserState& state, Bytes stream, Facts& facts) {
  if (stream.size() < OldHello::kHeader) return ParseStatus::need_more;
  const OldHello old = OldHello::read(stream.first(OldHello::kHeader));
  if (!old.sound) return ParseStatus::not_mine;
  facts.protocol = AppProto::tls;
  facts.next = Next::answer;
  facts.has_hello = true;
  facts.hello = ClientHello{};
  facts.hello.version = OldHello::kVersion;
  facts.hello.resumption = old.has_session_id;
  state.offset = OldHello::kHeader;
  state.skip = old.behind;
  Between{.hello_seen = true}.pack(state);
  return ParseStatus::done;
}

// What the records are found to hold.
enum class Gathered {
  need_more,
  hello,         // to its last byte, and the record it ends in
  broken_hello,  // in records, length or number of records; what is available may be read
  no_hello,
};

// The first message's type, and where it is not the connection's first message, which may be
// encrypted, what else the start of a hello has. `length` is zero where it is not known yet.
bool may_be_hello(const HandshakeRecords& records, bool first, std::size_t& length) {
  HandshakeReader reader = records.reader(records.available());
  if (reader.u8() != kClientHelloMessage) return false;
  const std::size_t body = reader.be24();
  const std::uint8_t version_major = reader.u8();
  const bool known = records.available() >= kMessageHeader + (first ? 0 : 1);
  if (known) length = kMessageHeader + body;
  return first || !known || (body <= kMaxHello && version_major == HandshakeRecords::kVersionMajor);
}

Gathered gather(HandshakeRecords& records, bool first, bool at_limit, std::size_t& readable) {
  std::size_t length = 0;  // of the hello, once known
  while (true) {
    const Look look = records.look();
    if (look == Look::foreign) {
      readable = records.available();
      const bool none = records.at_start() || (!first && readable == 0);
      return none ? Gathered::no_hello : Gathered::broken_hello;
    }
    readable = records.available();
    if (length == 0 && readable > 0 && !may_be_hello(records, first, length)) {
      return Gathered::no_hello;
    }
    if (length > 0) {
      const std::size_t longest = kMessageHeader + std::size_t{kMaxHello};
      readable = std::min(readable, std::min(length, longest));
      if (length > longest && readable == longest) return Gathered::broken_hello;
      if (readable == length && look == Look::whole) return Gathered::hello;
    }
    if (look != Look::whole) return at_limit ? Gathered::broken_hello : Gathered::need_more;
    if (!records.next()) return Gathered::broken_hello;
  }
}

Next next_after(const Facts& facts, bool first) {
  if (!first) return Next::opaque;  // a server asks once at most
  if (facts.name_count == 0) return Next::answer;
  return facts.hello.version >= kTls13 ? Next::message : Next::opaque;
}

ParseStatus over(ParserState& state, Facts& facts) {
  state.offset = 0;
  facts.protocol = AppProto::tls;
  facts.next = Next::opaque;
  return ParseStatus::done;
}

ParseStatus feed_hello(ParserState& state, Bytes stream, Between between, Facts& facts) {
  const bool first = !between.hello_seen;
  HandshakeRecords records(stream, state);
  std::size_t readable = 0;
  const Gathered gathered = gather(records, first, stream.size() >= kByteLimit, readable);
  if (gathered == Gathered::no_hello) return first ? ParseStatus::not_mine : over(state, facts);
  facts.protocol = AppProto::tls;
  if (gathered == Gathered::need_more) {
    records.store(state);
    if (between.peeks < Between::kMaxPeeks) {
      ++between.peeks;
      between.pack(state);
      read_client_hello(records.reader(readable), NameSource::tls_sni, 't', facts);
    }
    return ParseStatus::need_more;
  }

  const bool sound = read_client_hello(records.reader(readable), NameSource::tls_sni, 't', facts);
  if (!sound || gathered != Gathered::hello) return ParseStatus::malformed;
  facts.next = next_after(facts, first);
  state.offset = static_cast<std::uint32_t>(records.record_end());
  state.mark = 0;
  between.hello_seen = true;
  between.early_data = facts.hello.early_data;
  between.pack(state);
  return ParseStatus::done;
}

// Before the first hello. Servers pass over a few warnings there (BoringSSL 4, Go 16).
ParseStatus feed_warning(ParserState& state, Bytes stream, Between between, Facts& facts) {
  if (!may_be_warning(stream)) return ParseStatus::not_mine;
  if (stream.size() < kWarningSize) return ParseStatus::need_more;
  between.skipped += static_cast<std::uint32_t>(kWarningSize);
  if (between.skipped > kMaxWarnings * kWarningSize) {
    facts.protocol = AppProto::tls;
    return ParseStatus::malformed;
  }
  state.offset = static_cast<std::uint32_t>(kWarningSize);
  between.pack(state);
  return ParseStatus::piece;
}

// At a record between the first hello and the next.
ParseStatus feed_between(ParserState& state, Bytes stream, Between between, Facts& facts) {
  if (stream.empty()) return ParseStatus::need_more;
  const std::uint8_t type = stream[0];
  if (type == HandshakeRecords::kHandshake) return feed_hello(state, stream, between, facts);
  const bool skipped =
      type == kChangeCipherSpec || (type == kApplicationData && between.early_data);
  if (!skipped) return over(state, facts);
  if (stream.size() < kRecordHeader) return ParseStatus::need_more;
  const std::uint32_t length = load_be16(stream.data() + 3);
  between.skipped += static_cast<std::uint32_t>(kRecordHeader) + length;
  if (stream[1] != HandshakeRecords::kVersionMajor || length > kMaxRecord ||
      between.skipped > kMaxSkipped) {
    return over(state, facts);
  }
  state.offset = kRecordHeader;
  state.skip = length;
  between.pack(state);
  return ParseStatus::piece;
}

}  // namespace

Probe probe(Bytes stream) {
  if (may_be_old_hello(stream)) return probe_old_hello(stream);
  std::size_t at = 0;
  for (std::uint32_t warnings = 0; warnings <= kMaxWarnings; ++warnings) {
    const Bytes rest = stream.subspan(at);
    if (rest.empty() || rest[0] != kAlert) break;
    if (!may_be_warning(rest)) return Probe::not_mine;
    if (rest.size() < kWarningSize) return Probe::unsure;
    if (warnings == kMaxWarnings) return Probe::certain;  // `feed` refuses them
    at += kWarningSize;
  }
  for (std::uint32_t record = 0; record <= kMaxEmptyRecords; ++record) {
    const Bytes rest = stream.subspan(at);
    if (rest.size() > 0 && rest[0] != HandshakeRecords::kHandshake) return Probe::not_mine;
    if (rest.size() > 1 && rest[1] != HandshakeRecords::kVersionMajor) return Probe::not_mine;
    if (rest.size() < kRecordHeader) return Probe::unsure;
    if (!HandshakeRecords::valid_header(rest.data())) return Probe::not_mine;
    if (load_be16(rest.data() + 3) == 0) {
      at += kRecordHeader;
      continue;
    }
    if (rest.size() == kRecordHeader) return Probe::unsure;
    return rest[kRecordHeader] == kClientHelloMessage ? Probe::certain : Probe::not_mine;
  }
  return Probe::certain;  // nothing else sends so many empty records; `feed` refuses them
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  stream = stream.first(std::min<std::size_t>(stream.size(), kByteLimit));
  const Between between = Between::unpacked(state);
  if (between.hello_seen) return feed_between(state, stream, between, facts);
  if (may_be_old_hello(stream)) return finish_old_hello(state, stream, facts);
  if (!stream.empty() && stream[0] == kAlert) return feed_warning(state, stream, between, facts);
  return feed_hello(state, stream, between, facts);
}

}  // namespace chatgate::proto::tls
