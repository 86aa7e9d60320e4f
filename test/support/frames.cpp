#include "frames.h"

#include "net/checksum.h"

namespace chatgate::test {

bool checksums_right(Bytes frame) {
  net::PacketView view;
  view.bytes = frame;
  view.wire_length = static_cast<std::uint32_t>(frame.size());
  net::Layers layers;
  net::decode(view, layers);
  if (layers.outcome != net::Decoded::transport) return false;
  const std::size_t end = layers.payload + layers.payload_size;
  const Bytes ip = frame.subspan(layers.network, layers.transport - layers.network);
  if (layers.ip_version == 4 && net::checksum_fold(net::checksum_add(ip)) != 0) return false;
  const Bytes segment = frame.subspan(layers.transport, end - layers.transport);
  return net::checksum_fold(net::checksum_add(
             segment, net::pseudo_header_sum(layers.source, layers.destination,
                                             layers.ip_version == 4, layers.protocol,
                                             static_cast<std::uint32_t>(segment.size())))) == 0;
}

}  // namespace chatgate::test
