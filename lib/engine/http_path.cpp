// What the policy asks of HTTP itself, before its rules are asked who it is: the key `http`.
//
// In the order of the bytes, as ASA's parser has it: what is spoken at all, the form of a request,
// its method, its target, its fields, its body. What only alerts lets the next check speak.

#include <algorithm>

#include "detect/http_uri.h"
#include "engine/pipeline.h"
#include "proto/http_field_lines.h"
#include "proto/http_response.h"

namespace chatgate::engine {

using flow::Way;

namespace {

// What is kept of an answer behind a gap, so that hellos find room: a middle-sized buffer.
constexpr std::int32_t kMostHeld = 16 * 1024;

// Each of a list, in any case of letters and without parameters.
bool is_allowed_coding(const policy::HttpControls::Methods& codings, std::string_view list) {
  while (true) {
    const std::size_t comma = list.find(',');
    std::string_view word = list.substr(0, comma);
    word = proto::http::without_blanks(word.substr(0, word.find(';')));
    const bool listed = word.empty() || std::any_of(codings.allow.begin(), codings.allow.end(),
                                                    [&](const auto& each) {
                                                      return proto::http::is_word(word, each);
                                                    });
    if (!listed) return false;
    if (comma == std::string_view::npos) return true;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace

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
  if (traced_ != nullptr) trace_measure(reason, action);
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
  // Servers of the web say that a client took too long before it has said anything.
  const bool gives_up =
      packet.way == Way::to_client && as_text(packet.payload()).starts_with("HTTP/");
  if (gives_up || !begins_flow(packet)) return false;
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
  if (facts_.protocol != proto::AppProto::http) return false;
  Half& half = inspections_.get(flows_.cold(packet.flow).inspection).half(packet.way);
  // A websocket's frame is no request; a stream of two readings is taken down for that.
  if (half.state.offset == 0 || half.urgent_count != 0) return false;
  const std::string_view head = as_text(inspections_.message(half));
  if (!http.reads_requests()) {
    expect_answer(packet, proto::http::method_of(head), {});
    return false;
  }
  const proto::http::RequestChecks request = proto::http::check_request(head);
  expect_answer(packet, request.method, request.accepted);
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
  if (!http.arguments.empty() && refuse_arguments(packet, request.target)) return true;
  if (too_long(http.max_header_length, request.header_length, Reason::http_header_length)) {
    return true;
  }
  if (http.reads_fields() && refuse_fields(packet, head)) return true;
  return request.content_length && refuse_length(packet, *request.content_length);
}

// What stands behind the first question mark, decoded as the target is.
bool Pipeline::refuse_arguments(Packet& packet, std::string_view target) {
  const std::size_t mark = target.find('?');
  if (mark == std::string_view::npos) return false;
  uri_.clear();
  detect::normalise_uri(target, uri_);
  const std::string_view whole = uri_.since(0);
  const std::size_t begin = whole.find('?');
  if (begin == std::string_view::npos) return false;
  const auto* found = snapshot_->policy->match_arguments(whole.substr(begin + 1), config_.id);
  return found != nullptr && take_measure(packet, Reason::http_arguments, found->action);
}

// Of a request's fields: how many there are, how long each is, what they say, and transfer codings.
// The first pattern that matches a field counts for it.
bool Pipeline::refuse_fields(Packet& packet, std::string_view head) {
  const policy::HttpControls& http = http_controls();
  std::uint32_t count = 0;
  std::size_t longest = 0;
  policy::Action matched = policy::Action::allow;
  bool strange = false;
  proto::http::FieldLines fields(head);
  while (fields.next()) {
    ++count;
    longest = std::max(longest, fields.line().size());
    if (!http.headers.empty() && matched != policy::Action::reset &&
        matched != policy::Action::drop) {
      const auto* found =
          snapshot_->policy->match_header(fields.name(), fields.value(), config_.id);
      if (found != nullptr && found->action != policy::Action::allow) matched = found->action;
    }
    if (http.transfer_encoding && proto::http::is_word(fields.name(), "transfer-encoding")) {
      strange = strange || !is_allowed_coding(*http.transfer_encoding, fields.value());
    }
  }
  const auto& most = http.max_header_count;
  const auto& line = http.max_header_line_length;
  return (most && count > most->bytes &&
          take_measure(packet, Reason::http_header_count, most->action)) ||
         (line && longest > line->bytes &&
          take_measure(packet, Reason::http_header_line, line->action)) ||
         take_measure(packet, Reason::http_header, matched) ||
         (strange &&
          take_measure(packet, Reason::http_transfer_encoding, http.transfer_encoding->action));
}

bool Pipeline::refuse_length(Packet& packet, std::uint64_t length) {
  const auto& limits = http_controls().content_length;
  return limits && (length < limits->min || length > limits->max) &&
         take_measure(packet, Reason::http_content_length, limits->action);
}

void Pipeline::expect_answer(const Packet& packet, std::string_view method,
                             const proto::http::Accepted& accepted) {
  OpenRequests& requests = inspections_.get(flows_.cold(packet.flow).inspection).requests;
  requests.add({accepted, method == "HEAD", method == "CONNECT"});
}

// An answer is put in order for what it may carry. Where that takes more room than a gap of a few
// segments, and nothing was found in it yet, it is let pass unread. True where that is so.
bool Pipeline::gives_up_answer(Packet& packet, Inspected outcome) {
  const flow::InspectionIndex index = flows_.cold(packet.flow).inspection;
  if (!packet.tcp() || !index.valid() || http_controls().reads_answers()) return false;
  const Half& half = inspections_.get(index).half(packet.way);
  const std::uint32_t end = packet.layers.sequence + packet.layers.payload_size;
  const bool far_ahead = outcome == Inspected::undecided && half.stream.has_holes() &&
                         static_cast<std::int32_t>(end - half.stream.next_sequence()) > kMostHeld;
  if (!far_ahead && outcome != Inspected::out_of_memory && outcome != Inspected::scattered) {
    return false;
  }
  if (!half.reads_plain_answer()) return false;
  nothing(packet);
  return true;
}

// The same where a segment is further ahead than could be held.
bool Pipeline::answer_runs_ahead(Packet& packet, Reason refused) {
  const flow::ColdFlow& cold = flows_.cold(packet.flow);
  const std::uint32_t next = cold.next_sequence[flow::index(packet.way)];
  return refused == Reason::tcp_window &&
         static_cast<std::int32_t>(packet.layers.sequence - next) > 0 &&
         gives_up_answer(packet, Inspected::scattered);
}

// A server's answer has been read: its head, or the first bytes of its body. True where there is
// more to look at.
bool Pipeline::http_answer(Packet& packet, Inspected& outcome) {
  flow::ColdFlow& cold = flows_.cold(packet.flow);
  Half& half = inspections_.get(cold.inspection).half(packet.way);
  bool goes_on = facts_.next == proto::Next::message;
  const bool refused = proto::http::part_read(half.state) == proto::http::ResponsePart::head
                           ? refuse_answer_head(packet, goes_on)
                           : refuse_answer_body(packet);
  if (refused) return false;
  if (!goes_on) {
    nothing(packet);
    return false;
  }
  cold.set_sequence(packet.way, half.stream.next_sequence());
  outcome = inspections_.go_on(inspections_.get(cold.inspection), packet.way, facts_.next, facts_);
  return true;
}

// `goes_on`: whether this side's HTTP can be followed behind it.
bool Pipeline::refuse_answer_head(Packet& packet, bool& goes_on) {
  constexpr unsigned kSwitching = 101, kPartial = 206, kNotModified = 304;
  Inspection& inspection = inspections_.get(flows_.cold(packet.flow).inspection);
  Half& half = inspection.half(packet.way);
  const policy::HttpControls& http = http_controls();
  const proto::http::ResponseChecks answer =
      proto::http::check_response(as_text(inspections_.message(half)));
  const bool success = answer.status / 100 == 2;
  if (answer.status / 100 == 1 && answer.status != kSwitching) return false;
  const OpenRequests::Request* const asked = inspection.requests.oldest();
  if (asked == nullptr || answer.status == kSwitching || (asked->connect && success)) {
    goes_on = half.state.carriage.stage == proto::Carriage::Stage::frames;
    return false;
  }
  const OpenRequests::Request request = *asked;
  inspection.requests.take_oldest();
  if (request.head) proto::http::expect_no_body(half.state);
  if (!request.head && answer.content_length && answer.status != kNotModified &&
      refuse_length(packet, *answer.content_length)) {
    return true;
  }
  const bool is_part = answer.status == kPartial;
  inspection.answer_type = answer.encoded || is_part ? proto::http::MediaType::other
                                                     : proto::http::media_type(answer.content_type);
  return success && !request.accepted.accepts(answer.content_type) &&
         take_measure(packet, Reason::http_not_accepted, http.content_type_verification);
}

bool Pipeline::refuse_answer_body(Packet& packet) {
  Inspection& inspection = inspections_.get(flows_.cold(packet.flow).inspection);
  Half& half = inspection.half(packet.way);
  const auto agreement =
      proto::http::verify(inspection.answer_type, as_text(inspections_.message(half)),
                          proto::http::is_whole_body(half.state));
  return agreement == proto::http::Agreement::contradicts &&
         take_measure(packet, Reason::http_content_type, http_controls().content_type_verification);
}

}  // namespace chatgate::engine
