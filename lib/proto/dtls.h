// DTLS: the hellos of a flow, over any number of fragments, records and datagrams.
//
// Reads the ClientHello of DTLS 1.0, 1.2 and 1.3 (RFC 4347, RFC 6347, RFC 9147 section 5); see
// proto/client_hello.h for what is read. Fragments may come in any order, overlap and repeat. A
// datagram may hold other records before and behind; records that are none are left out, as DTLS
// has it (RFC 6347 section 4.1.2.7).
//
// A flow may carry several hellos: one more after the server's HelloVerifyRequest or
// HelloRetryRequest, and that one may have another name, or repeated ones. Each is told, until
// whoever got them answers with a ServerHello of another kind or with protected records. Either end
// may be DTLS's client, as in WebRTC, so both directions are to be fed.
//
// `malformed` is what no innocent end does and servers may read in different ways: a fragment that
// contradicts another of its message or goes beyond the message's length, fragments of more than
// kMaxGathered hellos at once, a hello beyond kMaxHello or one that contradicts itself (the facts
// then hold its names), and a worker that has no session or buffer left for fragments.
//
// One object a worker, used on its thread only; no call but the constructor allocates. A hello in
// one fragment is read where it is; others take a session, with a buffer of proto/quic_reassembly.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "proto/parser.h"
#include "proto/quic_reassembly.h"

namespace chatgate::proto::dtls {

constexpr std::size_t kMaxGathered = 2;
constexpr std::uint32_t kMaxHello = quic::kMaxStream - 12;

// Whether a datagram holds a ClientHello or a fragment of one, looked at alone and strictly: its
// records up to there must be sound. Never `unsure`.
Probe probe(Bytes datagram);

class Connections {
 public:
  // `capacity` sessions, at most SessionIndex::capacity().
  explicit Connections(std::uint32_t capacity);

  // One UDP payload of a flow.
  //
  // `done`: facts of the hellos that became complete, with `next` = `message`; or none and `next` =
  // `opaque`, because they were answered. `need_more`: nothing new. `not_mine`: no DTLS, and none
  // before in this flow.
  ParseStatus feed(ParserState& state, Bytes datagram, Direction direction, Facts& facts);

  // To be called once for a state that was fed, when the flow is over or nothing more will be fed;
  // the state is then as new.
  void release(ParserState& state);

  std::size_t sessions_in_use() const { return capacity_ - free_.size(); }
  // Bytes taken from the heap.
  std::size_t memory() const;

 private:
  struct Gathering {
    bool in_use = false;
    Direction direction = Direction::to_server;
    std::uint16_t number = 0;  // message_seq
    std::uint32_t length = 0;
    quic::CryptoStream stream;
  };

  struct Session {
    std::array<Gathering, kMaxGathered> gatherings;
  };

  struct Fragment {
    std::uint8_t type = 0;
    std::uint16_t number = 0;
    std::uint32_t length = 0;  // of the whole message
    std::uint32_t offset = 0;
    Bytes whole;  // with its header
    Bytes body;
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

  void read_handshake(Reading& reading, Bytes content);
  void read_message(Reading& reading, const Fragment& fragment);
  void read_hello(Reading& reading, Bytes message);
  void gather(Reading& reading, const Fragment& fragment);
  Gathering* gathering_of(Reading& reading, const Fragment& fragment);
  bool take_session(ParserState& state);
  void give_back_if_idle(ParserState& state);

  const std::uint32_t capacity_;
  quic::StreamPool streams_;
  std::unique_ptr<Session[]> sessions_;
  std::vector<SessionIndex> free_;
};

}  // namespace chatgate::proto::dtls
