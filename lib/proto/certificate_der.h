// The frame of an X.509 certificate in DER (X.690 section 8.1, RFC 5280 section 4.1).
//
// Shared by proto/certificate and proto/certificate_text, on a worker's thread. Lengths of
// indefinite form and of more than three bytes are no DER and fail the reader. Readers borrow the
// bytes; nothing is allocated.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "proto/handshake_reader.h"

namespace chatgate::proto::der {

// Context-specific tags as RFC 5280 section 4.1 gives them.
enum Tag : std::uint8_t {
  boolean = 0x01,
  integer = 0x02,
  octet_string = 0x04,
  object_identifier = 0x06,
  utf8_string = 0x0c,
  numeric_string = 0x12,
  printable_string = 0x13,
  teletex_string = 0x14,
  ia5_string = 0x16,
  visible_string = 0x1a,
  bmp_string = 0x1e,
  sequence = 0x30,
  set = 0x31,
  dns_name = 0x82,
  version = 0xa0,
  extensions = 0xa3,
};

struct Value {
  std::uint8_t tag = 0;
  HandshakeReader body;
};

// The next value; where it does not fit `from` has failed and the tag is zero.
inline Value next_value(HandshakeReader& from) {
  constexpr std::uint8_t kLongForm = 0x80;
  const std::uint8_t tag = from.u8();
  const std::uint8_t first = from.u8();
  std::size_t length = first;
  if ((first & kLongForm) != 0) {
    const std::size_t size = first & 0x7f;
    if (size == 0 || size > 3) from.fail();
    length = 0;
    for (std::size_t i = 0; i < size && from.ok(); ++i) length = length << 8 | from.u8();
  }
  const HandshakeReader body = from.sub(length);
  return {from.ok() ? tag : std::uint8_t{0}, body};
}

// A value of the given kind; anything else fails `from`.
inline HandshakeReader expect(HandshakeReader& from, Tag tag) {
  const Value value = next_value(from);
  if (value.tag != tag) from.fail();
  return value.body;
}

struct CertificateFields {
  Value serial;
  HandshakeReader issuer;  // RDNSequence
  HandshakeReader subject;
  HandshakeReader rest;  // behind the public key: unique identifiers, extensions
};

// Nothing where the certificate is broken before `rest`.
inline std::optional<CertificateFields> split_certificate(HandshakeReader certificate) {
  HandshakeReader outer = expect(certificate, Tag::sequence);
  HandshakeReader fields = expect(outer, Tag::sequence);
  if (!certificate.ok() || !outer.ok()) return std::nullopt;
  Value serial = next_value(fields);
  if (serial.tag == Tag::version) serial = next_value(fields);
  expect(fields, Tag::sequence);  // signature algorithm
  const HandshakeReader issuer = expect(fields, Tag::sequence);
  expect(fields, Tag::sequence);  // validity
  const HandshakeReader subject = expect(fields, Tag::sequence);
  expect(fields, Tag::sequence);  // public key
  if (!fields.ok()) return std::nullopt;
  return CertificateFields{serial, issuer, subject, fields};
}

// Calls `visit(new_set, type, value)` for each pair of a name (RFC 5280 section 4.1.2.4: a sequence
// of sets of pairs), in their order. False where the name is broken; the pairs before were visited.
template <typename Visit>
bool for_each_attribute(HandshakeReader name, Visit visit) {
  while (name.left() > 0) {
    HandshakeReader set = expect(name, Tag::set);
    bool new_set = true;
    while (name.ok() && set.left() > 0) {
      HandshakeReader pair = expect(set, Tag::sequence);
      const HandshakeReader type = expect(pair, Tag::object_identifier);
      const Value value = next_value(pair);
      if (!set.ok() || !pair.ok()) return false;
      visit(new_set, type, value);
      new_set = false;
    }
    if (!set.ok()) return false;
  }
  return name.ok();
}

}  // namespace chatgate::proto::der
