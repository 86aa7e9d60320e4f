#include "explain/narrator.h"

#include <algorithm>

#include "explain/words.h"

namespace chatgate::explain {
namespace {

using catalog::Evidence;
using engine::Inspected;
using engine::TraceEntry;
using engine::TraceStage;
using telemetry::Reason;

}  // namespace

std::vector<NameEntry> entries_of(const catalog::Catalogue& catalogue, std::string_view name) {
  std::vector<NameEntry> found;
  for (const catalog::Application& application : catalogue.applications()) {
    for (const catalog::ServerName& entry : application.names) {
      const bool same = name == entry.name;
      const bool label = entry.label && name.size() > entry.name.size() &&
                         name.starts_with(entry.name) && name[entry.name.size()] == '.';
      const bool below = !entry.exact && !entry.label && name.size() > entry.name.size() &&
                         name.ends_with(entry.name) &&
                         name[name.size() - entry.name.size() - 1] == '.';
      if ((same && !entry.label) || label || below) found.push_back({&application, &entry});
    }
  }
  std::stable_sort(found.begin(), found.end(), [](const NameEntry& a, const NameEntry& b) {
    return a.name->name.size() > b.name->name.size();
  });
  return found;
}

std::string_view control_of(Reason reason) {
  switch (reason) {
    case Reason::proxy_refused: return "evasion.proxies";
    case Reason::quic_refused: return "tls.quic";
    case Reason::ech_refused:
    case Reason::ech_stripped: return "tls.encrypted_client_hello";
    case Reason::tcp_midstream: return "inspection.midstream";
    case Reason::incomplete: return "inspection.incomplete";
    case Reason::port_misuse: return "http.port_misuse";
    case Reason::not_http:
    case Reason::not_tls:
    case Reason::http_violation: return "http.protocol_violation";
    case Reason::http_method: return "http.request_methods";
    case Reason::http_uri_length: return "http.max_uri_length";
    case Reason::http_uri: return "http.uri";
    case Reason::http_header_length: return "http.max_header_length";
    case Reason::http_content_length: return "http.content_length";
    case Reason::http_content_type:
    case Reason::http_not_accepted: return "http.content_type_verification";
    case Reason::dns_length: return "dns.message_length";
    default: return telemetry::to_string(reason);
  }
}

const TraceEntry* deciding_step(std::span<const TraceEntry> entries) {
  const TraceEntry* deciding = nullptr;
  for (const TraceEntry& entry : entries) {
    const bool verdict = entry.stage == TraceStage::verdict;
    const bool acts = entry.stage == TraceStage::measure || entry.stage == TraceStage::access;
    if (!verdict && !acts) continue;
    const bool forwards = policy::forwards(verdict ? entry.verdict.action : entry.action);
    if (!verdict && forwards) continue;
    deciding = &entry;
    if (!forwards) break;
  }
  return deciding;
}

std::string decided_by(const engine::Snapshot& snapshot, const TraceEntry& step) {
  if (step.stage == TraceStage::measure) return std::string(control_of(step.reason));
  const bool other = step.generation != 0 && step.generation != snapshot.generation;
  if (step.stage == TraceStage::access) {
    return other ? "a line of generation " + std::to_string(step.generation)
                 : std::string(snapshot.policy->access_name(step.line));
  }
  const policy::Verdict& verdict = step.verdict;
  if (verdict.port_misuse) return "http.port_misuse";
  if (verdict.unclassified) return "unclassified";
  if (verdict.rule.valid() && other) {
    return "a rule of generation " + std::to_string(step.generation);
  }
  if (verdict.rule.valid()) return std::string(snapshot.policy->rule_name(verdict.rule));
  if (step.im.known() && step.im.application == snapshot.policy->encrypted_dns()) {
    constexpr std::uint16_t kDnsOverTls = 853;
    return step.ends.server_port == kDnsOverTls ? "evasion.dot" : "evasion.doh";
  }
  if (verdict.action == snapshot.policy->fallback()) return "default";
  return step.im.known() && step.im.evidence != Evidence::quic_sni ? "signature"
                                                                   : "tls.unreadable_quic";
}

policy::Connection connection_at(const engine::Snapshot& snapshot, const TraceEntry& entry,
                                 WorkerId worker) {
  engine::Ends ends = entry.ends;
  ends.learned_name = entry.learned_view();
  ends.worker = worker;
  engine::Told told;
  told.name = entry.name_view();
  told.said = entry.has_messenger ? &entry.messenger : nullptr;
  told.of_server = ends.protocol != proto::AppProto::dns && entry.im.evidence != Evidence::dns;
  told.lists = engine::lists_of_name(snapshot, told.name);
  told.unclassified = entry.unclassified;
  policy::Connection asked = engine::connection_of(snapshot, ends, entry.im, told);
  return asked;
}

Narrator::Narrator(const engine::Snapshot& snapshot, std::span<const Entry> entries,
                   WorkerId worker)
    : snapshot_(snapshot), entries_(entries), worker_(worker) {
  several_ = !entries.empty() && entries.front().packet != entries.back().packet;
}

void Narrator::step(std::string_view stage, std::string looked_at, std::string result,
                    bool blocks) {
  told_.steps.push_back({std::string(stage), std::move(looked_at), std::move(result), blocks});
}

const catalog::Application* Narrator::application(ApplicationId id) const {
  return id.valid() ? snapshot_.catalogue->find(id) : nullptr;
}

std::string Narrator::word(ApplicationId id) const {
  const catalog::Application* known = application(id);
  return known == nullptr ? "unknown" : known->word;
}

std::string Narrator::at(const Entry& entry) const {
  if (!several_) return {};
  const bool to_server = decode_ == nullptr || decode_->side == net::Side::inside;
  return "packet " + std::to_string(entry.packet) + (to_server ? " from inside" : " from outside");
}

Explanation Narrator::tell() {
  deciding_ = deciding_step(entries_);
  bool first = true;
  for (const Entry& entry : entries_) {
    switch (entry.stage) {
      case TraceStage::decode:
        decode_ = &entry;
        if (first) input(entry);
        first = false;
        break;
      case TraceStage::flow:
        if (entry.fresh || told_.steps.size() < 2) flow(entry);
        break;
      case TraceStage::admission:
        if (entry.reason != Reason::none) {
          step("admission", at(entry),
               "refused: " +
                   std::string(telemetry::reasons()[static_cast<std::size_t>(entry.reason)].help),
               true);
        }
        break;
      case TraceStage::parse:
        if (says_much(entry.inspected)) parse(entry);
        if (entry.alpn.size != 0) hello_ = &entry;
        break;
      case TraceStage::access: access(entry); break;
      case TraceStage::verdict: verdict(entry); break;
      case TraceStage::measure: measure(entry); break;
      case TraceStage::disposition: disposition(entry); break;
    }
  }
  mode();
  if (deciding_ == nullptr) {
    told_.action = snapshot_.policy->fallback();
    told_.rule = "default";
    step("decision", "", "nothing was decided: no payload that tells has come");
    return std::move(told_);
  }
  if (deciding_->stage == TraceStage::verdict) alternatives(*deciding_);
  return std::move(told_);
}

void Narrator::input(const Entry& entry) {
  step("input", ends_text(entry),
       entry.side == net::Side::inside ? "comes in from inside" : "comes in from outside");
}

void Narrator::flow(const Entry& entry) {
  step("flow", at(entry),
       entry.fresh ? "a new flow, from its client's first packet on"
                   : "known: " + std::string(stage_word(entry.flow_stage)));
}

void Narrator::parse(const Entry& entry) {
  const std::string bytes =
      decode_ == nullptr ? "" : count_of(decode_->payload_size, "byte") + " of payload";
  const std::string where = at(entry);
  step("protocol", where.empty() || bytes.empty() ? where + bytes : where + ", " + bytes,
       parse_text(entry));
}

void Narrator::access(const Entry& entry) {
  if (!entry.line.valid()) {
    step("access-list", at(entry), "no line matches: the rules decide");
    return;
  }
  const std::string name = decided_by(snapshot_, entry);
  const bool blocks = !policy::forwards(entry.action);
  step("access-list", "line " + quoted(name),
       blocks ? "denies: " + std::string(to_string(entry.action)) : "permits: the rules decide",
       blocks);
  if (&entry != deciding_) return;
  told_.action = entry.action;
  told_.rule = name;
  told_.evidence = to_string(Evidence::access_list);
}

void Narrator::verdict(const Entry& entry) {
  if (&entry == deciding_) {
    recognition(entry);
    rules(entry);
    decision(entry);
    return;
  }
  step("verdict", at(entry),
       word(entry.im.application) + service_text(entry.im.service) + ": " +
           std::string(to_string(entry.verdict.action)) + " by " + decided_by(snapshot_, entry));
}

void Narrator::recognition(const Entry& entry) {
  const engine::Ends& ends = entry.ends;
  const auto learned = [&](const char* stage, const catalog::Classification& im,
                           const char* nothing) {
    step(stage, ends.server.to_string(),
         im.known() ? word(im.application) + service_text(im.service) : nothing);
  };
  learned("signalling", ends.expected, "no session announced a connection to it");
  learned("learned-address", ends.learned, "no DNS answer that was seen gave it");
  address(entry);
  port(entry);
  name(entry);
  alpn();
  if (entry.has_messenger) {
    const proto::Messenger& said = entry.messenger;
    std::string result = "service " + std::string(to_string(said.service));
    if (said.assumed) result += ", its application is only assumed";
    step("messenger", said.application.empty() ? "its own protocol" : std::string(said.application),
         result);
  }
  const bool by_signature = entry.im.evidence == Evidence::signature;
  if (by_signature) {
    step("signature", at(entry), "a Snort rule matched, and means " + word(entry.im.application));
  } else if (snapshot_.signatures != nullptr) {
    step("signature", count_of(snapshot_.signature_meanings.size(), "Snort rule"),
         "none decided it");
  }
  const std::string evidence(to_string(entry.im.evidence));
  step("recognised", at(entry),
       entry.im.known()
           ? word(entry.im.application) + service_text(entry.im.service) + ", by " + evidence
           : "not recognised");
  told_.application = word(entry.im.application);
  if (entry.im.service != catalog::Service::any) told_.service = to_string(entry.im.service);
  if (entry.im.known()) told_.evidence = evidence;
}

void Narrator::address(const Entry& entry) {
  const catalog::AddressMatch match = snapshot_.catalogue->match_address(entry.ends.server);
  std::string result = "of no application";
  if (match.found()) {
    result = word(match.application) +
             (match.exclusive ? ", its alone"
                              : ", shared with others: decides at one of its own ports only");
  }
  step("address", entry.ends.server.to_string(), result);
}

void Narrator::port(const Entry& entry) {
  const engine::Ends& ends = entry.ends;
  const auto transport = ends.tcp ? catalog::Transport::tcp : catalog::Transport::udp;
  const catalog::PortMatch match = snapshot_.catalogue->match_port(transport, ends.server_port);
  std::string result = "no application's";
  if (match.found()) {
    std::string all;
    for (const ApplicationId claimant : match.claimants) {
      all += all.empty() ? word(claimant) : ", " + word(claimant);
    }
    result = match.owner.valid()
                 ? word(match.owner) + "'s default" +
                       (match.shared ? ", used by others too: never refused before payload" : "")
                 : "nobody's default: does not decide";
    result += "; used by " + all;
  }
  step("port", (ends.tcp ? "tcp/" : "udp/") + std::to_string(ends.server_port), result);
}

void Narrator::name(const Entry& entry) {
  if (entry.name_size == 0) {
    step("name", at(entry), "no name was read");
    return;
  }
  const std::string name(entry.name_view());
  const catalog::NameMatch match = snapshot_.catalogue->match_name(name);
  const std::vector<NameEntry> covering = entries_of(*snapshot_.catalogue, name);
  if (!match.found() || covering.empty()) {
    step("name", name, "in no application's list");
    return;
  }
  const auto chosen = std::find_if(covering.begin(), covering.end(), [&](const NameEntry& each) {
    return each.application->id == match.application && each.name->exclusive == match.exclusive;
  });
  const NameEntry& entry_of = chosen == covering.end() ? covering.front() : *chosen;
  std::string result = "longest entry " + quoted(entry_of.name->name) +
                       (entry_of.name->label   ? " (first label)"
                        : entry_of.name->exact ? " (this host only)"
                                               : " (and all below)") +
                       " of " + word(match.application) + service_text(match.service);
  result += match.exclusive ? ", its alone" : ", shared with others: does not decide by itself";
  step("name", name, result);
}

void Narrator::alpn() {
  if (hello_ == nullptr) return;
  const catalog::AlpnMatch match = snapshot_.catalogue->match_alpn(hello_->alpn.view());
  if (!match.found()) return;
  step("alpn", std::string(hello_->alpn.view()),
       word(match.application) + "'s alone" + service_text(match.service));
}

// Each rule in turn up to the one that decides.
void Narrator::rules(const Entry& entry) {
  policy::Connection asked = connection_at(snapshot_, entry, worker_);
  asked.times = entry.times;
  const catalog::Application* known = application(entry.im.application);
  for (const policy::Rule& rule : snapshot_.policy->rules()) {
    const policy::Mismatch mismatch = snapshot_.policy->mismatch(rule, asked, known);
    one_rule(rule, mismatch, entry);
    if (rule.id == entry.verdict.rule) return;
  }
}

void Narrator::one_rule(const policy::Rule& rule, policy::Mismatch mismatch, const Entry& entry) {
  std::string result;
  switch (mismatch) {
    case policy::Mismatch::none:
      result = "matches: " + std::string(to_string(rule.action));
      if (rule.monitor) result += ", which it only watches (monitor)";
      break;
    case policy::Mismatch::application:
      result = entry.im.known() ? "does not match: is not about " + word(entry.im.application)
                                : "does not match: is about what is recognised only";
      break;
    case policy::Mismatch::from:
      result = "does not match: from, " + entry.ends.client.to_string() + " is not in it";
      break;
    case policy::Mismatch::to:
      result = "does not match: to, " + entry.ends.server.to_string() + " is not in it";
      break;
    case policy::Mismatch::time: result = "does not match: when, none is in force"; break;
    case policy::Mismatch::circumstances: result = "does not match: it came another way"; break;
    case policy::Mismatch::server:
      result = "does not match: server, neither its name nor its address is one of those";
      break;
    case policy::Mismatch::list:
      result = "does not match: list, neither its name nor its address is in it";
      break;
    case policy::Mismatch::service:
      result = "does not match: service, this is " + std::string(to_string(entry.im.service));
      break;
    case policy::Mismatch::text:
      result = "does not match: no text that it asks for was said";
      break;
  }
  const bool decides = rule.id == entry.verdict.rule;
  step("rule", rule.name + " (" + conditions_of(rule, snapshot_) + ")", result,
       decides && !policy::forwards(entry.verdict.action));
}

void Narrator::decision(const Entry& entry) {
  told_.action = entry.verdict.action;
  told_.rule = decided_by(snapshot_, entry);
  const bool blocks = !policy::forwards(told_.action);
  const std::string by = entry.verdict.rule.valid() ? "rule " + quoted(told_.rule) : told_.rule;
  std::string result = std::string(to_string(told_.action));
  if (entry.verdict.watched) {
    result += ", and would be " + std::string(to_string(*entry.verdict.watched));
  }
  if (entry.verdict.list.valid()) {
    result += ", by the list " + std::string(snapshot_.policy->list_name(entry.verdict.list));
  }
  if (entry.verdict.port_misuse) result += ": an application within HTTP, or on a port of the web";
  step("decision", by, result, blocks);
}

void Narrator::measure(const Entry& entry) {
  const std::string key(control_of(entry.reason));
  const bool blocks = !policy::forwards(entry.action);
  const auto& info = telemetry::reasons()[static_cast<std::size_t>(entry.reason)];
  step("control", key, std::string(to_string(entry.action)) + ": " + std::string(info.help),
       blocks);
  if (&entry != deciding_) return;
  told_.action = entry.action;
  told_.rule = key;
}

void Narrator::disposition(const Entry& entry) {
  if (!entry.forward) told_.stopped = true;
  const bool last = &entry == &entries_.back();
  const bool decided_here = deciding_ != nullptr && entry.packet == deciding_->packet;
  if (entry.forward && !last && !decided_here) return;
  if (entry.forward) {
    if (decided_here || deciding_ == nullptr) step("enforcement", at(entry), "forwarded");
    return;
  }
  step("enforcement", at(entry), disposition_text(entry), true);
}

void Narrator::mode() {
  if (monitors()) {
    step("mode", "monitor", "what is to be blocked is logged and forwarded; enforce would stop it");
  }
}

// What would change the outcome.
void Narrator::alternatives(const Entry& entry) {
  const policy::Policy& policy = *snapshot_.policy;
  policy::Connection asked = connection_at(snapshot_, entry, worker_);
  asked.times = entry.times;
  if (entry.verdict.rule.valid()) {
    const catalog::Application* known = application(entry.im.application);
    const policy::Rule* next = nullptr;
    for (const policy::Rule& rule : policy.rules()) {
      if (rule.id <= entry.verdict.rule) continue;
      if (policy.mismatch(rule, asked, known) != policy::Mismatch::none) continue;
      next = &rule;
      break;
    }
    policy::Action action = policy.without_rule(asked).action;
    if (next != nullptr) action = next->monitor ? policy::Action::alert : next->action;
    step("without-it", "without rule " + quoted(policy.rule_name(entry.verdict.rule)),
         (next == nullptr ? "no rule would match: "
                          : "rule " + quoted(next->name) + " would decide: ") +
             std::string(to_string(action)));
  }
  if (entry.name_size == 0) return;
  const catalog::NameMatch match = snapshot_.catalogue->match_name(entry.name_view());
  if (match.found() && !match.exclusive) {
    policy::Connection exclusive = asked;
    exclusive.im = {match.application, match.service, Evidence::tls_sni};
    exclusive.said = nullptr;
    const policy::Verdict verdict = policy.decide(exclusive);
    step("if-exclusive", std::string(entry.name_view()),
         "if the name were " + word(match.application) +
             "'s alone: " + std::string(to_string(verdict.action)));
  }
}

}  // namespace chatgate::explain
