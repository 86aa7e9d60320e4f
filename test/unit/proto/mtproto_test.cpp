#include "proto/mtproto.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <random>
#include <string>

#include "base/crc32.h"

#include "hex.h"
#include "look_alikes.h"
#include "malloc_count.h"
#include "messenger_checks.h"

namespace chatgate::proto::test {
namespace {

// As the engine's table has it, with one worker's memory.
struct Obfuscated {
  AppProto protocol = AppProto::mtproto;
  std::uint32_t byte_limit = mtproto::kObfuscatedHeader;

  static Probe probe(Bytes stream) { return mtproto::probe_obfuscated(stream); }
  static ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
    static mtproto::Obfuscation obfuscation;
    return obfuscation.feed(state, stream, facts);
  }
};

std::string le32(std::uint32_t value) {
  std::string bytes;
  for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(value >> shift);
  return bytes;
}

const std::string kMessageId = hex("0102030405060708");
const std::string kNonce = hex("00112233445566778899aabbccddeeff");
// req_pq_multi, as an unencrypted message.
const std::string kRequest =
    hex("0000000000000000") + kMessageId + le32(20) + hex("f18e7ebe") + kNonce;
const std::string kOldRequest =
    hex("0000000000000000") + kMessageId + le32(20) + hex("78974660") + kNonce;
const std::string kEncrypted = hex("8877665544332211") + std::string(16 + 96, '\x9d');

std::string full(const std::string& packet) {
  const std::string head = le32(static_cast<std::uint32_t>(packet.size()) + 12) + le32(0) + packet;
  return head + le32(crc32(as_bytes(head)));
}

TEST(Mtproto, KnowsTransportsInClear) {
  struct Row {
    const char* name;
    std::string stream;
    const char* line;
  };
  const Row rows[] = {
      {"intermediate", hex("eeeeeeee") + le32(40) + kRequest,
       "telegram login version=intermediate"},
      {"intermediate, known key", hex("eeeeeeee") + le32(120) + kEncrypted,
       "telegram login version=intermediate"},
      {"intermediate, acknowledged", hex("eeeeeeee") + le32(0x80000078) + kEncrypted,
       "telegram login version=intermediate"},
      {"padded", hex("dddddddd") + le32(47) + kRequest + "padding",
       "telegram login version=padded intermediate"},
      {"abridged", hex("ef 0a") + kRequest, "telegram login version=abridged"},
      {"abridged, older request", hex("ef 0a") + kOldRequest, "telegram login version=abridged"},
      {"abridged, long form", hex("ef 7f 800000") + kRequest + std::string(472, 'p'),
       "telegram login version=abridged"},
      {"full", full(kRequest), "telegram login version=full"},
      {"full, known key", full(kEncrypted), "telegram login version=full"},
      {"full, large",
       full(kEncrypted + std::string(mtproto::kMaxFull - 12 - kEncrypted.size(), 'x')),
       "telegram login version=full"},
      {"reflector of a call", hex("eeeeeeee") + le32(20) + kNonce + le32(0),
       "telegram voice version=intermediate"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    expect_lines(mtproto::kParser, row.stream, {std::string(row.line) + " then opaque"});
  }
}

TEST(Mtproto, LeavesWhatIsAlmostATransport) {
  std::string wrong_crc = full(kEncrypted);
  wrong_crc.back() = static_cast<char>(wrong_crc.back() ^ 1);
  std::string second = full(kEncrypted);
  second[4] = 1;
  const LookAlike rows[] = {
      {"abridged, known key", hex("ef 1e") + kEncrypted},
      {"abridged, another length", hex("ef 10") + kRequest.substr(0, 16) + le32(60) + kRequest},
      {"abridged, another request",
       hex("ef 0a") + kRequest.substr(0, 20) + hex("12345678") + kNonce},
      {"intermediate, no multiple of four", hex("eeeeeeee") + le32(41) + kRequest},
      {"intermediate, too long", hex("eeeeeeee") + le32(0x02000000) + kRequest},
      {"intermediate, too short", hex("eeeeeeee") + le32(16) + kRequest},
      {"padded, too short", hex("dddddddd") + le32(3) + kRequest},
      {"full, wrong CRC", wrong_crc},
      {"full, second packet", second},
      {"full, too long for its CRC", full(kEncrypted + std::string(mtproto::kMaxFull, 'x'))},
      {"full, nothing but zeros", le32(52) + std::string(60, '\0')},
      {"full, too short", le32(16) + std::string(60, '\0')},
  };
  for (const LookAlike& row : rows) {
    SCOPED_TRACE(row.name);
    expect_lines(mtproto::kParser, row.bytes, {"not certain"});
  }
}

std::string aes_ctr(const std::string& key, const std::string& counter, const std::string& text) {
  EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
  std::string out(text.size(), '\0');
  int size = 0;
  EVP_EncryptInit_ex(context, EVP_aes_256_ctr(), nullptr, as_bytes(key).data(),
                     as_bytes(counter).data());
  EVP_EncryptUpdate(context, reinterpret_cast<unsigned char*>(out.data()), &size,
                    as_bytes(text).data(), static_cast<int>(text.size()));
  EVP_CIPHER_CTX_free(context);
  return out;
}

// What a client sends first: random bytes, of which the last eight are encrypted.
std::string header(const std::string& tag, std::int16_t data_centre, std::uint32_t seed,
                   const std::string& counter = {}) {
  std::mt19937 random(seed);
  std::string plain(64, '\0');
  for (char& c : plain) c = static_cast<char>(random());
  plain[0] = '\x21';
  if (!counter.empty()) plain.replace(40, 16, counter);
  plain.replace(56, 4, tag);
  plain[60] = static_cast<char>(data_centre);
  plain[61] = static_cast<char>(data_centre >> 8);
  const std::string cipher = aes_ctr(plain.substr(8, 32), plain.substr(40, 16), plain);
  return plain.substr(0, 56) + cipher.substr(56);
}

TEST(Mtproto, DecryptsTheObfuscatedTransport) {
  struct Row {
    std::string tag;
    std::int16_t data_centre;
    const char* line;
  };
  const Row rows[] = {
      {hex("efefefef"), 2, "telegram login version=obfuscated abridged"},
      {hex("eeeeeeee"), 5, "telegram login version=obfuscated intermediate"},
      {hex("dddddddd"), 10002, "telegram login version=obfuscated padded intermediate"},
      {hex("dddddddd"), -4, "telegram file-transfer version=obfuscated padded intermediate"},
      {hex("efefefef"), -10003, "telegram file-transfer version=obfuscated abridged"},
      {hex("efefefef"), -6, "telegram login version=obfuscated abridged"},
      {hex("efefefef"), 0x5a5a, "telegram login version=obfuscated abridged"},
  };
  std::uint32_t seed = 1;
  for (const Row& row : rows) {
    SCOPED_TRACE(row.line);
    const std::string stream = header(row.tag, row.data_centre, ++seed) + kEncrypted;
    expect_lines(Obfuscated(), stream, {std::string(row.line) + " then opaque"});
  }
}

TEST(Mtproto, CountsAsCtrDoes) {
  for (const std::string& counter :
       {std::string(16, '\xff'), hex("000000000000000000000000000000fd"),
        hex("00000000000000ffffffffffffffffff"), hex("12345678ffffffffffffffffffffffff")}) {
    const std::string stream = header(hex("eeeeeeee"), 1, 9, counter);
    expect_lines(Obfuscated(), stream,
                 {"telegram login version=obfuscated intermediate then opaque"});
  }
}

TEST(Mtproto, FindsOutWhatIsNotObfuscated) {
  const std::string right = header(hex("eeeeeeee"), 1, 3);
  for (const std::size_t at : {8u, 39u, 40u, 55u, 56u, 59u}) {
    std::string wrong = right;
    wrong[at] = static_cast<char>(wrong[at] ^ 1);
    EXPECT_EQ(listen(Obfuscated(), Direction::to_server, as_bytes(wrong), {wrong.size()}).lines,
              Lines{"not mine"})
        << at;
  }
  // Beginnings that a server would take for something else, though all the rest is right.
  for (const std::string& begin :
       {std::string("HEAD"), std::string("POST"), std::string("GET "), std::string("OPTI"),
        hex("16030102"), hex("dddddddd"), hex("eeeeeeee"), hex("ef")}) {
    std::string other = right;
    other.replace(0, begin.size(), begin);
    expect_lines(Obfuscated(), other, {"not certain"});
  }
  std::string zero = right;
  zero.replace(4, 4, std::string(4, '\0'));
  expect_lines(Obfuscated(), zero, {"not certain"});
  expect_lines(Obfuscated(), right.substr(0, 63), {"not certain"});
}

TEST(Mtproto, TakesNoOtherStream) {
  for (const LookAlike& row : other_streams()) {
    SCOPED_TRACE(row.name);
    expect_lines(mtproto::kParser, row.bytes, {"not certain"});
    const Lines lines =
        listen(Obfuscated(), Direction::to_server, as_bytes(row.bytes), {row.bytes.size()}).lines;
    EXPECT_TRUE(lines == Lines{"not mine"} || lines == Lines{"not certain"});
  }
  std::mt19937 random(2026);
  for (int round = 0; round < 100'000; ++round) {
    std::string stream(64, '\0');
    for (char& c : stream) c = static_cast<char>(random());
    ParserState state;
    Facts facts;
    ASSERT_NE(mtproto::probe(as_bytes(stream)), Probe::certain);
    ASSERT_EQ(Obfuscated::feed(state, as_bytes(stream), facts), ParseStatus::not_mine);
  }
}

TEST(Mtproto, TakesNothingFromTheHeap) {
  if (!mallocs_are_counted()) GTEST_SKIP() << "AddressSanitizer has the heap's functions";
  mtproto::Obfuscation obfuscation;
  for (std::uint32_t seed = 0; seed < 4; ++seed) {
    const std::string stream = header(hex("eeeeeeee"), 1, seed);
    ParserState state;
    Facts facts;
    const std::size_t before = malloc_count();
    const ParseStatus status = obfuscation.feed(state, as_bytes(stream), facts);
    EXPECT_EQ(malloc_count(), before);
    EXPECT_EQ(status, ParseStatus::done);
  }
}

}  // namespace
}  // namespace chatgate::proto::test
