// Writes the steps of traced packets. Everything here runs only while a trace is asked for.

#include "engine/trace.h"

#include "engine/pipeline.h"

namespace chatgate::engine {

std::string_view to_string(TraceStage stage) {
  constexpr std::array<std::string_view, kTraceStageCount> kWords = {
      "decode", "flow", "admission", "parse", "access", "verdict", "measure", "disposition"};
  return kWords[static_cast<std::size_t>(stage)];
}

bool PacketFilter::matches(const net::Layers& layers) const {
  if (any()) return true;
  switch (layers.outcome) {
    case net::Decoded::not_ip:
    case net::Decoded::malformed:
    case net::Decoded::undecodable: return false;
    case net::Decoded::transport:
    case net::Decoded::fragment:
    case net::Decoded::not_transport:
    case net::Decoded::header_chain: break;
  }
  if (protocol != 0 && layers.protocol != protocol) return false;
  if (port != 0 && (layers.outcome != net::Decoded::transport ||
                    (layers.source_port != port && layers.destination_port != port))) {
    return false;
  }
  const auto is_end = [&](const std::optional<IpAddress>& address) {
    return !address || layers.source == *address || layers.destination == *address;
  };
  return is_end(one) && is_end(other);
}

bool TraceFilter::matches(const net::Layers& layers) const {
  const bool of_flow = flow_id != 0 || flow_number != 0;
  if (of_flow && layers.outcome != net::Decoded::transport) return false;
  return PacketFilter::matches(layers);
}

// The request's next entry, null where the packet has used up its room.
TraceEntry* Pipeline::trace_step(TraceStage stage) {
  TraceRequest& request = *traced_;
  const std::uint32_t begin = request.used_.load(std::memory_order_relaxed);
  // The last place is for the disposition.
  const std::size_t most = begin + TraceRequest::kMostSteps - (stage != TraceStage::disposition);
  if (request.writing_ >= std::min(most, request.entries_.size())) return nullptr;
  TraceEntry& entry = request.entries_[request.writing_++];
  entry = TraceEntry();
  entry.stage = stage;
  const net::PacketView& view = *tracing_->view;
  entry.packet = view.number != 0 ? view.number : request.packets_ + 1;
  entry.time = view.time;
  entry.side = view.side;
  entry.generation = snapshot_->generation;
  entry.times = snapshot_->times;
  return &entry;
}

void Pipeline::begin_trace(Packet& packet) {
  if (!trace_->filter_.matches(packet.layers)) return;
  traced_ = trace_;
  tracing_ = &packet;
  trace_->writing_ = trace_->used_.load(std::memory_order_relaxed);
  flows_before_ = counters_.get(Counter::flows_created);
  TraceEntry* entry = trace_step(TraceStage::decode);
  if (entry == nullptr) return;
  const net::Layers& layers = packet.layers;
  entry->decoded = layers.outcome;
  entry->wire_length = packet.view->wire_length;
  entry->protocol = layers.protocol;
  entry->vlan_count = layers.tag_count;
  entry->vlan = layers.vlan;
  entry->source = layers.source;
  entry->destination = layers.destination;
  entry->source_port = layers.source_port;
  entry->destination_port = layers.destination_port;
  entry->tcp_flags = layers.flags;
  entry->payload_size = layers.payload_size;
}

void Pipeline::trace_flow(const Packet& packet, bool fresh) {
  tracing_ = &packet;  // a datagram, where the frame is its last fragment
  TraceEntry* entry = trace_step(TraceStage::flow);
  if (entry == nullptr) return;
  const flow::HotFlow& hot = flows_.hot(packet.flow);
  entry->flow_id = flow_id(packet.flow);
  entry->fresh = fresh;
  entry->way = packet.way;
  entry->flow_stage = hot.stage;
  entry->app_proto = flows_.cold(packet.flow).app_proto;
}

void Pipeline::trace_admission(Reason reason) {
  if (TraceEntry* entry = trace_step(TraceStage::admission)) entry->reason = reason;
}

void Pipeline::trace_parse(Inspected outcome) {
  TraceEntry* entry = trace_step(TraceStage::parse);
  if (entry == nullptr) return;
  entry->inspected = outcome;
  const bool read = outcome == Inspected::message || outcome == Inspected::half_message ||
                    outcome == Inspected::malformed;
  entry->app_proto = read ? facts_.protocol : proto::AppProto::unknown;
  entry->set_name(read && facts_.name_count != 0 ? facts_.names[0].host.view()
                                                 : std::string_view());
  entry->ech = read && facts_.has_hello && facts_.hello.ech;
  if (read && facts_.has_hello) {
    if (const auto* alpn = known_alpn(*snapshot_, facts_.hello)) entry->alpn = *alpn;
  }
  entry->has_messenger = read && facts_.has_messenger;
  if (entry->has_messenger) entry->messenger = facts_.messenger;
}

void Pipeline::trace_verdict(const Judgement& judgement) {
  TraceEntry* entry = trace_step(TraceStage::verdict);
  if (entry == nullptr) return;
  if (tracing_->flow.valid()) entry->set_ends(ends(tracing_->flow));
  entry->unclassified = judgement.unclassified;
  entry->im = judgement.im;
  entry->verdict = judgement.verdict;
  entry->set_name(judgement.name);
  entry->has_messenger = judgement.said != nullptr;
  if (judgement.said != nullptr) entry->messenger = *judgement.said;
}

void Pipeline::trace_access(policy::AccessId line) {
  TraceEntry* entry = trace_step(TraceStage::access);
  if (entry == nullptr) return;
  entry->line = line;
  if (line.valid()) entry->action = snapshot_->policy->access()[line].action;
}

void Pipeline::trace_measure(Reason reason, policy::Action action) {
  TraceEntry* entry = trace_step(TraceStage::measure);
  if (entry == nullptr) return;
  entry->reason = reason;
  entry->action = action;
}

// Publishes the packet's steps, unless its flow turns out not to be the one that is asked for.
void Pipeline::end_trace(const Packet& packet) {
  TraceRequest& request = *traced_;
  const Disposition& disposition = result_->dispositions[packet.position];
  if (TraceEntry* entry = trace_step(TraceStage::disposition)) {
    entry->forward = disposition.forward;
    entry->reason = disposition.reason;
    entry->forged = static_cast<std::uint16_t>(result_->forged_count - forged_before_);
  }
  traced_ = nullptr;
  TraceFilter& filter = request.filter_;
  const std::uint64_t id = tracing_->flow.valid() ? flow_id(tracing_->flow) : 0;
  if (filter.flow_number != 0 && flows_before_ < filter.flow_number &&
      counters_.get(Counter::flows_created) >= filter.flow_number) {
    filter.flow_id = id;
  }
  const bool of_flow = filter.flow_id != 0 || filter.flow_number != 0;
  if (of_flow && (filter.flow_id == 0 || id != filter.flow_id)) return;
  ++request.packets_;
  request.used_.store(request.writing_, std::memory_order_release);
  const bool full = request.writing_ + TraceRequest::kMostSteps > request.entries_.size();
  if (request.packets_ < request.wanted_ && !full) return;
  mailbox.trace.finish();
  trace_ = nullptr;
}

// With each burst and tick: whether there is a trace to be written, or one to be given back.
void Pipeline::look_for_trace() {
  trace_ = mailbox.trace.pending();
  if (trace_ == nullptr || !trace_->stopped_.load(std::memory_order_relaxed)) return;
  mailbox.trace.finish();
  trace_ = nullptr;
}

}  // namespace chatgate::engine
