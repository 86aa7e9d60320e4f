#include "proto/certificate.h"

#include <algorithm>
#include <array>

#include "proto/certificate_der.h"

namespace chatgate::proto {
namespace {

using der::Tag;
using der::Value;

constexpr std::array<std::uint8_t, 3> kSubjectAltName = {0x55, 0x1d, 0x11};
constexpr std::array<std::uint8_t, 3> kCommonName = {0x55, 0x04, 0x03};
constexpr std::size_t kNameBuffer = 512;

static_assert(kNameBuffer > HostName::kCapacity + 8, "a longer name must count as cut");

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
  HandshakeReader names = der::expect(octets, Tag::sequence);
  while (octets.ok() && names.left() > 0) {
    const Value name = der::next_value(names);
    if (name.tag == Tag::dns_name) add_name(name.body, false, facts);
  }
  return octets.ok() && names.ok();
}

bool read_extensions(HandshakeReader wrapped, Facts& facts) {
  HandshakeReader list = der::expect(wrapped, Tag::sequence);
  while (wrapped.ok() && list.left() > 0) {
    HandshakeReader extension = der::expect(list, Tag::sequence);
    const HandshakeReader identifier = der::expect(extension, Tag::object_identifier);
    Value value = der::next_value(extension);
    if (value.tag == Tag::boolean) value = der::next_value(extension);  // critical
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

bool read_common_names(HandshakeReader subject, Facts& facts) {
  return der::for_each_attribute(subject, [&facts](bool, HandshakeReader type, const Value& value) {
    if (is_identifier(type, kCommonName) && is_text(value.tag)) add_name(value.body, true, facts);
  });
}

}  // namespace

bool read_certificate_names(HandshakeReader certificate, Facts& facts) {
  const auto split = der::split_certificate(certificate);
  if (!split) return false;
  HandshakeReader fields = split->rest;
  bool sound = true;
  while (fields.left() > 0) {
    const Value field = der::next_value(fields);
    if (field.tag == Tag::extensions) sound = read_extensions(field.body, facts) && sound;
  }
  if (!facts.has_name_from(NameSource::tls_certificate)) {
    sound = read_common_names(split->subject, facts) && sound;
  }
  return sound && fields.ok();
}

}  // namespace chatgate::proto
