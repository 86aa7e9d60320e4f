#include "explain/probes.h"

#include <algorithm>
#include <optional>

#include "explain/native_sessions.h"
#include "explain/sayings.h"
#include "explain/words.h"

namespace chatgate::explain {
namespace {

// Addresses for documentation (RFC 5737, RFC 3849): nobody's.
constexpr std::string_view kServer = "192.0.2.1", kServer6 = "2001:db8::1";
constexpr std::string_view kClient = "10.1.1.5", kClient6 = "fd00::5";
constexpr std::string_view kNobody = "www.example.com";
constexpr std::uint16_t kHttp = 80, kHttps = 443, kDns = 53, kProxy = 3128;
constexpr std::uint16_t kFirstPort = 20000;
constexpr std::size_t kNoise = 96;

// An address of the set that a frame can have; the usual one where the set has it.
std::optional<IpAddress> pick(const policy::AddressSet& set, std::string_view usual, bool v4) {
  const IpAddress wanted = *IpAddress::parse(usual);
  if (set.contains(wanted)) return wanted;
  const IpAddress nowhere[] = {IpAddress(), *IpAddress::parse("0.0.0.0")};
  for (const policy::AddressSet::Range& range : set.ranges()) {
    for (const IpAddress& end : {range.first, range.last}) {
      if (end.is_v4() == v4 && end != nowhere[0] && end != nowhere[1]) return end;
    }
  }
  return std::nullopt;
}

struct Pair {
  IpAddress client, server;
};

// Both of one family, where there are such.
std::optional<Pair> pick_ends(const policy::AddressSet& from, const policy::AddressSet& to) {
  for (const bool v4 : {true, false}) {
    const auto client = pick(from, v4 ? kClient : kClient6, v4);
    const auto server = pick(to, v4 ? kServer : kServer6, v4);
    if (client && server) return Pair{*client, *server};
  }
  return std::nullopt;
}

// A name that means the application and no other; nothing where it has none.
std::optional<std::string> name_of(const catalog::Application& application,
                                   const catalog::Catalogue& catalogue) {
  for (const catalog::ServerName& entry : application.names) {
    if (!entry.exclusive || entry.label || entry.name.find('.') == std::string::npos) continue;
    const catalog::NameMatch match = catalogue.match_name(entry.name);
    if (match.found() && match.exclusive && match.application == application.id) return entry.name;
  }
  return std::nullopt;
}

void go_by(const policy::PathCondition& path, TalkEnds& ends) {
  if (!path.vlans.empty()) ends.vlan = path.vlans.front().first;
  if (!path.pairs.empty()) ends.pair = path.pairs.front();
  if (!path.macs.empty()) ends.client_mac = path.macs.front();
  if (path.inside_opened) ends.client_outside = !*path.inside_opened;
}

class Prober {
 public:
  explicit Prober(const engine::Snapshot& snapshot) : snapshot_(snapshot) {}

  std::vector<Probe> run(std::size_t most);

 private:
  Probe& add(std::string of, const Pair& ends, std::uint16_t port, bool tcp,
             std::vector<Saying> sayings);
  void add_line(const policy::AccessEntry& line);
  void add_rule(const policy::Rule& rule);
  void add_controls();
  void add_application(const catalog::Application& application);
  const catalog::Application* application_of(const policy::Rule& rule) const;

  // Some of `things`, evenly spread, until `room` probes have been made.
  template <typename Things, typename Add>
  void sample(const Things& things, std::size_t room, Add add) {
    const std::size_t count = things.size(), begun = probes_.size();
    const std::size_t step =
        std::max<std::size_t>(1, (count + room - 1) / std::max<std::size_t>(room, 1));
    for (std::size_t i = 0; i < count && probes_.size() - begun < room; i += step) add(things[i]);
  }

  const engine::Snapshot& snapshot_;
  std::vector<Probe> probes_;
};

Probe& Prober::add(std::string of, const Pair& ends, std::uint16_t port, bool tcp,
                   std::vector<Saying> sayings) {
  Probe& probe = probes_.emplace_back();
  probe.of = std::move(of);
  TalkEnds& to = probe.talk.ends;
  to.client = ends.client;
  to.server = ends.server;
  // No two sessions are one flow.
  to.client_port = static_cast<std::uint16_t>(kFirstPort + probes_.size());
  to.server_port = port;
  to.tcp = tcp;
  probe.talk.sayings = std::move(sayings);
  return probe;
}

void Prober::add_line(const policy::AccessEntry& line) {
  const auto ends = pick_ends(line.from, line.to);
  const auto speaks = [&](std::uint8_t protocol) {
    return line.protocols.empty() || std::find(line.protocols.begin(), line.protocols.end(),
                                               protocol) != line.protocols.end();
  };
  if (!ends || (!speaks(net::kTcp) && !speaks(net::kUdp))) return;
  const std::uint16_t first = line.ports.empty() ? kHttps : line.ports.front().first;
  Probe& probe =
      add(line.name, *ends, std::max<std::uint16_t>(first, 1), speaks(net::kTcp), {noise(kNoise)});
  go_by(line.path, probe.talk.ends);
}

// One that the rule is about and whose name can be said.
const catalog::Application* Prober::application_of(const policy::Rule& rule) const {
  for (const ApplicationId id : rule.applications) {
    const catalog::Application* application = snapshot_.catalogue->find(id);
    if (application != nullptr && name_of(*application, *snapshot_.catalogue)) return application;
  }
  for (const catalog::Application& application : snapshot_.catalogue->applications()) {
    const bool meant = std::any_of(rule.categories.begin(), rule.categories.end(),
                                   [&](catalog::Category category) {
                                     return catalog::covers(category, application.category);
                                   });
    if (meant && name_of(application, *snapshot_.catalogue)) return &application;
  }
  return nullptr;
}

void Prober::add_rule(const policy::Rule& rule) {
  const bool by_server_address =
      !rule.server.any() && rule.server.names().empty() && rule.server.exact_names().empty();
  const auto ends =
      pick_ends(rule.from, by_server_address && rule.to.any() ? rule.server.addresses() : rule.to);
  if (!ends) return;
  const std::string of = "rule " + quoted(rule.name);
  const catalog::Application* application = application_of(rule);
  std::optional<std::string> name;
  if (application != nullptr) name = name_of(*application, *snapshot_.catalogue);
  if (!rule.server.names().empty()) {
    name = rule.server.names().front();
  } else if (!rule.server.exact_names().empty()) {
    name = rule.server.exact_names().front();
  }
  add(of, *ends, kHttps, true, {name ? tls_hello(*name) : noise(kNoise)});
  go_by(rule.path, probes_.back().talk.ends);
  // What is spoken in its own protocol, where the rule asks for what is done in it.
  if (rule.services.empty() && rule.texts.empty()) return;
  for (const NativeSession& session : native_sessions()) {
    const catalog::Application* speaker = snapshot_.catalogue->find(session.application);
    if (speaker == nullptr || std::find(rule.applications.begin(), rule.applications.end(),
                                        speaker->id) == rule.applications.end()) {
      continue;
    }
    std::vector<Saying> sayings;
    for (const NativeSession::Line& line : session.lines) {
      sayings.push_back({line.from_client, synth::from_text(line.bytes)});
    }
    add(of, *ends, session.port, session.tcp, std::move(sayings));
    go_by(rule.path, probes_.back().talk.ends);
    return;
  }
}

// What controls stop whoever it is, so that it must not get through.
void Prober::add_controls() {
  const policy::Controls& controls = snapshot_.policy->controls();
  const Pair ends{*IpAddress::parse(kClient), *IpAddress::parse(kServer)};
  const std::string nobody(kNobody);
  if (controls.tls.quic == policy::Quic::block) {
    add("tls.quic", ends, kHttps, false, {quic_initial(nobody)}).must_be_stopped = true;
  }
  if (controls.tls.ech == policy::EncryptedClientHello::reset &&
      !controls.tls.ech_public_names.empty()) {
    add("tls.encrypted_client_hello", ends, kHttps, true,
        {tls_hello(controls.tls.ech_public_names.front(), synth::Ech::offered)})
        .must_be_stopped = true;
  }
  if (controls.evasion.proxies == policy::Proxies::reset) {
    add("evasion.proxies", ends, kProxy, true, http_connect(nobody, kHttps)).must_be_stopped = true;
  }
  const auto& longest = controls.http.max_uri_length;
  constexpr std::uint32_t kLongest = 1024;  // of what one segment holds
  if (longest && longest->bytes < kLongest && !policy::forwards(longest->action)) {
    Saying request = http_request(nobody);
    const std::string filler(longest->bytes + 1, 'a');
    request.bytes.insert(request.bytes.begin() + 5, filler.begin(), filler.end());  // "GET /"
    add("http.max_uri_length", ends, kHttp, true, {std::move(request)}).must_be_stopped = true;
  }
}

// By turns in a hello and in a question, whose answers differ.
void Prober::add_application(const catalog::Application& application) {
  const auto name = name_of(application, *snapshot_.catalogue);
  if (!name) return;
  const bool asks = probes_.size() % 4 == 3;
  const Pair ends{*IpAddress::parse(kClient), *IpAddress::parse(kServer)};
  Probe& probe = add("application " + quoted(application.word), ends, asks ? kDns : kHttps, !asks,
                     {asks ? dns_question(*name, false) : tls_hello(*name)});
  probe.application = application.id;
}

std::vector<Probe> Prober::run(std::size_t most) {
  add_controls();
  sample(snapshot_.policy->access().entries(), most / 8,
         [&](const policy::AccessEntry& line) { add_line(line); });
  sample(snapshot_.policy->rules(), most / 2, [&](const policy::Rule& rule) { add_rule(rule); });
  const auto& applications = snapshot_.catalogue->applications();
  sample(applications, most - std::min(most, probes_.size()),
         [&](const catalog::Application& application) { add_application(application); });
  if (probes_.size() > most) probes_.resize(most);
  return std::move(probes_);
}

}  // namespace

std::vector<Probe> probes_of(const engine::Snapshot& snapshot, std::size_t most) {
  return Prober(snapshot).run(most);
}

}  // namespace chatgate::explain
