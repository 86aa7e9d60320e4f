// MTProto's transports: how Telegram's clients begin a connection, and its calls' datagrams.
//
// A stream begins in one of these ways (https://core.telegram.org/mtproto/mtproto-transports):
//
// - intermediate: ee ee ee ee, then the length of the first packet, a multiple of four;
// - padded intermediate: dd dd dd dd, then a length;
// - abridged: ef, a length in words, and a message of the key exchange. With a key that is known
//   already nothing behind the ef is fixed, and it is not recognised;
// - full: length, sequence number zero, packet, CRC-32 of all that. The key exchange is known by
//   its message, a packet under a known key by its CRC, up to kMaxFull bytes;
// - obfuscated: 64 bytes that look random. The stream is AES-256-CTR under a key that is in them
//   (bytes 8 to 39; counter 40 to 55), and bytes 56 to 59 under it are the tag of one of the other
//   transports. Official clients use this one. All that is needed is one block of AES.
//
// One message, then Next::opaque. `version` is the transport; the service is `login`, but
// `file_transfer` where an obfuscated stream asks for a media data centre (byte 60, a negative
// number), and `voice` for a call's reflector over TCP (intermediate, first packet of 20 bytes:
// less than any message).
//
// Odds: of 2^32 random streams of 64 bytes and more three look obfuscated. Only those that no other
// parser knows are looked at; the beginnings that clients avoid, because servers would take them
// for something else, are not. With an MTProxy's secret the key is
// a hash of both and cannot be computed; with a secret for fake TLS the stream is TLS.
//
// Called as every parser (proto/parser.h): a worker's thread, bytes of the caller. At most
// kByteLimit bytes are looked at.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::mtproto {

constexpr std::uint32_t kMaxFull = 4096;
constexpr std::uint32_t kByteLimit = kMaxFull;

// The transports in clear.
Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

inline constexpr StreamParser kParser = {AppProto::mtproto, Direction::to_server, kByteLimit, probe,
                                         feed};

// The obfuscated transport. `certain` says only that 64 bytes could be one; `feed` decrypts and
// finds out.
constexpr std::uint32_t kObfuscatedHeader = 64;
Probe probe_obfuscated(Bytes stream);

// One object a worker. Its contexts of libcrypto are made in the constructor and keyed anew for
// each stream: no call but the constructor takes memory or a lock.
class Obfuscation {
 public:
  // Throws std::runtime_error where libcrypto has no AES-256 or no memory.
  Obfuscation();
  ~Obfuscation();
  Obfuscation(const Obfuscation&) = delete;
  Obfuscation& operator=(const Obfuscation&) = delete;

  ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

 private:
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
};

// Datagrams between a caller and Telegram's reflectors (libtgvoip, tgcalls): a tag of 16 bytes,
// twelve times ff, and one of four words. `done` with `voice` and Next::opaque. The media that
// follow have no mark, but belong to the same flow.
Probe probe_reflector(Bytes payload);
ParseStatus parse_reflector(Bytes payload, Direction direction, Facts& facts);

inline constexpr DatagramParser kReflector = {AppProto::mtproto, 0, probe_reflector,
                                              parse_reflector};

}  // namespace chatgate::proto::mtproto
