// Builds what a TLS server up to 1.2 answers: its hello and certificates.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "client_hello.h"

namespace chatgate::proto::test {

inline std::string server_hello(std::string_view extensions = {}) {
  return handshake(2, be16(0x0303) + std::string(32, 'r') + prefixed8(std::string(32, 'i')) +
                          be16(0xc02f) + '\0' + prefixed16(extensions));
}

inline std::string certificates(std::initializer_list<std::string> chain) {
  std::string list;
  for (const std::string& one : chain) list += be24(one.size()) + one;
  return handshake(11, be24(list.size()) + list);
}

// Of a server that has this one certificate.
inline std::string flight(std::string_view certificate_bytes) {
  return server_hello() + certificates({std::string(certificate_bytes)}) + handshake(14, {});
}

}  // namespace chatgate::proto::test
