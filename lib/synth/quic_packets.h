// QUIC's packets made up, protected as a client or a server would (RFC 9000, 9001, 9369): for
// `explain`, `audit` and tests.
//
// Not for the packet path: it takes memory, and throws std::logic_error for what cannot be made.
// One thread at a time, for the state of the cipher is shared.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "proto/quic_crypto.h"

namespace chatgate::synth::quic_packets {

namespace quic = proto::quic;

inline std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(at, 2)), nullptr, 16));
  }
  return bytes;
}

inline std::string to_hex(Bytes bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const std::uint8_t byte : bytes) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

inline std::string big_endian(std::uint64_t value, std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    bytes[size - 1 - i] = static_cast<char>(value >> (8 * i));
  }
  return bytes;
}

// In as many bytes as it needs, or `size` (1, 2, 4 or 8).
inline std::string varint(std::uint64_t value, std::size_t size = 0) {
  if (size == 0) size = value < 64 ? 1 : value < 16384 ? 2 : value < (1u << 30) ? 4 : 8;
  std::string bytes = big_endian(value, size);
  bytes[0] = static_cast<char>(bytes[0] | (size == 1   ? 0
                                           : size == 2 ? 0x40
                                           : size == 4 ? 0x80
                                                       : 0xc0));
  return bytes;
}

inline std::string crypto_frame(std::uint64_t offset, std::string_view data) {
  return '\x06' + varint(offset) + varint(data.size()) + std::string(data);
}

// `hello` from `begin` to `end`.
inline std::string piece(std::string_view hello, std::size_t begin, std::size_t end) {
  return crypto_frame(begin, hello.substr(begin, end - begin));
}

inline std::string ping() {
  return "\x01";
}

inline std::string padding(std::size_t size) {
  return std::string(size, '\0');
}

// Two ranges; with ECN counts where `ecn`.
inline std::string ack(bool ecn = false) {
  return (ecn ? '\x03' : '\x02') + varint(9) + varint(25) + varint(1) + varint(2) + varint(0) +
         varint(3) + (ecn ? varint(1) + varint(2) + varint(3) : std::string());
}

inline std::string connection_close() {
  return '\x1c' + varint(2) + varint(0) + varint(3) + "bye";
}

struct Long {
  std::uint32_t version = quic::kVersion1;
  quic::PacketType type = quic::PacketType::initial;
  std::string destination = "destinat";
  std::string source = "source";
  std::string token = {};
  std::string keyed_by = {};  // `destination` where empty
  quic::Sender sender = quic::Sender::client;
  std::uint64_t number = 0;
  std::size_t number_size = 4;
  char first_bits = '\0';  // exclusive-ored into the first byte before protection
};

// The first byte without its lower bits, and the ids.
inline std::string invariant_header(std::uint32_t version, char first, std::string_view destination,
                                    std::string_view source) {
  return first + big_endian(version, 4) + static_cast<char>(destination.size()) +
         std::string(destination) + static_cast<char>(source.size()) + std::string(source);
}

inline char first_byte(std::uint32_t version, quic::PacketType type) {
  const quic::Version& known = *quic::find_version(version);
  for (std::size_t bits = 0; bits < 4; ++bits) {
    if (known.types[bits] == type) return static_cast<char>(0xc0 | bits << 4);
  }
  throw std::logic_error("no such type");
}

inline quic::InitialCrypto& crypto() {
  static quic::InitialCrypto crypto;
  return crypto;
}

// A protected packet with these frames. Handshake and 0-RTT packets are protected as an Initial is:
// nobody who looks from outside can tell.
inline std::string packet(const Long& fields, std::string_view frames) {
  std::string header = invariant_header(fields.version, first_byte(fields.version, fields.type),
                                        fields.destination, fields.source);
  header[0] = static_cast<char>((header[0] | static_cast<char>(fields.number_size - 1)) ^
                                fields.first_bits);
  if (fields.type == quic::PacketType::initial) {
    header += varint(fields.token.size()) + fields.token;
  }
  header += varint(fields.number_size + frames.size() + quic::kTagSize, 2);
  header += big_endian(fields.number, fields.number_size);
  quic::InitialKeys keys;
  crypto().derive(*quic::find_version(fields.version),
                  as_bytes(fields.keyed_by.empty() ? fields.destination : fields.keyed_by),
                  fields.sender, keys);
  std::string out(header.size() + frames.size() + quic::kTagSize, '\0');
  const MutableBytes to(reinterpret_cast<std::uint8_t*>(out.data()), out.size());
  if (crypto().seal(keys, as_bytes(header), fields.number, as_bytes(frames), to) == 0) {
    throw std::logic_error("too short to be protected");
  }
  return out;
}

// The frames with PADDING behind them, so that the datagram has 1200 bytes.
inline std::string initial(std::string_view frames, const Long& fields = {}) {
  const std::size_t bare = packet(fields, std::string(frames) + padding(4)).size() - 4;
  return packet(fields, std::string(frames) + padding(bare < 1200 ? 1200 - bare : 4));
}

inline std::string retry(const Long& fields) {
  return invariant_header(fields.version, first_byte(fields.version, quic::PacketType::retry),
                          fields.destination, fields.source) +
         "a token and its tag of sixteen bytes";
}

inline std::string version_negotiation(std::string_view destination, std::string_view source) {
  return invariant_header(0, '\x80', destination, source) + big_endian(quic::kVersion2, 4) +
         big_endian(quic::kVersion1, 4);
}

}  // namespace chatgate::synth::quic_packets
