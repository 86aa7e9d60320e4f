// Holds what is read of a plain frame at a glance against what `decode` says of it. Header-only.
#pragma once

#include "flow/flow_key.h"

namespace chatgate::test {

struct PlainCheck {
  bool plain = false;           // read at a glance
  const char* wrong = nullptr;  // what the two do not agree in
};

inline PlainCheck check_plain(const net::PacketView& frame, PairId pair = PairId(3)) {
  net::PlainHeaders plain;
  if (!net::read_plain(frame, plain)) return {};
  net::Layers layers;
  net::decode(frame, layers);
  const auto answer = [](const char* wrong) { return PlainCheck{true, wrong}; };
  if (layers.outcome != net::Decoded::transport) return answer("outcome");
  if (layers.encapsulation_count != 0 || layers.tunnel_id != 0) return answer("encapsulation");
  if (layers.payload_missing != 0) return answer("missing bytes");
  if ((layers.protocol == net::kTcp) != plain.tcp) return answer("protocol");
  if (layers.flags != plain.flags) return answer("flags");
  if (!plain.tcp) {
    const Bytes payload = layers.payload_of(frame);
    if (plain.first_bytes != (payload.size() < 2 ? 0 : load_be16(payload.data()))) {
      return answer("first bytes");
    }
  }
  flow::FlowPacket seen, wanted;
  flow::make_key(plain, pair, seen);
  flow::make_key(layers, pair, wanted);
  if (!(seen.key == wanted.key)) return answer("key");
  if (seen.from_low != wanted.from_low) return answer("direction");
  return answer(nullptr);
}

}  // namespace chatgate::test
