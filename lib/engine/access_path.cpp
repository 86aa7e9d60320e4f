// What the access list says of a flow that begins, of one that stands when the policy changes, and
// of packets that are neither TCP nor UDP.

#include <algorithm>

#include "base/ip_protocol.h"
#include "engine/pipeline.h"

namespace chatgate::engine {

using flow::ColdFlow;
using flow::FlowIndex;
using flow::HotFlow;
using flow::Stage;
using flow::Way;
using ip_protocol::kIcmp6;

namespace {

// Answers and errors, which go to whoever opened (RFC 792, RFC 950, RFC 4443).
bool is_icmp_answer(std::uint8_t protocol, std::uint8_t type) {
  if (protocol == kIcmp6) return type < 128 || type == 129;
  constexpr std::uint8_t kAnswers[] = {0, 3, 4, 5, 11, 12, 14, 16, 18};
  return std::find(std::begin(kAnswers), std::end(kAnswers), type) != std::end(kAnswers);
}

// What keeps a link of IPv6 alive: multicast listeners and neighbours (RFC 2710, RFC 3810,
// RFC 4861).
bool keeps_link(std::uint8_t protocol, std::uint8_t type) {
  return protocol == kIcmp6 && ((type >= 130 && type <= 137) || type == 143);
}

bool was_denied(const HotFlow& hot, const ColdFlow& cold) {
  return flow::is_decided(hot.stage) && cold.im.evidence == catalog::Evidence::access_list;
}

}  // namespace

policy::Circumstances Pipeline::circumstances_of(FlowIndex flow) const {
  const HotFlow& hot = flows_.hot(flow);
  policy::Circumstances result;
  result.vlan = {hot.key.outer_vlan(), hot.key.inner_vlan()};
  result.pair = hot.key.pair();
  result.inside_opened = flows_.cold(flow).has(ColdFlow::kInsideOpened);
  result.client_mac = hot.client_mac;
  return result;
}

// The client's hardware address, or that of the router before it, as a class of the policy's.
void Pipeline::note_client_mac(const Packet& packet) {
  const policy::MacClasses& macs = snapshot_->policy->macs();
  HotFlow& hot = flows_.hot(packet.flow);
  hot.client_mac = 0;
  if (macs.empty()) return;
  hot.client_mac = mac_class(*packet.frame, packet.way == Way::to_server) & 0x3f;
}

std::uint8_t Pipeline::mac_class(const net::PacketView& frame, bool sender) const {
  const policy::MacClasses& macs = snapshot_->policy->macs();
  if (macs.empty() || frame.link != net::LinkType::ethernet || frame.bytes.size() < 12) return 0;
  policy::MacAddress address;
  std::copy_n(frame.bytes.data() + (sender ? 6 : 0), address.size(), address.begin());
  return macs.class_of(address);
}

policy::AccessId Pipeline::access_line(FlowIndex flow) const {
  const HotFlow& hot = flows_.hot(flow);
  policy::AccessList::Question question;
  question.protocol = hot.key.is_tcp() ? net::kTcp : net::kUdp;
  question.client = hot.client();
  question.server = hot.server();
  question.server_port = hot.server_port();
  question.circumstances = circumstances_of(flow);
  question.times = snapshot_->times;
  return snapshot_->policy->access().first_match(question);
}

// With the packet by which the flow is met; a denied one ends here.
void Pipeline::apply_access(Packet& packet) {
  const policy::AccessList& list = snapshot_->policy->access();
  if (list.empty()) return;
  const policy::AccessId line = access_line(packet.flow);
  if (traced_ != nullptr) trace_access(line);
  if (!line.valid()) return;
  const policy::AccessEntry& entry = list[line];
  counters_.add_access(snapshot_->generation, line);
  if (!blocks(entry.action)) {
    if (!entry.permits()) counters_.add(Counter::would_block);
    if (!entry.permits() || entry.log) access_event(packet, line);
    return;
  }
  const bool followed = flow::is_followed(flows_.hot(packet.flow).stage);
  deny_flow(packet.flow, line, packet.view->number);
  if (!followed || !flows_.cold(packet.flow).sequence_known(packet.way)) follow_newest(packet);
  enforce_flow(packet, Reason::access_list);
  access_event(packet, line);
}

void Pipeline::deny_flow(FlowIndex flow, policy::AccessId line, std::uint64_t packet_number) {
  HotFlow& hot = flows_.hot(flow);
  ColdFlow& cold = flows_.cold(flow);
  const flow::NameIndex name = flow::is_decided(hot.stage) ? cold.name() : flow::NameIndex::none();
  const policy::Action action = snapshot_->policy->access()[line].action;
  cold.decide(name, static_cast<std::uint32_t>(packet_number));
  cold.im = {ApplicationId::none(), catalog::Service::any, catalog::Evidence::access_list};
  cold.rule = line;
  cold.action = action;
  cold.resets_sent = 0;
  hot.stage = action == policy::Action::reset ? Stage::reset : Stage::dropped;
  hot.generation = static_cast<std::uint16_t>(snapshot_->generation);
  counters_.add(Counter::flows_decided);
  close_record(flow);
}

// A flow that stands, under another policy than before. True where that has settled the packet.
bool Pipeline::access_anew(Packet& packet) {
  const policy::AccessList& list = snapshot_->policy->access();
  HotFlow& hot = flows_.hot(packet.flow);
  const ColdFlow& cold = flows_.cold(packet.flow);
  const bool denied = was_denied(hot, cold);
  if (list.empty() && !denied) return false;
  const policy::AccessId line = access_line(packet.flow);
  const bool denies = line.valid() && blocks(list[line].action);
  if (!denied) {
    if (denies) apply_access(packet);
    return denies;
  }
  if (denies) {
    counters_.add_access(snapshot_->generation, line);
    deny_flow(packet.flow, line, cold.decided_at());
    return false;  // as blocked as before
  }
  // Nothing of it has been read: it begins anew.
  renew_flow(packet);
  undecided(packet);
  return true;
}

// The numbers of a flow that was not followed, by the packet in hand.
void Pipeline::follow_newest(const Packet& packet) {
  if (!packet.tcp()) return;
  ColdFlow& cold = flows_.cold(packet.flow);
  cold.set_sequence(packet.way, packet.layers.sequence);
  if (packet.layers.has(net::tcp_flag::ack)) {
    cold.set_sequence(flow::reverse(packet.way), packet.layers.acknowledgment);
  }
}

// Neither TCP nor UDP. Who opened is read from ICMP's type; of all others the inside end counts as
// the one, so that both directions meet the same line. True where the packet goes no further.
bool Pipeline::access_on_other(Packet& packet) {
  const policy::AccessList& list = snapshot_->policy->access();
  if (!list.concerns_others()) return false;
  const net::Layers& layers = packet.layers;
  bool sender_opens = packet.view->side == net::Side::inside;
  const bool icmp = ip_protocol::is_icmp(layers.protocol);
  if (icmp && layers.outcome == net::Decoded::not_transport && layers.payload_size != 0) {
    const std::uint8_t type = packet.payload()[0];
    if (keeps_link(layers.protocol, type)) return false;
    sender_opens = !is_icmp_answer(layers.protocol, type);
  }
  policy::AccessList::Question question;
  question.protocol = layers.protocol;
  question.client = sender_opens ? layers.source : layers.destination;
  question.server = sender_opens ? layers.destination : layers.source;
  question.circumstances.vlan = layers.vlan;
  question.circumstances.pair = packet.view->pair;
  question.circumstances.inside_opened = (packet.view->side == net::Side::inside) == sender_opens;
  question.circumstances.client_mac = mac_class(*packet.view, sender_opens);
  question.times = snapshot_->times;
  const policy::AccessId line = list.first_match(question);
  if (traced_ != nullptr) trace_access(line);
  if (!line.valid()) return false;
  const policy::AccessEntry& entry = list[line];
  counters_.add_access(snapshot_->generation, line);
  const bool denied = blocks(entry.action);
  if (denied) drop(packet, Reason::access_list);
  if (!denied && !entry.permits()) counters_.add(Counter::would_block);
  if (!entry.permits() || entry.log) access_event_without_flow(packet, line, sender_opens);
  return denied;
}

}  // namespace chatgate::engine
