// What is known of a flow before a message of its own is whole: by its server's address alone, by
// the names of a hello that is not all there, by what an endpoint sends to one peer after another.

#include "engine/pipeline.h"
#include "proto/skype.h"

namespace chatgate::engine {

using flow::ColdFlow;
using flow::Stage;

// A connection to a server of an application that is let pass is told of with its first packet:
// perhaps nothing else ever tells. What it says itself is told when it says it.
void Pipeline::tell_of_address(const Packet& packet, const Judgement& judgement) {
  if (judgement.im.evidence != catalog::Evidence::address) return;
  ColdFlow& cold = flows_.cold(packet.flow);
  if (is_told(packet.flow, judgement)) return;
  cold.im = judgement.im;
  cold.rule = judgement.verdict.rule;
  alert_event(packet.flow, judgement, &packet);
}

// Whether that was all there is to tell.
bool Pipeline::is_told(flow::FlowIndex flow, const Judgement& judgement) const {
  const ColdFlow& cold = flows_.cold(flow);
  return flows_.hot(flow).stage == Stage::undecided && cold.im.known() &&
         cold.im.evidence == catalog::Evidence::address &&
         judgement.im.evidence == catalog::Evidence::address &&
         judgement.im.application == cold.im.application && judgement.verdict.rule == cold.rule &&
         policy::forwards(judgement.verdict.action);
}

// The names of a hello whose rest is still to come. One that is to be blocked is blocked now, so
// that nothing of it arrives; one to be told of is told of. Any other waits for the rest. True
// where that settles the flow.
bool Pipeline::read_so_far(Packet& packet) {
  if (facts_.name_count == 0) return false;
  const Judgement judgement = judge(*snapshot_, ends(packet.flow), facts_);
  if (judgement.im.evidence != catalog::Evidence::tls_sni) return false;
  if (blocks(judgement.verdict.action)) {
    flows_.cold(packet.flow).app_proto = facts_.protocol;
    conclude(packet, judgement);
    return true;
  }
  if (judgement.verdict.log || judgement.verdict.action == policy::Action::alert) {
    flows_.cold(packet.flow).app_proto = facts_.protocol;
    watch(packet, judgement);
  }
  return false;
}

// A datagram that no parser knows, but that one of Skype's nodes may have sent: what proves it is
// the number that goes on from one peer to the next, so the first to a peer may have to wait for
// the second. True where it does.
bool Pipeline::waits_for_peers(Packet& packet) {
  if (config_.nodes == nullptr || config_.expected == nullptr) return false;
  const auto number = proto::skype::datagram_number(packet.payload());
  if (!number) return false;
  const net::Layers& layers = packet.layers;
  const bool known =
      config_.nodes->saw({layers.source, layers.source_port}, layers.destination, *number, now_);
  const auto& flow = flows_.hot(packet.flow);
  if (!known) return flow.packets[0] + flow.packets[1] == 0;
  const catalog::Application* skype = snapshot_->catalogue->find("skype");
  if (skype == nullptr) return false;
  config_.expected->expect({layers.source, layers.source_port, false}, skype->id, now_);
  return false;
}

// A call asks its application's STUN servers and then talks to its peers from the same port (RFC
// 8445 section 5.1.1), where nothing may say whose it is.
void Pipeline::expect_call(flow::FlowIndex flow, const Judgement& judgement) {
  const bool sure = judgement.im.evidence == catalog::Evidence::payload ||
                    judgement.im.evidence == catalog::Evidence::address;
  if (config_.expected == nullptr || facts_.protocol != proto::AppProto::stun || !sure) return;
  const flow::HotFlow& hot = flows_.hot(flow);
  config_.expected->expect({hot.client(), hot.client_port(), false, judgement.im.service},
                           judgement.im.application, now_);
}

}  // namespace chatgate::engine
