#include "engine/inspection.h"

namespace chatgate::engine {
namespace {

proto::Direction direction(flow::Way way) {
  return way == flow::Way::to_server ? proto::Direction::to_server : proto::Direction::to_client;
}

std::uint16_t candidates(flow::Way way) {
  std::uint16_t mask = 0;
  const auto parsers = proto::stream_parsers();
  for (std::size_t i = 0; i < parsers.size(); ++i) {
    if (parsers[i].direction == direction(way)) mask |= static_cast<std::uint16_t>(1u << i);
  }
  return mask;
}

}  // namespace

InspectionPool::InspectionPool(std::uint32_t capacity) : pool_(capacity), buffers_(capacity) {
  free_.reserve(capacity);
  for (std::uint32_t index = capacity; index-- > 0;) free_.push_back(index);
}

flow::InspectionIndex InspectionPool::acquire(flow::FlowIndex flow, Tick now,
                                              const std::array<std::uint32_t, 2>& first_sequence) {
  if (free_.empty()) return flow::InspectionIndex::none();
  const flow::InspectionIndex index(free_.back());
  free_.pop_back();
  Inspection& inspection = get(index);
  inspection.flow = flow;
  inspection.started = now;
  for (const flow::Way way : {flow::Way::to_server, flow::Way::to_client}) {
    Half& half = inspection.half(way);
    half = Half{};
    half.stream.start(first_sequence[flow::index(way)]);
    half.candidates = candidates(way);
  }
  return index;
}

void InspectionPool::release(flow::InspectionIndex inspection) {
  for (Half& half : get(inspection).halves) half.stream.release(buffers_);
  free_.push_back(inspection.value());
}

Inspected InspectionPool::feed(Inspection& inspection, flow::Way way, std::uint32_t sequence,
                               Bytes payload, bool cut, proto::Facts& facts) {
  Half& half = inspection.half(way);
  if (half.ended()) return Inspected::nothing;
  switch (half.stream.add(sequence, payload, buffers_)) {
    case stream::Added::grown: break;
    case stream::Added::held:
    case stream::Added::nothing_new: return Inspected::undecided;
    case stream::Added::conflict: return Inspected::conflict;
    case stream::Added::beyond_limit: return Inspected::limit;
    case stream::Added::no_memory: return Inspected::out_of_memory;
  }
  const Inspected result = parse(half, facts);
  if (result == Inspected::nothing) half.stream.release(buffers_);
  if (result != Inspected::undecided) return result;
  if (cut) return Inspected::limit;
  return half.stream.keep(buffers_) ? Inspected::undecided : Inspected::out_of_memory;
}

Inspected InspectionPool::parse(Half& half, proto::Facts& facts) {
  const Bytes view = half.stream.view(buffers_);
  // Every turn either returns or strikes one parser off.
  while (half.parser != Half::kNoParser || choose_parser(half, view)) {
    const proto::StreamParser& parser = proto::stream_parsers()[half.parser];
    facts.clear();
    switch (parser.feed(half.state, view, facts)) {
      case proto::ParseStatus::done: return Inspected::message;
      case proto::ParseStatus::malformed: return Inspected::malformed;
      case proto::ParseStatus::need_more:
        return view.size() < parser.byte_limit ? Inspected::undecided : Inspected::limit;
      case proto::ParseStatus::not_mine:
        half.candidates &= static_cast<std::uint16_t>(~(1u << half.parser));
        half.parser = Half::kNoParser;
        half.state = {};
        break;
    }
  }
  return half.ended() ? Inspected::nothing : Inspected::undecided;
}

// Asks the parsers that are still in question; true where one is certain.
bool InspectionPool::choose_parser(Half& half, Bytes view) {
  const auto parsers = proto::stream_parsers();
  for (std::size_t i = 0; i < parsers.size(); ++i) {
    const auto bit = static_cast<std::uint16_t>(1u << i);
    if ((half.candidates & bit) == 0) continue;
    switch (parsers[i].probe(view)) {
      case proto::Probe::certain: half.parser = static_cast<std::uint8_t>(i); return true;
      case proto::Probe::not_mine: half.candidates &= static_cast<std::uint16_t>(~bit); break;
      case proto::Probe::unsure: break;
    }
  }
  return false;
}

bool InspectionPool::next_message(Inspection& inspection, flow::Way way) {
  Half& half = inspection.half(way);
  half.stream.consume(half.state.offset, buffers_);
  half.state = {};
  return half.stream.keep(buffers_);
}

std::size_t InspectionPool::memory() const {
  return sizeof *this + pool_.size() * (sizeof(Inspection) + sizeof(std::uint32_t)) +
         buffers_.memory();
}

}  // namespace chatgate::engine
