// What rules look at in a server's X.509 certificate, in the form in which they write it:
// Suricata's tls.cert_subject, tls.cert_issuer, tls.cert_serial and tls.cert_fingerprint.
//
// Called by the engine on a worker's thread, with the certificate that
// tls_server::first_certificate hands out. Everything is copied into fixed memory; nothing is
// allocated, work is linear in the certificate. Sources: RFC 5280, RFC 4514 section 3 and OpenSSL
// for the short names.
//
// A name is its attributes in the certificate's order, "C=US, O=Example, CN=a.example"; pairs of
// one set are joined by " + ". A type without a short name is written in digits, "2.5.4.51=x".
// Strings are as they are in the certificate, without escapes, a BMPString in UTF-8; other values
// are in hexadecimal. What exceeds kMaxName is cut.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "base/bytes.h"

namespace chatgate::proto {

struct CertificateText {
  static constexpr std::size_t kMaxName = 2048;
  static constexpr std::size_t kMaxSerial = 64;  // octets; RFC 5280 section 4.1.2.2 allows 20
  static constexpr std::size_t kDigest = 20;

  template <std::size_t kCapacity>
  struct Text {
    std::size_t size = 0;
    std::array<char, kCapacity> text;

    std::string_view view() const { return {text.data(), size}; }
    void add(char c) {
      if (size < kCapacity) text[size++] = c;
    }
    void add(std::string_view part) {
      for (const char c : part) add(c);
    }
  };

  Text<kMaxName> subject;
  Text<kMaxName> issuer;
  Text<3 * kMaxSerial - 1> serial;    // "00:AB:…", upper case, as it is encoded
  Text<3 * kDigest - 1> fingerprint;  // SHA-1 over the certificate, "ab:cd:…", lower case
};

// Fills `out` anew. False where the certificate is broken: the fingerprint is there all the same,
// of the rest what was read before.
bool read_certificate_text(Bytes certificate, CertificateText& out);

}  // namespace chatgate::proto
