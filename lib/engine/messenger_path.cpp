// What a messenger's message means for its flow beside its verdict, and bytes that may become one.

#include "engine/pipeline.h"

namespace chatgate::engine {

// Log-in, version and client are said once and hold for the session.
void Pipeline::note_messenger(const Packet& packet) {
  const flow::InspectionIndex index = flows_.cold(packet.flow).inspection;
  if (!facts_.has_messenger || !index.valid()) return;
  Inspection& inspection = inspections_.get(index);
  const auto keep = [](proto::ShortText& kept, proto::ShortText& said) {
    if (said.empty()) {
      said = kept;
    } else {
      kept = said;
    }
  };
  keep(inspection.login, facts_.messenger.login);
  keep(inspection.version, facts_.messenger.version);
  keep(inspection.client, facts_.messenger.client);
}

// Connections that a message announces are of its application, on whichever worker they meet.
void Pipeline::expect_flows(const Judgement& judgement) {
  if (config_.expected == nullptr || judgement.said == nullptr) return;
  for (std::size_t i = 0; i < judgement.said->expected_count; ++i) {
    config_.expected->expect(judgement.said->expected[i], judgement.im.application, now_);
  }
}

// A client's bytes that may only be obfuscated ones yet: where the server's address or port is
// refused, it is refused now. True where it was.
bool Pipeline::refuse_unknown(Packet& packet) {
  const flow::ColdFlow& cold = flows_.cold(packet.flow);
  if (packet.way != flow::Way::to_server || flows_.hot(packet.flow).stage != flow::Stage::undecided)
    return false;
  if (!InspectionPool::only_last_resort(inspections_.get(cold.inspection).half(packet.way))) {
    return false;
  }
  facts_.clear();
  Ends unread = ends(packet.flow);
  unread.protocol = proto::AppProto::failed;
  const Judgement judgement = judge(*snapshot_, unread, facts_);
  if (!judgement.im.known() || !blocks(judgement.verdict.action)) return false;
  conclude(packet, judgement);
  return true;
}

// Whether what else is said in the session can still change its verdict, or that of another flow.
// Up to the log-in it can turn into TLS, whose hello names another server.
bool Pipeline::reads_messages(const Judgement& judgement) const {
  const catalog::Service service = judgement.im.service;
  return !judgement.im.known() || service == catalog::Service::any ||
         service == catalog::Service::login ||
         snapshot_->policy->looks_into(judgement.im.application) ||
         !policy::forwards(snapshot_->policy->fallback());
}

// Whether a session needs no further look behind the message in hand. What carries it may carry
// another's next.
bool Pipeline::ends_with_this(const Judgement& judgement) const {
  return facts_.has_messenger && facts_.carrier == proto::AppProto::unknown &&
         facts_.next == proto::Next::message && !reads_messages(judgement);
}

bool Pipeline::service_is_news(flow::FlowIndex flow, catalog::Service service) {
  const flow::InspectionIndex index = flows_.cold(flow).inspection;
  if (!index.valid() || service == catalog::Service::any) return false;
  return (inspections_.get(index).services_told >> static_cast<unsigned>(service) & 1) == 0;
}

}  // namespace chatgate::engine
