#include "proto/quic.h"

#include <algorithm>

#include "proto/client_hello.h"
#include "proto/quic_frames.h"

namespace chatgate::proto::quic {
namespace {

constexpr std::size_t kMessageHeader = 4;    // RFC 8446 section 4
constexpr std::uint8_t kClientHello = 1;     // HandshakeType
constexpr std::size_t kMinClientChosen = 8;  // bytes of a client's first destination id
// RFC 9000 section 17.2. RTP and RTCP never have it in a byte that looks like a long header's.
constexpr std::uint8_t kFixedBit = 0x40;

// RFC 9000 section 17.2.1. Without one no client goes on, and much else looks alike.
bool offers_known_version(Bytes versions) {
  if (versions.size() % 4 != 0) return false;
  for (; !versions.empty(); versions = versions.subspan(4)) {
    const std::uint32_t number = load_be32(versions.data());
    if (find_version(number) != nullptr || is_unreadable(number)) return true;
  }
  return false;
}

}  // namespace

Probe probe(Bytes datagram) {
  Cursor cursor(datagram);
  Packet packet;
  if (!read_invariant_header(cursor, packet)) return Probe::not_mine;
  if (packet.version != nullptr) return Probe::certain;
  if (packet.destination.size() > kMaxConnectionId || packet.source.size() > kMaxConnectionId) {
    return Probe::not_mine;
  }
  if (packet.type == PacketType::version_negotiation) {
    return offers_known_version(cursor.rest()) ? Probe::certain : Probe::not_mine;
  }
  if (is_unreadable(packet.version_number)) return Probe::certain;
  if (datagram.size() < kMinInitialDatagram || packet.destination.size() < kMinClientChosen ||
      (datagram[0] & kFixedBit) == 0) {
    return Probe::not_mine;
  }
  return is_grease(packet.version_number) ? Probe::certain : Probe::unsure;
}

Connections::Connections(std::uint32_t capacity)
    : capacity_(std::clamp<std::uint32_t>(capacity, 1, SessionIndex::capacity())),
      streams_(capacity_),
      sessions_(std::make_unique<Session[]>(capacity_)),
      plain_(std::make_unique<std::array<std::uint8_t, 65536>>()) {
  free_.reserve(capacity_);
  for (std::uint32_t index = capacity_; index-- > 0;) {
    free_.push_back(SessionIndex(static_cast<SessionIndex::rep>(index)));
  }
}

std::size_t Connections::memory() const {
  return streams_.memory() + capacity_ * (sizeof(Session) + sizeof(SessionIndex)) + sizeof *plain_;
}

Connections::Session* Connections::session_of(const ParserState& state) {
  return state.session.valid() ? &sessions_[state.session.value()] : nullptr;
}

ConnectionIds Connections::ids(const ParserState& state) const {
  if (!state.session.valid()) return {};
  const Session& session = sessions_[state.session.value()];
  const Attempt& latest = session.attempts[session.latest];
  return {latest.destination, latest.source, latest.server};
}

void Connections::release(ParserState& state) {
  if (Session* const session = session_of(state)) {
    for (std::size_t i = 0; i < session->count; ++i) streams_.release(session->attempts[i].stream);
    session->count = 0;
    free_.push_back(state.session);
  }
  state = {};
}

ParseStatus Connections::feed(ParserState& state, Bytes datagram, Direction direction,
                              Facts& facts) {
  if (probe(datagram) == Probe::not_mine) {
    return state.session.valid() ? ParseStatus::need_more : ParseStatus::not_mine;
  }
  Reading reading{state, direction, facts};
  PacketWalker walker(datagram);
  Packet packet;
  for (std::size_t count = 0; !reading.broken && walker.next(packet); ++count) {
    note_server(reading, packet);
    if (count == kMaxPackets) {
      reading.broken = true;
    } else if (packet.type == PacketType::initial) {
      read_initial(reading, packet);
    } else if (packet.type == PacketType::unknown) {
      // Behind another packet it is what fills the datagram up.
      if (count == 0 && !is_grease(packet.version_number)) reading.broken = true;
    } else {
      read_reply(reading, packet);
    }
  }
  if (!reading.broken && !reading.hello && !reading.answered) return ParseStatus::need_more;
  facts.protocol = AppProto::quic;
  facts.next = reading.answered && !reading.hello ? Next::opaque : Next::message;
  if (!reading.broken) return ParseStatus::done;
  facts.next = Next::opaque;
  return ParseStatus::malformed;
}

// A client takes nothing from a server that bears another id than its first answer did (RFC 9000
// section 7.2).
void Connections::note_server(const Reading& reading, const Packet& packet) {
  Session* const session = session_of(reading.state);
  if (session == nullptr || packet.source.size() > kMaxConnectionId) return;
  if (packet.type != PacketType::initial && packet.type != PacketType::handshake) return;
  for (Attempt& attempt : std::span(session->attempts).first(session->count)) {
    if (attempt.direction != reading.direction && attempt.source == packet.destination &&
        attempt.server.empty()) {
      attempt.server.assign(packet.source);
    }
  }
}

// Packets of the server that need no opening. They must be addressed to the client of an attempt.
void Connections::read_reply(Reading& reading, const Packet& packet) {
  Session* const session = session_of(reading.state);
  if (session == nullptr) return;
  for (Attempt& attempt : std::span(session->attempts).first(session->count)) {
    if (attempt.direction == reading.direction || attempt.source != packet.destination) continue;
    if (packet.type == PacketType::handshake) {
      if (attempt.has_hello) reading.answered = true;
      // The server has read a hello to its end that was not seen here.
      if (!attempt.has_hello && !attempt.sent_away) reading.broken = true;
    } else if (packet.type != PacketType::zero_rtt) {
      attempt.sent_away = true;
      session->negotiated = session->negotiated || packet.type == PacketType::version_negotiation;
    }
  }
}

void Connections::read_initial(Reading& reading, const Packet& packet) {
  bool known = false;   // of an attempt that was seen, whatever its keys say
  bool exact = false;   // of one whose keys are this packet's own
  bool answer = false;  // the server's, as it seems
  if (Session* const session = session_of(reading.state)) {
    for (const Attempt& attempt : std::span(session->attempts).first(session->count)) {
      const bool same_way = attempt.direction == reading.direction;
      const bool same_id = attempt.destination == packet.destination;
      known = known || (same_way && (same_id || attempt.source == packet.source));
      exact = exact || (same_way && same_id &&
                        (attempt.version_number == packet.version_number || !session->negotiated));
      answer = answer || (!same_way && attempt.source == packet.destination);
    }
    if (open_known(reading, *session, packet, true)) return;
    if (!answer && open_known(reading, *session, packet, false)) return;
  }
  if (answer && packet.destination.size() < kMinClientChosen) return;
  if (!exact && (open_new(reading, packet) || answer)) return;
  if (known || ++reading.state.mark > kMaxUnopened) reading.broken = true;
}

// `same_id`: only attempts that this destination began, or only the others (a client addresses the
// server by the id that the server has chosen, and keeps the keys).
bool Connections::open_known(Reading& reading, Session& session, const Packet& packet,
                             bool same_id) {
  for (std::uint8_t i = 0; i < session.count; ++i) {
    Attempt& attempt = session.attempts[i];
    if (attempt.direction != reading.direction) continue;
    if ((attempt.destination == packet.destination) != same_id) continue;
    InitialCrypto::Opened opened;
    if (!open_by_attempt(session, attempt, packet, opened)) continue;
    attempt.expected = std::max(attempt.expected, opened.number + 1);
    session.latest = i;
    read_frames(reading, attempt, opened.payload);
    return true;
  }
  return false;
}

bool Connections::open_by_attempt(const Session& session, Attempt& attempt, const Packet& packet,
                                  InitialCrypto::Opened& opened) {
  InitialKeys keys = attempt.keys;
  // A server may change the version of a connection (RFC 9369 section 4). After a version
  // negotiation it is another connection instead.
  if (attempt.version_number != packet.version_number && session.negotiated) return false;
  if (attempt.version != packet.version) {
    crypto_.derive(*packet.version, attempt.destination.view(), Sender::client, keys);
  }
  const auto result = crypto_.open(keys, packet, attempt.expected, *plain_);
  if (!result) return false;
  attempt.version = packet.version;
  attempt.version_number = packet.version_number;
  attempt.keys = keys;
  opened = *result;
  return true;
}

bool Connections::open_new(Reading& reading, const Packet& packet) {
  InitialKeys keys;
  crypto_.derive(*packet.version, packet.destination, Sender::client, keys);
  const auto opened = crypto_.open(keys, packet, 0, *plain_);
  if (!opened) return false;
  Attempt* const attempt = add_attempt(reading, packet);
  if (attempt == nullptr) {
    reading.broken = true;
    return true;
  }
  attempt->keys = keys;
  attempt->expected = opened->number + 1;
  read_frames(reading, *attempt, opened->payload);
  return true;
}

Connections::Attempt* Connections::add_attempt(Reading& reading, const Packet& packet) {
  if (!reading.state.session.valid()) {
    if (free_.empty()) return nullptr;
    reading.state.session = free_.back();
    free_.pop_back();
    Session& fresh = *session_of(reading.state);
    fresh.count = 0;
    fresh.negotiated = false;
  }
  Session& session = *session_of(reading.state);
  if (session.count == kMaxAttempts && !forget_attempt(session)) return nullptr;
  session.latest = session.count++;
  Attempt& attempt = session.attempts[session.latest];
  attempt = {};
  attempt.version = packet.version;
  attempt.version_number = packet.version_number;
  attempt.destination.assign(packet.destination);
  attempt.source.assign(packet.source);
  attempt.direction = reading.direction;
  return &attempt;
}

// The oldest of which nothing is to be expected.
bool Connections::forget_attempt(Session& session) {
  const auto begin = session.attempts.begin();
  const auto end = begin + session.count;
  const auto oldest = std::find_if(
      begin, end, [](const Attempt& attempt) { return attempt.has_hello || attempt.sent_away; });
  if (oldest == end) return false;
  streams_.release(oldest->stream);
  std::move(oldest + 1, end, oldest);
  --session.count;
  return true;
}

void Connections::read_frames(Reading& reading, Attempt& attempt, Bytes payload) {
  FrameReader frames(payload);
  CryptoFrame frame;
  FrameReader::Next next;
  while ((next = frames.next(frame)) == FrameReader::Next::crypto) {
    if (streams_.store(attempt.stream, frame.offset, frame.data) != StreamPool::Stored::stored) {
      reading.broken = true;
      break;
    }
  }
  if (next == FrameReader::Next::broken) reading.broken = true;
  read_messages(reading, attempt);
}

// A second hello follows the first where the server has asked for one (RFC 8446 section 4.1.4).
void Connections::read_messages(Reading& reading, Attempt& attempt) {
  const Bytes stream = streams_.contiguous(attempt.stream);
  while (stream.size() > attempt.message) {
    const Bytes rest = stream.subspan(attempt.message);
    if (rest[0] != kClientHello) {
      reading.broken = true;
      return;
    }
    if (rest.size() < kMessageHeader) return;
    const std::size_t size = kMessageHeader + load_be24(&rest[1]);
    if (size > kMaxStream - attempt.message) {
      reading.broken = true;
      return;
    }
    if (rest.size() < size) return;
    if (!read_client_hello(rest.first(size), NameSource::quic_sni, 'q', reading.facts)) {
      reading.broken = true;
      return;
    }
    attempt.message += static_cast<std::uint32_t>(size);
    attempt.has_hello = true;
    reading.hello = true;
  }
}

}  // namespace chatgate::proto::quic
