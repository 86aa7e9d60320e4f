// What a verdict does: to the flow's record, to the packet in hand, and in frames of our own.

#include <optional>
#include <utility>

#include "enforce/tcp_reset.h"
#include "engine/pipeline.h"
#include "net/frame_builder.h"

namespace chatgate::engine {

using flow::ColdFlow;
using flow::HotFlow;
using flow::Stage;
using flow::Way;

namespace {

// Resets that one blocked flow may cause beyond the first pair; an end that ignores them falls
// silent against a wall.
constexpr std::uint8_t kMaxResets = 16;

}  // namespace

// The flow's verdict has been found with this packet in hand.
void Pipeline::conclude(Packet& packet, const Judgement& judgement) {
  ColdFlow& cold = flows_.cold(packet.flow);
  const bool says_nothing = facts_.name_count == 0 && !facts_.has_messenger;
  if (flows_.hot(packet.flow).stage == Stage::watched && says_nothing) {
    // What came before says more than what is known without a name.
    stop_reading(packet.flow);
    return;
  }
  std::optional<std::uint32_t> next;
  if (packet.tcp() && cold.inspection.valid()) {
    next = inspections_.get(cold.inspection).half(packet.way).stream.next_sequence();
  }
  const bool told = is_told(packet.flow, judgement);
  settle(packet.flow, judgement, packet.view->number);
  count_verdict(judgement);
  if (flow::is_blocked(flows_.hot(packet.flow).stage)) {
    enforce_flow(packet, policy_reason(judgement.verdict));
  } else if (next) {
    cold.set_sequence(packet.way, *next);
  }
  if (!told) alert_event(packet.flow, judgement, &packet);
}

Ends Pipeline::ends(flow::FlowIndex flow) {
  const HotFlow& hot = flows_.hot(flow);
  Ends ends = ends_of(hot);
  ends.worker = config_.id;
  ends.circumstances = circumstances_of(flow);
  ends.earlier = flows_.cold(flow).im;
  ends.protocol = protocol_of(flow, Way::to_server);
  // A question is judged by itself, whatever goes on at the resolver's address.
  const bool may_be_expected = hot.stage != Stage::per_packet && config_.expected != nullptr;
  if (may_be_expected && !config_.expected->empty()) {
    auto found = config_.expected->find(hot.server(), hot.server_port(), ends.tcp, now_);
    if (!found) found = config_.expected->find(hot.client(), hot.client_port(), ends.tcp, now_);
    if (found) {
      ends.expected = {found->application, found->service, catalog::Evidence::learned_address};
    }
  }
  if (!learns() || !learn::judges_port(ends.server_port)) return ends;
  learned_server_ = config_.learned->find(ends.server, now_);
  if (!learned_server_) return ends;
  if (!learned_server_->shared && learned_server_->name_is_whole()) {
    ends.learned_name = learned_server_->name();
    ends.learned_lists = lists_of_name(*snapshot_, ends.learned_name);
  }
  const catalog::NameMatch known = learn::current_application(
      *learned_server_, snapshot_->generation,
      [this](std::string_view name) { return snapshot_->catalogue->match_name(name); });
  if (known.found() && known.exclusive) {
    ends.learned = {known.application, known.service, catalog::Evidence::learned_address};
  }
  return ends;
}

// Of a flow whose payload no parser knows.
Ends Pipeline::ends_of_unreadable(flow::FlowIndex flow) {
  Ends unreadable = ends(flow);
  unreadable.unreadable = true;
  return unreadable;
}

// Writes the verdict into the flow's record. False where it blocks, and nothing more is read.
bool Pipeline::record(flow::FlowIndex flow, const Judgement& judgement,
                      std::uint64_t packet_number) {
  HotFlow& hot = flows_.hot(flow);
  ColdFlow& cold = flows_.cold(flow);
  flow::NameIndex name = flow::is_decided(hot.stage) ? cold.name() : flow::NameIndex::none();
  if (!judgement.name.empty()) {  // a verdict for one name is not judged anew by an earlier one
    const flow::NameIndex earlier = std::exchange(name, names_.keep(judgement.name));
    names_.release(earlier);
  }
  cold.decide(name, static_cast<std::uint32_t>(packet_number));
  cold.im = judgement.im;
  cold.rule = judgement.verdict.rule;
  cold.action = judgement.verdict.action;
  hot.generation = static_cast<std::uint16_t>(snapshot_->generation);
  counters_.add(Counter::flows_decided);
  if (!blocks(judgement.verdict.action)) return true;
  hot.stage = judgement.verdict.action == policy::Action::reset ? Stage::reset : Stage::dropped;
  cold.resets_sent = 0;
  close_record(flow);
  return false;
}

// The verdict is for good: what is still to come need not be read.
void Pipeline::settle(flow::FlowIndex flow, const Judgement& judgement,
                      std::uint64_t packet_number) {
  if (record(flow, judgement, packet_number)) stop_reading(flow);
}

// Nothing more is read of the flow; it lives on as its stage says.
void Pipeline::close_record(flow::FlowIndex flow) {
  end_inspection(flow);
  flows_.schedule(flow, tick_, timeout(flows_.hot(flow), flows_.cold(flow)));
}

// Ends a connection for what it does, whoever it is.
void Pipeline::take_down(Packet& packet, Reason reason, policy::Action action) {
  if (traced_ != nullptr) trace_measure(reason, action);
  if (snapshot_->mode() == policy::Mode::monitor) {
    counters_.add(reason);
    facts_.clear();
    conclude(packet, judge(*snapshot_, ends(packet.flow), facts_));
    return;
  }
  give_up(packet.flow, action);
  enforce_flow(packet, reason);
  evasion_event(packet.flow, &packet, reason);
}

// Judges a decided flow by the snapshot in force. True where the flow was forwarded and now is not.
// A flow that is being read is read on: what it did before is past, its next messages are judged by
// the new policy.
bool Pipeline::judge_flow_anew(Packet& packet) {
  HotFlow& hot = flows_.hot(packet.flow);
  ColdFlow& cold = flows_.cold(packet.flow);
  const bool is_read = hot.stage == Stage::watched;
  if (cold.rule == kTakenDown) {
    hot.generation = static_cast<std::uint16_t>(snapshot_->generation);
    return false;
  }
  const bool was_blocked = flow::is_blocked(hot.stage);
  const policy::Action before = cold.action;
  flow::NameStore::Buffer buffer;
  catalog::Classification earlier = cold.im;
  if (is_read) earlier.service = catalog::Service::any;
  Ends now = ends(packet.flow);
  now.unreadable = cold.app_proto == proto::AppProto::failed && cold.has(ColdFlow::kPayload);
  Judgement judgement =
      judge_anew(*snapshot_, now, earlier, cold.app_proto, names_.read(cold.name(), buffer));
  if (is_read && judgement.im.application == cold.im.application) {
    judgement.im.service = cold.im.service;
  }
  if (record(packet.flow, judgement, packet.view->number) && !is_read) {
    stop_reading(packet.flow);
    // Each datagram is read by itself, so reading can begin at any.
    if (!packet.tcp() && judgement.im.evidence == catalog::Evidence::payload &&
        snapshot_->policy->looks_into(judgement.im.application)) {
      hot.stage = Stage::watched;
    }
  }
  counters_.add(Counter::flows_judged_anew);
  if (judgement.verdict.action != before) {
    count_verdict(judgement);
    alert_event(packet.flow, judgement, &packet);
  }
  if (!is_read) follow_newest(packet);
  return !was_blocked && flow::is_blocked(hot.stage);
}

// Stops the packet that completed the evidence, and tells both ends.
void Pipeline::enforce_flow(Packet& packet, Reason reason) {
  const HotFlow& hot = flows_.hot(packet.flow);
  ColdFlow& cold = flows_.cold(packet.flow);
  if (hot.stage != Stage::reset || !packet.tcp()) {
    const bool closes = hot.stage == Stage::reset && cold.app_proto == proto::AppProto::quic;
    drop(packet, closes || reason != Reason::policy_reset ? reason : Reason::policy_drop);
    if (closes) close_quic(packet);
    return;
  }
  if (reason == Reason::policy_reset && cold.app_proto == proto::AppProto::dns &&
      answers(cold.action) && answer_dns_over_tcp(packet, configured_answer()))
    return;
  drop(packet, reason);
  if (packet.awaited) cold.set_sequence(packet.way, *packet.awaited);
  const std::uint32_t passed_on = cold.sequence_known(packet.way)
                                      ? cold.next_sequence[flow::index(packet.way)]
                                      : packet.layers.sequence;
  const bool opening = packet.layers.has(net::tcp_flag::syn) &&
                       !packet.layers.has(net::tcp_flag::ack) &&
                       !cold.sequence_known(flow::reverse(packet.way));
  if (!opening) reset_receiver(packet, passed_on);
  reset_sender(packet, passed_on);
}

// Whether a sender of the blocked flow is still told so.
bool Pipeline::tells_sender(const HotFlow& flow, const ColdFlow& cold) {
  return flow.stage == Stage::reset && cold.resets_sent != kMaxResets;
}

// A later packet of a blocked flow: it stays blocked, and a sender that has not understood is told
// again.
void Pipeline::answer_blocked(Packet& packet) {
  if (!result_->dispositions[packet.position].forward) return;  // the packet that was judged
  drop(packet, Reason::blocked_flow);
  ColdFlow& cold = flows_.cold(packet.flow);
  if (!tells_sender(flows_.hot(packet.flow), cold)) return;
  ++cold.resets_sent;
  if (!packet.tcp()) {
    if (cold.app_proto == proto::AppProto::quic) close_quic(packet);
    return;
  }
  reset_sender(packet, cold.next_sequence[flow::index(packet.way)]);
}

void Pipeline::reset_receiver(const Packet& packet, std::uint32_t passed_on) {
  ForgedFrame* frame = next_forged(packet, net::other(packet.frame->side));
  if (frame == nullptr) return;
  commit_forged(
      enforce::reset_to_receiver(*packet.frame, *packet.frame_layers, passed_on, frame->data));
}

void Pipeline::reset_sender(const Packet& packet, std::uint32_t passed_on) {
  ForgedFrame* frame = next_forged(packet, packet.frame->side);
  if (frame == nullptr) return;
  const std::optional<net::Opposite> back = opposite(packet);
  commit_forged(enforce::reset_to_sender(*packet.frame, *packet.frame_layers, passed_on,
                                         frame->data, back ? &*back : nullptr));
}

void Pipeline::keep_opposite(const Packet& packet) {
  if (!net::needs_opposite(*packet.frame, *packet.frame_layers)) return;
  opposites_.keep(packet.flow, packet.hash, packet.frame->side, *packet.frame,
                  *packet.frame_layers);
}

std::optional<net::Opposite> Pipeline::opposite(const Packet& packet) const {
  if (packet.frame_layers->encapsulation_count == 0) return std::nullopt;
  return opposites_.find(packet.flow, packet.hash, net::other(packet.frame->side));
}

// What no endpoint would take, or no honest one would send, goes no further; in monitor mode it is
// only counted.
void Pipeline::refuse(const Packet& packet, Reason reason) {
  if (snapshot_->mode() == policy::Mode::enforce) {
    drop(packet, reason);
  } else {
    counters_.add(reason);
  }
}

void Pipeline::drop(const Packet& packet, Reason reason) {
  result_->dispositions[packet.position] = {false, reason};
  counters_.add(reason);
}

void Pipeline::count_verdict(const Judgement& judgement) {
  if (watching_) watch_verdict(judgement);
  const policy::Action action = judgement.verdict.action;
  const bool forwards = policy::forwards(action);
  counters_.add_rule(snapshot_->generation, judgement.verdict.rule);
  counters_.add_list(snapshot_->generation, judgement.verdict.list);
  if (judgement.im.known()) {
    counters_.add_application(judgement.im.application.value(), judgement.im.evidence, !forwards);
  }
  if (judgement.verdict.watched) {
    counters_.add(Counter::would_block);
  } else if (!forwards) {
    counters_.add(blocks(action) ? Counter::blocked : Counter::would_block);
  } else if (judgement.im.known()) {
    counters_.add(action == policy::Action::alert ? Counter::alerted : Counter::allowed);
  }
}

ForgedFrame* Pipeline::next_forged(const Packet& packet, net::Side out) {
  if (result_->forged_count == BurstResult::kMaxForged) {
    counters_.add(Reason::forge_full);
    return nullptr;
  }
  // The fragments of a carrier do not show what a frame in it would have to look like.
  if (packet.frame != packet.view && packet.layers.encapsulation_count != 0) return nullptr;
  ForgedFrame& frame = result_->forged[result_->forged_count];
  frame.after = packet.position;
  frame.out = out;
  frame.pair = packet.frame->pair;
  frame.link = packet.frame->link;
  return &frame;
}

void Pipeline::commit_forged(std::size_t size) {
  if (size == 0) return;
  result_->forged[result_->forged_count].size = static_cast<std::uint16_t>(size);
  ++result_->forged_count;
}

}  // namespace chatgate::engine
