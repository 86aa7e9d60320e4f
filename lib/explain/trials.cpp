#include "explain/trials.h"

#include <algorithm>
#include <set>

#include "proto/facts.h"
#include "proto/parser.h"

#include "explain/native_sessions.h"
#include "explain/sayings.h"
#include "explain/words.h"

namespace chatgate::explain {
namespace {

using catalog::Evidence;
using catalog::Service;

// Addresses for documentation (RFC 5737): nobody's.
constexpr std::string_view kServer = "192.0.2.1";
constexpr std::string_view kResolver = "192.0.2.53";
constexpr std::string_view kInnocent = "www.example.com";
constexpr std::uint16_t kHttp = 80, kHttps = 443, kDns = 53, kProxy = 3128, kSocks = 1080;
constexpr std::uint16_t kOtherPort = 31337;
constexpr std::uint16_t kDnsOverTls = 853;
constexpr std::uint16_t kClientPort = 20000;  // whoever plays them chooses others
constexpr std::size_t kNoise = 96;

bool is_web_port(std::uint16_t port) {
  return port == kHttp || port == kHttps || port == 8080 || port == kProxy;
}

// Gathers trials between a client and servers, each on a port of its own.
class Gatherer {
 public:
  Gatherer(const catalog::Application* application, const AuditOptions& options)
      : application_(application), options_(options) {}

  Trial& add(std::string_view path, std::string sample, std::uint16_t port, bool tcp,
             std::vector<Saying> sayings, std::string_view server = kServer) {
    return add(path, std::move(sample), port, tcp, std::move(sayings), *IpAddress::parse(server));
  }
  Trial& add(std::string_view path, std::string sample, std::uint16_t port, bool tcp,
             std::vector<Saying> sayings, const IpAddress& server) {
    Trial& trial = trials_.emplace_back();
    trial.application = application_;
    trial.path = path;
    trial.sample = std::move(sample);
    const IpAddress& client = server.is_v4() ? options_.client : options_.client_v6;
    trial.talk = {{client, server, kClientPort, port, tcp, std::nullopt}, std::move(sayings)};
    return trial;
  }

  std::vector<Trial> take() { return std::move(trials_); }

 private:
  const catalog::Application* application_;
  const AuditOptions& options_;
  std::vector<Trial> trials_;
};

void recognise(Trial& trial, Evidence evidence, Service service, bool disguised = false) {
  trial.evidence = evidence;
  trial.service = service;
  trial.disguised = disguised;
}

void add_ports(Gatherer& gatherer, const catalog::Application& application,
               const catalog::Catalogue& catalogue) {
  const bool resolver = application.word == "encrypted-dns";
  for (const catalog::PortRange& range : application.ports) {
    if (!range.is_default) continue;
    const bool tcp = range.transport == catalog::Transport::tcp;
    // There bytes that are nobody's are taken for somebody else's; its own are another path.
    const catalog::PortMatch match = catalogue.match_port(range.transport, range.first);
    if (match.shared && proto::begins_recognisably(application.word, tcp)) continue;
    const bool dot = resolver && range.first == kDnsOverTls;
    const std::string sample = (tcp ? "tcp/" : "udp/") + std::to_string(range.first);
    recognise(gatherer.add(dot ? "dot" : "port", sample, range.first, tcp, {noise(kNoise)}),
              Evidence::port, range.service);
  }
}

void add_payload(Gatherer& gatherer, const catalog::Application& application) {
  for (const NativeSession& session : native_sessions()) {
    if (session.application != application.word) continue;
    const std::vector<Saying> sayings = sayings_of(session);
    const auto on = [&](std::string_view path, std::uint16_t port) {
      recognise(gatherer.add(path, std::string(session.name), port, session.tcp, sayings),
                Evidence::payload, session.service, session.tcp && is_web_port(port));
    };
    on("payload", session.port);
    on("hopped-port", kOtherPort);
    if (!session.tcp) continue;
    on("web-port", kHttp);
    on("web-port", kHttps);
  }
}

std::vector<Saying> then(std::vector<Saying> sayings, Saying more) {
  sayings.push_back(std::move(more));
  return sayings;
}

void add_names(Gatherer& gatherer, const catalog::Application& application) {
  const bool resolver = application.word == "encrypted-dns";
  bool first = true;
  for (const catalog::ServerName& entry : application.names) {
    if (!entry.exclusive) continue;
    const std::string host = host_of(entry);
    const auto add = [&](std::string_view path, std::uint16_t port, bool tcp,
                         std::vector<Saying> sayings, Evidence evidence, bool disguised = false) {
      recognise(gatherer.add(path, host, port, tcp, std::move(sayings),
                             path == "dns" ? kResolver : kServer),
                evidence, entry.service, disguised);
    };
    add(resolver ? "doh" : "sni", kHttps, true, {tls_hello(host)}, Evidence::tls_sni);
    add("quic-sni", kHttps, false, {quic_initial(host)}, Evidence::quic_sni);
    add("http-host", kHttp, true, {http_request(host)}, Evidence::http_host, true);
    add("dns", kDns, false, {dns_question(host, false)}, Evidence::dns);
    if (!first) continue;
    first = false;
    add("http-proxy", kProxy, true, then(http_connect(host, kHttps), tls_hello(host)),
        Evidence::http_host, true);
    add("socks", kSocks, true, then(socks_connect(host, kHttps), tls_hello(host)),
        Evidence::http_host);
    add("in-tunnel", kProxy, true, then(http_connect(kInnocent, kHttps), tls_hello(host)),
        Evidence::tls_sni);
  }
}

void add_addresses(Gatherer& gatherer, const catalog::Application& application) {
  for (const catalog::ServerAddress& address : application.addresses) {
    if (!address.exclusive) continue;
    const IpAddress server = address.prefix.first();
    recognise(gatherer.add("address", server.to_string(), kHttps, true, {noise(kNoise)}, server),
              Evidence::address, Service::any);
  }
}

void add_alpn(Gatherer& gatherer, const catalog::Application& application) {
  for (const catalog::AlpnId& alpn : application.alpn) {
    for (const bool tcp : {true, false}) {
      const Saying said = tcp ? tls_hello(kInnocent, synth::Ech::absent, alpn.id)
                              : quic_initial(kInnocent, alpn.id);
      Trial& trial = gatherer.add("alpn", alpn.id, kHttps, tcp, {said});
      recognise(trial, Evidence::payload, alpn.service);
      trial.quic = !tcp;
    }
  }
}

// Sites that are on every list of the most visited, and no messengers.
constexpr std::string_view kSites[] = {
    "www.google.com",       "www.youtube.com",  "www.wikipedia.org",  "www.amazon.com",
    "www.microsoft.com",    "www.apple.com",    "github.com",         "www.cloudflare.com",
    "www.bbc.co.uk",        "www.nytimes.com",  "stackoverflow.com",  "www.mozilla.org",
    "www.debian.org",       "www.office.com",   "outlook.office.com", "login.microsoftonline.com",
    "accounts.google.com",  "mail.google.com",  "www.gstatic.com",    "fonts.googleapis.com",
    "ajax.googleapis.com",  "cdn.jsdelivr.net", "s3.amazonaws.com",   "d1.cloudfront.net",
    "update.microsoft.com", "swcdn.apple.com",  "www.paypal.com",     "www.spotify.com",
    "www.netflix.com",      "www.dropbox.com",  "www.adobe.com",      "www.intel.com",
    "www.kernel.org",       "archive.org",      "www.example.com",    "www.europa.eu"};

void add_site(Gatherer& gatherer, const std::string& host) {
  gatherer.add("sni", host, kHttps, true, {tls_hello(host)});
  gatherer.add("quic-sni", host, kHttps, false, {quic_initial(host)}).quic = true;
  gatherer.add("http-host", host, kHttp, true, {http_request(host)});
  gatherer.add("dns", host, kDns, false, {dns_question(host, false)}, kResolver);
}

}  // namespace

std::vector<Trial> trials_of(const catalog::Application& application,
                             const catalog::Catalogue& catalogue, const AuditOptions& options) {
  Gatherer gatherer(&application, options);
  add_ports(gatherer, application, catalogue);
  add_payload(gatherer, application);
  add_names(gatherer, application);
  add_addresses(gatherer, application);
  add_alpn(gatherer, application);
  std::vector<Trial> trials = gatherer.take();
  for (Trial& trial : trials) {
    trial.quic = trial.quic || trial.path == "quic-sni";
    trial.proxy = trial.path == "http-proxy" || trial.path == "socks" || trial.path == "in-tunnel";
  }
  return trials;
}

std::vector<Trial> benign_trials(const catalog::Catalogue& catalogue, const AuditOptions& options) {
  Gatherer gatherer(nullptr, options);
  std::set<std::string> hosts(std::begin(kSites), std::end(kSites));
  for (const catalog::Application& application : catalogue.applications()) {
    for (const catalog::ServerName& entry : application.names) {
      const std::string host = host_of(entry);
      if (!entry.exclusive && !catalogue.match_name(host).exclusive) hosts.insert(host);
    }
  }
  for (const std::string& host : hosts) add_site(gatherer, host);
  const auto text = [](bool client, std::string_view line) {
    return Saying{client, synth::from_text(line)};
  };
  gatherer.add("plain", "ssh", 22, true,
               {text(false, "SSH-2.0-OpenSSH_9.2\r\n"), text(true, "SSH-2.0-OpenSSH_9.2\r\n"),
                noise(kNoise)});
  gatherer.add(
      "plain", "smtp", 25, true,
      {text(false, "220 mail.example.com ESMTP\r\n"), text(true, "EHLO example.org\r\n"),
       text(false, "250 mail.example.com\r\n"), text(true, "MAIL FROM:<a@b.example>\r\n")});
  gatherer.add("plain", "imap", 143, true,
               {text(false, "* OK IMAP4rev1 ready\r\n"), text(true, "a LOGIN user secret\r\n")});
  gatherer.add("plain", "ftp", 21, true,
               {text(false, "220 ready\r\n"), text(true, "USER anonymous\r\n")});
  // Every notification of a telephone comes this way, also where it may not chat.
  constexpr std::uint16_t kPush = 5223, kCloudMessaging = 5228;
  gatherer.add("plain", "Apple's push channel", kPush, true,
               {tls_hello("1-courier.push.apple.com")}, "17.57.146.4");
  gatherer.add("plain", "Samsung's push channel", kPush, true,
               {tls_hello("gew1.push.samsungosp.com")});
  gatherer.add("plain", "Google's push channel", kCloudMessaging, true,
               {tls_hello("mtalk.google.com")});
  gatherer.add("plain", "bytes on tcp/443", kHttps, true, {noise(kNoise)}).no_web = true;
  gatherer.add("plain", "bytes on tcp/40000", 40000, true, {noise(kNoise)});
  gatherer.add("plain", "bytes on udp/40000", 40000, false, {noise(kNoise)});
  gatherer
      .add("plain", "a web site through a proxy", kProxy, true,
           then(http_connect(kInnocent, kHttps), tls_hello(kInnocent)))
      .proxy = true;
  return gatherer.take();
}

Trial signature_trial(const SignatureSession& session, const catalog::Catalogue& catalogue,
                      const AuditOptions& options) {
  Gatherer gatherer(catalogue.find(session.meaning.application), options);
  recognise(gatherer.add("signature", "rule " + std::to_string(session.rule->sid), session.port,
                         session.tcp, session.sayings),
            Evidence::signature, session.meaning.service,
            session.http || (session.tcp && is_web_port(session.port)));
  return gatherer.take().front();
}

Trial hidden_name_trial(std::string_view public_name, const AuditOptions& options) {
  Gatherer gatherer(nullptr, options);
  gatherer.add("ech", std::string(public_name), kHttps, true,
               {tls_hello(public_name, synth::Ech::offered)});
  return gatherer.take().front();
}

}  // namespace chatgate::explain
