#include "net/tcp_options.h"

#include <algorithm>

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

}  // namespace

TcpOptions read_tcp_options(const PacketView& packet, const Layers& layers) {
  TcpOptions options;
  const Bytes header = packet.bytes.subspan(layers.transport);
  options.urgent_pointer = load_be16(&header[18]);
  const std::size_t end = (header[12] >> 4) * 4u;
  const std::size_t in_frame = std::min(end, header.size());
  std::size_t at = kFixedHeader;
  while (at < in_frame) {
    const std::uint8_t kind = header[at];
    if (kind == 0) return options;
    if (kind == 1) {
      ++at;
      continue;
    }
    if (at + 1 >= in_frame) break;
    const std::size_t size = header[at + 1];
    if (size < 2 || at + size > end) {
      options.ok = false;
      return options;
    }
    if (at + size > in_frame) return options;
    read_option(kind, header.subspan(at + 2, size - 2), options);
    at += size;
  }
  // A kind without its length, unless the capture cut there.
  options.ok = at >= in_frame || in_frame < end;
  return options;
}

}  // namespace chatgate::net
