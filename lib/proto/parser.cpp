#include "proto/parser.h"

#include <array>

#include "proto/dns.h"
#include "proto/http.h"
#include "proto/tls.h"

namespace chatgate::proto {
namespace {

constexpr std::array<StreamParser, 3> kStreamParsers = {{
    {AppProto::tls, Direction::to_server, tls::kByteLimit, tls::probe, tls::feed},
    {AppProto::http, Direction::to_server, http::kByteLimit, http::probe, http::feed},
    {AppProto::dns, Direction::to_server, dns::kByteLimit, dns::probe, dns::feed},
}};

constexpr std::array<DatagramParser, 0> kDatagramParsers = {};

static_assert(kStreamParsers.size() <= 16 && kDatagramParsers.size() <= 16);

}  // namespace

std::span<const StreamParser> stream_parsers() {
  return kStreamParsers;
}
std::span<const DatagramParser> datagram_parsers() {
  return kDatagramParsers;
}

}  // namespace chatgate::proto
