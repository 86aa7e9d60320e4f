#include "engine/judge.h"

#include <algorithm>

#include "base/loose_address.h"
#include "proto/parser.h"

namespace chatgate::engine {
namespace {

// Of servers and of proxies.
bool is_web_port(std::uint16_t port) {
  return port == kHttpPort || port == kHttpsPort || port == 8080 || port == 3128;
}

catalog::Transport transport(const Ends& ends) {
  return ends.tcp ? catalog::Transport::tcp : catalog::Transport::udp;
}

catalog::Evidence evidence(proto::NameSource source) {
  switch (source) {
    case proto::NameSource::tls_sni: return catalog::Evidence::tls_sni;
    case proto::NameSource::tls_certificate: return catalog::Evidence::tls_sni;
    case proto::NameSource::quic_sni: return catalog::Evidence::quic_sni;
    case proto::NameSource::http_host:
    case proto::NameSource::tunnel_target: return catalog::Evidence::http_host;
    case proto::NameSource::dns_query: return catalog::Evidence::dns;
    case proto::NameSource::stream_to:
    case proto::NameSource::stun_realm: return catalog::Evidence::payload;
  }
  return catalog::Evidence::none;
}

catalog::Evidence evidence(proto::AppProto protocol) {
  switch (protocol) {
    case proto::AppProto::tls:
    case proto::AppProto::dtls: return catalog::Evidence::tls_sni;
    case proto::AppProto::quic: return catalog::Evidence::quic_sni;
    case proto::AppProto::http:
    case proto::AppProto::http2:
    case proto::AppProto::socks:
    case proto::AppProto::proxy_protocol: return catalog::Evidence::http_host;
    case proto::AppProto::dns: return catalog::Evidence::dns;
    default: break;
  }
  return catalog::Evidence::none;
}

constexpr std::uint16_t kDnsPort = 53;

catalog::Classification by_address(const Snapshot& snapshot, const IpAddress& address,
                                   std::uint16_t port) {
  const catalog::AddressMatch match = snapshot.catalogue->match_address(address);
  if (!match.found() || !match.exclusive || (match.plain_dns && port == kDnsPort)) return {};
  return {match.application, catalog::Service::any, catalog::Evidence::address};
}

catalog::Classification by_port(const catalog::PortMatch& match) {
  if (!match.owner.valid()) return {};
  return {match.owner, match.service, catalog::Evidence::port};
}

// A name that is known to be shared is said: what others use too, whatever the port.
bool says_a_shared_name(const Snapshot& snapshot, std::span<const proto::Facts::Name> names) {
  return std::any_of(names.begin(), names.end(), [&](const proto::Facts::Name& each) {
    const catalog::NameMatch name = snapshot.catalogue->match_name(each.host.view());
    return name.found() && !name.exclusive;
  });
}

// A port that others use too tells nothing of a flow that shows itself to be another's: by an
// address of somebody else's, or by bytes in which the owner's own protocol would be recognised.
bool is_refuted(const Snapshot& snapshot, const Ends& ends, const catalog::PortMatch& match,
                const catalog::AddressMatch& address) {
  if (!match.shared || !match.owner.valid()) return false;
  if (address.found() && address.application != match.owner) return true;
  return ends.protocol == proto::AppProto::failed &&
         proto::begins_recognisably(snapshot.catalogue->find(match.owner)->word, ends.tcp);
}

// Nobody but the application's servers has one of its ports at an address that it shares with
// others. The ports of the web are everybody's.
catalog::Classification by_address_and_port(const catalog::AddressMatch& address,
                                            const catalog::PortMatch& port,
                                            std::uint16_t server_port) {
  if (!address.found() || is_web_port(server_port)) return {};
  const auto& claimants = port.claimants;
  if (std::find(claimants.begin(), claimants.end(), address.application) == claimants.end()) {
    return {};
  }
  return {address.application, catalog::Service::any, catalog::Evidence::address};
}

// An address written as a name counts as the address, at `port`.
catalog::Classification by_name(const Snapshot& snapshot, std::string_view name, std::uint16_t port,
                                catalog::Evidence how) {
  if (const auto address = IpAddress::parse(name)) return by_address(snapshot, *address, port);
  if (const auto address = parse_loose_v4(name)) return by_address(snapshot, *address, port);
  const catalog::NameMatch match = snapshot.catalogue->match_name(name);
  if (!match.found() || !match.exclusive) return {};
  return {match.application, match.service, how};
}

// Whether a connection says whom it is to. What it says counts for more than what an address was
// learned for: content networks serve many names from one.
bool names_somebody(std::span<const proto::Facts::Name> names) {
  return std::any_of(names.begin(), names.end(), [](const proto::Facts::Name& name) {
    return name.host.well_formed() && !IpAddress::parse(name.host.view());
  });
}

// What is known without a name that tells: the address, else the port.
catalog::Classification without_name(const Snapshot& snapshot, const Ends& ends,
                                     std::span<const proto::Facts::Name> names) {
  if (ends.expected.known()) return ends.expected;
  if (ends.learned.known() && !names_somebody(names)) return ends.learned;
  catalog::Classification im = by_address(snapshot, ends.server, ends.server_port);
  if (im.known()) return im;
  const catalog::PortMatch port = snapshot.catalogue->match_port(transport(ends), ends.server_port);
  if (!port.found() || (port.shared && says_a_shared_name(snapshot, names))) return {};
  const catalog::AddressMatch address = snapshot.catalogue->match_address(ends.server);
  im = by_address_and_port(address, port, ends.server_port);
  if (im.known() || is_refuted(snapshot, ends, port, address)) return im;
  return by_port(port);
}

// Whom a name means; of a tunnel whom it leads to, by its name, else by its port.
catalog::Classification by_target(const Snapshot& snapshot, const Ends& ends,
                                  const proto::Facts& facts, const proto::Facts::Name& name) {
  const bool tunnel = name.source == proto::NameSource::tunnel_target && facts.target_port != 0;
  const std::uint16_t port = tunnel ? facts.target_port : ends.server_port;
  const catalog::Classification im =
      by_name(snapshot, name.host.view(), port, evidence(name.source));
  if (im.known() || !tunnel) return im;
  return by_port(snapshot.catalogue->match_port(catalog::Transport::tcp, facts.target_port));
}

// The application whose protocol is spoken, and what is being done.
catalog::Classification by_messenger(const Snapshot& snapshot, const Ends& ends,
                                     const proto::Facts& facts) {
  const proto::Messenger& said = facts.messenger;
  if (said.assumed && ends.earlier.known() && ends.earlier.evidence == catalog::Evidence::payload) {
    return {ends.earlier.application, said.service, catalog::Evidence::payload};
  }
  const catalog::Application* application = snapshot.catalogue->find(said.application);
  if (said.assumed && ends.expected.known()) {
    const catalog::Application* other = snapshot.catalogue->find(said.alternative);
    if (other != nullptr && other->id == ends.expected.application) application = other;
  }
  if (application == nullptr) return {};
  return {application->id, said.service, catalog::Evidence::payload};
}

catalog::Classification by_alpn(const Snapshot& snapshot, const proto::ClientHello& hello) {
  const proto::ClientHello::Alpn* known = known_alpn(snapshot, hello);
  if (known == nullptr) return {};
  const catalog::AlpnMatch match = snapshot.catalogue->match_alpn(known->view());
  return {match.application, match.service, catalog::Evidence::payload};
}

// What is known where no name tells: what the message says, else the address or the port.
catalog::Classification without_known_name(const Snapshot& snapshot, const Ends& ends,
                                           const proto::Facts& facts) {
  catalog::Classification im;
  if (facts.has_messenger) im = by_messenger(snapshot, ends, facts);
  if (!im.known() && facts.has_hello) im = by_alpn(snapshot, facts.hello);
  // A question about somebody else's name is not a use of the resolver's address or port.
  if (!im.known() && facts.protocol != proto::AppProto::dns) {
    im = without_name(snapshot, ends, std::span(facts.names).first(facts.name_count));
    // A protocol that many speak, such as SIP, tells what is done all the same.
    if (facts.has_messenger && im.known() && facts.messenger.service != catalog::Service::any) {
      im.service = facts.messenger.service;
    }
  }
  return im;
}

lists::Mask lists_of_server(const Snapshot& snapshot, const Ends& ends) {
  if (!asks_for_lists(snapshot)) return 0;
  return snapshot.lists->of_address(ends.server, snapshot.policy->lists_in_rules()) |
         ends.learned_lists;
}

// Where a list of what nobody recognised decided, how it was found.
void note_evidence(Judgement& judgement, const Ends& ends, lists::Mask of_name,
                   catalog::Evidence of_name_is) {
  const ListId list = judgement.verdict.list;
  if (judgement.im.known() || !list.valid()) return;
  const lists::Mask bit = lists::bit(list.value());
  if ((of_name & bit) != 0) {
    judgement.im.evidence = of_name_is;
  } else {
    judgement.im.evidence = (ends.learned_lists & bit) != 0 ? catalog::Evidence::learned_address
                                                            : catalog::Evidence::address;
  }
}

// Whether an application is where the web is expected: in HTTP, or by itself on a port of the web.
bool is_disguised(const Ends& ends, const catalog::Classification& im) {
  const bool http =
      ends.protocol == proto::AppProto::http || ends.protocol == proto::AppProto::http2;
  switch (im.evidence) {
    case catalog::Evidence::payload:
    case catalog::Evidence::signature:
      return http ||
             (ends.tcp && ends.protocol != proto::AppProto::tls && is_web_port(ends.server_port));
    case catalog::Evidence::http_host:
    case catalog::Evidence::http:
    case catalog::Evidence::learned_address:
    case catalog::Evidence::address: return http;
    default: return false;
  }
}

bool is_encrypted(proto::AppProto protocol) {
  return protocol == proto::AppProto::tls || protocol == proto::AppProto::dtls ||
         protocol == proto::AppProto::quic;
}

// What the key `unclassified` is for: payload that is nobody's, or encrypted without a name, on no
// port that is known for it.
bool is_unclassified(const Snapshot& snapshot, const Ends& ends, proto::AppProto protocol,
                     bool has_name) {
  constexpr std::uint16_t kSystemPorts = 1024;  // RFC 6335 section 6
  constexpr std::uint16_t kDnsOverTls = 853;
  const bool encrypted = is_encrypted(protocol) && !has_name;
  if (!encrypted && !ends.unreadable) return false;
  const std::uint16_t port = ends.server_port;
  const bool encrypted_port = port == kHttpsPort || port == kDnsOverTls;
  // What belongs there is read, so nothing else has a place there.
  const bool read_port = encrypted_port || port == kDnsPort || port == kHttpPort;
  if (read_port) return !(encrypted && encrypted_port);
  return port >= kSystemPorts && !snapshot.catalogue->match_port(transport(ends), port).found();
}

}  // namespace

policy::Connection connection_of(const Snapshot& snapshot, const Ends& ends,
                                 const catalog::Classification& im, const Told& told) {
  policy::Connection connection;
  connection.im = im;
  connection.client = ends.client;
  connection.server = ends.server;
  connection.server_port = ends.server_port;
  connection.said = told.said;
  connection.worker = ends.worker;
  connection.disguised = is_disguised(ends, im);
  connection.lists = told.lists | lists_of_server(snapshot, ends);
  connection.unclassified = told.unclassified && !im.known();
  connection.name = told.name;
  connection.learned_name = ends.learned_name;
  connection.by_address = told.of_server;
  connection.circumstances = ends.circumstances;
  connection.times = snapshot.times;
  return connection;
}

policy::Verdict ask(const Snapshot& snapshot, const Ends& ends, const catalog::Classification& im,
                    const Told& told) {
  return snapshot.policy->decide(connection_of(snapshot, ends, im, told));
}

bool asks_for_lists(const Snapshot& snapshot) {
  return snapshot.policy->lists_in_rules() != 0 && snapshot.lists != nullptr;
}

const proto::ClientHello::Alpn* known_alpn(const Snapshot& snapshot,
                                           const proto::ClientHello& hello) {
  for (std::size_t i = 0; i < hello.alpn_count; ++i) {
    if (snapshot.catalogue->match_alpn(hello.alpns[i].view()).found()) return &hello.alpns[i];
  }
  return nullptr;
}

lists::Mask lists_of_name(const Snapshot& snapshot, std::string_view name) {
  if (!asks_for_lists(snapshot)) return 0;
  return snapshot.lists->of_name(name, snapshot.policy->lists_in_rules());
}

Ends ends_of(const flow::HotFlow& flow) {
  Ends ends;
  ends.client = flow.client();
  ends.server = flow.server();
  ends.server_port = flow.server_port();
  ends.tcp = flow.key.is_tcp();
  return ends;
}

Judgement judge(const Snapshot& snapshot, const Ends& ends, const proto::Facts& facts) {
  Judgement judgement;
  const proto::Messenger* said = facts.has_messenger ? &facts.messenger : nullptr;
  // A question about somebody else's name is not a use of the resolver's address or port.
  const bool of_server = facts.protocol != proto::AppProto::dns;
  bool found = false;
  for (std::size_t i = 0; i < facts.name_count; ++i) {
    const proto::Facts::Name& name = facts.names[i];
    const lists::Mask of_name = lists_of_name(snapshot, name.host.view());
    catalog::Classification im = by_target(snapshot, ends, facts, name);
    const bool tells = im.known() || of_name != 0;
    // Of several names that mean no application a rule may name any as the server's.
    if (!tells && !snapshot.policy->asks_for_server()) continue;
    if (!im.known()) {
      im = without_known_name(snapshot, ends, facts);
    } else if (said != nullptr && said->service != catalog::Service::any) {
      im.service = said->service;
    }
    const Told told{
        .name = name.host.view(), .said = said, .of_server = of_server, .lists = of_name};
    Judgement next{im, ask(snapshot, ends, im, told), told.name, said};
    note_evidence(next, ends, of_name, evidence(name.source));
    if (!policy::forwards(next.verdict.action)) return next;
    if (found || !tells || !(im.known() || next.verdict.list.valid())) continue;
    judgement = next;
    found = true;
  }
  if (found) return judgement;
  judgement.im = without_known_name(snapshot, ends, facts);
  judgement.said = said;
  Told told{.said = said, .of_server = of_server};
  // A server's certificate may still name what its client did not.
  const bool told_later = facts.next == proto::Next::answer;
  told.unclassified =
      is_unclassified(snapshot, ends, facts.protocol, facts.name_count != 0 || told_later);
  if (facts.name_count != 0) told.name = judgement.name = facts.names[0].host.view();
  judgement.unclassified = told.unclassified;
  judgement.verdict = ask(snapshot, ends, judgement.im, told);
  note_evidence(judgement, ends, 0, catalog::Evidence::none);
  return judgement;
}

Judgement judge_anew(const Snapshot& snapshot, const Ends& ends,
                     const catalog::Classification& earlier, proto::AppProto protocol,
                     std::string_view name) {
  Judgement judgement;
  judgement.name = name;
  const lists::Mask of_name = name.empty() ? 0 : lists_of_name(snapshot, name);
  if (earlier.known() && earlier.evidence <= catalog::Evidence::signature) {
    judgement.im = earlier;
  } else if (!name.empty()) {
    judgement.im = by_name(snapshot, name, ends.server_port, evidence(protocol));
  }
  if (!judgement.im.known()) {
    const proto::Facts::Name kept = {proto::NameSource::tls_sni, proto::HostName::normalised(name)};
    judgement.im = without_name(snapshot, ends, std::span(&kept, name.empty() ? 0 : 1));
  }
  Told told{.name = name, .of_server = protocol != proto::AppProto::dns, .lists = of_name};
  told.unclassified = is_unclassified(snapshot, ends, protocol, !name.empty());
  judgement.unclassified = told.unclassified;
  judgement.verdict = ask(snapshot, ends, judgement.im, told);
  note_evidence(judgement, ends, of_name, evidence(protocol));
  return judgement;
}

bool offers_ech(const policy::TlsControls& controls, const proto::Facts& facts) {
  if (!facts.has_hello || !facts.hello.ech) return false;
  const auto is_public = [&](std::string_view name) {
    return std::any_of(
        controls.ech_public_names.begin(), controls.ech_public_names.end(),
        [&](const std::string& each) {
          return name.ends_with(each) &&
                 (name.size() == each.size() || name[name.size() - each.size() - 1] == '.');
        });
  };
  for (std::size_t i = 0; i < facts.name_count; ++i) {
    if (is_public(facts.names[i].host.view())) return true;
  }
  return false;
}

bool refuse_at_once(const Snapshot& snapshot, const Ends& ends, Judgement& judgement) {
  // An address that was learned may be another's too, and the client will say whose.
  catalog::Classification address = ends.expected;
  if (!address.known()) address = by_address(snapshot, ends.server, ends.server_port);
  if (address.known()) {
    judgement.im = address;
    judgement.verdict = ask(snapshot, ends, address);
    return !policy::forwards(judgement.verdict.action);
  }
  const auto refused = snapshot.policy->refuses_surely(connection_of(snapshot, ends, {}, {}));
  if (refused) {
    judgement.im = ends.learned;
    judgement.verdict = *refused;
    judgement.name = ends.learned_name;
    note_evidence(judgement, ends, 0, catalog::Evidence::none);
    return true;
  }
  const catalog::PortMatch match =
      snapshot.catalogue->match_port(transport(ends), ends.server_port);
  if (!match.owner.valid() || match.shared) return false;
  for (const ApplicationId claimant : match.claimants) {
    const catalog::Classification im{claimant, match.service, catalog::Evidence::port};
    const policy::Verdict verdict = ask(snapshot, ends, im);
    if (policy::forwards(verdict.action)) return false;
    if (claimant == match.owner) {
      judgement.im = im;
      judgement.verdict = verdict;
    }
  }
  return true;
}

}  // namespace chatgate::engine
