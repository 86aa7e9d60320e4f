#include "proto/certificate.h"

#include <algorithm>
#include <array>

namespace chatgate::proto {
namespace {

// X.690 section 8.1.2; context-specific tags as RFC 5280 section 4.1 gives them.
enum Tag : std::uint8_t {
  boolean = 0x01,
  octet_string = 0x04,
  object_identifier = 0x06,
  utf8_string = 0x0c,
  printable_string = 0x13,
  teletex_string = 0x14,
  ia5_string = 0x16,
  sequence = 0x30,
  set = 0x31,
  dns_name = 0x82,
  version = 0xa0,
  extensions = 0xa3,
};

constexpr std::array<std::uint8_t, 3> kSubjectAltName = {0x55, 0x1d, 0x11};
constexpr std::array<std::uint8_t, 3> kCommonName = {0x55, 0x04, 0x03};
constexpr std::size_t kNameBuffer = 512;

static_assert(kNameBuffer > HostName::kCapacity + 8, "a longer name must count as cut");

struct Value {
  std::uint8_t tag = 0;
  HandshakeReader body;
};

// The next value; where it does not fit `from` has failed and the tag is zero.
Value next_value(HandshakeReader& from) {
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
HandshakeReader expect(HandshakeReader& from, Tag tag) {
  const Value value = next_value(from);
  if (value.tag != tag) from.fail();
  return value.body;
}

bool is_identifier(HandshakeReader body, const std::array<std::uint8_t, 3>& expected) {
  std::array<std::uint8_t, 3> bytes{};
  if (body.left() != bytes.size()) return false;
  body.read(bytes);
  return body.ok() && bytes == expected;
}

void add_name(HandshakeReader text, bool must_be_host, Facts& facts) {
  std::array<std::uint8_t, kNameBuffer> buffer;
  const MutableBytes shown(buffer.data(), std::min(text.left(), buffer.size()));
  text.read(shown);
  if (!text.ok()) return;
  std::string_view name = as_text(shown);
  if (name.starts_with("*.")) name.remove_prefix(2);
  const bool looks_like_host =
      name.find('.') != std::string_view::npos && HostName::normalised(name).well_formed();
  if (must_be_host && !looks_like_host) return;
  facts.add_name(NameSource::tls_certificate, name);
}

// RFC 5280 section 4.2.1.6.
bool read_alternative_names(HandshakeReader octets, Facts& facts) {
  HandshakeReader names = expect(octets, Tag::sequence);
  while (octets.ok() && names.left() > 0) {
    const Value name = next_value(names);
    if (name.tag == Tag::dns_name) add_name(name.body, false, facts);
  }
  return octets.ok() && names.ok();
}

bool read_extensions(HandshakeReader wrapped, Facts& facts) {
  HandshakeReader list = expect(wrapped, Tag::sequence);
  while (wrapped.ok() && list.left() > 0) {
    HandshakeReader extension = expect(list, Tag::sequence);
    const HandshakeReader identifier = expect(extension, Tag::object_identifier);
    Value value = next_value(extension);
    if (value.tag == Tag::boolean) value = next_value(extension);  // critical
    if (!list.ok() || !extension.ok() || value.tag != Tag::octet_string) return false;
    if (!is_identifier(identifier, kSubjectAltName)) continue;
    if (!read_alternative_names(value.body, facts)) return false;
  }
  return wrapped.ok() && list.ok();
}

bool is_text(std::uint8_t tag) {
  return tag == Tag::utf8_string || tag == Tag::printable_string || tag == Tag::teletex_string ||
         tag == Tag::ia5_string;
}

// RFC 5280 section 4.1.2.6: a sequence of sets of pairs.
bool read_common_names(HandshakeReader subject, Facts& facts) {
  while (subject.left() > 0) {
    HandshakeReader set = expect(subject, Tag::set);
    while (subject.ok() && set.left() > 0) {
      HandshakeReader pair = expect(set, Tag::sequence);
      const HandshakeReader type = expect(pair, Tag::object_identifier);
      const Value value = next_value(pair);
      if (!set.ok() || !pair.ok()) return false;
      if (is_identifier(type, kCommonName) && is_text(value.tag)) add_name(value.body, true, facts);
    }
    if (!set.ok()) return false;
  }
  return subject.ok();
}

}  // namespace

bool read_certificate_names(HandshakeReader certificate, Facts& facts) {
  HandshakeReader outer = expect(certificate, Tag::sequence);
  HandshakeReader fields = expect(outer, Tag::sequence);
  if (!certificate.ok() || !outer.ok()) return false;
  if (next_value(fields).tag == Tag::version) next_value(fields);  // serial number
  expect(fields, Tag::sequence);                                   // signature algorithm
  expect(fields, Tag::sequence);                                   // issuer
  expect(fields, Tag::sequence);                                   // validity
  const HandshakeReader subject = expect(fields, Tag::sequence);
  expect(fields, Tag::sequence);  // public key
  if (!fields.ok()) return false;

  bool sound = true;
  while (fields.left() > 0) {
    const Value field = next_value(fields);
    if (field.tag == Tag::extensions) sound = read_extensions(field.body, facts) && sound;
  }
  if (!facts.has_name_from(NameSource::tls_certificate)) {
    sound = read_common_names(subject, facts) && sound;
  }
  return sound && fields.ok();
}

}  // namespace chatgate::proto
