// Builds ClientHellos and the records that carry them.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
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

// Numbers of two bytes, without a length before them.
inline std::string be16s(const std::vector<std::uint16_t>& values) {
  std::string bytes;
  for (const std::uint16_t value : values) bytes += be16(value);
  return bytes;
}

// The fields of a ClientHello that tests change.
struct HelloParts {
  std::uint16_t version = 0x0303;
  std::string session_id = std::string(32, '\x11');
  std::optional<std::string> cookie = {};  // DTLS has one
  std::string ciphers = be16s({0x1301, 0x1302, 0xc02b});
  std::optional<std::string> extensions = {};

  std::string body() const {
    std::string bytes = be16(version) + std::string(32, '\x5a') + prefixed8(session_id);
    if (cookie) bytes += prefixed8(*cookie);
    bytes += prefixed16(ciphers) + prefixed8(std::string(1, '\0'));
    if (extensions) bytes += prefixed16(*extensions);
    return bytes;
  }
};

inline std::string hello_body(std::string_view extensions, bool with_extensions = true) {
  HelloParts parts;
  if (with_extensions) parts.extensions = extensions;
  return parts.body();
}

inline std::string supported_versions(const std::vector<std::uint16_t>& versions) {
  return extension(43, prefixed8(be16s(versions)));
}

inline std::string alpns(std::initializer_list<std::string_view> protocols) {
  std::string list;
  for (const std::string_view protocol : protocols) list += prefixed8(protocol);
  return extension(16, prefixed16(list));
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
