// QUIC: the client's first message, over any number of CRYPTO frames, packets and datagrams.
//
// Reads Initials of versions 1 and 2, drafts 22 to 34 and their relatives (proto/quic_version.h),
// on any port, and puts together the ClientHello inside. How a hello is cut, shuffled, repeated or
// padded does not matter, nor what else is in its datagram.
//
// A flow may carry several hellos: of a client that tries again with another version or after a
// Retry, or one that was only sent to mislead and never reached the server. Each first destination
// connection id is an attempt of its own with its own keys and stream, and each hello is told,
// until the server has answered one of them with Handshake packets. Until then the facts are never
// final.
//
// Both directions are to be fed. Which of them is the client's is not trusted: a packet that opens
// under a client's keys is a client's.
//
// What no innocent end does makes the flow `malformed`, because the server might read it otherwise:
// a byte of a hello that comes again and differs, a packet of a known attempt that its keys do not
// open, frames that are cut or have no place in an Initial, a message that is no ClientHello, more
// than kMaxStream bytes, more than kMaxPackets packets in a datagram, kMaxUnopened Initials that
// nothing opens, an answer to a hello that was not complete here. So do versions that are not read,
// more than kMaxAttempts hellos begun and left (of complete ones the oldest is forgotten), and a
// worker that has no session or buffer left.
//
// One object a worker, used on its thread only; no call but the constructor allocates.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "proto/parser.h"
#include "proto/quic_crypto.h"
#include "proto/quic_packet.h"
#include "proto/quic_reassembly.h"

namespace chatgate::proto::quic {

constexpr std::size_t kMaxAttempts = 6;
constexpr std::size_t kMaxPackets = 16;
constexpr std::uint32_t kMaxUnopened = 16;

// What a client must fill a datagram to that carries an Initial (RFC 9000 section 14.1). Asked for
// only where the version says nothing.
constexpr std::size_t kMinInitialDatagram = 1200;

// Whether a datagram is QUIC's, by its first header alone; on any port, in either direction, with
// nothing kept, at the cost of one comparison where it is not. `certain`: a version that is known,
// readable or not, one that only asks for others, or a version negotiation that offers a known one.
// `unsure`: a header as all versions have it (RFC 8999) with a version nobody knows, in a datagram
// long enough for a client's first; feeding it is `malformed`, and whether such a flow shall be
// taken for QUIC is the caller's to say. Short headers are `not_mine`.
Probe probe(Bytes datagram);

class Connections {
 public:
  // `capacity` sessions, at most SessionIndex::capacity(), with a CRYPTO buffer each and a few
  // large ones. Throws std::runtime_error where libcrypto lacks an algorithm.
  explicit Connections(std::uint32_t capacity);

  // One UDP payload of a flow. Where an Initial opens for the first time `state.session` is taken.
  //
  // `done`: facts of every hello that became complete by this datagram, with `next` = `message`; or
  // no hello and `next` = `opaque`, because the server has answered one that was told before.
  // `need_more`: QUIC, and nothing new. `not_mine`: no QUIC, and none before in this flow.
  // A new connection can begin in the same flow at any time: where a flow is still followed after
  // `opaque`, its datagrams for which `probe` is not `not_mine` can be fed again, after `release`.
  ParseStatus feed(ParserState& state, Bytes datagram, Direction direction, Facts& facts);

  // To be called once for a state that was fed, when the flow is over or nothing more will be fed;
  // the state is then as new.
  void release(ParserState& state);

  // Of this flow's latest attempt, for enforce/quic_close.h; all empty where there is none.
  ConnectionIds ids(const ParserState& state) const;

  // For whoever answers on the same thread.
  InitialCrypto& crypto() { return crypto_; }

  std::size_t sessions_in_use() const { return capacity_ - free_.size(); }
  // Bytes taken from the heap, without what libcrypto took.
  std::size_t memory() const;

 private:
  struct Attempt {
    const Version* version = nullptr;
    std::uint32_t version_number = 0;
    ConnectionId destination;  // the first, that the keys come from
    ConnectionId source;
    ConnectionId server;  // chosen by the server, once it has answered
    InitialKeys keys;
    std::uint64_t expected = 0;  // number after the highest of its packets
    CryptoStream stream;
    std::uint32_t message = 0;  // where the message that is being received begins in the stream
    Direction direction = Direction::to_server;
    bool has_hello = false;
    bool sent_away = false;  // by a Retry or a version negotiation
  };

  struct Session {
    std::array<Attempt, kMaxAttempts> attempts;
    std::uint8_t count = 0;
    std::uint8_t latest = 0;
    bool negotiated = false;  // the server has sent a version negotiation
  };

  // One call of `feed`.
  struct Reading {
    ParserState& state;
    Direction direction;
    Facts& facts;
    bool hello = false;
    bool answered = false;
    bool broken = false;
  };

  Session* session_of(const ParserState& state);
  void read_initial(Reading& reading, const Packet& packet);
  void read_reply(Reading& reading, const Packet& packet);
  void note_server(const Reading& reading, const Packet& packet);
  bool open_known(Reading& reading, Session& session, const Packet& packet, bool same_id);
  bool open_by_attempt(const Session& session, Attempt& attempt, const Packet& packet,
                       InitialCrypto::Opened& opened);
  bool open_new(Reading& reading, const Packet& packet);
  bool forget_attempt(Session& session);
  Attempt* add_attempt(Reading& reading, const Packet& packet);
  void read_frames(Reading& reading, Attempt& attempt, Bytes payload);
  void read_messages(Reading& reading, Attempt& attempt);

  const std::uint32_t capacity_;
  InitialCrypto crypto_;
  StreamPool streams_;
  std::unique_ptr<Session[]> sessions_;
  std::vector<SessionIndex> free_;
  std::unique_ptr<std::array<std::uint8_t, 65536>> plain_;  // of the packet that is being read
};

}  // namespace chatgate::proto::quic
