// Builds ClientHellos and the records that carry them.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chatgate::proto::test {

inline std::string be16(std::size_t value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value)};
}

inline std::string be24(std::size_t value) {
  return static_cast<char>(value >> 16) + be16(value & 0xffff);
}

inline std::string prefixed8(std::string_view body) {
  return static_cast<char>(body.size()) + std::string(body);
}

inline std::string prefixed16(std::string_view body) {
  return be16(body.size()) + std::string(body);
}

inline std::string extension(std::uint16_t type, std::string_view body) {
  return be16(type) + prefixed16(body);
}

// server_name with these names, each of kind host_name.
inline std::string sni(std::initializer_list<std::string_view> names) {
  std::string list;
  for (const std::string_view name : names) list += '\0' + prefixed16(name);
  return extension(0, prefixed16(list));
}

// A handshake message: header and body.
inline std::string handshake(char type, std::string_view body) {
  return type + be24(body.size()) + std::string(body);
}

inline std::string hello_body(std::string_view extensions, bool with_extensions = true) {
  std::string body("\x03\x03", 2);
  body += std::string(32, '\x5a');
  body += prefixed8(std::string(32, '\x11'));
  body += prefixed16(std::string("\x13\x01\x13\x02\xc0\x2b", 6));
  body += prefixed8(std::string(1, '\0'));
  if (with_extensions) body += prefixed16(extensions);
  return body;
}

inline std::string hello(std::string_view extensions) {
  return handshake(1, hello_body(extensions));
}

inline std::string record(std::string_view body, char minor = 1, char type = 22) {
  return std::string{type, 3, minor} + prefixed16(body);
}

// `message` in records of `size` bytes.
inline std::string records(std::string_view message, std::size_t size) {
  std::string stream;
  for (std::size_t at = 0; at < message.size(); at += size) {
    stream += record(message.substr(at, size));
  }
  return stream;
}

// Shaped as a browser's hello with a post-quantum key share (X25519MLKEM768, 1216 bytes) and
// GREASE (RFC 8701); `before_sni` stands in front of the name.
inline std::string browser_hello(std::string_view name, std::string_view before_sni = {}) {
  const std::string grease("\x3a\x3a", 2);
  std::string extensions = extension(0x3a3a, {});
  extensions += before_sni;
  const std::string key_shares = grease + prefixed16(std::string(1, '\0')) +
                                 std::string("\x11\xec", 2) + prefixed16(std::string(1216, 'k')) +
                                 std::string("\x00\x1d", 2) + prefixed16(std::string(32, 'x'));
  extensions += extension(51, prefixed16(key_shares));
  extensions += extension(10, prefixed16(grease + std::string("\x11\xec\x00\x1d\x00\x17", 6)));
  extensions += extension(43, prefixed8(grease + std::string("\x03\x04\x03\x03", 4)));
  extensions += extension(16, prefixed16(prefixed8("h2") + prefixed8("http/1.1")));
  extensions += extension(0xfe0d, std::string(180, 'e'));  // GREASE ECH
  extensions += extension(35, {});
  extensions += sni({name});
  extensions += extension(0xdada, std::string(1, '\0'));
  return hello(extensions);
}

}  // namespace chatgate::proto::test
