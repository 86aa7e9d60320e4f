// One event record, as a worker writes it and the event thread reads it.
//
// Plain data of fixed size: a worker fills it in place in its ring and never formats. Numbers that
// mean something only under a policy (rule, application) are resolved when it is written out, by
// the snapshot of the same `generation`; see telemetry/eve.h.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/address.h"
#include "base/spsc_ring.h"
#include "base/strong_id.h"
#include "base/time.h"
#include "catalog/ids.h"
#include "net/packet_view.h"
#include "policy/verdict.h"
#include "proto/facts.h"
#include "telemetry/reason.h"

namespace chatgate::telemetry {

// The types of events that workers write; `stats` and `audit` are made by control.
enum class EventType : std::uint8_t { alert, flow, tls, quic, http, dns };

// EVE's flow.state.
enum class FlowState : std::uint8_t { fresh, established, closed };

// EVE's flow.reason: why a flow left the table.
enum class FlowEnd : std::uint8_t { timeout, closed, evicted, shutdown, cleared };

struct Event {
  static constexpr std::size_t kNameCapacity = 255;

  EventType type = EventType::alert;
  std::uint8_t protocol = 0;  // IANA number: 6 or 17
  proto::AppProto app_proto = proto::AppProto::unknown;
  net::Side arrived_by = net::Side::inside;  // of the packet the event speaks of
  PairId pair{0};
  std::uint8_t vlan_count = 0;
  std::array<std::uint16_t, 2> vlan{};  // outermost first

  Time time;
  std::uint64_t flow_id = 0;
  std::uint64_t packet_number = 0;  // EVE's pcap_cnt; 0 on a device
  std::uint32_t generation = 0;     // of the snapshot that decided

  IpAddress client;  // the side that opened the flow
  IpAddress server;
  std::uint16_t client_port = 0;
  std::uint16_t server_port = 0;

  catalog::Classification im;
  policy::Action action = policy::Action::allow;
  policy::Mode mode = policy::Mode::enforce;
  RuleId rule;
  ListId list;            // by which the rule matched
  SignatureId signature;  // of an alert that a Snort rule gave
  Reason reason = Reason::none;
  std::uint64_t decided_at = 0;  // packet number of the decision; 0 on a device

  // flow events
  FlowState state = FlowState::fresh;
  FlowEnd end = FlowEnd::timeout;
  std::uint64_t packets_to_server = 0, packets_to_client = 0;
  std::uint64_t bytes_to_server = 0, bytes_to_client = 0;
  Time first_seen, last_seen;

  // tls and quic events: what the ClientHello said beside the name
  std::uint16_t tls_version = 0;  // the highest offered, as 0x0304; 0: not told
  bool tls_resumption = false;
  bool tls_ech = false;
  std::uint8_t ja4_size = 0;
  std::array<char, proto::ClientHello::kJa4> ja4;
  std::uint8_t alpn_count = 0;
  std::array<proto::ClientHello::Alpn, 4> alpns;

  bool has_messenger = false;  // an alert about a messenger's message, which says:
  proto::Messenger messenger;

  std::uint8_t name_size = 0;
  std::array<char, kNameCapacity> name;  // host name that told, or the question

  void set_hello(const proto::ClientHello& hello) {
    tls_version = hello.version;
    tls_resumption = hello.resumption;
    tls_ech = hello.ech;
    ja4_size = hello.ja4_size;
    ja4 = hello.ja4;
    alpn_count = static_cast<std::uint8_t>(hello.alpn_count < alpns.size() ? hello.alpn_count
                                                                           : alpns.size());
    for (std::size_t i = 0; i < alpn_count; ++i) alpns[i] = hello.alpns[i];
  }
  std::string_view ja4_view() const { return {ja4.data(), ja4_size}; }
  std::string_view name_view() const { return {name.data(), name_size}; }
  void set_name(std::string_view text) {
    name_size =
        static_cast<std::uint8_t>(text.size() < kNameCapacity ? text.size() : kNameCapacity);
    text.copy(name.data(), name_size);
  }
};

using EventRing = SpscRing<Event>;

}  // namespace chatgate::telemetry
