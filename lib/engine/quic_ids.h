// What is remembered of blocked QUIC connections, so that a client that has not understood can be
// told again: its keys come from its first packet, which later ones no longer show.
//
// A fixed number; a newer connection takes an older one's place, which then has to find out by
// itself. One worker's.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "flow/flow.h"
#include "proto/quic_packet.h"

namespace chatgate::engine {

class QuicIds {
 public:
  explicit QuicIds(std::uint32_t capacity) : entries_(std::max<std::uint32_t>(capacity, 1)) {}

  // `flow_hash` tells the flow from a later one with the same index.
  void keep(flow::FlowIndex flow, std::uint64_t flow_hash, const proto::quic::ConnectionIds& ids) {
    entries_[flow.value() % entries_.size()] = {flow, flow_hash, ids};
  }

  // All empty where nothing is known.
  proto::quic::ConnectionIds find(flow::FlowIndex flow, std::uint64_t flow_hash) const {
    const Entry& entry = entries_[flow.value() % entries_.size()];
    return entry.flow == flow && entry.flow_hash == flow_hash ? entry.ids
                                                              : proto::quic::ConnectionIds{};
  }

  std::size_t memory() const { return entries_.size() * sizeof(Entry); }

 private:
  struct Entry {
    flow::FlowIndex flow;
    std::uint64_t flow_hash = 0;
    proto::quic::ConnectionIds ids;
  };

  std::vector<Entry> entries_;
};

}  // namespace chatgate::engine
