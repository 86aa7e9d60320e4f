#include "net/tcp_options.h"

#include <algorithm>

#include "net/multipath.h"

namespace chatgate::net {
namespace {

constexpr std::size_t kFixedHeader = 20;

void read_option(std::uint8_t kind, Bytes value, TcpOptions& options) {
  switch (kind) {
    case 3:
      if (value.size() != 1) return;
      options.has_window_scale = true;
      options.window_scale = value[0];
      return;
    case 8:
      if (value.size() != 8) return;
      options.timestamps = true;
      options.timestamp = load_be32(&value[0]);
      options.timestamp_echo = load_be32(&value[4]);
      return;
    case 19: options.md5 = true; return;
    case 29: options.authentication = true; return;
    case 34: options.fast_open = true; return;
    default: return;
  }
}

// Calls `visit` with kind and value of each option; false where the list breaks.
template <typename Visit>
bool walk_options(const PacketView& packet, const Layers& layers, Visit visit) {
  const Bytes header = packet.bytes.subspan(layers.transport);
  const std::size_t end = (header[12] >> 4) * 4u;
  const std::size_t in_frame = std::min(end, header.size());
  std::size_t at = kFixedHeader;
  while (at < in_frame) {
    const std::uint8_t kind = header[at];
    if (kind == 0) return true;
    if (kind == 1) {
      ++at;
      continue;
    }
    if (at + 1 >= in_frame) break;
    const std::size_t size = header[at + 1];
    if (size < 2 || at + size > end) return false;
    if (at + size > in_frame) return true;
    visit(kind, header.subspan(at + 2, size - 2));
    at += size;
  }
  // A kind without its length, unless the capture cut there.
  return at >= in_frame || in_frame < end;
}

}  // namespace

TcpOptions read_tcp_options(const PacketView& packet, const Layers& layers) {
  TcpOptions options;
  options.urgent_pointer = load_be16(&packet.bytes[layers.transport + 18u]);
  options.ok = walk_options(
      packet, layers, [&](std::uint8_t kind, Bytes value) { read_option(kind, value, options); });
  return options;
}

bool joins_a_connection(const PacketView& packet, const Layers& layers) {
  constexpr std::uint8_t kMultipath = 30, kJoin = 1;
  bool joins = false;
  walk_options(packet, layers, [&](std::uint8_t kind, Bytes value) {
    joins = joins || (kind == kMultipath && !value.empty() && value[0] >> 4 == kJoin);
  });
  return joins;
}

}  // namespace chatgate::net
