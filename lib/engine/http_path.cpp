// What the policy asks of HTTP itself, before its rules are asked who it is: the key `http`.
//
// In the order of the bytes, as ASA's parser has it: what is spoken at all, the form of a request,
// its method, its target, its fields, its body. What only alerts lets the next check speak.

#include <algorithm>

#include "detect/http_uri.h"
#include "engine/pipeline.h"
#include "proto/http_checks.h"

namespace chatgate::engine {

using flow::Way;

// Does with a flow what a check says. True where that settles the packet in hand.
bool Pipeline::take_measure(Packet& packet, Reason reason, policy::Action action) {
  if (action == policy::Action::allow) return false;
  if (blocks(action)) {
    take_down(packet, reason, action);
    return true;
  }
  report_measure(packet, reason, action);
  return false;
}

// What a check found and lets pass: an alert, or any measure in monitor mode.
void Pipeline::report_measure(const Packet& packet, Reason reason, policy::Action action) {
  if (policy::forwards(action)) {
    counters_.add(Counter::alerted);
  } else {
    counters_.add(Counter::would_block);
    counters_.add(reason);
  }
  conduct_event(packet.flow, &packet, reason, action);
}

// Whether the packet in hand brings the first that is said in its flow.
bool Pipeline::begins_flow(const Packet& packet) const {
  const flow::InspectionIndex index = flows_.cold(packet.flow).inspection;
  if (!packet.tcp() || !index.valid()) return false;
  const Inspection& inspection = inspections_.get(index);
  const Half& other = inspection.half(flow::reverse(packet.way));
  return inspection.at_start && inspection.half(packet.way).first && other.first &&
         other.stream.contiguous() == 0;
}

// On port 80 HTTP is spoken, and on 443 TLS. A messenger's own protocol there is for the policy's
// rules and for `port_misuse`. `facts_` say what was read; nothing where no parser knew it.
bool Pipeline::breaks_web_port(Packet& packet) {
  const policy::Action action = http_controls().protocol_violation;
  if (action == policy::Action::allow || facts_.has_messenger) return false;
  const std::uint16_t port = flows_.hot(packet.flow).server_port();
  Reason reason = Reason::not_http;
  switch (facts_.protocol) {
    case proto::AppProto::http:
    case proto::AppProto::http2:
      if (port != kHttpsPort) return false;
      reason = Reason::not_tls;
      break;
    case proto::AppProto::tls:
      if (port != kHttpPort) return false;
      break;
    case proto::AppProto::proxy_protocol: return false;  // what follows it tells
    default:
      if (port != kHttpPort && port != kHttpsPort) return false;
      reason = port == kHttpPort ? Reason::not_http : Reason::not_tls;
  }
  if (!begins_flow(packet)) return false;
  inspections_.get(flows_.cold(packet.flow).inspection).at_start = false;
  return take_measure(packet, reason, action);
}

// A request that the parser calls malformed.
bool Pipeline::breaks_http(Packet& packet) {
  const Inspection& inspection = inspections_.get(flows_.cold(packet.flow).inspection);
  return facts_.protocol == proto::AppProto::http &&
         !inspection.half(packet.way).speaks_as_server() &&
         take_measure(packet, Reason::http_violation, http_controls().protocol_violation);
}

// The head of a request has been read. True where a check takes its connection down.
bool Pipeline::refuse_request(Packet& packet) {
  const policy::HttpControls& http = http_controls();
  if (facts_.protocol != proto::AppProto::http || !http.reads_requests()) return false;
  Half& half = inspections_.get(flows_.cold(packet.flow).inspection).half(packet.way);
  // A websocket's frame is no request; a stream of two readings is taken down for that.
  if (half.state.offset == 0 || half.urgent_count != 0) return false;
  const proto::http::RequestChecks request =
      proto::http::check_request(as_text(inspections_.message(half)));
  if (request.violation && take_measure(packet, Reason::http_violation, http.protocol_violation)) {
    return true;
  }
  if (http.methods) {
    const auto& allowed = http.methods->allow;
    const bool listed = std::find(allowed.begin(), allowed.end(), request.method) != allowed.end();
    if (!listed && take_measure(packet, Reason::http_method, http.methods->action)) return true;
  }
  const auto too_long = [&](const std::optional<policy::LengthLimit>& limit, std::size_t length,
                            Reason reason) {
    return limit && length > limit->bytes && take_measure(packet, reason, limit->action);
  };
  if (too_long(http.max_uri_length, request.target.size(), Reason::http_uri_length)) return true;
  if (!http.uri.empty()) {
    uri_.clear();
    detect::normalise_uri(request.target, uri_);
    const auto* found = snapshot_->policy->match_uri(uri_.since(0), config_.id);
    if (found != nullptr && take_measure(packet, Reason::http_uri, found->action)) return true;
  }
  if (too_long(http.max_header_length, request.header_length, Reason::http_header_length)) {
    return true;
  }
  if (!http.content_length || !request.content_length) return false;
  const bool within = *request.content_length >= http.content_length->min &&
                      *request.content_length <= http.content_length->max;
  return !within && take_measure(packet, Reason::http_content_length, http.content_length->action);
}

}  // namespace chatgate::engine
