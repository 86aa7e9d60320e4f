// Inside of a Worker: tables, pools, and the steps of the packet's way. Not for other libraries.
//
// worker.cpp holds the way itself, verdict.cpp what a verdict does, lifecycle.cpp how flows begin
// and end.
#pragma once

#include <array>
#include <cstdint>

#include "engine/burst.h"
#include "engine/inspection.h"
#include "engine/judge.h"
#include "engine/worker.h"
#include "flow/flow_key.h"
#include "flow/flow_table.h"
#include "flow/name_store.h"
#include "net/decode.h"

namespace chatgate::engine {

// How long flows live without a packet, in seconds.
struct Timeouts {
  std::uint32_t embryonic = 30;      // TCP without payload
  std::uint32_t established = 3600;  // TCP with payload
  std::uint32_t closing = 10;        // TCP after both FINs or a RST
  std::uint32_t udp = 60;
  std::uint32_t blocked = 60;
  std::uint32_t inspection = 30;  // payload that does not become a whole message
};

// One packet on its way: the frame, what decode said, where its flow is.
struct Packet {
  const net::PacketView* view = nullptr;
  net::Layers layers;
  flow::FlowPacket key;
  std::uint64_t hash = 0;
  flow::FlowIndex flow;
  flow::Way way = flow::Way::to_server;
  std::uint16_t position = 0;  // in the burst

  bool tcp() const { return layers.protocol == net::kTcp; }
  Bytes payload() const { return layers.payload_of(*view); }
};

class Pipeline {
 public:
  Pipeline(const WorkerConfig& config, telemetry::WorkerCounters& counters,
           telemetry::EventRing* events);

  void process(std::span<const net::PacketView> burst, Time now, const Snapshot& snapshot,
               BurstResult& result);
  void tick(Time now, const Snapshot& snapshot);
  void shut_down(Time now, const Snapshot& snapshot);
  std::size_t memory() const;

  Mailbox mailbox;

 private:
  using Counter = telemetry::Counter;
  using Reason = telemetry::Reason;

  // worker.cpp: the way
  void set_time(Time now, const Snapshot& snapshot);
  void look_up(Packet& packet);
  bool decided(Packet& packet, flow::HotFlow& flow);
  void undecided(Packet& packet);
  void tcp_payload(Packet& packet);
  void udp_payload(Packet& packet);
  void dns_datagram(Packet& packet);
  void inspected(Packet& packet, Inspected outcome);
  void message(Packet& packet);
  void advance(flow::ColdFlow& cold, const Packet& packet);
  void count_message(proto::AppProto protocol);
  void account(Packet& packet, flow::HotFlow& flow);
  void follow_tcp(Packet& packet);
  void follow_handshake(Packet& packet);

  // verdict.cpp
  void conclude(Packet& packet, const Judgement& judgement);
  void settle(flow::FlowIndex flow, const Judgement& judgement, std::uint64_t packet_number);
  bool judge_flow_anew(Packet& packet);
  void enforce_flow(Packet& packet);
  void answer_blocked(Packet& packet);
  void answer_dns(Packet& packet, const Judgement& judgement);
  bool answer_dns_over_tcp(Packet& packet);
  void drop(const Packet& packet, Reason reason);
  void count_verdict(const Judgement& judgement);
  bool blocks(policy::Action action) const {
    return !policy::forwards(action) && snapshot_->mode() == policy::Mode::enforce;
  }
  // Room for a forged frame, null where the burst has used it up.
  ForgedFrame* next_forged(const Packet& packet, net::Side out);
  void commit_forged(std::size_t size);

  // lifecycle.cpp
  bool open_flow(Packet& packet);
  void renew_flow(Packet& packet);
  void end_flow(flow::FlowIndex flow, telemetry::FlowEnd end);
  void end_inspection(flow::FlowIndex flow);
  void expire(flow::FlowIndex flow);
  std::uint32_t timeout(const flow::HotFlow& hot, const flow::ColdFlow& cold) const;
  bool make_room();
  void answer_mail();
  Time time_of(Tick tick) const;

  // events.cpp
  telemetry::Event* begin_event(telemetry::EventType type, flow::FlowIndex flow);
  void alert_event(flow::FlowIndex flow, const Judgement& judgement, const Packet* packet);
  void protocol_event(const Packet& packet, const proto::Facts& facts);
  void flow_event(flow::FlowIndex flow, telemetry::FlowEnd end);
  void fill_flow(telemetry::Event& event, flow::FlowIndex flow, telemetry::FlowEnd end) const;

  const WorkerConfig config_;
  const Timeouts timeouts_;
  telemetry::WorkerCounters& counters_;
  telemetry::EventRing* const events_;

  flow::FlowTable flows_;
  flow::NameStore names_;
  InspectionPool inspections_;

  // Of the burst being processed.
  const Snapshot* snapshot_ = nullptr;
  BurstResult* result_ = nullptr;
  Time now_;
  Tick tick_;
  std::array<Packet, kMaxBurst> packets_;
  proto::Facts facts_;
  flow::NameStore::Buffer name_buffer_;
};

}  // namespace chatgate::engine
