#include "control/capture_text.h"

#include "base/ip_protocol.h"
#include "base/printable.h"
#include "control/flow_text.h"
#include "control/text.h"
#include "io/pcap/pcapng.h"

namespace chatgate::control {
namespace {

using engine::CapturedFrame;
using engine::Fate;

std::string reason_word(const CapturedFrame& frame) {
  return std::string(telemetry::to_string(frame.reason));
}

std::string action_text(const CapturedFrame& frame) {
  return std::string(to_string(frame.action)) + (frame.monitored ? " (monitor)" : "");
}

io::PcapngInterface interface_of(const CapturedFrame& frame,
                                 const std::vector<InterfaceStatus>& interfaces) {
  io::PcapngInterface interface;
  interface.link = frame.link;
  const std::string side = std::string(side_word(frame.side));
  interface.name = side;
  if (frame.pair.value() != 0) interface.name += std::to_string(frame.pair.value());
  for (const InterfaceStatus& port : interfaces) {
    if (port.pair == frame.pair && port.side == frame.side) interface.description = port.name;
  }
  return interface;
}

}  // namespace

std::string fate_text(const CapturedFrame& frame, const engine::Snapshot& snapshot) {
  std::string text(engine::to_string(frame.fate));
  if (frame.reason != telemetry::Reason::none) text += " (" + reason_word(frame) + ")";
  if (frame.im.known()) {
    text += ", " + application_word(snapshot, frame.im);
    if (frame.im.evidence != catalog::Evidence::none) {
      text += " by " + std::string(to_string(frame.im.evidence));
    }
  }
  text += frame.decided
              ? ", " + action_text(frame) + " by " +
                    printable(rule_word(snapshot, frame.im, frame.rule, frame.generation), 64)
              : ", undecided";
  if (frame.forged != 0) text += ", " + count_of(frame.forged, "frame") + " forged";
  if (frame.flow_id != 0) text += ", flow " + std::to_string(frame.flow_id);
  return text;
}

std::string ends_text(const CapturedFrame& frame) {
  if (frame.protocol == 0 && frame.source == IpAddress()) return "not IP";
  const bool ports = frame.source_port != 0 || frame.destination_port != 0;
  const std::string from =
      ports ? endpoint(frame.source, frame.source_port) : frame.source.to_string();
  const std::string to =
      ports ? endpoint(frame.destination, frame.destination_port) : frame.destination.to_string();
  return protocol_word(frame.protocol) + " " + from + " > " + to;
}

Json to_json(const CapturedFrame& frame, const engine::Snapshot& snapshot) {
  Json json = {{"time_nanoseconds", frame.time.nanoseconds},
               {"interface", side_word(frame.side)},
               {"pair", frame.pair.value()},
               {"direction", frame.outbound ? "out" : "in"},
               {"ends", ends_text(frame)},
               {"length", frame.wire_length},
               {"captured", frame.size},
               {"fate", engine::to_string(frame.fate)},
               {"reason", reason_word(frame)},
               {"forged", frame.forged}};
  if (frame.flow_id != 0) json["flow_id"] = frame.flow_id;
  if (frame.im.known()) json["application"] = application_word(snapshot, frame.im);
  if (frame.decided) {
    json["action"] = to_string(frame.action);
    json["mode"] = frame.monitored ? "monitor" : "enforce";
    json["rule"] = rule_word(snapshot, frame.im, frame.rule, frame.generation);
  }
  return json;
}

std::string pcapng_of(const std::vector<CopiedFrame>& frames, const CaptureControl::Settings& of,
                      const std::vector<InterfaceStatus>& interfaces,
                      const engine::Snapshot& snapshot) {
  std::string file;
  io::PcapngBlocks blocks;
  io::PcapngBlocks::begin(file, "chatgate " CHATGATE_VERSION,
                          "capture " + of.name + (of.match.empty() ? "" : ": " + of.match));
  for (const CopiedFrame& frame : frames) {
    const std::string comment = fate_text(frame.about, snapshot);
    io::PcapngPacket packet;
    packet.bytes = frame.bytes;
    packet.wire_length = frame.about.wire_length;
    packet.time = frame.about.time;
    packet.direction = frame.about.outbound ? io::Direction::outbound : io::Direction::inbound;
    packet.comment = comment;
    blocks.add(file, interface_of(frame.about, interfaces), packet);
  }
  return file;
}

}  // namespace chatgate::control
