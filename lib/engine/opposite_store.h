// Where the head of a packet of the other direction is kept, for the encapsulations whose way back
// a packet does not tell: MPLS labels, GTP tunnel endpoints, an outer routing header.
//
// Without it a connection inside them could be stopped but its sender not be told. A fixed number
// of heads; a newer one takes an older one's place, which costs that connection its reset and
// nothing else. One worker's.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "flow/flow.h"
#include "net/decode.h"
#include "net/frame_builder.h"
#include "net/packet_view.h"

namespace chatgate::engine {

class OppositeStore {
 public:
  static constexpr std::size_t kMaxHead = 256;

  explicit OppositeStore(std::uint32_t capacity) : entries_(capacity) {}

  // Keeps the head of a packet of `flow` that came by `side`. `flow_hash` tells the flow from a
  // later one with the same index.
  void keep(flow::FlowIndex flow, std::uint64_t flow_hash, net::Side side,
            const net::PacketView& packet, const net::Layers& layers) {
    const std::size_t size = std::size_t{layers.network} + kIpHeader;
    if (size > kMaxHead || size > packet.bytes.size()) return;
    Entry& entry = slot(flow, side);
    if (entry.flow == flow && entry.flow_hash == flow_hash && entry.side == side) return;
    entry.flow = flow;
    entry.flow_hash = flow_hash;
    entry.side = side;
    entry.layers = layers;
    entry.view = packet;
    std::copy_n(packet.bytes.begin(), size, entry.head.begin());
    entry.view.bytes = Bytes(entry.head).first(size);
  }

  // What came by `side`, valid until the next `keep`; nothing where none was kept.
  std::optional<net::Opposite> find(flow::FlowIndex flow, std::uint64_t flow_hash,
                                    net::Side side) const {
    const Entry& entry = entries_[position(flow, side)];
    if (entry.flow != flow || entry.flow_hash != flow_hash || entry.side != side)
      return std::nullopt;
    return net::Opposite{entry.view, entry.layers};
  }

  std::size_t memory() const { return entries_.size() * sizeof(Entry); }

 private:
  // Enough of the IP header for the builder, which does not read further.
  static constexpr std::size_t kIpHeader = 20;

  struct Entry {
    flow::FlowIndex flow;
    std::uint64_t flow_hash = 0;
    net::Side side = net::Side::inside;
    net::PacketView view;
    net::Layers layers;
    std::array<std::uint8_t, kMaxHead> head;
  };

  std::size_t position(flow::FlowIndex flow, net::Side side) const {
    return (std::size_t{flow.value()} * 2 + static_cast<std::size_t>(side)) % entries_.size();
  }
  Entry& slot(flow::FlowIndex flow, net::Side side) { return entries_[position(flow, side)]; }

  std::vector<Entry> entries_;
};

}  // namespace chatgate::engine
