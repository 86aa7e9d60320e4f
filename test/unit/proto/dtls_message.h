// Builds records and handshake messages of DTLS.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "client_hello.h"

namespace chatgate::proto::test {

struct DtlsRecord {
  char type = 22;
  std::uint16_t version = 0xfeff;
  std::uint16_t epoch = 0;
};

inline std::string dtls_record(std::string_view content, const DtlsRecord& fields = {}) {
  return fields.type + be16(fields.version) + be16(fields.epoch) + std::string(6, '\x01') +
         prefixed16(content);
}

// A part of a message, by default all of it.
inline std::string dtls_fragment(std::string_view body, std::size_t offset = 0,
                                 std::size_t size = std::string_view::npos,
                                 std::uint16_t number = 0, char type = 1) {
  const std::string_view part = body.substr(offset, size);
  return type + be24(body.size()) + be16(number) + be24(offset) + be24(part.size()) +
         std::string(part);
}

inline std::string dtls_hello_body(std::string_view extensions, std::string_view cookie = {}) {
  HelloParts parts;
  parts.version = 0xfefd;
  parts.cookie = cookie;
  parts.extensions = extensions;
  return parts.body();
}

inline std::string dtls_server_hello(bool retry) {
  constexpr std::string_view kRetry(
      "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91"
      "\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c",
      32);
  const std::string body = be16(0xfefd) + (retry ? std::string(kRetry) : std::string(32, 'r')) +
                           prefixed8({}) + be16(0x1301) + '\0' + prefixed16({});
  return dtls_record(dtls_fragment(body, 0, body.size(), 0, 2));
}

}  // namespace chatgate::proto::test
