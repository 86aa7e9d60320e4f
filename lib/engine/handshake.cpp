// How a TCP connection opens and ends, and how its ports come to be another's.

#include "engine/pipeline.h"
#include "net/multipath.h"

namespace chatgate::engine {

using flow::ColdFlow;
using flow::HotFlow;
using flow::Stage;
using flow::Way;

// A connection whose opening was not seen, at its first packet. False where that settles it.
bool Pipeline::pick_up(Packet& packet) {
  const HotFlow& flow = flows_.hot(packet.flow);
  const policy::Midstream word = controls().midstream;
  if (!is_first(packet.flow) || word == policy::Midstream::inspect ||
      flow.stage != Stage::undecided || packet.layers.has(net::tcp_flag::syn)) {
    return true;
  }
  counters_.add(Counter::picked_up);
  if (word == policy::Midstream::forward) {
    facts_.clear();
    conclude(packet, judge(*snapshot_, ends(packet.flow), facts_));
    return false;
  }
  const bool resets = word == policy::Midstream::reset;
  take_down(packet, Reason::tcp_midstream, resets ? policy::Action::reset : policy::Action::drop);
  return false;
}

// Handshake and end of a connection. False where the packet has been dealt with.
bool Pipeline::follow_tcp(Packet& packet) {
  const net::Layers& layers = packet.layers;
  if (layers.has(net::tcp_flag::syn) && !layers.has(net::tcp_flag::fin | net::tcp_flag::rst)) {
    const bool goes_on =
        layers.has(net::tcp_flag::ack) ? follow_syn_ack(packet) : follow_syn(packet);
    if (!goes_on) return false;
  }
  if (!layers.has(net::tcp_flag::fin | net::tcp_flag::rst)) return true;
  ColdFlow& cold = flows_.cold(packet.flow);
  if (layers.has(net::tcp_flag::fin)) {
    cold.flags |= packet.way == Way::to_server ? ColdFlow::kFinToServer : ColdFlow::kFinToClient;
  }
  // RFC 5961 section 3.2: only a reset at the very next byte ends a connection. A decided flow's
  // numbers are not followed; for it the flag only shortens its time in the table.
  const Stage stage = flows_.hot(packet.flow).stage;
  const bool followed = flow::is_followed(stage);
  if (layers.has(net::tcp_flag::rst) &&
      (!followed || !cold.sequence_known(packet.way) ||
       layers.sequence == cold.next_sequence[flow::index(packet.way)])) {
    cold.flags |= ColdFlow::kReset;
  }
  if (cold.closed()) {
    flows_.schedule(packet.flow, tick_, Tick::from_seconds(controls().timeouts.closing));
  }
  return true;
}

// A SYN opens a flow, repeats itself, or is for the next connection on the same ports. The last is
// believed only when the other end answers it: until then every byte counts for the connection that
// is there, since the SYN may have been made to be seen here only.
bool Pipeline::follow_syn(Packet& packet) {
  // What a connection says over several paths could be read on none of them.
  if (net::joins_a_connection(*packet.view, packet.layers)) {
    refuse(packet, Reason::tcp_syn);
    return false;
  }
  const std::uint32_t first = packet.layers.sequence + 1;
  const HotFlow& flow = flows_.hot(packet.flow);
  const ColdFlow& before = flows_.cold(packet.flow);
  const Way back = flow::reverse(packet.way);
  const bool opened_now = is_first(packet.flow);
  const bool repeated =
      before.sequence_known(packet.way) && before.next_sequence[flow::index(packet.way)] == first;
  // The other end opening at the same time is part of the same connection (RFC 9293 section 3.5).
  const bool simultaneous =
      flow.stage == Stage::undecided && !before.sequence_known(packet.way) && !opened_now;
  if (!opened_now && !repeated && !simultaneous) {
    if (flow.packets[flow::index(back)] != 0) return reopen(packet);
    renew_flow(packet);
  }
  if (!repeated) flows_.cold(packet.flow).set_sequence(packet.way, first);
  if (flow.stage != Stage::undecided || packet.way != Way::to_server) return true;
  Judgement judgement;
  if (!refuse_at_once(*snapshot_, ends(packet.flow), judgement)) {
    tell_of_address(packet, judgement);
    return true;
  }
  conclude(packet, judgement);
  return !flow::is_blocked(flow.stage);
}

// A SYN on the ports of a connection that both ends have taken part in.
bool Pipeline::reopen(Packet& packet) {
  HotFlow& flow = flows_.hot(packet.flow);
  ColdFlow& cold = flows_.cold(packet.flow);
  Judgement judgement;
  if (flow::is_blocked(flow.stage) && packet.way == Way::to_server &&
      refuse_at_once(*snapshot_, ends(packet.flow), judgement)) {
    renew_flow(packet);
    if (flow::is_blocked(flows_.hot(packet.flow).stage)) return false;  // by the access list
    flows_.cold(packet.flow).set_sequence(packet.way, packet.layers.sequence + 1);
    conclude(packet, judgement);
    return false;
  }
  const bool followed = flow.stage == Stage::undecided || flow.stage == Stage::confirming;
  if ((followed && !cold.closed()) || packet.layers.payload_size != 0) {
    refuse(packet, Reason::tcp_syn);
    return false;
  }
  flow.reopening = true;
  reopening_sequence(packet.flow, packet.way) = packet.layers.sequence + 1;
  return false;
}

// Where the number of the awaited connection is kept: wherever the flow's stage leaves room.
std::uint32_t& Pipeline::reopening_sequence(flow::FlowIndex flow, Way way) {
  ColdFlow& cold = flows_.cold(flow);
  if (cold.inspection.valid()) return inspections_.get(cold.inspection).reopening_sequence;
  if (flows_.hot(flow).stage == Stage::undecided) return cold.words[flow::index(way)];
  return cold.next_sequence[flow::index(way)];
}

// Whether the packet in hand is the flow's first.
bool Pipeline::is_first(flow::FlowIndex flow) const {
  const HotFlow& hot = flows_.hot(flow);
  return hot.packets[0] + hot.packets[1] == 0;
}

// Whether a packet came in where its sender is. One that did not is forged by somebody on the side
// of its receiver, or passes here twice, and will have been or be seen from its own side.
bool Pipeline::is_from_its_side(const Packet& packet) const {
  const bool inside_opened = flows_.cold(packet.flow).has(ColdFlow::kInsideOpened);
  return (packet.view->side == net::Side::inside) ==
         (inside_opened == (packet.way == Way::to_server));
}

// Whether a SYN/ACK answers the SYN that has come on the ports of an earlier connection. That may
// have been one of several, of which the others were made to be seen here only; where nothing is
// read any more any answer will do, and reading begins again where it says.
bool Pipeline::opens_anew(const Packet& packet, std::uint32_t taken) {
  return flows_.hot(packet.flow).stage == Stage::forwarded ||
         reopening_sequence(packet.flow, flow::reverse(packet.way)) == taken;
}

// The responder's word on which SYN it has taken, and on whether it has taken data with it. False
// where the packet has been dealt with.
bool Pipeline::follow_syn_ack(Packet& packet) {
  if (!is_from_its_side(packet)) return true;
  const std::uint32_t first = packet.layers.sequence + 1;
  const std::uint32_t taken = packet.layers.acknowledgment;
  const Way back = flow::reverse(packet.way);
  const HotFlow& flow = flows_.hot(packet.flow);
  if (flow.reopening && opens_anew(packet, taken)) {
    renew_flow(packet);
  } else if (!flow::is_followed(flow.stage)) {
    return true;
  } else if (const ColdFlow& cold = flows_.cold(packet.flow); cold.sequence_known(packet.way)) {
    const std::uint32_t known =
        cold.inspection.valid()
            ? inspections_.get(cold.inspection).first_sequence[flow::index(packet.way)]
            : cold.next_sequence[flow::index(packet.way)];
    if (known != first || packet.layers.payload_size != 0) {
      refuse(packet, Reason::tcp_syn);
      return false;
    }
  } else if (cold.inspection.valid() &&
             taken == inspections_.get(cold.inspection).first_sequence[flow::index(back)]) {
    // Data in the SYN was not taken (RFC 7413 section 4.2.2): it comes again, or something else.
    restart_inspection(packet.flow);
  }
  ColdFlow& opened = flows_.cold(packet.flow);
  if (opened.inspection.valid()) return true;
  opened.set_sequence(packet.way, first);
  opened.set_sequence(back, taken);
  return true;
}

// Forgets what was read: the connection turns out to start elsewhere.
void Pipeline::restart_inspection(flow::FlowIndex flow) {
  end_inspection(flow);
  HotFlow& hot = flows_.hot(flow);
  if (hot.stage != Stage::confirming && hot.stage != Stage::watched) return;
  ColdFlow& cold = flows_.cold(flow);
  names_.release(cold.name());
  cold.words = {};
  cold.im = {};
  cold.app_proto = proto::AppProto::unknown;
  hot.stage = Stage::undecided;
}

}  // namespace chatgate::engine
