#include "explain/sayings.h"

#include <stdexcept>
#include <string>

#include "synth/quic_packets.h"

namespace chatgate::explain {
namespace {

using synth::Octets;

// RFC 1035 section 2.3.4.
void check_name(std::string_view name) {
  std::size_t label = 0;
  bool good = !name.empty() && name.size() <= 253;
  for (const char c : name) {
    label = c == '.' ? 0 : label + 1;
    good = good && label <= 63;
  }
  if (!good || name.find("..") != name.npos || name.front() == '.') {
    throw std::invalid_argument("\"" + std::string(name) + "\" is no host name");
  }
}

Octets octets(std::string_view text) {
  return synth::from_text(text);
}

}  // namespace

Saying tls_hello(std::string_view name, synth::Ech ech, std::string_view alpn) {
  check_name(name);
  return {true, synth::client_hello(name, 0, ech, alpn)};
}

Saying quic_initial(std::string_view name, std::string_view alpn) {
  check_name(name);
  constexpr std::size_t kRecordHeader = 5;  // QUIC carries the handshake without records
  const Octets record = synth::client_hello(name, 0, synth::Ech::absent, alpn);
  const std::string hello(record.begin() + kRecordHeader, record.end());
  return {true, octets(synth::quic_packets::initial(synth::quic_packets::crypto_frame(0, hello)))};
}

Saying http_request(std::string_view host) {
  check_name(host);
  return {true, octets("GET / HTTP/1.1\r\nHost: " + std::string(host) +
                       "\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*\r\n\r\n")};
}

Saying dns_question(std::string_view name, bool tcp) {
  check_name(name);
  Octets message = synth::dns_query(name);
  if (!tcp) return {true, message};
  Octets stream(2);
  store_be16(stream.data(), static_cast<std::uint16_t>(message.size()));
  stream.insert(stream.end(), message.begin(), message.end());
  return {true, stream};
}

std::vector<Saying> http_connect(std::string_view host, std::uint16_t port) {
  check_name(host);
  const std::string target = std::string(host) + ":" + std::to_string(port);
  return {{true, octets("CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n\r\n")},
          {false, octets("HTTP/1.1 200 Connection established\r\n\r\n")}};
}

std::vector<Saying> socks_connect(std::string_view host, std::uint16_t port) {
  check_name(host);
  Octets request = synth::from_hex("05 01 00 03");
  request.push_back(static_cast<std::uint8_t>(host.size()));
  request.insert(request.end(), host.begin(), host.end());
  request.push_back(static_cast<std::uint8_t>(port >> 8));
  request.push_back(static_cast<std::uint8_t>(port));
  return {{true, synth::from_hex("05 01 00")},
          {false, synth::from_hex("05 00")},
          {true, request},
          {false, synth::from_hex("05 00 00 01 00000000 0000")}};
}

Saying stun_binding() {
  return {true, synth::from_hex("0001 0000 2112a442 6368617467617465 00000001")};
}

// The same every time: a linear congruential generator's high bits.
Saying noise(std::size_t size) {
  Octets bytes(size);
  std::uint32_t state = 0x5eed;
  for (std::uint8_t& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<std::uint8_t>(state >> 24);
  }
  return {true, bytes};
}

}  // namespace chatgate::explain
