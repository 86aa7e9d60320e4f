// Builds X.509 certificates, no more of them than names need.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace chatgate::proto::test {

inline std::string der(int tag, std::string_view body) {
  std::string value(1, static_cast<char>(tag));
  const std::size_t size = body.size();
  if (size >= 0x10000) {
    value += '\x83';
    value += static_cast<char>(size >> 16);
  } else if (size >= 0x100) {
    value += '\x82';
  } else if (size >= 0x80) {
    value += '\x81';
  }
  if (size >= 0x100) value += static_cast<char>(size >> 8);
  value += static_cast<char>(size);
  return value + std::string(body);
}

inline std::string der_attribute(std::string_view type, int tag, std::string_view text) {
  return der(0x31, der(0x30, der(0x06, type) + der(tag, text)));
}

inline std::string common_name(std::string_view text) {
  return der_attribute("\x55\x04\x03", 0x0c, text);
}

// The values of a GeneralNames.
inline std::string alternative_names(std::string_view names) {
  const std::string usage = der(0x30, der(0x06, "\x55\x1d\x0f") + der(0x01, "\xff") +
                                          der(0x04, std::string("\x03\x02\x05\xa0", 4)));
  const std::string list = der(0x30, der(0x06, "\x55\x1d\x11") + der(0x04, der(0x30, names)));
  return der(0xa3, der(0x30, usage + list));
}

inline std::string dns_names(std::initializer_list<std::string_view> names) {
  std::string list;
  for (const std::string_view name : names) list += der(0x82, name);
  return alternative_names(list);
}

inline std::string certificate(std::string_view subject, std::string_view extensions,
                               std::string_view issuer = common_name("ca.issuer.example"),
                               std::string_view serial = der(0x02, "\x01\x02\x03")) {
  const std::string algorithm = der(0x30, der(0x06, "\x2a\x86\x48\xce\x3d\x04\x03\x02"));
  const std::string fields =
      der(0xa0, der(0x02, "\x02")) + std::string(serial) + algorithm + der(0x30, issuer) +
      der(0x30, der(0x17, "240101000000Z") + der(0x17, "340101000000Z")) + der(0x30, subject) +
      der(0x30, algorithm + der(0x03, std::string(91, 'k'))) + std::string(extensions);
  return der(0x30, der(0x30, fields) + algorithm + der(0x03, std::string(71, 's')));
}

}  // namespace chatgate::proto::test
