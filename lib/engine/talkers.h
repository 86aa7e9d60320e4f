// Clients and what their flows come to, summed up from a flow table: for `show talkers`.
//
// Memory of the asker's (the control thread): a table of fixed size that a worker fills while it
// answers a FlowQuery, between bursts. The packet path has no part in it. A client for which there
// is no room is not in the table, and its flows are counted as left out.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/address.h"

namespace chatgate::engine {

struct Talker {
  IpAddress client;  // that opened the flows
  std::uint64_t bytes = 0, packets = 0;
  std::uint32_t flows = 0;  // 0: the place is free
  std::uint32_t blocked = 0;

  void add(const Talker& other) {
    bytes += other.bytes;
    packets += other.packets;
    flows += other.flows;
    blocked += other.blocked;
  }
};

class TalkerTable {
 public:
  // Room for about three quarters of this many clients; a power of two.
  static constexpr std::size_t kPlaces = std::size_t{1} << 16;

  TalkerTable() : places_(kPlaces) {}

  // `hash` is the client's, secret to those outside, so that nobody can aim for one place.
  void add(const Talker& flows, std::uint64_t hash) {
    constexpr std::size_t kMostProbes = 64;
    for (std::size_t i = 0; i < kMostProbes; ++i) {
      Talker& place = places_[(hash + i) % kPlaces];
      if (place.flows == 0) place.client = flows.client;
      if (place.client != flows.client) continue;
      place.add(flows);
      return;
    }
    left_out_ += flows.flows;
  }

  // Those with `flows` above 0 are clients.
  std::span<const Talker> places() const { return places_; }
  std::uint64_t left_out() const { return left_out_; }  // flows

 private:
  std::vector<Talker> places_;
  std::uint64_t left_out_ = 0;
};

}  // namespace chatgate::engine
