// What clients say first, in the protocols that name a server.
//
// Made up byte by byte for explain/stage.h; formats as in synth/frames.h and synth/quic_packets.h,
// HTTP/1.1 of RFC 9112, SOCKS of RFC 1928. Not for the packet path; throws std::invalid_argument
// for a name that its protocol cannot carry.
#pragma once

#include <string_view>
#include <vector>

#include "explain/stage.h"

namespace chatgate::explain {

// A TLS hello; one that offers an encrypted hello shows `name` as the public name of its keys.
Saying tls_hello(std::string_view name, synth::Ech ech = synth::Ech::absent,
                 std::string_view alpn = {});
// A QUIC Initial with a hello, encrypted as every client's is.
Saying quic_initial(std::string_view name, std::string_view alpn = {});
Saying http_request(std::string_view host);
// The question for an address; with its length before it where it is for TCP.
Saying dns_question(std::string_view name, bool tcp);
// Put me through to `host`: the request, and the proxy's consent.
std::vector<Saying> http_connect(std::string_view host, std::uint16_t port);
std::vector<Saying> socks_connect(std::string_view host, std::uint16_t port);
// A question for one's own address, with which calls begin (RFC 8489 section 6).
Saying stun_binding();
// Bytes that are no protocol's.
Saying noise(std::size_t size);

}  // namespace chatgate::explain
