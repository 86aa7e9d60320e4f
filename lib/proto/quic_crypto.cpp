// EVP's digests take memory whenever they begin anew; libcrypto's older interface works on the
// caller's memory, is deprecated and stays.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "proto/quic_crypto.h"

#include <cstring>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdexcept>

#include "proto/evp.h"

namespace chatgate::proto::quic {
namespace {

constexpr std::size_t kHash = SHA256_DIGEST_LENGTH;
constexpr std::size_t kHashBlock = SHA256_CBLOCK;
constexpr std::size_t kSample = 16;
constexpr std::size_t kMaxNumber = 4;  // bytes of a packet number

using Secret = std::array<std::uint8_t, kHash>;
using Mask = std::array<std::uint8_t, kSample>;
using Nonce = std::array<std::uint8_t, 12>;

int as_int(std::size_t size) {
  return static_cast<int>(size);
}

Nonce nonce_of(const InitialKeys& keys, std::uint64_t number) {
  Nonce nonce = keys.iv;
  for (std::size_t i = 0; i < 8; ++i) {
    nonce[nonce.size() - 1 - i] ^= static_cast<std::uint8_t>(number >> (8 * i));
  }
  return nonce;
}

// RFC 9000 appendix A.3.
std::uint64_t whole_number(std::uint64_t expected, std::uint64_t truncated, std::size_t bytes) {
  const std::uint64_t window = std::uint64_t{1} << (8 * bytes);
  const std::uint64_t candidate = (expected & ~(window - 1)) | truncated;
  if (candidate + window / 2 <= expected && candidate < (std::uint64_t{1} << 62) - window) {
    return candidate + window;
  }
  if (candidate > expected + window / 2 && candidate >= window) return candidate - window;
  return candidate;
}

// HMAC with SHA-256 (RFC 2104), for several texts under one key of at most a block.
class Hmac {
 public:
  explicit Hmac(Bytes key) {
    begin(inner_, 0x36, key);
    begin(outer_, 0x5c, key);
  }

  Secret of(Bytes text) const {
    Secret digest;
    SHA256_CTX context = inner_;
    SHA256_Update(&context, text.data(), text.size());
    SHA256_Final(digest.data(), &context);
    context = outer_;
    SHA256_Update(&context, digest.data(), digest.size());
    SHA256_Final(digest.data(), &context);
    return digest;
  }

 private:
  static void begin(SHA256_CTX& context, std::uint8_t with, Bytes key) {
    std::array<std::uint8_t, kHashBlock> pad;
    pad.fill(with);
    for (std::size_t i = 0; i < key.size(); ++i) pad[i] ^= key[i];
    SHA256_Init(&context);
    SHA256_Update(&context, pad.data(), pad.size());
  }

  SHA256_CTX inner_;
  SHA256_CTX outer_;
};

// HKDF-Expand-Label of at most one block, without context (RFC 8446 section 7.1).
void expand(const Hmac& secret, std::string_view label, MutableBytes out) {
  constexpr std::size_t kMaxLabel = 16;
  std::array<std::uint8_t, 3 + kMaxLabel + 2> info{};
  info[1] = static_cast<std::uint8_t>(out.size());
  info[2] = static_cast<std::uint8_t>(label.size());
  std::memcpy(&info[3], label.data(), label.size());
  info[3 + label.size() + 1] = 1;  // behind the empty context: the first block
  const Secret block = secret.of(Bytes(info).first(3 + label.size() + 2));
  std::memcpy(out.data(), block.data(), out.size());
}

}  // namespace

struct InitialCrypto::Contexts {
  Owned<EVP_CIPHER> ecb;
  Owned<EVP_CIPHER> gcm;
  Owned<EVP_CIPHER_CTX> header;
  Owned<EVP_CIPHER_CTX> opener;
  Owned<EVP_CIPHER_CTX> sealer;

  bool make();
  bool mask(const InitialKeys& keys, const std::uint8_t* sample, Mask& out);
};

bool InitialCrypto::Contexts::make() {
  ecb.reset(EVP_CIPHER_fetch(nullptr, "AES-128-ECB", nullptr));
  gcm.reset(EVP_CIPHER_fetch(nullptr, "AES-128-GCM", nullptr));
  header.reset(EVP_CIPHER_CTX_new());
  opener.reset(EVP_CIPHER_CTX_new());
  sealer.reset(EVP_CIPHER_CTX_new());
  if (!ecb || !gcm || !header || !opener || !sealer) return false;
  const InitialKeys zero{};
  return EVP_EncryptInit_ex2(header.get(), ecb.get(), zero.header.data(), nullptr, nullptr) == 1 &&
         EVP_CIPHER_CTX_set_padding(header.get(), 0) == 1 &&
         EVP_DecryptInit_ex2(opener.get(), gcm.get(), zero.key.data(), zero.iv.data(), nullptr) ==
             1 &&
         EVP_EncryptInit_ex2(sealer.get(), gcm.get(), zero.key.data(), zero.iv.data(), nullptr) ==
             1;
}

bool InitialCrypto::Contexts::mask(const InitialKeys& keys, const std::uint8_t* sample, Mask& out) {
  int size = 0;
  return EVP_EncryptInit_ex2(header.get(), nullptr, keys.header.data(), nullptr, nullptr) == 1 &&
         EVP_EncryptUpdate(header.get(), out.data(), &size, sample, as_int(kSample)) == 1 &&
         size == as_int(kSample);
}

InitialCrypto::InitialCrypto() : contexts_(std::make_unique<Contexts>()) {
  if (!contexts_->make()) throw std::runtime_error("libcrypto offers no AES-128-GCM or SHA-256");
}

InitialCrypto::~InitialCrypto() = default;

void InitialCrypto::derive(const Version& version, Bytes destination, Sender sender,
                           InitialKeys& keys) const {
  const Secret initial = Hmac(version.salt).of(destination);  // HKDF-Extract
  Secret own;
  expand(Hmac(initial), sender == Sender::client ? "tls13 client in" : "tls13 server in", own);
  const Hmac secret(own);
  expand(secret, version.key_label, keys.key);
  expand(secret, version.iv_label, keys.iv);
  expand(secret, version.header_label, keys.header);
}

std::optional<InitialCrypto::Opened> InitialCrypto::open(const InitialKeys& keys,
                                                         const Packet& packet,
                                                         std::uint64_t expected,
                                                         MutableBytes plain) {
  const Bytes bytes = packet.bytes;
  const std::size_t at = packet.number_offset;
  if (bytes.size() < at + kMaxNumber + kSample || plain.size() < bytes.size()) return {};
  Mask mask;
  if (!contexts_->mask(keys, bytes.data() + at + kMaxNumber, mask)) return {};
  const auto first = static_cast<std::uint8_t>(bytes[0] ^ (mask[0] & 0x0f));
  const std::size_t length = (first & 3u) + 1;
  std::array<std::uint8_t, kMaxNumber> coded;
  std::uint64_t truncated = 0;
  for (std::size_t i = 0; i < length; ++i) {
    coded[i] = static_cast<std::uint8_t>(bytes[at + i] ^ mask[1 + i]);
    truncated = truncated << 8 | coded[i];
  }
  const std::uint64_t number = whole_number(expected, truncated, length);
  const Nonce nonce = nonce_of(keys, number);
  const Bytes sealed = bytes.subspan(at + length, bytes.size() - at - length - kTagSize);
  std::array<std::uint8_t, kTagSize> tag;
  std::memcpy(tag.data(), bytes.data() + bytes.size() - kTagSize, kTagSize);

  EVP_CIPHER_CTX* const context = contexts_->opener.get();
  int size = 0;
  int rest = 0;
  const bool opened =
      EVP_DecryptInit_ex2(context, nullptr, keys.key.data(), nonce.data(), nullptr) == 1 &&
      EVP_DecryptUpdate(context, nullptr, &size, &first, 1) == 1 &&
      EVP_DecryptUpdate(context, nullptr, &size, bytes.data() + 1, as_int(at - 1)) == 1 &&
      EVP_DecryptUpdate(context, nullptr, &size, coded.data(), as_int(length)) == 1 &&
      EVP_DecryptUpdate(context, plain.data(), &size, sealed.data(), as_int(sealed.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, as_int(tag.size()), tag.data()) == 1 &&
      EVP_DecryptFinal_ex(context, plain.data() + size, &rest) == 1;
  if (!opened) return {};
  return Opened{Bytes(plain).first(sealed.size()), number};
}

std::size_t InitialCrypto::seal(const InitialKeys& keys, Bytes header, std::uint64_t number,
                                Bytes payload, MutableBytes out) {
  const std::size_t length = (header[0] & 3u) + 1;
  const std::size_t total = header.size() + payload.size() + kTagSize;
  if (total > out.size() || header.size() <= length || length + payload.size() < kMaxNumber) {
    return 0;
  }
  const std::size_t at = header.size() - length;
  const Nonce nonce = nonce_of(keys, number);
  std::memcpy(out.data(), header.data(), header.size());
  std::uint8_t* const body = out.data() + header.size();
  EVP_CIPHER_CTX* const context = contexts_->sealer.get();
  int size = 0;
  int rest = 0;
  const bool sealed =
      EVP_EncryptInit_ex2(context, nullptr, keys.key.data(), nonce.data(), nullptr) == 1 &&
      EVP_EncryptUpdate(context, nullptr, &size, header.data(), as_int(header.size())) == 1 &&
      EVP_EncryptUpdate(context, body, &size, payload.data(), as_int(payload.size())) == 1 &&
      EVP_EncryptFinal_ex(context, body + size, &rest) == 1 &&
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, as_int(kTagSize),
                          body + payload.size()) == 1;
  Mask mask;
  if (!sealed || !contexts_->mask(keys, out.data() + at + kMaxNumber, mask)) return 0;
  out[0] ^= mask[0] & 0x0f;
  for (std::size_t i = 0; i < length; ++i) out[at + i] ^= mask[1 + i];
  return total;
}

}  // namespace chatgate::proto::quic
