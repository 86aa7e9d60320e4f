#include "explain/words.h"

namespace chatgate::explain {

using engine::Inspected;
using engine::TraceEntry;

std::string endpoint(const IpAddress& address, std::uint16_t port) {
  const std::string text = address.to_string();
  return (address.is_v4() ? text : "[" + text + "]") + ":" + std::to_string(port);
}

std::string quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

std::string host_of(const catalog::ServerName& entry) {
  if (entry.label) return entry.name + ".example.org";
  return entry.name.find('.') == std::string::npos ? "host." + entry.name : entry.name;
}

std::string count_of(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string_view stage_word(flow::Stage stage) {
  switch (stage) {
    case flow::Stage::undecided: return "undecided";
    case flow::Stage::per_packet: return "judged question by question";
    case flow::Stage::watched: return "forwarded so far, and read on";
    case flow::Stage::confirming: return "forwarded, awaiting acknowledgments";
    case flow::Stage::forwarded: return "forwarded";
    case flow::Stage::dropped: return "blocked, dropped in silence";
    case flow::Stage::reset: return "blocked, reset";
  }
  return {};
}

std::string_view outcome_word(Inspected outcome) {
  switch (outcome) {
    case Inspected::undecided: return "more bytes may tell";
    case Inspected::message:
    case Inspected::half_message: return "a whole message";
    case Inspected::nothing: return "no parser knows these bytes";
    case Inspected::settled: return "this direction was done with before";
    case Inspected::passed: return "within what is not looked at";
    case Inspected::malformed: return "broken, or not to be read further";
    case Inspected::conflict: return "contradicts bytes seen before";
    case Inspected::scattered: return "too far ahead";
    case Inspected::too_long: return "longer than what is looked at";
    case Inspected::cut: return "the capture holds only a part";
    case Inspected::urgent: return "urgent bytes where no client needs them";
    case Inspected::out_of_memory: return "no room to look at it";
  }
  return {};
}

bool says_much(Inspected outcome) {
  return outcome != Inspected::undecided && outcome != Inspected::settled &&
         outcome != Inspected::passed;
}

std::string service_text(catalog::Service service) {
  return service == catalog::Service::any ? "" : ", " + std::string(to_string(service));
}

std::string ends_text(const TraceEntry& decode) {
  std::string text = decode.protocol == net::kTcp ? "tcp " : "udp ";
  text += endpoint(decode.source, decode.source_port) + " to " +
          endpoint(decode.destination, decode.destination_port);
  for (std::size_t i = 0; i < decode.vlan_count && i < decode.vlan.size(); ++i) {
    text += ", vlan " + std::to_string(decode.vlan[i]);
  }
  return text;
}

std::string parse_text(const TraceEntry& parse) {
  std::string text(outcome_word(parse.inspected));
  if (parse.app_proto != proto::AppProto::unknown) {
    text = std::string(to_string(parse.app_proto)) + ", " + text;
  }
  if (parse.name_size != 0) text += ", names " + quoted(parse.name_view());
  if (parse.has_messenger && !parse.messenger.application.empty()) {
    text += ", speaks " + std::string(parse.messenger.application) +
            service_text(parse.messenger.service);
  }
  if (parse.ech) text += ", offers an encrypted hello";
  return text;
}

std::string disposition_text(const TraceEntry& disposition) {
  if (disposition.forward) return "forwarded";
  const auto& info = telemetry::reasons()[static_cast<std::size_t>(disposition.reason)];
  std::string text = "dropped (" + std::string(info.word) + "): " + std::string(info.help);
  if (disposition.forged != 0) {
    text += "; " + count_of(disposition.forged, "frame") + " sent in its place";
  }
  return text;
}

}  // namespace chatgate::explain
