// JA4, the fingerprint of a TLS client by FoxIO's public specification: what its ClientHello
// offers, put in order and hashed, such as t13d1516h2_8daaf6152771_e5627efa2ab1.
//
// First part: the transport's letter; the highest version offered; `d` where there is a server_name
// extension, else `i`; how many ciphers and extensions there are, at most 99 shown; first and last
// character of the first ALPN. Second: SHA-256 of the sorted ciphers. Third: SHA-256 of the sorted
// extensions without server_name and ALPN, with the signature algorithms behind them as they came.
// Both hashes are cut to twelve digits; values of GREASE (RFC 8701) count nowhere.
//
// Used by proto/client_hello on a worker's thread. No allocation: the hash is computed on the
// stack. A list of more than kMaxValues values is no client's: its hello is left without a
// fingerprint.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "proto/facts.h"

namespace chatgate::proto::ja4 {

constexpr std::size_t kMaxValues = 256;

// RFC 8701: 0x0a0a, 0x1a1a, and so on.
constexpr bool is_grease(std::uint16_t value) {
  return (value & 0x0f0f) == 0x0a0a && (value >> 8) == (value & 0xff);
}

// The values of one list of the hello, GREASE left out.
class Values {
 public:
  void add(std::uint16_t value) {
    if (is_grease(value)) return;
    if (size_ == kMaxValues) {
      cut_ = true;
      return;
    }
    values_[size_++] = value;
  }

  bool cut() const { return cut_; }
  std::size_t size() const { return size_; }
  const std::uint16_t* begin() const { return values_.data(); }
  const std::uint16_t* end() const { return values_.data() + size_; }
  std::uint16_t* begin() { return values_.data(); }
  std::uint16_t* end() { return values_.data() + size_; }

 private:
  std::size_t size_ = 0;
  bool cut_ = false;
  std::array<std::uint16_t, kMaxValues> values_;
};

// What the fingerprint is made of, in the order of the hello.
struct Input {
  char transport = 't';  // 't' TCP, 'q' QUIC, 'd' DTLS
  std::uint16_t version = 0;
  bool has_alpn = false;  // first and last byte of the first ALPN
  std::uint8_t alpn_first = 0;
  std::uint8_t alpn_last = 0;
  Values ciphers;
  Values extensions;
  Values signature_algorithms;
};

// Sorts the input's lists and writes the fingerprint. False, and nothing written, where a list was
// cut.
bool fingerprint(Input& input, std::array<char, ClientHello::kJa4>& out);

}  // namespace chatgate::proto::ja4
