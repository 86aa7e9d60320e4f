#include "explain/packets.h"

#include "explain/narrator.h"
#include "explain/words.h"

namespace chatgate::explain {
namespace {

using engine::TraceEntry;
using engine::TraceStage;

std::string verdict_text(const engine::Snapshot& snapshot, const TraceEntry& entry) {
  const auto* known = snapshot.catalogue->find(entry.im.application);
  std::string text = known == nullptr ? "unknown" : known->word;
  if (entry.im.known()) {
    text += service_text(entry.im.service) + ", by " + std::string(to_string(entry.im.evidence));
  }
  if (entry.name_size != 0) text += " " + quoted(entry.name_view());
  return text + ": " + std::string(to_string(entry.verdict.action)) + " by " +
         decided_by(snapshot, entry);
}

std::string_view decoded_word(net::Decoded decoded) {
  switch (decoded) {
    case net::Decoded::transport: return "TCP or UDP";
    case net::Decoded::fragment: return "a fragment";
    case net::Decoded::not_transport: return "neither TCP nor UDP";
    case net::Decoded::not_ip: return "not IP";
    case net::Decoded::malformed: return "a header that contradicts itself";
    case net::Decoded::header_chain: return "too many extension headers";
    case net::Decoded::undecodable: return "cut off within a header";
  }
  return {};
}

std::string result_of(const engine::Snapshot& snapshot, const TraceEntry& entry) {
  switch (entry.stage) {
    case TraceStage::decode:
      return std::string(decoded_word(entry.decoded)) + ", " +
             count_of(entry.payload_size, "byte") + " of payload";
    case TraceStage::flow:
      return (entry.fresh ? "new" : std::string(stage_word(entry.flow_stage))) +
             (entry.way == flow::Way::to_server ? ", to the server" : ", to the client");
    case TraceStage::admission:
      return entry.reason == telemetry::Reason::none
                 ? "an endpoint would take it"
                 : "refused: " + std::string(telemetry::to_string(entry.reason));
    case TraceStage::parse: return parse_text(entry);
    case TraceStage::access:
      if (!entry.line.valid()) return "no line of the access list matches";
      return "line " + quoted(decided_by(snapshot, entry)) + ": " +
             std::string(to_string(entry.action));
    case TraceStage::verdict: return verdict_text(snapshot, entry);
    case TraceStage::measure:
      return std::string(control_of(entry.reason)) + ": " + std::string(to_string(entry.action));
    case TraceStage::disposition: return disposition_text(entry);
  }
  return {};
}

}  // namespace

std::vector<TracedPacket> describe(const engine::Snapshot& snapshot,
                                   std::span<const TraceEntry> entries) {
  std::vector<TracedPacket> packets;
  for (const TraceEntry& entry : entries) {
    if (entry.stage == TraceStage::decode || packets.empty()) {
      TracedPacket& packet = packets.emplace_back();
      packet.number = entry.packet;
      packet.time = entry.time;
      const bool ends = entry.decoded == net::Decoded::transport;
      packet.heading =
          std::string(entry.side == net::Side::inside ? "from inside" : "from outside") +
          (ends ? ", " + ends_text(entry) : "") + ", " + count_of(entry.wire_length, "byte");
    }
    TracedPacket& packet = packets.back();
    if (entry.flow_id != 0) packet.flow_id = entry.flow_id;
    packet.steps.push_back({std::string(to_string(entry.stage)), result_of(snapshot, entry)});
  }
  return packets;
}

}  // namespace chatgate::explain
