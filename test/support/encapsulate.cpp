#include "encapsulate.h"

#include <algorithm>

#include "net/checksum.h"

namespace chatgate::test {
namespace {

using synth::append;
using synth::put16;
using synth::put32;

constexpr std::size_t kEthernet = 14;

Bytes inside_of(const Octets& frame) {
  return Bytes(frame).subspan(kEthernet);
}

std::uint16_t type_of(const Octets& frame) {
  return load_be16(&frame[12]);
}

bool is_v6(const Octets& frame) {
  return type_of(frame) == 0x86dd;
}

// A frame of `type` with the Ethernet addresses of `like`.
Octets ethernet(const Octets& like, std::uint16_t type, Bytes payload) {
  Octets out(like.begin(), like.begin() + 12);
  put16(out, type);
  append(out, payload);
  return out;
}

Frame outer_frame(Outer outer) {
  return outer == Outer::v4 ? Frame().v4(kOuterSource, kOuterDestination)
                            : Frame().v6(kOuterSource6, kOuterDestination6);
}

Octets with_macs_of(const Octets& like, Octets frame) {
  std::copy_n(like.begin(), 12, frame.begin());
  return frame;
}

}  // namespace

Octets in_pppoe(const Octets& frame, bool compressed_protocol) {
  Octets ppp;
  const std::uint8_t protocol = is_v6(frame) ? 0x57 : 0x21;
  if (!compressed_protocol) ppp.push_back(0);
  ppp.push_back(protocol);
  append(ppp, inside_of(frame));
  Octets out = from_hex("1100 0007");
  put16(out, ppp.size());
  append(out, ppp);
  return ethernet(frame, 0x8864, out);
}

Octets in_mpls(const Octets& frame, const std::vector<std::uint32_t>& labels) {
  Octets out;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    put32(out, labels[i] << 12 | (i + 1 == labels.size() ? 0x100u : 0u) | 64);
  }
  append(out, inside_of(frame));
  return ethernet(frame, 0x8847, out);
}

Octets in_gre(const Octets& frame, const Gre& gre, Outer outer) {
  Octets out;
  put16(out,
        (gre.checksum ? 0x8000u : 0u) | (gre.key ? 0x2000u : 0u) | (gre.sequence ? 0x1000u : 0u));
  put16(out, gre.ethernet ? 0x6558 : type_of(frame));
  if (gre.checksum) put32(out, 0);
  if (gre.key) put32(out, *gre.key);
  if (gre.sequence) put32(out, *gre.sequence);
  append(out, gre.ethernet ? Bytes(frame) : inside_of(frame));
  if (gre.checksum) store_be16(&out[4], net::checksum_fold(net::checksum_add(out)));
  return with_macs_of(frame, outer_frame(outer).protocol(47).payload(out).build());
}

Octets in_ip(const Octets& frame, Outer outer) {
  const Bytes inside = inside_of(frame);
  return with_macs_of(frame, outer_frame(outer)
                                 .protocol(is_v6(frame) ? 41 : 4)
                                 .payload(Octets(inside.begin(), inside.end()))
                                 .build());
}

Octets in_gtp(const Octets& frame, const Gtp& gtp, Outer outer) {
  const Bytes inside = inside_of(frame);
  Octets out = {gtp.flags, 255};
  put16(out, gtp.optional.size() + inside.size());
  put32(out, gtp.endpoint);
  append(out, gtp.optional);
  append(out, inside);
  return with_macs_of(frame, outer_frame(outer).udp(2152, 2152).payload(out).build());
}

Octets in_vxlan(const Octets& frame, const Vxlan& vxlan, Outer outer) {
  Octets out;
  put32(out, vxlan.first_word);
  put32(out, vxlan.network << 8);
  append(out, frame);
  return with_macs_of(frame, outer_frame(outer).udp(51000, 4789).payload(out).build());
}

Octets in_teredo(const Octets& frame, const Octets& headers) {
  Octets out = headers;
  append(out, inside_of(frame));
  return with_macs_of(frame, outer_frame(Outer::v4).udp(52000, 3544).payload(out).build());
}

Octets without_outer_udp_checksum(Octets frame) {
  store_be16(&frame[kEthernet + 20 + 6], 0);
  return frame;
}

}  // namespace chatgate::test
