#include "enforce/tcp_reset.h"

namespace chatgate::enforce {

using net::tcp_flag::ack;
using net::tcp_flag::fin;
using net::tcp_flag::rst;
using net::tcp_flag::syn;

std::size_t reset_to_sender(const net::PacketView& packet, const net::Layers& layers,
                            std::uint32_t acknowledge, MutableBytes out,
                            const net::Opposite* back) {
  if (layers.has(rst)) return 0;
  net::TcpFields fields;
  fields.flags = rst | ack;
  if (layers.has(ack)) {
    fields.sequence = layers.acknowledgment;
    fields.acknowledgment = acknowledge;
  } else {
    // RFC 9293 section 3.10.7.1: sequence zero, and everything that came is acknowledged.
    fields.acknowledgment = layers.sequence + layers.payload_size + layers.payload_missing +
                            (layers.has(syn) ? 1 : 0) + (layers.has(fin) ? 1 : 0);
  }
  return net::build_tcp(packet, layers, net::Toward::sender, fields, {}, out, back);
}

std::size_t reset_to_receiver(const net::PacketView& packet, const net::Layers& layers,
                              std::uint32_t expected, MutableBytes out) {
  if (layers.has(rst)) return 0;
  net::TcpFields fields;
  fields.sequence = expected;
  fields.flags = rst;
  if (layers.has(ack)) {
    fields.flags |= ack;
    fields.acknowledgment = layers.acknowledgment;
  }
  return net::build_tcp(packet, layers, net::Toward::receiver, fields, {}, out);
}

}  // namespace chatgate::enforce
