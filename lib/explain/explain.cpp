#include "explain/explain.h"

#include <algorithm>

#include "engine/judge.h"
#include "proto/facts.h"

#include "explain/narrator.h"
#include "explain/sayings.h"

namespace chatgate::explain {
namespace {

using engine::TraceEntry;
using engine::TraceStage;

constexpr std::size_t kNoise = 96;

std::vector<Saying> sayings(const Description& description) {
  switch (description.kind) {
    case NameKind::sni: return {tls_hello(description.name)};
    case NameKind::quic_sni: return {quic_initial(description.name)};
    case NameKind::host: return {http_request(description.name)};
    case NameKind::dns: return {dns_question(description.name, description.ends.tcp)};
    case NameKind::none: break;
  }
  return {noise(kNoise)};
}

proto::NameSource source_of(NameKind kind) {
  switch (kind) {
    case NameKind::quic_sni: return proto::NameSource::quic_sni;
    case NameKind::host: return proto::NameSource::http_host;
    case NameKind::dns: return proto::NameSource::dns_query;
    case NameKind::sni:
    case NameKind::none: break;
  }
  return proto::NameSource::tls_sni;
}

proto::AppProto protocol_of(NameKind kind) {
  switch (kind) {
    case NameKind::sni: return proto::AppProto::tls;
    case NameKind::quic_sni: return proto::AppProto::quic;
    case NameKind::host: return proto::AppProto::http;
    case NameKind::dns: return proto::AppProto::dns;
    case NameKind::none: break;
  }
  return proto::AppProto::unknown;
}

std::vector<TraceEntry>::iterator first_verdict(std::vector<TraceEntry>& entries) {
  return std::find_if(entries.begin(), entries.end(),
                      [](const TraceEntry& entry) { return entry.stage == TraceStage::verdict; });
}

// As if the payload had been the application's own protocol: its packet's verdict is given again,
// by the same function. What was refused before any payload stays refused.
void speak(const engine::Snapshot& snapshot, const Description& description,
           const StageOptions& options, Played& played) {
  const auto verdict = first_verdict(played.entries);
  const bool at_opening = description.ends.tcp && played.packets == 1;
  if (at_opening || verdict == played.entries.end()) return;
  proto::Facts facts;
  facts.protocol = protocol_of(description.kind);
  if (description.kind != NameKind::none) {
    facts.add_name(source_of(description.kind), description.name);
  }
  facts.speak_of(description.application->word, description.service);
  engine::Ends ends = verdict->ends;
  ends.learned_name = verdict->learned_view();
  ends.worker = options.worker;
  ends.earlier = {};
  ends.protocol = facts.protocol;
  const engine::Judgement judgement = engine::judge(snapshot, ends, facts);
  verdict->set_ends(ends);
  verdict->unclassified = judgement.unclassified;
  verdict->im = judgement.im;
  verdict->verdict = judgement.verdict;
  verdict->set_name(judgement.name);
  verdict->has_messenger = true;
  verdict->messenger = facts.messenger;

  const bool stops =
      !policy::forwards(judgement.verdict.action) && snapshot.mode() == policy::Mode::enforce;
  TraceEntry& disposition = played.entries.back();
  for (TraceEntry& entry : played.entries) {
    if (entry.packet != disposition.packet || entry.stage != TraceStage::parse) continue;
    entry.inspected = engine::Inspected::message;
    entry.app_proto = facts.protocol;
    entry.has_messenger = true;
    entry.messenger = facts.messenger;
  }
  disposition.forward = !stops;
  const bool resets = judgement.verdict.action == policy::Action::reset && description.ends.tcp;
  disposition.reason = !stops   ? telemetry::Reason::none
                       : resets ? telemetry::Reason::policy_reset
                                : telemetry::Reason::policy_drop;
  disposition.forged = stops && resets ? 2 : 0;
}

policy::Circumstances circumstances_of(const telemetry::Event& flow) {
  policy::Circumstances result;
  result.vlan = flow.vlan;
  result.pair = flow.pair;
  result.inside_opened = flow.arrived_by == net::Side::inside;
  return result;
}

// What the access list says of a flow, as a step; whether that is the end of it.
bool denied_by_access(const engine::Snapshot& snapshot, const telemetry::Event& flow,
                      std::vector<TraceEntry>& entries) {
  const policy::AccessList& list = snapshot.policy->access();
  if (list.empty()) return false;
  policy::AccessList::Question question;
  question.protocol = flow.protocol;
  question.client = flow.client;
  question.server = flow.server;
  question.server_port = flow.server_port;
  question.circumstances = circumstances_of(flow);
  question.times = snapshot.times;
  TraceEntry& entry = entries.emplace_back();
  entry.stage = TraceStage::access;
  entry.line = list.first_match(question);
  if (!entry.line.valid()) return false;
  entry.action = list[entry.line].action;
  return !policy::forwards(entry.action) && snapshot.mode() == policy::Mode::enforce;
}

// As the flow's next packet would be judged.
void judge_flow(const engine::Snapshot& snapshot, const telemetry::Event& flow,
                const StageOptions& options, TraceEntry& verdict) {
  engine::Ends ends;
  ends.client = flow.client;
  ends.server = flow.server;
  ends.server_port = flow.server_port;
  ends.tcp = flow.protocol == net::kTcp;
  ends.protocol = flow.app_proto;
  ends.worker = options.worker;
  ends.circumstances = circumstances_of(flow);
  // What taught it may have run out since.
  if (flow.im.evidence == catalog::Evidence::learned_address) ends.learned = flow.im;
  if (options.expected != nullptr) {
    auto found = options.expected->find(flow.server, flow.server_port, ends.tcp, options.time);
    if (!found) {
      found = options.expected->find(flow.client, flow.client_port, ends.tcp, options.time);
    }
    if (found) {
      ends.expected = {found->application, found->service, catalog::Evidence::learned_address};
    }
  }
  std::optional<learn::LearnedServer> learned;
  if (options.learned != nullptr && learn::judges_port(ends.server_port)) {
    learned = options.learned->find(ends.server, options.time);
  }
  if (learned && !learned->shared && learned->name_is_whole()) {
    ends.learned_name = learned->name();
    ends.learned_lists = engine::lists_of_name(snapshot, ends.learned_name);
  }
  const engine::Judgement judgement =
      engine::judge_anew(snapshot, ends, flow.im, flow.app_proto, flow.name_view());
  verdict.set_ends(ends);
  verdict.im = judgement.im;
  verdict.verdict = judgement.verdict;
  verdict.unclassified = judgement.unclassified;
  verdict.set_name(judgement.name);
}

// What else comes of it: what an application needs that passes, or who else is stopped with it.
void tell_more(const engine::Snapshot& snapshot, std::span<const TraceEntry> entries,
               const StageOptions& options, Explanation& told) {
  const TraceEntry* step = deciding_step(entries);
  if (step == nullptr || step->stage != TraceStage::verdict) return;
  const catalog::Application* known = snapshot.catalogue->find(told.application);
  if (!policy::forwards(told.action)) {
    told.also_used_by = users_of(*snapshot.catalogue, step->name_view(),
                                 known == nullptr ? std::string_view() : known->word);
    return;
  }
  if (known == nullptr || told.stopped) return;
  Client client;
  client.use(step->ends.client);
  // The caller's, for as long as this lasts.
  const std::shared_ptr<const engine::Snapshot> borrowed(std::shared_ptr<void>(), &snapshot);
  told.needs = NeedsJudge(borrowed, options.worker, options.flows).needs_of(*known, client);
}

}  // namespace

std::string mistake_in(const Description& description) {
  const TalkEnds& ends = description.ends;
  if (ends.client.is_v4() != ends.server.is_v4()) {
    return "the two addresses are of different versions of IP";
  }
  if (ends.server_port == 0) return "the server's port is missing";
  if (description.kind == NameKind::sni && !ends.tcp) return "a TLS hello goes over tcp";
  if (description.kind == NameKind::host && !ends.tcp) return "an HTTP request goes over tcp";
  if (description.kind == NameKind::quic_sni && ends.tcp) return "QUIC goes over udp";
  if (description.service != catalog::Service::any && description.application == nullptr) {
    return "a service is one of an application's, which is missing";
  }
  if (description.kind == NameKind::none) return {};
  const proto::HostName name = proto::HostName::normalised(description.name);
  if (name.empty() || !name.well_formed()) return "\"" + description.name + "\" is no host name";
  return {};
}

Explanation explain(const std::shared_ptr<const engine::Snapshot>& snapshot,
                    const Description& description, const StageOptions& options) {
  Stage stage(snapshot, options);
  Played played = stage.play({description.ends, sayings(description)});
  if (description.application != nullptr) speak(*snapshot, description, options, played);
  return narrate(*snapshot, played.entries, options);
}

Explanation narrate(const engine::Snapshot& snapshot, std::span<const TraceEntry> entries,
                    const StageOptions& options) {
  Explanation told = Narrator(snapshot, entries, options.worker).tell();
  tell_more(snapshot, entries, options, told);
  return told;
}

Explanation explain_flow(const engine::Snapshot& snapshot, const telemetry::Event& flow,
                         const StageOptions& options) {
  std::vector<TraceEntry> entries(2);
  TraceEntry& decode = entries[0];
  decode.side = flow.arrived_by;
  decode.protocol = flow.protocol;
  decode.source = flow.client;
  decode.destination = flow.server;
  decode.source_port = flow.client_port;
  decode.destination_port = flow.server_port;
  decode.vlan = flow.vlan;
  decode.vlan_count = flow.vlan_count;
  TraceEntry& record = entries[1];
  record.stage = TraceStage::flow;
  record.flow_id = flow.flow_id;
  const bool blocked = flow.reason == telemetry::Reason::blocked_flow;
  record.flow_stage =
      blocked ? flow.action == policy::Action::reset ? flow::Stage::reset : flow::Stage::dropped
              : flow::Stage::forwarded;
  if (!denied_by_access(snapshot, flow, entries)) {
    TraceEntry& verdict = entries.emplace_back();
    verdict.stage = TraceStage::verdict;
    judge_flow(snapshot, flow, options, verdict);
  }
  for (TraceEntry& entry : entries) {
    entry.packet = 1;
    entry.times = snapshot.times;
  }
  Explanation told = narrate(snapshot, entries, options);
  told.stopped = blocked;
  return told;
}

}  // namespace chatgate::explain
