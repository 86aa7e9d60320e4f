// The input is an Ethernet frame.
#include "net/decode.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "net/frame_builder.h"
#include "net/tcp_options.h"
#include "net/validity.h"

#include "check.h"
#include "plain_check.h"

namespace chatgate::net {
namespace {

constexpr std::array<Encapsulation, 7> kKinds = {
    Encapsulation::pppoe, Encapsulation::mpls,  Encapsulation::gre,   Encapsulation::ip_in_ip,
    Encapsulation::gtp_u, Encapsulation::vxlan, Encapsulation::teredo};

PacketView view_of(Bytes frame) {
  PacketView view;
  view.bytes = frame;
  view.wire_length = static_cast<std::uint32_t>(frame.size());
  return view;
}

Layers decoded(const PacketView& view, Encapsulations look_through = Encapsulations::all()) {
  Layers layers;
  decode(view, layers, look_through);
  return layers;
}

void check_facts(const PacketView& view, const Layers& layers) {
  FUZZ_CHECK(std::size_t{layers.payload} + layers.payload_size <= view.bytes.size());
  FUZZ_CHECK(view.truncated() || layers.payload_missing == 0);
  FUZZ_CHECK(layers.encapsulation_count <= kMaxEncapsulations);
  const bool ip = layers.outcome == Decoded::transport || layers.outcome == Decoded::fragment ||
                  layers.outcome == Decoded::not_transport;
  if (!ip) return;
  FUZZ_CHECK(layers.ip_version == 4 || layers.ip_version == 6);
  FUZZ_CHECK(layers.network < layers.transport && layers.transport <= view.bytes.size());
  std::size_t last = 0;
  for (std::size_t i = 0; i < layers.encapsulation_count; ++i) {
    const Encapsulated& around = layers.encapsulation[i];
    FUZZ_CHECK(around.offset > last && around.offset <= layers.network);
    FUZZ_CHECK(around.carrier < around.offset);
    last = around.offset;
  }
  (void)ip_checksum_right(view, layers);
  if (layers.outcome != Decoded::transport) {
    FUZZ_CHECK(layers.source_port == 0 && layers.destination_port == 0);
    FUZZ_CHECK((layers.outcome == Decoded::fragment) ==
               (layers.fragment_more || layers.fragment_offset != 0));
    return;
  }
  (void)transport_checksum_right(view, layers);
  if (layers.protocol == kTcp) (void)read_tcp_options(view, layers);
}

// A kind that is switched off never shows, and what needs none of it is read the same.
void check_switches(const PacketView& view, const Layers& all) {
  for (const Encapsulation kind : kKinds) {
    const Layers layers = decoded(view, Encapsulations::all().without(kind));
    check_facts(view, layers);
    bool used = false;
    for (std::size_t i = 0; i < layers.encapsulation_count; ++i) {
      FUZZ_CHECK(layers.encapsulation[i].kind != kind);
    }
    for (std::size_t i = 0; i < all.encapsulation_count; ++i) {
      used |= all.encapsulation[i].kind == kind;
    }
    FUZZ_CHECK(used || (layers.outcome == all.outcome && layers.network == all.network &&
                        layers.tunnel_id == all.tunnel_id));
  }
}

std::vector<std::uint8_t> build(const PacketView& view, const Layers& layers, Toward toward,
                                const Opposite* back = nullptr) {
  static constexpr std::array<std::uint8_t, 5> kPayload = {'r', 'e', 'p', 'l', 'y'};
  const TcpFields fields{1, 2, tcp_flag::rst, 3};
  std::vector<std::uint8_t> out(view.bytes.size() + 128);
  out.resize(layers.protocol == kTcp ? build_tcp(view, layers, toward, fields, kPayload, out, back)
                                     : build_udp(view, layers, toward, kPayload, out, back));
  return out;
}

void check_built(const Layers& seen, Toward toward, Bytes frame) {
  const PacketView view = view_of(frame);
  const Layers layers = decoded(view);
  check_facts(view, layers);
  FUZZ_CHECK(layers.outcome == Decoded::transport && layers.protocol == seen.protocol);
  const bool back = toward == Toward::sender;
  FUZZ_CHECK(layers.source == (back ? seen.destination : seen.source));
  FUZZ_CHECK(layers.destination == (back ? seen.source : seen.destination));
  FUZZ_CHECK(layers.source_port == (back ? seen.destination_port : seen.source_port));
  FUZZ_CHECK(layers.destination_port == (back ? seen.source_port : seen.destination_port));
  FUZZ_CHECK(layers.encapsulation_count == seen.encapsulation_count);
  FUZZ_CHECK(layers.tunnel_id == seen.tunnel_id && layers.vlan == seen.vlan);
  FUZZ_CHECK(layers.payload_size == 5);
  FUZZ_CHECK(ip_checksum_right(view, layers) && transport_checksum_right(view, layers));
}

void check_building(const PacketView& view, const Layers& seen) {
  const auto onward = build(view, seen, Toward::receiver);
  check_built(seen, Toward::receiver, onward);
  const auto back = build(view, seen, Toward::sender);
  FUZZ_CHECK(back.empty() == needs_opposite(view, seen));
  if (!back.empty()) check_built(seen, Toward::sender, back);
  // Beside a packet of the other direction there is always a way; this one stands in for it.
  const Opposite opposite{view, seen};
  check_built(seen, Toward::sender, build(view, seen, Toward::sender, &opposite));
}

void check_frame(Bytes frame) {
  PacketView view = view_of(frame);
  const Layers layers = decoded(view);
  check_facts(view, layers);
  check_switches(view, layers);
  if (layers.outcome == Decoded::transport) check_building(view, layers);
  FUZZ_CHECK(test::check_plain(view).wrong == nullptr);

  view.number = 1;
  view.wire_length += 40;
  const Layers cut = decoded(view);
  check_facts(view, cut);
}

}  // namespace
}  // namespace chatgate::net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chatgate::net::check_frame({data, size});
  return 0;
}
