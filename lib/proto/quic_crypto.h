// The protection of Initial packets: keys from a connection id, opening, sealing.
//
// Initial keys are no secret: whoever sees the client's first destination connection id can compute
// them (RFC 9001 section 5.2). Key derivation is HKDF with SHA-256, packets are AES-128-GCM,
// headers AES-128-ECB (RFC 9001 sections 5.3 and 5.4, RFC 9369 section 3.3).
//
// One object a worker. All contexts of libcrypto are made in the constructor and keyed anew for
// every packet: no call but the constructor takes memory or a lock.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "proto/quic_packet.h"

namespace chatgate::proto::quic {

enum class Sender : std::uint8_t { client, server };

struct InitialKeys {
  std::array<std::uint8_t, 16> key;
  std::array<std::uint8_t, 12> iv;
  std::array<std::uint8_t, 16> header;
};

constexpr std::size_t kTagSize = 16;

class InitialCrypto {
 public:
  // Throws std::runtime_error where libcrypto has not the algorithms or no memory.
  InitialCrypto();
  ~InitialCrypto();
  InitialCrypto(const InitialCrypto&) = delete;
  InitialCrypto& operator=(const InitialCrypto&) = delete;

  // The keys of what `sender` protects. `destination` is the destination connection id of the
  // client's first Initial, or of its first one after a Retry.
  void derive(const Version& version, Bytes destination, Sender sender, InitialKeys& keys) const;

  struct Opened {
    Bytes payload;  // frames; borrowed from `plain`
    std::uint64_t number = 0;
  };

  // Nothing where the packet was not protected by these keys. `expected` is the number after the
  // highest one seen (RFC 9000 appendix A.3). `plain` must have room for the packet. The reserved
  // bits of the first byte are not looked at.
  std::optional<Opened> open(const InitialKeys& keys, const Packet& packet, std::uint64_t expected,
                             MutableBytes plain);

  // Protects `payload` behind `header`, whose last bytes are the packet number in the length that
  // its first byte says. Returns the packet's size in `out`, 0 where it does not fit or is too
  // short for header protection (number and payload together less than four bytes).
  std::size_t seal(const InitialKeys& keys, Bytes header, std::uint64_t number, Bytes payload,
                   MutableBytes out);

 private:
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
};

}  // namespace chatgate::proto::quic
