// What a worker tells: records written in place into its ring.

#include "engine/pipeline.h"

namespace chatgate::engine {

using flow::ColdFlow;
using flow::FlowIndex;
using flow::HotFlow;

namespace {

// Events carry an identifier that JSON numbers hold exactly.
constexpr std::uint64_t kFlowIdMask = (std::uint64_t{1} << 53) - 1;

}  // namespace

std::uint64_t Pipeline::flow_id(FlowIndex flow) const {
  return (flow::hash_key(config_.hash, flows_.hot(flow).key) + flows_.cold(flow).first_seen.raw()) &
         kFlowIdMask;
}

telemetry::Event* Pipeline::reserve_event() {
  if (events_ == nullptr) return nullptr;
  telemetry::Event* event = events_->reserve();
  if (event == nullptr) counters_.add(Counter::events_lost);
  return event;
}

// The packet that an event speaks of.
void Pipeline::fill_packet(telemetry::Event& event, const Packet& packet) const {
  event.time = packet.view->time;
  event.packet_number = packet.view->number;
  event.decided_at = packet.view->number;
  event.arrived_by = packet.view->side;
  event.reason = result_->dispositions[packet.position].reason;
}

// The next record of the ring with the flow's ends in it; null, and counted, where it is full.
telemetry::Event* Pipeline::begin_event(telemetry::EventType type, FlowIndex flow) {
  telemetry::Event* event = reserve_event();
  if (event == nullptr) return nullptr;
  fill_flow(*event, flow, telemetry::FlowEnd::timeout);
  event->type = type;
  if (type != telemetry::EventType::flow) event->generation = snapshot_->generation;
  return event;
}

void Pipeline::alert_event(FlowIndex flow, const Judgement& judgement, const Packet* packet) {
  const policy::Verdict& verdict = judgement.verdict;
  if (verdict.action == policy::Action::allow && !verdict.log) return;
  telemetry::Event* event = begin_event(telemetry::EventType::alert, flow);
  if (event == nullptr) return;
  event->im = judgement.im;
  event->action = verdict.action;
  event->rule = verdict.rule;
  event->list = verdict.list;
  event->generation = snapshot_->generation;
  event->set_name(judgement.name);
  if (judgement.said != nullptr) {
    event->has_messenger = true;
    event->messenger = *judgement.said;
  }
  if (packet != nullptr) fill_packet(*event, *packet);
  if (verdict.port_misuse) event->reason = Reason::port_misuse;
  if (verdict.unclassified) event->reason = Reason::unclassified;
  if (verdict.watched) {
    event->action = *verdict.watched;
    event->mode = policy::Mode::monitor;
  }
  events_->commit();
}

// A Snort rule matched.
void Pipeline::signature_event(FlowIndex flow, SignatureId signature, const Judgement& judgement,
                               const Packet* packet) {
  telemetry::Event* event = begin_event(telemetry::EventType::alert, flow);
  if (event == nullptr) return;
  event->signature = signature;
  event->im = judgement.im;
  event->action = judgement.verdict.action;
  event->rule = judgement.verdict.rule;
  event->list = judgement.verdict.list;
  if (packet != nullptr) fill_packet(*event, *packet);
  events_->commit();
}

// The same for a packet that is neither TCP nor UDP.
void Pipeline::signature_event_without_flow(const Packet& packet, SignatureId signature,
                                            policy::Action action) {
  telemetry::Event* event = begin_event_without_flow(packet);
  if (event == nullptr) return;
  event->signature = signature;
  event->action = action;
  events_->commit();
}

telemetry::Event* Pipeline::begin_event_without_flow(const Packet& packet) {
  telemetry::Event* event = reserve_event();
  if (event == nullptr) return nullptr;
  event->type = telemetry::EventType::alert;
  event->protocol = packet.layers.protocol;
  event->pair = packet.view->pair;
  event->vlan = packet.layers.vlan;
  event->vlan_count = packet.layers.tag_count;
  event->generation = snapshot_->generation;
  event->mode = snapshot_->mode();
  event->client = packet.layers.source;
  event->server = packet.layers.destination;
  fill_packet(*event, packet);
  return event;
}

// A line of the access list denied a flow, or permitted one that it logs.
void Pipeline::access_event(const Packet& packet, policy::AccessId line) {
  telemetry::Event* event = begin_event(telemetry::EventType::alert, packet.flow);
  if (event == nullptr) return;
  event->im.evidence = catalog::Evidence::access_list;
  event->action = snapshot_->policy->access()[line].action;
  event->rule = line;
  fill_packet(*event, packet);
  events_->commit();
}

void Pipeline::access_event_without_flow(const Packet& packet, policy::AccessId line,
                                         bool sender_opens) {
  telemetry::Event* event = begin_event_without_flow(packet);
  if (event == nullptr) return;
  if (!sender_opens) std::swap(event->client, event->server);
  event->im.evidence = catalog::Evidence::access_list;
  event->action = snapshot_->policy->access()[line].action;
  event->rule = line;
  events_->commit();
}

// A connection that was taken down, or a flow given up, for what it did.
void Pipeline::evasion_event(FlowIndex flow, const Packet* packet, Reason reason) {
  conduct_event(flow, packet, reason, flows_.cold(flow).action);
}

// A check that is not a rule has found something.
void Pipeline::conduct_event(FlowIndex flow, const Packet* packet, Reason reason,
                             policy::Action action) {
  telemetry::Event* event = begin_event(telemetry::EventType::alert, flow);
  if (event == nullptr) return;
  event->action = action;
  event->rule = RuleId::none();
  event->list = ListId::none();
  if (packet != nullptr) fill_packet(*event, *packet);
  event->reason = reason;
  events_->commit();
}

void Pipeline::protocol_event(const Packet& packet, const proto::Facts& facts) {
  if (!config_.protocol_events) return;
  telemetry::EventType type = telemetry::EventType::tls;
  switch (facts.protocol) {
    case proto::AppProto::tls:
    case proto::AppProto::dtls: break;
    case proto::AppProto::quic: type = telemetry::EventType::quic; break;
    case proto::AppProto::http:
    case proto::AppProto::http2: type = telemetry::EventType::http; break;
    case proto::AppProto::dns: type = telemetry::EventType::dns; break;
    default: return;
  }
  // A hello without a name is worth an event too.
  const std::size_t count = facts.name_count == 0 && facts.has_hello ? 1 : facts.name_count;
  for (std::size_t i = 0; i < count; ++i) {
    telemetry::Event* event = begin_event(type, packet.flow);
    if (event == nullptr) return;
    event->time = packet.view->time;
    event->packet_number = packet.view->number;
    event->arrived_by = packet.view->side;
    event->set_name(facts.name_count == 0 ? std::string_view() : facts.names[i].host.view());
    if (facts.has_hello) event->set_hello(facts.hello);
    events_->commit();
  }
}

// One at the end of every flow that held payload.
void Pipeline::flow_event(FlowIndex flow, telemetry::FlowEnd end) {
  if (!flows_.cold(flow).has(ColdFlow::kPayload)) return;
  telemetry::Event* event = begin_event(telemetry::EventType::flow, flow);
  if (event == nullptr) return;
  event->end = end;
  events_->commit();
}

// The generation in which the rule's number of a flow's verdict means the rule: the running one, as
// long as it has the same rules. The record holds the low bits.
std::uint32_t Pipeline::decided_generation(const HotFlow& hot) const {
  if (hot.stage == flow::Stage::undecided) return snapshot_->generation;
  const auto age = static_cast<std::uint16_t>(snapshot_->generation - hot.generation);
  return age <= snapshot_->same_rules ? snapshot_->generation : snapshot_->generation - age;
}

// Of the lists that the rule of a decided flow names, the one that its name or server is in. The
// record has no room for it.
ListId Pipeline::decided_list(const HotFlow& hot, const ColdFlow& cold) const {
  const auto rules = snapshot_->policy->rules();
  if (cold.im.evidence == catalog::Evidence::access_list) return ListId::none();  // of a line
  if (!flow::is_decided(hot.stage) || decided_generation(hot) != snapshot_->generation ||
      cold.rule.value() >= rules.size()) {
    return ListId::none();
  }
  const lists::Mask named = rules[cold.rule.value()].lists;
  if ((named & (named - 1)) == 0 || snapshot_->lists == nullptr) return lists::first(named);
  flow::NameStore::Buffer buffer;
  return lists::first(named & (snapshot_->lists->of_name(names_.read(cold.name(), buffer)) |
                               snapshot_->lists->of_address(hot.server())));
}

void Pipeline::fill_flow(telemetry::Event& event, FlowIndex flow, telemetry::FlowEnd end) const {
  const HotFlow& hot = flows_.hot(flow);
  const ColdFlow& cold = flows_.cold(flow);
  event.type = telemetry::EventType::flow;
  event.protocol = hot.key.is_tcp() ? net::kTcp : net::kUdp;
  event.app_proto = cold.app_proto;
  event.arrived_by = cold.has(ColdFlow::kInsideOpened) ? net::Side::inside : net::Side::outside;
  event.pair = hot.key.pair();
  event.vlan = {hot.key.outer_vlan(), hot.key.inner_vlan()};
  event.vlan_count = static_cast<std::uint8_t>(event.vlan[1] != 0 ? 2 : event.vlan[0] != 0 ? 1 : 0);
  event.time = now_;
  event.generation = decided_generation(hot);
  event.flow_id = flow_id(flow);
  event.client = hot.client();
  event.server = hot.server();
  event.client_port = hot.client_port();
  event.server_port = hot.server_port();
  event.im = cold.im;
  event.action = cold.action;
  event.mode = snapshot_->mode();
  event.rule = cold.rule == kTakenDown ? RuleId::none() : cold.rule;
  event.list = decided_list(hot, cold);
  event.reason = flow::is_blocked(hot.stage) ? Reason::blocked_flow : Reason::none;
  const bool decided = flow::is_decided(hot.stage);
  event.decided_at = decided ? cold.decided_at() : 0;
  event.end = end;
  if (cold.closed()) {
    event.state = telemetry::FlowState::closed;
  } else {
    event.state = hot.packets[0] != 0 && hot.packets[1] != 0 ? telemetry::FlowState::established
                                                             : telemetry::FlowState::fresh;
  }
  event.packets_to_server = hot.packets[flow::index(flow::Way::to_server)];
  event.packets_to_client = hot.packets[flow::index(flow::Way::to_client)];
  event.bytes_to_server = cold.bytes(hot, flow::Way::to_server);
  event.bytes_to_client = cold.bytes(hot, flow::Way::to_client);
  event.first_seen = time_of(cold.first_seen);
  event.last_seen = time_of(hot.last_seen);
  flow::NameStore::Buffer buffer;
  event.set_name(decided ? names_.read(cold.name(), buffer) : std::string_view());
}

}  // namespace chatgate::engine
