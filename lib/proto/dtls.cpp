#include "proto/dtls.h"

#include <algorithm>

#include "base/cursor.h"
#include "proto/client_hello.h"

namespace chatgate::proto::dtls {
namespace {

// RFC 6347 section 4.1, RFC 9147 section 4.
constexpr std::uint8_t kFirstType = 20;
constexpr std::uint8_t kHandshakeRecord = 22;
constexpr std::uint8_t kLastType = 26;  // ACK
constexpr std::uint8_t kVersionMajor = 0xfe;
constexpr std::size_t kMaxRecord = 16384 + 2048;
constexpr std::uint8_t kUnifiedMask = 0xe0;  // a protected record of DTLS 1.3
constexpr std::uint8_t kUnified = 0x20;

constexpr std::size_t kMessageHeader = 12;  // RFC 6347 section 4.2.2
constexpr std::uint8_t kServerHello = 2;
constexpr std::size_t kRandom = 32;
// Version, random, and the lengths of session id, cookie, cipher suites and compression methods.
constexpr std::uint32_t kShortestHello = 2 + kRandom + 1 + 1 + 2 + 1;

// ServerHello.random of a HelloRetryRequest (RFC 8446 section 4.1.3).
constexpr std::array<std::uint8_t, kRandom> kRetryRandom = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

// What ParserState::mark holds: whether this flow is DTLS's, and which directions sent hellos.
constexpr std::uint32_t kKnown = 1;
constexpr std::uint32_t hello_from(Direction direction) {
  return direction == Direction::to_server ? 2 : 4;
}
constexpr Direction opposite(Direction direction) {
  return direction == Direction::to_server ? Direction::to_client : Direction::to_server;
}

struct Record {
  std::uint8_t type = 0;
  std::uint16_t epoch = 0;
  Bytes content;
};

// The next record of a datagram; the cursor has failed where there is none.
Record next_record(Cursor& datagram) {
  Record record;
  const Bytes rest = datagram.rest();
  if (!rest.empty() && (rest[0] & kUnifiedMask) == kUnified) {
    // Its length may be left out and its number is encrypted: nothing behind it can be read.
    datagram.skip(rest.size());
    record.type = rest[0];
    record.epoch = 1;
    return record;
  }
  record.type = datagram.u8();
  const std::uint8_t version_major = datagram.u8();
  datagram.skip(1);  // servers do not look at the minor version of a hello's record
  record.epoch = datagram.be16();
  datagram.skip(6);  // sequence number
  record.content = datagram.take(datagram.be16());
  const bool sound = record.type >= kFirstType && record.type <= kLastType &&
                     version_major == kVersionMajor && record.content.size() <= kMaxRecord;
  if (!sound) datagram.fail();
  return record;
}

// What a first fragment says beside must be a hello's.
bool begins_as_hello(Cursor body, std::size_t size, std::uint32_t offset) {
  return offset > 0 || size == 0 || body.u8() == kVersionMajor;
}

bool holds_client_hello(Bytes content) {
  Cursor cursor(content);
  const std::uint8_t type = cursor.u8();
  const std::uint32_t length = cursor.be24();
  cursor.skip(2);  // message_seq
  const std::uint32_t offset = cursor.be24();
  const std::uint32_t size = cursor.be24();
  const Cursor body = cursor;
  cursor.skip(size);
  return cursor.ok() && type == kClientHelloMessage && length >= kShortestHello &&
         length <= kMaxHello && offset + size <= length && begins_as_hello(body, size, offset);
}

bool is_retry_request(Bytes server_hello) {
  Cursor cursor(server_hello);
  cursor.skip(2);  // legacy_version
  const Bytes random = cursor.take(kRandom);
  return cursor.ok() && std::equal(random.begin(), random.end(), kRetryRandom.begin());
}

}  // namespace

Probe probe(Bytes datagram) {
  Cursor cursor(datagram);
  while (!cursor.at_end()) {
    const Record record = next_record(cursor);
    if (!cursor.ok()) break;
    const bool plain = record.type == kHandshakeRecord && record.epoch == 0;
    if (plain && holds_client_hello(record.content)) return Probe::certain;
  }
  return Probe::not_mine;
}

Connections::Connections(std::uint32_t capacity)
    : capacity_(std::min<std::uint32_t>(capacity, SessionIndex::capacity())),
      streams_(capacity_),
      sessions_(std::make_unique<Session[]>(capacity_)) {
  free_.reserve(capacity_);
  for (std::uint32_t i = capacity_; i > 0; --i) {
    free_.emplace_back(static_cast<std::uint16_t>(i - 1));
  }
}

std::size_t Connections::memory() const {
  return streams_.memory() + capacity_ * (sizeof(Session) + sizeof(SessionIndex));
}

ParseStatus Connections::feed(ParserState& state, Bytes datagram, Direction direction,
                              Facts& facts) {
  if ((state.mark & kKnown) == 0) {
    if (probe(datagram) != Probe::certain) return ParseStatus::not_mine;
    state.mark |= kKnown;
  }
  facts.protocol = AppProto::dtls;
  Reading reading{.state = state, .direction = direction, .facts = facts};
  Cursor cursor(datagram);
  while (!cursor.at_end() && !reading.broken) {
    const Record record = next_record(cursor);
    if (!cursor.ok()) break;
    if (record.epoch == 0) {
      if (record.type == kHandshakeRecord) read_handshake(reading, record.content);
    } else if ((state.mark & hello_from(opposite(direction))) != 0) {
      reading.answered = true;
    }
  }
  give_back_if_idle(state);
  if (reading.broken) return ParseStatus::malformed;
  if (!reading.hello && !reading.answered) return ParseStatus::need_more;
  facts.next = reading.hello ? Next::message : Next::opaque;
  return ParseStatus::done;
}

void Connections::read_handshake(Reading& reading, Bytes content) {
  Cursor cursor(content);
  while (!cursor.at_end() && !reading.broken) {
    const Bytes rest = cursor.rest();
    Fragment fragment;
    fragment.type = cursor.u8();
    fragment.length = cursor.be24();
    fragment.number = cursor.be16();
    fragment.offset = cursor.be24();
    fragment.body = cursor.take(cursor.be24());
    if (!cursor.ok()) return;
    fragment.whole = rest.first(kMessageHeader + fragment.body.size());
    read_message(reading, fragment);
  }
}

void Connections::read_message(Reading& reading, const Fragment& fragment) {
  const bool asked = (reading.state.mark & hello_from(opposite(reading.direction))) != 0;
  if (fragment.type == kServerHello && asked && fragment.offset == 0) {
    // Where its random is cut, the protected records that follow are the answer.
    reading.answered = reading.answered ||
                       (fragment.body.size() >= 2 + kRandom && !is_retry_request(fragment.body));
  }
  if (fragment.type != kClientHelloMessage) return;
  const std::size_t end = std::size_t{fragment.offset} + fragment.body.size();
  if (end > fragment.length || fragment.length > kMaxHello) {
    reading.broken = true;
    return;
  }
  reading.state.mark |= hello_from(reading.direction);
  if (fragment.body.size() == fragment.length) return read_hello(reading, fragment.whole);
  gather(reading, fragment);
}

void Connections::read_hello(Reading& reading, Bytes message) {
  const bool sound = read_client_hello(message, NameSource::tls_sni, 'd', reading.facts);
  reading.hello = true;
  if (!sound) reading.broken = true;
}

void Connections::gather(Reading& reading, const Fragment& fragment) {
  Gathering* gathering = gathering_of(reading, fragment);
  if (gathering == nullptr || gathering->length != fragment.length) {
    reading.broken = true;
    return;
  }
  using Stored = quic::StreamPool::Stored;
  const std::size_t at = kMessageHeader + fragment.offset;
  if (streams_.store(gathering->stream, at, fragment.body) != Stored::stored) {
    reading.broken = true;
    return;
  }
  const Bytes message = streams_.contiguous(gathering->stream);
  if (message.size() < kMessageHeader + fragment.length) return;
  read_hello(reading, message);
  streams_.release(gathering->stream);
  *gathering = Gathering{};
}

// That of the fragment's message, made where there is none; null where there is no room for it.
Connections::Gathering* Connections::gathering_of(Reading& reading, const Fragment& fragment) {
  if (!reading.state.session.valid() && !take_session(reading.state)) return nullptr;
  auto& gatherings = sessions_[reading.state.session.value()].gatherings;
  Gathering* unused = nullptr;
  for (Gathering& gathering : gatherings) {
    if (!gathering.in_use) {
      if (unused == nullptr) unused = &gathering;
    } else if (gathering.number == fragment.number && gathering.direction == reading.direction) {
      return &gathering;
    }
  }
  if (unused == nullptr) return nullptr;
  unused->in_use = true;
  unused->direction = reading.direction;
  unused->number = fragment.number;
  unused->length = fragment.length;
  // The header as if the message were in one fragment.
  std::array<std::uint8_t, kMessageHeader> header{kClientHelloMessage};
  header[1] = header[9] = static_cast<std::uint8_t>(fragment.length >> 16);
  store_be16(&header[2], static_cast<std::uint16_t>(fragment.length));
  store_be16(&header[4], fragment.number);
  store_be16(&header[10], static_cast<std::uint16_t>(fragment.length));
  const bool stored = streams_.store(unused->stream, 0, header) == quic::StreamPool::Stored::stored;
  return stored ? unused : nullptr;
}

bool Connections::take_session(ParserState& state) {
  if (free_.empty()) return false;
  state.session = free_.back();
  free_.pop_back();
  return true;
}

void Connections::give_back_if_idle(ParserState& state) {
  if (!state.session.valid()) return;
  const auto& gatherings = sessions_[state.session.value()].gatherings;
  const bool idle = std::none_of(gatherings.begin(), gatherings.end(),
                                 [](const Gathering& gathering) { return gathering.in_use; });
  if (!idle) return;
  free_.push_back(state.session);
  state.session = SessionIndex::none();
}

void Connections::release(ParserState& state) {
  if (state.session.valid()) {
    for (Gathering& gathering : sessions_[state.session.value()].gatherings) {
      streams_.release(gathering.stream);
      gathering = Gathering{};
    }
    give_back_if_idle(state);
  }
  state = ParserState{};
}

}  // namespace chatgate::proto::dtls
