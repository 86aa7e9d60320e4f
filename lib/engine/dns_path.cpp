// DNS: questions judged one by one, answers read for what they teach and for what they hide.

#include <algorithm>

#include "enforce/dns_answer.h"
#include "enforce/dns_strip.h"
#include "engine/pipeline.h"
#include "net/frame_builder.h"
#include "proto/dns.h"
#include "proto/dns_canary.h"
#include "proto/dns_form.h"

#include "learn/answers.h"

namespace chatgate::engine {

using flow::ColdFlow;
using flow::HotFlow;

namespace {

learn::QuestionKey key_of(const HotFlow& flow, std::uint16_t id) {
  return {.client = flow.client(),
          .resolver = flow.server(),
          .client_port = flow.client_port(),
          .resolver_port = flow.server_port(),
          .id = id,
          .tcp = flow.key.is_tcp()};
}

bool asks_for_keys(std::uint16_t type) {
  constexpr std::uint16_t kAny = 255;
  return type == proto::dns::type::kHttps || type == proto::dns::type::kSvcb || type == kAny;
}

bool is_multicast(const IpAddress& address) {
  return address.is_v4() ? address.bytes[12] >> 4 == 0xe : address.bytes[0] == 0xff;
}

// Whether a parser knows a datagram to a name server for its own beyond doubt.
bool is_anothers(Bytes payload) {
  const auto parsers = proto::datagram_parsers();
  return std::any_of(parsers.begin(), parsers.end(), [&](const proto::DatagramParser& parser) {
    const bool asked = parser.server_port == 0 || parser.server_port == proto::dns::kServerPort;
    return asked && parser.probe(payload) == proto::Probe::certain;
  });
}

bool is_response(Bytes message) {
  return message.size() >= 4 && (load_be16(message.data() + 2) & proto::dns::flag::kResponse) != 0;
}

}  // namespace

// Whether a datagram is a DNS message: on its port, where no other protocol knows it for its own;
// elsewhere by its shape.
bool Pipeline::is_dns(const Packet& packet) const {
  const HotFlow& flow = flows_.hot(packet.flow);
  const std::uint16_t port = flow.server_port();
  const Bytes payload = packet.payload();
  // Names of the local network (RFC 6762, RFC 4795, RFC 1002) are left alone.
  if (port == 137 || ((port == 5353 || port == 5355) && is_multicast(flow.server()))) return false;
  if (port != proto::dns::kServerPort) return proto::dns::is_plain_query(payload);
  return proto::dns::may_be_message(payload) &&
         (is_response(payload) || proto::dns::is_plain_query(payload) || !is_anothers(payload));
}

// A datagram of a flow that spoke DNS before. Others may come by the same ports, and the other way
// round.
void Pipeline::datagram_by_itself(Packet& packet) {
  if (packet.layers.payload_size == 0 || is_dns(packet)) {
    dns_datagram(packet);
    return;
  }
  if (const Reason refused = admit_sums(packet); refused != Reason::none) {
    refuse(packet, refused);
    return;
  }
  flows_.hot(packet.flow).stage = flow::Stage::undecided;
  flows_.cold(packet.flow).app_proto = proto::AppProto::unknown;
  udp_payload(packet);
}

void Pipeline::dns_datagram(Packet& packet) {
  if (packet.layers.payload_size == 0 || is_too_long(packet) || breaks_dns(packet)) return;
  if (is_response(packet.payload())) {
    dns_response(packet);
  } else {
    dns_question(packet);
  }
}

// A message longer than the policy has it. True where it goes no further; its flow stands.
bool Pipeline::is_too_long(const Packet& packet) {
  const auto& limit = snapshot_->policy->controls().dns.message_length;
  if (!limit || packet.layers.payload_size <= limit->bytes ||
      limit->action == policy::Action::allow) {
    return false;
  }
  return refuse_datagram(packet, Reason::dns_length, limit->action);
}

// What a check says of one datagram. True where it goes no further; its flow stands.
bool Pipeline::refuse_datagram(const Packet& packet, Reason reason, policy::Action action) {
  if (!blocks(action)) {
    report_measure(packet, reason, action);
    return false;
  }
  drop(packet, reason);
  conduct_event(packet.flow, &packet, reason, action);
  return true;
}

// A datagram on DNS's port that is no message that a name server would take. True where the policy
// has it go no further.
bool Pipeline::breaks_dns(const Packet& packet) {
  const policy::Action action = snapshot_->policy->controls().dns.header;
  return action != policy::Action::allow &&
         flows_.hot(packet.flow).server_port() == proto::dns::kServerPort &&
         packet.layers.payload_size != 0 && packet.layers.payload_missing == 0 &&
         !proto::dns::is_well_formed(packet.payload()) &&
         refuse_datagram(packet, Reason::dns_header, action);
}

// The same for the message that was read of a connection, behind its length.
bool Pipeline::breaks_dns_stream(Packet& packet) {
  constexpr std::size_t kLength = 2;
  const policy::Action action = snapshot_->policy->controls().dns.header;
  if (action == policy::Action::allow || facts_.protocol != proto::AppProto::dns) return false;
  Half& half = inspections_.get(flows_.cold(packet.flow).inspection).half(packet.way);
  const Bytes message = inspections_.message(half);
  return message.size() > kLength && !proto::dns::is_well_formed(message.subspan(kLength)) &&
         take_measure(packet, Reason::dns_header, action);
}

// Every question is judged and answered by itself. A query that breaks off is judged by the names
// before the break; what a resolver makes of the rest is its own affair.
void Pipeline::dns_question(Packet& packet) {
  facts_.clear();
  std::optional<proto::dns::DnsQuery> query;
  const auto status = proto::dns::parse_with_query(packet.payload(), facts_, query);
  if (status == proto::ParseStatus::malformed) counters_.add(Counter::parse_malformed);
  if (status == proto::ParseStatus::not_mine) return;
  if (traced_ != nullptr) trace_parse(Inspected::message);
  count_message(facts_.protocol);
  protocol_event(packet, facts_);
  if (rules_on_payload(packet, nullptr, true)) return;
  const Judgement judgement = judge(*snapshot_, ends(packet.flow), facts_);
  count_verdict(judgement);
  if (blocks(judgement.verdict.action)) {
    answer_dns(packet, judgement);
  } else if (const auto canary = canary_answer(packet)) {
    drop(packet, Reason::policy_answer);
    send_answer(packet, *canary);
  } else if (learns() && query) {
    pending_.remember(key_of(flows_.hot(packet.flow), query->id), query->question_hash, now_);
  }
  alert_event(packet.flow, judgement, &packet);
}

// Names by which a network tells clients to keep to its resolver, where the policy does not let
// them use another.
std::optional<enforce::DnsAnswer> Pipeline::canary_answer(const Packet& packet) {
  if (facts_.name_count != 1 || snapshot_->mode() == policy::Mode::monitor) return std::nullopt;
  const auto signal = proto::dns::canary_signal(facts_.names[0].host.view());
  const ApplicationId encrypted_dns = snapshot_->policy->encrypted_dns();
  if (!signal || !encrypted_dns.valid()) return std::nullopt;
  Ends there = ends(packet.flow);
  there.server_port = kHttpsPort;
  const catalog::Classification im{encrypted_dns, catalog::Service::any, catalog::Evidence::dns};
  const policy::Verdict verdict = ask(*snapshot_, there, im, {.of_server = false});
  if (policy::forwards(verdict.action)) return std::nullopt;
  return *signal == proto::dns::CanarySignal::nxdomain ? enforce::DnsAnswerKind::nxdomain
                                                       : enforce::DnsAnswerKind::nodata;
}

void Pipeline::dns_response(Packet& packet) {
  const Bytes message = packet.payload();
  if (const auto judgement = blocked_answer(packet, message)) {
    std::array<std::uint8_t, ForgedFrame::kCapacity> buffer;
    const bool replaced =
        answers(judgement->verdict.action) &&
        replace_datagram(packet, enforce::replace_dns_answer(configured_answer(), message, buffer),
                         Reason::policy_answer);
    if (!replaced) drop(packet, Reason::policy_drop);
    alert_event(packet.flow, *judgement, &packet);
  } else if (strips_keys()) {
    strip_keys(packet, message);
  }
}

// What an answer leads to: taught, where the question was seen, and judged, where its names hide
// another application than the question shows, or lead to one that is in a list. The judgement of
// an answer that is blocked.
std::optional<Judgement> Pipeline::blocked_answer(const Packet& packet, Bytes message) {
  if (!proto::dns::parse_dns_response(message, response_)) return std::nullopt;
  const learn::AnswerNames names(message, response_, [this](std::string_view host) {
    return snapshot_->catalogue->match_name(host);
  });
  const HotFlow& flow = flows_.hot(packet.flow);
  if (learns() && is_from_its_side(packet) &&
      pending_.answered(key_of(flow, response_.head.id), response_.head.question_hash, now_)) {
    learn::teach(names, {flow.client(), snapshot_->generation, now_}, *config_.learned, quota_);
  }
  const learn::AnswerNames::Name* hidden = names.hidden();
  for (std::size_t i = 1; i < names.all().size(); ++i) {
    const bool is_hidden = hidden == &names.all()[i];
    if (!is_hidden && !asks_for_lists(*snapshot_)) continue;
    const proto::HostName& host = names.host(i);
    Judgement judgement;
    if (is_hidden) {
      judgement.im = {hidden->own.application, hidden->own.service, catalog::Evidence::dns};
    }
    const lists::Mask listed = lists_of_name(*snapshot_, host.view());
    if (!judgement.im.known() && listed == 0) continue;
    judgement.verdict = ask(*snapshot_, ends(packet.flow), judgement.im,
                            {.name = host.view(), .of_server = false, .lists = listed});
    if (!blocks(judgement.verdict.action)) continue;
    if (!judgement.im.known() && !judgement.verdict.list.valid()) continue;
    judgement.im.evidence = catalog::Evidence::dns;
    hidden_name_ = host;
    judgement.name = hidden_name_.view();
    count_verdict(judgement);
    return judgement;
  }
  return std::nullopt;
}

bool Pipeline::strips_keys() const {
  return snapshot_->policy->controls().tls.ech == policy::EncryptedClientHello::strip &&
         snapshot_->mode() == policy::Mode::enforce;
}

// Takes the keys of ECH out of an answer; an answer that is longer than what the gateway sends, or
// whose keys cannot be taken out, becomes one without records.
void Pipeline::strip_keys(Packet& packet, Bytes message) {
  std::array<std::uint8_t, 4096> copy;
  auto stripped = enforce::DnsStripped::impossible;
  if (message.size() > copy.size()) {
    const auto head = proto::dns::parse_dns_response_head(message);
    if (!head || !asks_for_keys(head->first_type)) return;
  } else {
    const MutableBytes changed(copy.data(), message.size());
    std::copy(message.begin(), message.end(), changed.begin());
    stripped = enforce::strip_ech(changed);
    if (stripped == enforce::DnsStripped::nothing) return;
    if (stripped == enforce::DnsStripped::stripped &&
        replace_datagram(packet, changed, Reason::ech_stripped)) {
      return;
    }
  }
  std::array<std::uint8_t, ForgedFrame::kCapacity> buffer;
  const Bytes without =
      enforce::replace_dns_answer(enforce::DnsAnswerKind::nodata, message, buffer);
  if (!replace_datagram(packet, without, Reason::ech_stripped)) drop(packet, Reason::ech_stripped);
}

// A question of a TCP connection that is not blocked for its name. True where it was answered
// here, which ends the connection: names that tell clients which resolver to use, and questions for
// keys where those are taken out, since an answer over TCP may come in any number of segments and
// cannot be changed on its way.
bool Pipeline::dns_stream_question(Packet& packet) {
  const ColdFlow& cold = flows_.cold(packet.flow);
  const Bytes message = inspections_.message(inspections_.get(cold.inspection).half(packet.way));
  if (message.size() < 2) return false;
  const auto query = proto::dns::parse_dns_query(message.subspan(2));
  if (!query) return false;
  if (const auto canary = canary_answer(packet)) {
    answer_and_end(packet, *canary, Reason::policy_answer);
    return true;
  }
  if (strips_keys() && asks_for_keys(query->first_type)) {
    answer_and_end(packet, enforce::DnsAnswerKind::nodata, Reason::ech_stripped);
    return true;
  }
  if (learns()) {
    pending_.remember(key_of(flows_.hot(packet.flow), query->id), query->question_hash, now_);
  }
  return false;
}

// An answer that has come in whole. True where there is more to look at.
bool Pipeline::dns_stream_answer(Packet& packet, Inspected& outcome) {
  if (breaks_dns_stream(packet)) return false;
  ColdFlow& cold = flows_.cold(packet.flow);
  Inspection& inspection = inspections_.get(cold.inspection);
  const Half& half = inspection.half(packet.way);
  const Bytes message = inspections_.message(inspection.half(packet.way)).subspan(2);
  if (const auto judgement = blocked_answer(packet, message)) {
    conclude(packet, *judgement);
    return false;
  }
  cold.set_sequence(packet.way, half.stream.next_sequence());
  outcome = inspections_.go_on(inspection, packet.way, proto::Next::message, facts_);
  return true;
}

// Answers the question of a TCP connection where that can be done, and ends the connection.
void Pipeline::answer_and_end(Packet& packet, const enforce::DnsAnswer& answer, Reason reason) {
  if (!answer_dns_over_tcp(packet, answer)) {
    const std::uint32_t passed_on = flows_.cold(packet.flow).next_sequence[flow::index(packet.way)];
    drop(packet, reason);
    reset_receiver(packet, passed_on);
    reset_sender(packet, passed_on);
  }
  give_up(packet.flow, policy::Action::reset);
}

// Sends `payload` in the packet's place; only drops the packet where it is empty. False, and the
// packet as it was, where no frame could be made of it.
bool Pipeline::replace_datagram(Packet& packet, Bytes payload, Reason reason) {
  if (!payload.empty()) {
    ForgedFrame* frame = next_forged(packet, net::other(packet.frame->side));
    const std::size_t size = frame == nullptr
                                 ? 0
                                 : net::build_udp(*packet.frame, *packet.frame_layers,
                                                  net::Toward::receiver, payload, frame->data);
    if (size == 0) return false;
    commit_forged(size);
  }
  drop(packet, reason);
  return true;
}

enforce::DnsAnswer Pipeline::configured_answer() const {
  const policy::DnsControls& dns = snapshot_->policy->controls().dns;
  switch (dns.answer) {
    case policy::DnsAnswer::nxdomain: return enforce::DnsAnswerKind::nxdomain;
    case policy::DnsAnswer::refused: return enforce::DnsAnswerKind::refused;
    case policy::DnsAnswer::address: return {dns.ipv4, dns.ipv6};
    case policy::DnsAnswer::nodata:
    case policy::DnsAnswer::drop: break;
  }
  return enforce::DnsAnswerKind::nodata;
}

// Whether a question that meets `action` is answered, and not just dropped.
bool Pipeline::answers(policy::Action action) const {
  return action == policy::Action::reset &&
         snapshot_->policy->controls().dns.answer != policy::DnsAnswer::drop;
}

void Pipeline::answer_dns(Packet& packet, const Judgement& judgement) {
  if (!answers(judgement.verdict.action)) {
    drop(packet, Reason::policy_drop);
    return;
  }
  drop(packet, Reason::policy_answer);
  send_answer(packet, configured_answer());
}

void Pipeline::send_answer(Packet& packet, const enforce::DnsAnswer& answer) {
  ForgedFrame* frame = next_forged(packet, packet.frame->side);
  if (frame == nullptr) return;
  std::array<std::uint8_t, ForgedFrame::kCapacity> buffer;
  const Bytes message = enforce::answer_dns(answer, packet.payload(), buffer);
  if (message.empty()) return;
  const std::optional<net::Opposite> back = opposite(packet);
  commit_forged(net::build_udp(*packet.frame, *packet.frame_layers, net::Toward::sender, message,
                               frame->data, back ? &*back : nullptr));
}

// The answer as the resolver would have sent it, with the end of the connection; the resolver gets
// a reset. False where the question does not stand alone in this segment: then both are reset.
bool Pipeline::answer_dns_over_tcp(Packet& packet, const enforce::DnsAnswer& answer) {
  const Bytes payload = packet.payload();
  if (packet.way != flow::Way::to_server || payload.size() < 2 ||
      !packet.layers.has(net::tcp_flag::ack) || load_be16(payload.data()) != payload.size() - 2) {
    return false;
  }
  std::array<std::uint8_t, ForgedFrame::kCapacity> buffer;
  const std::size_t size =
      enforce::answer_dns(answer, payload.subspan(2), MutableBytes(buffer).subspan(2)).size();
  if (size == 0) return false;
  store_be16(buffer.data(), static_cast<std::uint16_t>(size));
  const std::uint32_t passed_on = packet.layers.sequence;
  drop(packet, Reason::policy_answer);
  reset_receiver(packet, passed_on);
  if (ForgedFrame* frame = next_forged(packet, packet.frame->side)) {
    const std::optional<net::Opposite> back = opposite(packet);
    net::TcpFields fields;
    fields.sequence = packet.layers.acknowledgment;
    fields.acknowledgment = packet.layers.sequence + packet.layers.payload_size;
    fields.flags = net::tcp_flag::ack | net::tcp_flag::psh | net::tcp_flag::fin;
    fields.window = packet.layers.window;
    commit_forged(net::build_tcp(*packet.frame, *packet.frame_layers, net::Toward::sender, fields,
                                 Bytes(buffer).first(size + 2), frame->data,
                                 back ? &*back : nullptr));
  }
  return true;
}

}  // namespace chatgate::engine
