// libcrypto's EVP interface takes memory for each digest; the old one, which works on the caller's,
// is deprecated and stays.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "proto/certificate_text.h"

#include <openssl/sha.h>

#include "proto/certificate_der.h"
#include "proto/utf8.h"

namespace chatgate::proto {
namespace {

using der::Tag;
using der::Value;

using Name = CertificateText::Text<CertificateText::kMaxName>;

struct ShortName {
  std::string_view type;  // the object identifier's contents
  std::string_view word;
};

constexpr ShortName kShortNames[] = {
    {"\x55\x04\x03", "CN"},
    {"\x55\x04\x04", "SN"},
    {"\x55\x04\x05", "serialNumber"},
    {"\x55\x04\x06", "C"},
    {"\x55\x04\x07", "L"},
    {"\x55\x04\x08", "ST"},
    {"\x55\x04\x09", "street"},
    {"\x55\x04\x0a", "O"},
    {"\x55\x04\x0b", "OU"},
    {"\x55\x04\x0c", "title"},
    {"\x55\x04\x0d", "description"},
    {"\x55\x04\x0f", "businessCategory"},
    {"\x55\x04\x11", "postalCode"},
    {"\x55\x04\x29", "name"},
    {"\x55\x04\x2a", "GN"},
    {"\x55\x04\x2b", "initials"},
    {"\x55\x04\x2e", "dnQualifier"},
    {"\x55\x04\x61", "organizationIdentifier"},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", "emailAddress"},
    {"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01", "UID"},
    {"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", "DC"},
    {"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x01", "jurisdictionL"},
    {"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x02", "jurisdictionST"},
    {"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x03", "jurisdictionC"},
};

constexpr std::string_view kUpper = "0123456789ABCDEF";
constexpr std::string_view kLower = "0123456789abcdef";

template <typename Text>
void add_hex(std::uint8_t byte, std::string_view digits, Text& out) {
  out.add(digits[byte >> 4]);
  out.add(digits[byte & 15]);
}

void add_number(std::uint64_t number, Name& out) {
  std::array<char, 20> digits;
  std::size_t at = digits.size();
  do {
    digits[--at] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number > 0);
  out.add(std::string_view(digits.data() + at, digits.size() - at));
}

// X.690 section 8.19: the first number holds two. Numbers beyond 56 bits are cut on their left.
void add_digits(Bytes type, Name& out) {
  constexpr std::uint64_t kMask = (std::uint64_t{1} << 49) - 1;
  std::uint64_t number = 0;
  bool first = true;
  for (const std::uint8_t byte : type) {
    number = (number & kMask) << 7 | (byte & 0x7f);
    if ((byte & 0x80) != 0) continue;
    if (first) {
      const std::uint64_t root = std::min<std::uint64_t>(number / 40, 2);
      add_number(root, out);
      number -= root * 40;
    }
    out.add('.');
    add_number(number, out);
    number = 0;
    first = false;
  }
}

void add_type(HandshakeReader type, Name& out) {
  std::array<std::uint8_t, 64> memory;
  const MutableBytes bytes(memory.data(), std::min(type.left(), memory.size()));
  type.read(bytes);
  for (const ShortName& row : kShortNames) {
    if (row.type == as_text(bytes)) {
      out.add(row.word);
      return;
    }
  }
  add_digits(bytes, out);
}

// A surrogate stands for itself: BMPString has no pairs (X.690 section 8.23.8).
void add_utf8(std::uint16_t character, Name& out) {
  const Utf8 utf8(character);
  for (const char c : utf8.view()) out.add(c);
}

void add_value(Value value, Name& out) {
  HandshakeReader& body = value.body;
  switch (value.tag) {
    case Tag::utf8_string:
    case Tag::numeric_string:
    case Tag::printable_string:
    case Tag::teletex_string:
    case Tag::ia5_string:
    case Tag::visible_string:
      while (body.left() > 0) out.add(static_cast<char>(body.u8()));
      return;
    case Tag::bmp_string:
      while (body.left() > 1) add_utf8(body.be16(), out);
      return;
    default:
      while (body.left() > 0) add_hex(body.u8(), kUpper, out);
      return;
  }
}

bool add_name(HandshakeReader name, Name& out) {
  return der::for_each_attribute(name,
                                 [&out](bool new_set, HandshakeReader type, const Value& value) {
                                   if (out.size > 0) out.add(new_set ? ", " : " + ");
                                   add_type(type, out);
                                   out.add('=');
                                   add_value(value, out);
                                 });
}

template <typename Text>
void add_octets(HandshakeReader octets, std::string_view digits, Text& out) {
  while (octets.left() > 0) {
    if (out.size > 0) out.add(':');
    add_hex(octets.u8(), digits, out);
  }
}

}  // namespace

bool read_certificate_text(Bytes certificate, CertificateText& out) {
  out.subject.size = out.issuer.size = out.serial.size = out.fingerprint.size = 0;
  SHA_CTX context;
  std::array<std::uint8_t, CertificateText::kDigest> digest;
  SHA1_Init(&context);
  SHA1_Update(&context, certificate.data(), certificate.size());
  SHA1_Final(digest.data(), &context);
  add_octets(HandshakeReader::in_one_piece(digest), kLower, out.fingerprint);

  const auto fields = der::split_certificate(HandshakeReader::in_one_piece(certificate));
  if (!fields || fields->serial.tag != Tag::integer) return false;
  add_octets(fields->serial.body, kUpper, out.serial);
  const bool issuer = add_name(fields->issuer, out.issuer);
  return add_name(fields->subject, out.subject) && issuer;
}

}  // namespace chatgate::proto
