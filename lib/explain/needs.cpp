#include "explain/needs.h"

#include <algorithm>
#include <optional>
#include <set>

#include "engine/judge.h"
#include "proto/dns_canary.h"

#include "explain/narrator.h"
#include "explain/native_sessions.h"
#include "explain/sayings.h"
#include "explain/words.h"

namespace chatgate::explain {
namespace {

using catalog::Application;
using catalog::NameUses;
using catalog::Need;
using catalog::Service;
using engine::TraceEntry;
using engine::TraceStage;

constexpr std::string_view kServer = "192.0.2.1", kServerV6 = "2001:db8::1";
constexpr std::string_view kResolver = "192.0.2.53";
constexpr std::uint16_t kDns = 53;
constexpr std::uint16_t kFirstClientPort = 20000, kClientPorts = 40000;
constexpr std::size_t kNoise = 96;
constexpr std::size_t kMostInRemedy = 8;

// Uses of a name without which somebody misses something, and the service that is missed.
struct Use {
  std::string_view word;
  Service service;
};
constexpr Use kRequired[] = {{"login", Service::login},          {"chat", Service::text_chat},
                             {"file", Service::file_transfer},   {"voice", Service::voice},
                             {"video", Service::video},          {"webcam", Service::webcam},
                             {"push", Service::text_chat},       {"relay", Service::any},
                             {"federation", Service::text_chat}, {"discovery", Service::any}};

std::vector<std::string_view> use_words(NameUses uses) {
  std::vector<std::string_view> words;
  for (std::size_t i = 0; i < catalog::kNameUseWords.size(); ++i) {
    if ((uses >> i & 1) != 0) words.push_back(catalog::kNameUseWords[i]);
  }
  return words;
}

std::string joined(const std::vector<std::string_view>& words) {
  std::string all;
  for (const std::string_view word : words) all += (all.empty() ? "" : ", ") + std::string(word);
  return all;
}

// One that a network may not answer for reasons of its own resolver's tells nothing.
const catalog::ServerName* own_name(const Application& application) {
  const auto at = std::find_if(application.names.begin(), application.names.end(),
                               [](const catalog::ServerName& name) {
                                 return name.exclusive && !proto::dns::canary_signal(name.name);
                               });
  return at == application.names.end() ? nullptr : &*at;
}

bool is_below(std::string_view name, std::string_view suffix) {
  return name == suffix || (name.size() > suffix.size() && name.ends_with(suffix) &&
                            name[name.size() - suffix.size() - 1] == '.');
}

// What makes pass what the step stopped.
void add_remedy(Requirement& requirement, const TraceEntry* step, const engine::Snapshot& snapshot,
                ApplicationId of) {
  if (step == nullptr) {
    requirement.remedy = "look at it with chatgate explain";
    return;
  }
  if (step->stage == TraceStage::access) {
    requirement.remedy = "permit it above line " + quoted(requirement.rule) + " of the access list";
    return;
  }
  const bool by_rule = step->stage == TraceStage::verdict && step->verdict.rule.valid();
  const bool by_default = step->stage == TraceStage::verdict &&
                          (requirement.rule == "default" || requirement.rule == "unclassified");
  if (!by_rule && !by_default) {
    requirement.remedy = "change " + quoted(requirement.rule);
    return;
  }
  requirement.where = by_rule ? "above rule " + quoted(requirement.rule) : "among the rules";
  if (requirement.kind != RequirementKind::ports) {
    const bool other = requirement.kind == RequirementKind::application;
    requirement.allow_key = other ? "application" : "server";
    requirement.remedy = remedy_of({&requirement, 1});
    return;
  }
  const Application* taken = snapshot.catalogue->find(step->im.application);
  if (taken != nullptr && taken->id != of) {
    requirement.remedy = "it counts as " + taken->word + " there: allow " + quoted(taken->word) +
                         " " + requirement.where + ", with \"to\" for its servers only";
  } else {
    requirement.remedy = "put a rule that allows what goes \"to\" its servers " + requirement.where;
  }
}

StageOptions stage_options(WorkerId worker, std::uint32_t flows) {
  StageOptions options;  // nothing that a gateway has learned
  options.worker = worker;
  options.flows = flows;
  return options;
}

}  // namespace

struct NeedsJudge::Attempt {
  std::string what;
  std::string_view server;  // empty: the application's own address
  std::optional<IpAddress> own;
  std::uint16_t port = 0;
  bool tcp = true;
  std::vector<Saying> sayings;
};

std::string_view to_string(RequirementKind kind) {
  switch (kind) {
    case RequirementKind::dns: return "dns";
    case RequirementKind::shared_name: return "shared-name";
    case RequirementKind::name: return "name";
    case RequirementKind::ports: return "ports";
    case RequirementKind::application: break;
  }
  return "application";
}

std::string Requirement::text() const {
  return what + (reason.empty() ? "" : " (" + reason + ")");
}

std::string remedy_of(std::span<const Requirement> missing) {
  std::string rules, others;
  const auto more = [](std::string& words, const std::string& word) {
    if (words.find(word) == words.npos) words += (words.empty() ? "" : ", ") + word;
  };
  std::size_t count = 0;
  for (const std::string_view key : {"application", "server"}) {
    std::string values;
    bool several = false;
    for (const Requirement& each : missing) {
      if (each.allow_key != key) continue;
      several = several || !values.empty();
      more(values, quoted(each.what));
      ++count;
    }
    if (values.empty()) continue;
    rules += (rules.empty() ? "{ " : " and { ") + quoted(key) + ": " +
             (several ? "[" + values + "]" : values) + ", \"action\": \"allow\" }";
  }
  if (count > kMostInRemedy) return "chatgate audit lists them, each with its remedy";
  for (const Requirement& each : missing) {
    if (each.allow_key.empty()) more(others, each.remedy);
  }
  if (rules.empty()) return others;
  return "put " + rules + " " + missing.front().where + (others.empty() ? "" : "; " + others);
}

NeedsJudge::NeedsJudge(std::shared_ptr<const engine::Snapshot> snapshot, WorkerId worker,
                       std::uint32_t flows)
    : snapshot_(std::move(snapshot)), stage_(snapshot_, stage_options(worker, flows)) {}

policy::Verdict NeedsJudge::verdict_of(const Application& application, const Client& client) const {
  engine::Ends ends;
  ends.client = client.v4;
  ends.server = *IpAddress::parse(kServer);
  ends.server_port = engine::kHttpsPort;
  ends.tcp = true;
  return engine::ask(*snapshot_, ends, {application.id, Service::any, catalog::Evidence::payload});
}

bool NeedsJudge::lets_pass(const Application& application, Service service,
                           const Client& client) const {
  if (service == Service::any) return true;
  engine::Ends ends;
  ends.client = client.v4;
  ends.server = *IpAddress::parse(kServer);
  ends.server_port = engine::kHttpsPort;
  ends.tcp = true;
  return policy::forwards(
      engine::ask(*snapshot_, ends, {application.id, service, catalog::Evidence::payload}).action);
}

// All of them must pass; the first that does not is what is told.
void NeedsJudge::judge(Requirement& requirement, const std::vector<Attempt>& attempts,
                       const Client& client, ApplicationId of) {
  for (const Attempt& attempt : attempts) {
    TalkEnds ends;
    ends.server = attempt.own ? *attempt.own : *IpAddress::parse(attempt.server);
    ends.client = ends.server.is_v4() ? client.v4 : client.v6;
    ends.client_port = static_cast<std::uint16_t>(kFirstClientPort + port_++ % kClientPorts);
    ends.server_port = attempt.port;
    ends.tcp = attempt.tcp;
    const Played played = stage_.play({ends, attempt.sayings});
    if (played.passed) continue;
    const TraceEntry* step = deciding_step(played.entries);
    requirement.passes = false;
    requirement.stopped = attempt.what;
    requirement.rule = step != nullptr
                           ? decided_by(*snapshot_, *step)
                           : std::string(telemetry::to_string(played.entries.back().reason));
    if (step != nullptr && step->stage == TraceStage::verdict) {
      requirement.blocker = step->verdict.rule;
    }
    add_remedy(requirement, step, *snapshot_, of);
    return;
  }
}

std::vector<NeedsJudge::Attempt> NeedsJudge::attempts_at_name(const std::string& name) const {
  return {{"question to DNS", kResolver, {}, kDns, false, {dns_question(name, false)}},
          {"TLS hello", kServer, {}, engine::kHttpsPort, true, {tls_hello(name)}}};
}

// Whatever recognises it, its own names first.
std::vector<NeedsJudge::Attempt> NeedsJudge::attempts_at(const Application& other) const {
  std::vector<Attempt> attempts;
  for (const catalog::ServerName& name : other.names) {
    if (!name.exclusive) continue;
    for (Attempt& attempt : attempts_at_name(host_of(name))) attempts.push_back(std::move(attempt));
  }
  if (!attempts.empty()) return attempts;
  for (const NativeSession& session : native_sessions()) {
    if (session.application != other.word) continue;
    attempts.push_back(
        {std::string(session.name), kServer, {}, session.port, session.tcp, sayings_of(session)});
  }
  return attempts;
}

// What the application says at a port: its own protocol, where one is known; its name; a call's
// first packet; or bytes that are nobody's.
std::vector<NeedsJudge::Attempt> NeedsJudge::attempts_at_port(const Application& application,
                                                              const Need& need, bool tcp,
                                                              std::uint16_t port,
                                                              const Client& client) const {
  Attempt attempt{(tcp ? "tcp/" : "udp/") + std::to_string(port), kServer, {}, port, tcp, {}};
  for (const catalog::ServerAddress& address : application.addresses) {
    const IpAddress first = address.prefix.first();
    if (!address.exclusive || first.is_v4() != client.v4.is_v4()) continue;
    attempt.own = first;
    break;
  }
  const auto& sessions = native_sessions();
  const bool calls = need.service == Service::voice || need.service == Service::video;
  const auto own = std::find_if(sessions.begin(), sessions.end(), [&](const NativeSession& each) {
    return each.application == application.word && each.tcp == tcp &&
           (need.service == Service::any || need.service == each.service);
  });
  const catalog::ServerName* name = own_name(application);
  if (own != sessions.end()) {
    attempt.sayings = sayings_of(*own);
  } else if (tcp && name != nullptr) {
    attempt.sayings = {tls_hello(host_of(*name))};
  } else if (!tcp && calls) {
    attempt.sayings = {stun_binding()};
  } else {
    attempt.sayings = {noise(kNoise)};
  }
  return {std::move(attempt)};
}

// Of ports one that serves is enough; of a range both ends must pass.
void NeedsJudge::judge_ports(Requirement& requirement, const Application& application,
                             const Need& need, const Client& client) {
  std::optional<Requirement> first;
  for (const catalog::NeededPorts& ports : need.any_of) {
    Requirement tried = requirement;
    for (const std::uint16_t port : std::set{ports.first, ports.last}) {
      if (!tried.passes) break;
      judge(tried, attempts_at_port(application, need, ports.tcp, port, client), client,
            application.id);
    }
    if (tried.passes) return;
    if (!first) first = std::move(tried);
  }
  if (first) requirement = std::move(*first);
}

std::vector<Requirement> NeedsJudge::needs_of(const Application& application,
                                              const Client& client) {
  std::vector<Requirement> all;
  if (const catalog::ServerName* name = own_name(application)) {
    Requirement& dns = all.emplace_back();
    dns.kind = RequirementKind::dns;
    dns.what = host_of(*name);
    dns.reason = "finding its servers";
    judge(dns, {attempts_at_name(dns.what).front()}, client, application.id);
  }
  for (const Need& need : application.description.needs) {
    Requirement& requirement = all.emplace_back();
    requirement.reason = need.reason;
    requirement.required = lets_pass(application, need.service, client);
    if (!need.application.empty()) {
      requirement.kind = RequirementKind::application;
      requirement.what = need.application;
      const Application& other = *snapshot_->catalogue->find(need.application);
      judge(requirement, attempts_at(other), client, application.id);
    } else if (!need.name.empty()) {
      requirement.what = need.name;
      for (const catalog::ServerName& name : application.names) {
        if (name.name == need.name) requirement.shared_with = name.shared_with;
      }
      judge(requirement, attempts_at_name(need.name), client, application.id);
    } else {
      requirement.kind = RequirementKind::ports;
      requirement.what = need.ports;
      for (const std::string& other : need.serve) requirement.what += " or " + other;
      judge_ports(requirement, application, need, client);
    }
  }
  for (const catalog::ServerName& name : application.names) {
    const bool told = std::any_of(all.begin(), all.end(), [&](const Requirement& each) {
      return each.kind == RequirementKind::name && each.what == name.name;
    });
    if (name.exclusive || told) continue;
    Requirement& shared = all.emplace_back();
    shared.kind = RequirementKind::shared_name;
    shared.what = host_of(name);
    shared.shared_with = name.shared_with;
    const std::vector<std::string_view> uses = use_words(name.uses);
    shared.reason = joined(uses);
    // Of an open protocol they are servers among many others.
    const bool one_of_many = application.category == catalog::Category::open_protocol;
    shared.required = !one_of_many &&
                      std::any_of(std::begin(kRequired), std::end(kRequired), [&](const Use& use) {
                        return std::find(uses.begin(), uses.end(), use.word) != uses.end() &&
                               lets_pass(application, use.service, client);
                      });
    judge(shared, attempts_at_name(shared.what), client, application.id);
  }
  return all;
}

std::vector<std::string> users_of(const catalog::Catalogue& catalogue, std::string_view name,
                                  std::string_view application) {
  std::vector<std::string> users;
  const auto add = [&](std::string user) {
    if (std::find(users.begin(), users.end(), user) == users.end()) {
      users.push_back(std::move(user));
    }
  };
  if (!name.empty()) {
    for (const NameEntry& entry : entries_of(catalogue, name)) {
      if (entry.name->exclusive) continue;
      add(entry.name->shared_with);
      const std::string uses = joined(use_words(entry.name->uses));
      add(entry.application->word + (uses.empty() ? "" : " (" + uses + ")"));
    }
  }
  for (const Application& other : catalogue.applications()) {
    for (const Need& need : other.description.needs) {
      const bool by_name = !name.empty() && !need.name.empty() && is_below(name, need.name);
      const bool by_application = !application.empty() && need.application == application;
      if ((by_name || by_application) && other.word != application) {
        add(other.word + " (" + need.reason + ")");
      }
    }
  }
  return users;
}

}  // namespace chatgate::explain
