// Copies frames for captures. Everything here runs only while something is watched.

#include "engine/capture.h"

#include <algorithm>
#include <array>

#include "engine/pipeline.h"

namespace chatgate::engine {

std::string_view to_string(Fate fate) {
  constexpr std::array<std::string_view, 4> kWords = {"forwarded", "dropped", "held", "forged"};
  return kWords[static_cast<std::size_t>(fate)];
}

void CaptureRequest::forget_oldest() {
  const CapturedFrame oldest = read(begin_);
  begin_ += taken(oldest.size);
  if (wrapped_ && begin_ == wrap_) {
    begin_ = 0;
    wrapped_ = false;
  }
  kept_.store(kept_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
  kept_bytes_.store(kept_bytes_.load(std::memory_order_relaxed) - oldest.size,
                    std::memory_order_relaxed);
}

// Where `need` bytes can be written; nothing where there is no room for them. Each frame that is
// forgotten for it was written once.
std::optional<std::size_t> CaptureRequest::place(std::size_t need) {
  if (need > buffer_.size()) return std::nullopt;
  for (;;) {
    if (!wrapped_) {
      if (end_ + need <= buffer_.size()) return end_;
      if (!room_.circular) return std::nullopt;
      wrapped_ = true;
      wrap_ = end_;
      end_ = 0;
    }
    if (end_ + need <= begin_) return end_;
    forget_oldest();
    if (kept_.load(std::memory_order_relaxed) == 0) {
      begin_ = end_ = 0;
      wrapped_ = false;
    }
  }
}

bool CaptureRequest::keep(CapturedFrame frame, Bytes bytes) {
  matched_.store(matched_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  bytes = bytes.first(std::min<std::size_t>(bytes.size(), room_.snap));
  frame.size = static_cast<std::uint32_t>(bytes.size());
  const std::optional<std::size_t> at = place(taken(frame.size));
  if (!at) {
    full_.store(true, std::memory_order_relaxed);
    return false;
  }
  std::memcpy(buffer_.data() + *at, &frame, sizeof frame);
  std::memcpy(buffer_.data() + *at + sizeof frame, bytes.data(), bytes.size());
  end_ = *at + taken(frame.size);
  kept_bytes_.store(kept_bytes_.load(std::memory_order_relaxed) + frame.size,
                    std::memory_order_relaxed);
  kept_.store(kept_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  return true;
}

// With each burst and tick: which captures there are, and which are to be given back.
void Pipeline::look_for_captures() {
  captured_ = 0;
  for (RequestSlot<CaptureRequest>& slot : mailbox.captures) {
    CaptureRequest* request = slot.pending();
    if (request == nullptr) continue;
    if (request->stopped_.load(std::memory_order_relaxed)) {
      slot.finish();
    } else {
      ++captured_;
    }
  }
}

// Whether the frame is one that `filter` asks for; `frame` says all but where it was seen.
bool Pipeline::is_captured(const CaptureFilter& filter, const CapturedFrame& frame,
                           const Packet& packet) const {
  if (filter.flow_id != 0 && frame.flow_id != filter.flow_id) return false;
  if (filter.application.valid() && frame.im.application != filter.application) return false;
  if (filter.blocked_only && frame.fate != Fate::dropped &&
      !(judged_->flow.valid() && flow::is_blocked(flows_.hot(judged_->flow).stage))) {
    return false;
  }
  return filter.matches(packet.layers) || filter.matches(judged_->layers);
}

// What became of the packet, as a record of it.
CapturedFrame Pipeline::fate_of(const Packet& packet) const {
  const Disposition& disposition = result_->dispositions[packet.position];
  CapturedFrame frame;
  frame.time = packet.view->time;
  frame.wire_length = packet.view->wire_length;
  frame.link = packet.view->link;
  frame.side = packet.view->side;
  frame.pair = packet.view->pair;
  frame.reason = disposition.reason;
  frame.fate = disposition.forward ? Fate::forwarded : Fate::dropped;
  // The last fragment of a datagram goes on with the others.
  if (disposition.reason == Reason::fragment_held) {
    frame.fate = released_.size() != released_before_ ? Fate::forwarded : Fate::held;
  }
  frame.forged = static_cast<std::uint16_t>(result_->forged_count - forged_before_);
  frame.generation = snapshot_->generation;
  bool passing = true;  // no record keeps the verdict on it
  if (judged_->flow.valid()) {
    const flow::ColdFlow& cold = flows_.cold(judged_->flow);
    frame.flow_id = flow_id(judged_->flow);
    const flow::Stage stage = flows_.hot(judged_->flow).stage;
    frame.decided = flow::is_decided(stage);
    passing = stage == flow::Stage::per_packet || frame.reason != Reason::none;
    frame.im = cold.im;
    frame.action = cold.action;
    frame.rule = cold.rule == kTakenDown ? RuleId::none() : cold.rule;
  }
  if (!frame.decided && verdict_seen_ && passing) {  // such as one about a question
    frame.decided = true;
    frame.im = seen_im_;
    frame.action = seen_verdict_.action;
    frame.rule = seen_verdict_.rule;
  }
  frame.monitored = frame.decided && !policy::forwards(frame.action) &&
                    snapshot_->mode() == policy::Mode::monitor;
  const net::Layers& layers = judged_->layers;
  if (layers.outcome != net::Decoded::not_ip) {
    frame.protocol = layers.protocol;
    frame.source = layers.source;
    frame.destination = layers.destination;
    frame.source_port = layers.source_port;
    frame.destination_port = layers.destination_port;
  }
  return frame;
}

// Copies the packet, and what was forged because of it, into every capture that asks for it.
void Pipeline::capture(const Packet& packet) {
  const CapturedFrame frame = fate_of(packet);
  for (RequestSlot<CaptureRequest>& slot : mailbox.captures) {
    CaptureRequest* request = slot.pending();
    if (request == nullptr || request->full()) continue;
    const CaptureFilter& filter = request->filter_;
    if (!is_captured(filter, frame, packet)) continue;
    bool room = true;
    if (!filter.seen_at || *filter.seen_at == frame.side) {
      room = request->keep(frame, packet.view->bytes);
    } else if (frame.fate == Fate::forwarded) {
      CapturedFrame leaving = frame;
      leaving.side = *filter.seen_at;
      leaving.outbound = true;
      room = request->keep(leaving, packet.view->bytes);
    }
    for (std::uint16_t i = forged_before_; room && i < result_->forged_count; ++i) {
      room = capture_forged(*request, frame, result_->forged[i]);
    }
    if (!room) slot.finish();
  }
}

bool Pipeline::capture_forged(CaptureRequest& request, const CapturedFrame& cause,
                              const ForgedFrame& forged) {
  if (request.filter_.seen_at && *request.filter_.seen_at != forged.out) return true;
  CapturedFrame frame = cause;
  frame.wire_length = forged.size;
  frame.link = forged.link;
  frame.side = forged.out;
  frame.pair = forged.pair;
  frame.outbound = true;
  frame.fate = Fate::forged;
  frame.forged = 0;
  if (forged.out == cause.side) {  // back to the sender
    std::swap(frame.source, frame.destination);
    std::swap(frame.source_port, frame.destination_port);
  }
  return request.keep(frame, forged.bytes());
}

// Before a packet goes its way, while something is watched.
void Pipeline::begin_watch(Packet& packet) {
  judged_ = &packet;
  verdict_seen_ = false;
  forged_before_ = result_->forged_count;
  released_before_ = released_.size();
  if (trace_ != nullptr) begin_trace(packet);
}

void Pipeline::end_watch(const Packet& packet) {
  if (traced_ != nullptr) end_trace(packet);
  if (captured_ != 0) capture(packet);
}

// A verdict on the packet in hand, or on what it asks for.
void Pipeline::watch_verdict(const Judgement& judgement) {
  if (traced_ != nullptr) trace_verdict(judgement);
  verdict_seen_ = true;
  seen_im_ = judgement.im;
  seen_verdict_ = judgement.verdict;
}

// With each burst and tick.
void Pipeline::look_for_requests() {
  look_for_trace();
  look_for_captures();
  watching_ = trace_ != nullptr || captured_ != 0;
}

}  // namespace chatgate::engine
