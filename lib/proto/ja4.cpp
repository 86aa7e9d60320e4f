// The one-shot and EVP interfaces of libcrypto allocate; the old one, which works on the caller's
// memory, is deprecated and stays.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "proto/ja4.h"

#include <algorithm>
#include <openssl/sha.h>
#include <string_view>

#include "base/bytes.h"

namespace chatgate::proto::ja4 {
namespace {

constexpr std::uint16_t kServerName = 0;
constexpr std::uint16_t kAlpn = 16;
constexpr std::size_t kHashDigits = 12;
constexpr std::size_t kMaxShown = 99;
constexpr std::string_view kNoValues = "000000000000";
constexpr std::string_view kDigits = "0123456789abcdef";

class Hash {
 public:
  Hash() { SHA256_Init(&context_); }

  void add(std::string_view text) { SHA256_Update(&context_, text.data(), text.size()); }

  // In the order given, with commas between.
  void add(const std::uint16_t* begin, const std::uint16_t* end) {
    for (const std::uint16_t* at = begin; at != end; ++at) {
      const std::uint16_t value = *at;
      const std::array<char, 5> text = {',', kDigits[value >> 12], kDigits[value >> 8 & 15],
                                        kDigits[value >> 4 & 15], kDigits[value & 15]};
      add(std::string_view(text.data(), text.size()).substr(at == begin ? 1 : 0));
    }
  }

  char* write(char* out) {
    std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest;
    SHA256_Final(digest.data(), &context_);
    for (std::size_t i = 0; i < kHashDigits / 2; ++i) {
      *out++ = kDigits[digest[i] >> 4];
      *out++ = kDigits[digest[i] & 15];
    }
    return out;
  }

 private:
  SHA256_CTX context_;
};

std::string_view version_text(std::uint16_t version) {
  switch (version) {
    case 0x0304: return "13";
    case 0x0303: return "12";
    case 0x0302: return "11";
    case 0x0301: return "10";
    case 0x0300: return "s3";
    case 0x0002: return "s2";
    case 0xfeff: return "d1";
    case 0xfefd: return "d2";
    case 0xfefc: return "d3";
    default: return "00";
  }
}

bool is_alphanumeric(std::uint8_t byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= 'a' && byte <= 'z');
}

char* write(char* out, std::string_view text) {
  return std::copy(text.begin(), text.end(), out);
}

char* write_count(char* out, std::size_t count) {
  const std::size_t shown = std::min(count, kMaxShown);
  *out++ = static_cast<char>('0' + shown / 10);
  *out++ = static_cast<char>('0' + shown % 10);
  return out;
}

char* write_alpn(char* out, const Input& input) {
  if (!input.has_alpn) return write(out, "00");
  const std::uint8_t first = input.alpn_first;
  const std::uint8_t last = input.alpn_last;
  const bool shown = is_alphanumeric(first) && is_alphanumeric(last);
  *out++ = shown ? static_cast<char>(first) : kDigits[first >> 4];
  *out++ = shown ? static_cast<char>(last) : kDigits[last & 15];
  return out;
}

char* write_ciphers(char* out, Values& ciphers) {
  if (ciphers.size() == 0) return write(out, kNoValues);
  std::sort(ciphers.begin(), ciphers.end());
  Hash hash;
  hash.add(ciphers.begin(), ciphers.end());
  return hash.write(out);
}

// The first part has server_name and ALPN already.
char* write_extensions(char* out, Values& extensions, const Values& signature_algorithms) {
  std::uint16_t* end = std::remove_if(extensions.begin(), extensions.end(), [](std::uint16_t type) {
    return type == kServerName || type == kAlpn;
  });
  if (end == extensions.begin()) return write(out, kNoValues);
  std::sort(extensions.begin(), end);
  Hash hash;
  hash.add(extensions.begin(), end);
  if (signature_algorithms.size() > 0) {
    hash.add("_");
    hash.add(signature_algorithms.begin(), signature_algorithms.end());
  }
  return hash.write(out);
}

}  // namespace

bool fingerprint(Input& input, std::array<char, ClientHello::kJa4>& out) {
  if (input.ciphers.cut() || input.extensions.cut() || input.signature_algorithms.cut()) {
    return false;
  }
  const Values& extensions = input.extensions;
  const bool named = std::count(extensions.begin(), extensions.end(), kServerName) > 0;
  char* at = out.data();
  *at++ = input.transport;
  at = write(at, version_text(input.version));
  *at++ = named ? 'd' : 'i';
  at = write_count(at, input.ciphers.size());
  at = write_count(at, extensions.size());
  at = write_alpn(at, input);
  *at++ = '_';
  at = write_ciphers(at, input.ciphers);
  *at++ = '_';
  write_extensions(at, input.extensions, input.signature_algorithms);
  return true;
}

}  // namespace chatgate::proto::ja4
