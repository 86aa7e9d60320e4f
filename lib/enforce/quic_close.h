// A server's refusal of a QUIC connection, made by the gateway.
//
// Initial packets are protected by keys that everybody on the way can compute (RFC 9001 section
// 5.2), so a CONNECTION_CLOSE in an Initial of the server is the one thing a client takes from
// anybody who saw its first packet (RFC 9000 section 10.2.3). Browsers then use TCP at once instead
// of waiting for a timeout.
//
// A pure function from a datagram to a datagram, both without UDP header; who sends it builds those
// around it. Called on a worker's thread with that worker's contexts; allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "proto/quic_crypto.h"

namespace chatgate::enforce {

// Room for any answer.
constexpr std::size_t kMaxQuicClose = 128;

// RFC 9000 section 20.1.
constexpr std::uint8_t kConnectionRefused = 0x02;

// Writes the answer to the first Initial of a version that is read in `client_datagram`, in that
// version, addressed to the client's id, and returns its size; 0 where there is no such packet or
// `out` is too small. `known` is what was seen of the flow's connection before
// (proto::quic::Connections::ids): where the packet belongs to it, it tells the keys and the id
// that the client expects of its server; else the packet's own destination does. The answer is
// never longer than the Initial it answers.
std::size_t build_quic_close(Bytes client_datagram, const proto::quic::ConnectionIds& known,
                             proto::quic::InitialCrypto& crypto, MutableBytes out);

}  // namespace chatgate::enforce
