#include "proto/mtproto.h"

#include <algorithm>
#include <openssl/evp.h>
#include <stdexcept>

#include "base/crc32.h"
#include "proto/evp.h"
#include "proto/opening.h"

namespace chatgate::proto::mtproto {
namespace {

constexpr std::string_view kApplication = "telegram";

constexpr std::uint8_t kAbridged = 0xef;
constexpr std::uint8_t kLongLength = 0x7f;  // abridged: three bytes of length follow
constexpr std::array<std::uint8_t, 4> kIntermediate = {0xee, 0xee, 0xee, 0xee};
constexpr std::array<std::uint8_t, 4> kPadded = {0xdd, 0xdd, 0xdd, 0xdd};
constexpr std::array<std::uint8_t, 4> kAbridgedFourTimes = {0xef, 0xef, 0xef, 0xef};

constexpr std::size_t kTag = 4;
constexpr std::uint32_t kQuickAck = 0x80000000;  // in a length: an acknowledgment is wanted
constexpr std::uint32_t kMaxPacket = 1 << 24;
constexpr std::uint32_t kReflectorHello = 20;

// An unencrypted message: key id zero, message id, length, and the constructor of a key exchange's
// first request.
constexpr std::size_t kPlainHeader = 20;
constexpr std::size_t kConstructorEnd = 24;
constexpr std::array<std::uint8_t, 8> kNoKey{};
constexpr std::array<std::uint8_t, 4> kReqPq = {0x78, 0x97, 0x46, 0x60};
constexpr std::array<std::uint8_t, 4> kReqPqMulti = {0xf1, 0x8e, 0x7e, 0xbe};

// A message of the key exchange at `at`, in a packet of `size` bytes.
Probe probe_key_exchange(Bytes stream, std::size_t at, std::uint32_t size) {
  if (!agrees(stream, at, kNoKey)) return Probe::not_mine;
  if (stream.size() >= at + kPlainHeader) {
    const std::uint32_t length = load_le32(&stream[at + 16]);
    if (length < kPlainHeader || length > size - kPlainHeader) return Probe::not_mine;
  }
  const std::size_t constructor = at + kPlainHeader;
  if (!agrees(stream, constructor, kReqPq) && !agrees(stream, constructor, kReqPqMulti)) {
    return Probe::not_mine;
  }
  return stream.size() < at + kConstructorEnd ? Probe::unsure : Probe::certain;
}

Probe probe_abridged(Bytes stream) {
  if (stream.size() < 2) return Probe::unsure;
  const bool is_long = stream[1] == kLongLength;
  const std::size_t header = is_long ? 5 : 2;
  if (stream.size() < header) return Probe::unsure;
  const std::uint32_t words = is_long ? load_le32(&stream[1]) >> 8 : stream[1];
  if (words > kLongLength && !is_long) return Probe::not_mine;
  if (words * 4 < 2 * kPlainHeader) return Probe::not_mine;
  return probe_key_exchange(stream, header, words * 4);
}

Probe probe_tagged(Bytes stream, bool padded) {
  if (stream.size() < kTag + 4) return Probe::unsure;
  const std::uint32_t length = load_le32(&stream[kTag]) & ~kQuickAck;
  const bool possible = length >= kReflectorHello && length < kMaxPacket;
  return possible && (padded || length % 4 == 0) ? Probe::certain : Probe::not_mine;
}

Probe probe_full(Bytes stream) {
  constexpr std::size_t kHeader = 8;
  constexpr std::uint32_t kAround = 12;  // length, number, CRC
  constexpr std::array<std::uint8_t, 4> kFirst{};
  if (!stream.empty() && stream[0] % 4 != 0) return Probe::not_mine;
  if (!agrees(stream, 2, Bytes(kFirst).first(2)) || !agrees(stream, 4, kFirst)) {
    return Probe::not_mine;
  }
  if (stream.size() < kHeader) return Probe::unsure;
  const std::uint32_t length = load_le32(stream.data());
  if (length < kAround + 2 * kPlainHeader || length > kMaxFull) return Probe::not_mine;
  if (stream.size() < kHeader + kNoKey.size()) return Probe::unsure;
  if (agrees(stream, kHeader, kNoKey)) {
    return probe_key_exchange(stream, kHeader, length - kAround);
  }
  if (stream.size() < length) return Probe::unsure;
  return load_le32(&stream[length - 4]) == crc32(stream.first(length - 4)) ? Probe::certain
                                                                           : Probe::not_mine;
}

struct Transport {
  Bytes tag;
  std::string_view name;
  std::string_view obfuscated_name;
};
constexpr std::array<Transport, 3> kTransports = {{
    {kAbridgedFourTimes, "abridged", "obfuscated abridged"},
    {kIntermediate, "intermediate", "obfuscated intermediate"},
    {kPadded, "padded intermediate", "obfuscated padded intermediate"},
}};

ParseStatus finish(std::size_t size, Service service, std::string_view transport,
                   ParserState& state, Facts& facts) {
  facts.protocol = AppProto::mtproto;
  facts.next = Next::opaque;
  facts.speak_of(kApplication, service).version.assign(transport);
  state.offset = static_cast<std::uint32_t>(size);
  return ParseStatus::done;
}

}  // namespace

Probe probe(Bytes stream) {
  if (stream.empty()) return Probe::unsure;
  if (stream[0] == kAbridged) return probe_abridged(stream);
  if (agrees(stream, kIntermediate)) return probe_tagged(stream, false);
  if (agrees(stream, kPadded)) return probe_tagged(stream, true);
  return probe_full(stream);
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  const Probe probed = probe(stream);
  if (probed == Probe::not_mine) return ParseStatus::not_mine;
  if (probed == Probe::unsure) return ParseStatus::need_more;
  constexpr std::size_t kShown = 8;
  if (stream[0] == kAbridged) {
    return finish(kShown, Service::login, kTransports[0].name, state, facts);
  }
  for (const Transport& transport : kTransports) {
    if (!agrees(stream, transport.tag)) continue;
    const bool call = load_le32(&stream[kTag]) == kReflectorHello;
    return finish(kShown, call ? Service::voice : Service::login, transport.name, state, facts);
  }
  return finish(kShown, Service::login, "full", state, facts);
}

// --- Obfuscated

namespace {

constexpr std::size_t kKeyAt = 8;
constexpr std::size_t kCounterAt = 40;
constexpr std::size_t kTagAt = 56;
constexpr std::size_t kDataCentreAt = 60;
constexpr std::size_t kBlock = 16;
constexpr std::size_t kBlocksBefore = 3;  // the tag is in the fourth

using Block = std::array<std::uint8_t, kBlock>;

// No client begins an obfuscated stream with these.
constexpr std::array<std::string_view, 5> kOthers = {"HEAD", "POST", "GET ", "OPTI",
                                                     "\x16\x03\x01\x02"};

bool is_other(Bytes stream) {
  constexpr std::array<std::uint8_t, 4> kZero{};
  const auto begins = [&](Bytes with) { return agrees(stream, with); };
  return stream[0] == kAbridged || begins(kIntermediate) || begins(kPadded) ||
         agrees(stream, 4, kZero) ||
         std::any_of(kOthers.begin(), kOthers.end(),
                     [&](std::string_view other) { return begins(as_bytes(other)); });
}

// The counter of the block that the tag is in, as CTR counts: one number of 16 bytes.
Block counter_of_tag(Bytes header) {
  Block counter;
  std::copy_n(header.begin() + kCounterAt, kBlock, counter.begin());
  unsigned carry = kBlocksBefore;
  for (std::size_t i = kBlock; i-- > 0 && carry != 0;) {
    carry += counter[i];
    counter[i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  return counter;
}

}  // namespace

Probe probe_obfuscated(Bytes stream) {
  if (stream.empty()) return Probe::unsure;
  if (stream[0] == kAbridged) return Probe::not_mine;
  if (stream.size() < kObfuscatedHeader) return Probe::unsure;
  const Bytes header = stream.first(kObfuscatedHeader);
  return is_other(header) ? Probe::not_mine : Probe::certain;
}

struct Obfuscation::Contexts {
  Owned<EVP_CIPHER> aes;
  Owned<EVP_CIPHER_CTX> context;

  bool make() {
    aes.reset(EVP_CIPHER_fetch(nullptr, "AES-256-ECB", nullptr));
    context.reset(EVP_CIPHER_CTX_new());
    constexpr std::array<std::uint8_t, 32> kZero{};
    return aes && context &&
           EVP_EncryptInit_ex2(context.get(), aes.get(), kZero.data(), nullptr, nullptr) == 1 &&
           EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1;
  }

  bool encrypt(const std::uint8_t* key, const Block& in, Block& out) {
    int size = 0;
    return EVP_EncryptInit_ex2(context.get(), nullptr, key, nullptr, nullptr) == 1 &&
           EVP_EncryptUpdate(context.get(), out.data(), &size, in.data(), kBlock) == 1 &&
           size == kBlock;
  }
};

Obfuscation::Obfuscation() : contexts_(std::make_unique<Contexts>()) {
  if (!contexts_->make()) throw std::runtime_error("libcrypto offers no AES-256");
}

Obfuscation::~Obfuscation() = default;

ParseStatus Obfuscation::feed(ParserState& state, Bytes stream, Facts& facts) {
  const Probe probed = probe_obfuscated(stream);
  if (probed == Probe::unsure) return ParseStatus::need_more;
  Block key_stream;
  if (probed == Probe::not_mine ||
      !contexts_->encrypt(&stream[kKeyAt], counter_of_tag(stream), key_stream)) {
    return ParseStatus::not_mine;
  }
  constexpr std::size_t kBlockAt = kBlocksBefore * kBlock;
  Block plain;
  for (std::size_t i = 0; i < kBlock; ++i) plain[i] = stream[kBlockAt + i] ^ key_stream[i];
  const Bytes tag = Bytes(plain).subspan(kTagAt - kBlockAt, kTag);
  const auto data_centre = static_cast<std::int16_t>(load_le16(&plain[kDataCentreAt - kBlockAt]));
  // Data centres are numbered from one, those for tests from 10001; media have the same numbers
  // below zero. Clients that leave the field random hit these in one of 6,500 connections.
  const bool media =
      (data_centre < 0 && data_centre >= -5) || (data_centre < -10000 && data_centre >= -10005);
  for (const Transport& transport : kTransports) {
    if (!agrees(tag, transport.tag)) continue;
    return finish(kObfuscatedHeader, media ? Service::file_transfer : Service::login,
                  transport.obfuscated_name, state, facts);
  }
  return ParseStatus::not_mine;
}

// --- Reflectors

Probe probe_reflector(Bytes payload) {
  constexpr std::size_t kPeerTag = 16;
  constexpr std::size_t kMarkEnd = 28;
  constexpr std::size_t kMinimum = 32;
  constexpr std::size_t kMaximum = 128;
  // Who am I, who is there, and the answers to both (libtgvoip).
  constexpr std::array<std::uint32_t, 4> kWords = {0xfffffffe, 0xffffffff, 0xc01572c7, 0x27d9371c};
  if (payload.size() < kMinimum || payload.size() > kMaximum) return Probe::not_mine;
  const Bytes tag = payload.first(kPeerTag);
  const Bytes mark = payload.subspan(kPeerTag, kMarkEnd - kPeerTag);
  const auto all = [](Bytes bytes, std::uint8_t value) {
    return std::all_of(bytes.begin(), bytes.end(),
                       [&](std::uint8_t byte) { return byte == value; });
  };
  if (!all(mark, 0xff) || all(tag, tag[0])) return Probe::not_mine;
  const std::uint32_t word = load_le32(&payload[kMarkEnd]);
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end() ? Probe::certain
                                                                       : Probe::not_mine;
}

ParseStatus parse_reflector(Bytes payload, Direction /*direction*/, Facts& facts) {
  if (probe_reflector(payload) != Probe::certain) return ParseStatus::not_mine;
  facts.protocol = AppProto::mtproto;
  facts.next = Next::opaque;
  facts.speak_of(kApplication, Service::voice);
  return ParseStatus::done;
}

}  // namespace chatgate::proto::mtproto
