#include "telemetry/eve.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>
#include <openssl/evp.h>
#include <tuple>

#include "base/ip_protocol.h"
#include "telemetry/json_text.h"

namespace chatgate::telemetry {
namespace {

using ip_protocol::kIcmp;
using ip_protocol::kIcmp6;
using ip_protocol::kTcp;
using ip_protocol::kUdp;

void append_padded(std::string& out, unsigned value, unsigned width) {
  std::array<char, 10> digits;
  for (unsigned i = width; i-- > 0; value /= 10) digits[i] = static_cast<char>('0' + value % 10);
  out.append(digits.data(), width);
}

// `pass`, `alert` and `drop` of EVE's verdict.
std::string_view verdict_word(const Event& event, bool blocked) {
  if (blocked) return "drop";
  return event.action == policy::Action::allow ? "pass" : "alert";
}

bool would_block(const Event& event) {
  return !policy::forwards(event.action);
}

std::string_view reject_word(const Event& event) {
  if (event.reason == Reason::policy_answer) return "dns-answer";
  if (event.action == policy::Action::reset && event.protocol == kTcp) return "tcp-reset";
  return {};
}

std::string_view type_word(EventType type) {
  switch (type) {
    case EventType::alert: return "alert";
    case EventType::flow: return "flow";
    case EventType::tls: return "tls";
    case EventType::quic: return "quic";
    case EventType::http: return "http";
    case EventType::dns: return "dns";
  }
  return "unknown";
}

std::string_view tls_version_word(std::uint16_t version) {
  switch (version) {
    case 0x0002: return "SSLv2";
    case 0x0300: return "SSLv3";
    case 0x0301: return "TLS 1.0";
    case 0x0302: return "TLS 1.1";
    case 0x0303: return "TLS 1.2";
    case 0x0304: return "TLS 1.3";
    case 0xfeff: return "DTLS 1.0";
    case 0xfefd: return "DTLS 1.2";
    case 0xfefc: return "DTLS 1.3";
    default: return "unknown";
  }
}

std::string_view state_word(FlowState state) {
  switch (state) {
    case FlowState::fresh: return "new";
    case FlowState::established: return "established";
    case FlowState::closed: return "closed";
  }
  return "unknown";
}

std::string_view end_word(FlowEnd end) {
  switch (end) {
    case FlowEnd::timeout: return "timeout";
    case FlowEnd::closed: return "closed";
    case FlowEnd::evicted:
    case FlowEnd::cleared: return "forced";
    case FlowEnd::shutdown: return "shutdown";
  }
  return "unknown";
}

// SHA-1 fetched and its context made once: looking the algorithm up again costs more than the hash.
struct CommunityDigest {
  EVP_MD* sha1 = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  EVP_MD_CTX* context = EVP_MD_CTX_new();

  CommunityDigest() = default;
  ~CommunityDigest() {
    EVP_MD_CTX_free(context);
    EVP_MD_free(sha1);
  }
  CommunityDigest(const CommunityDigest&) = delete;
  CommunityDigest& operator=(const CommunityDigest&) = delete;

  // False where the cryptographic library refuses SHA-1.
  bool append(std::string& out, const IpAddress& source, std::uint16_t source_port,
              const IpAddress& destination, std::uint16_t destination_port, std::uint8_t protocol) {
    const IpAddress* first = &source;
    const IpAddress* second = &destination;
    if (std::tie(destination, destination_port) < std::tie(source, source_port)) {
      std::swap(first, second);
      std::swap(source_port, destination_port);
    }
    const bool v4 = first->is_v4() && second->is_v4();
    const std::size_t from = v4 ? 12 : 0;
    // seed (2), addresses, protocol, padding, ports
    std::array<std::uint8_t, 2 + 32 + 2 + 4> input{};
    std::uint8_t* at = input.data() + 2;
    at = std::copy(first->bytes.begin() + from, first->bytes.end(), at);
    at = std::copy(second->bytes.begin() + from, second->bytes.end(), at);
    *at++ = protocol;
    *at++ = 0;
    store_be16(at, source_port);
    store_be16(at + 2, destination_port);
    const auto size = static_cast<std::size_t>(at + 4 - input.data());

    std::array<std::uint8_t, EVP_MAX_MD_SIZE> hash;
    unsigned hash_size = 0;
    if (EVP_DigestInit_ex(context, sha1, nullptr) != 1 ||
        EVP_DigestUpdate(context, input.data(), size) != 1 ||
        EVP_DigestFinal_ex(context, hash.data(), &hash_size) != 1) {
      return false;
    }
    std::array<unsigned char, 4 * (EVP_MAX_MD_SIZE / 3 + 1) + 1> text;
    const int length = EVP_EncodeBlock(text.data(), hash.data(), static_cast<int>(hash_size));
    out += "1:";
    out.append(reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(length));
    return true;
  }
};

}  // namespace

bool is_blocked(const Event& event) {
  return would_block(event) && event.mode == policy::Mode::enforce;
}

void append_timestamp(std::string& out, Time time) {
  const auto seconds = static_cast<std::time_t>(time.nanoseconds / 1'000'000'000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  append_padded(out, static_cast<unsigned>(parts.tm_year + 1900), 4);
  out += '-';
  append_padded(out, static_cast<unsigned>(parts.tm_mon + 1), 2);
  out += '-';
  append_padded(out, static_cast<unsigned>(parts.tm_mday), 2);
  out += 'T';
  append_padded(out, static_cast<unsigned>(parts.tm_hour), 2);
  out += ':';
  append_padded(out, static_cast<unsigned>(parts.tm_min), 2);
  out += ':';
  append_padded(out, static_cast<unsigned>(parts.tm_sec), 2);
  out += '.';
  append_padded(out, static_cast<unsigned>(time.nanoseconds / 1000 % 1'000'000), 6);
  out += "+0000";
}

std::string community_id(const IpAddress& source, std::uint16_t source_port,
                         const IpAddress& destination, std::uint16_t destination_port,
                         std::uint8_t protocol) {
  std::string id;
  CommunityDigest().append(id, source, source_port, destination, destination_port, protocol);
  return id;
}

struct EveFormatter::Digest : CommunityDigest {};

// One event on its way into text.
class EveFormatter::Line {
 public:
  Line(std::string& out, const Event& event, NamesInUse names, const EveOptions& options,
       Digest& digest)
      : out_(out), event_(event), names_(names), options_(options), digest_(digest), line_(out) {}

  void append() {
    append_head();
    append_endpoints();
    switch (event_.type) {
      case EventType::alert:
        append_alert();
        append_im();
        break;
      case EventType::flow:
        append_flow();
        append_im();
        break;
      case EventType::tls: append_hello("tls"); break;
      case EventType::quic: append_hello("quic"); break;
      case EventType::http: append_named("http", "hostname"); break;
      case EventType::dns: append_named("dns", "rrname"); break;
    }
    if (!options_.host.empty()) line_.text("host", options_.host);
    line_.close();
    out_ += '\n';
  }

 private:
  // Suricata's `tls` and `quic` objects, as far as a ClientHello fills them.
  void append_hello(std::string_view object) {
    JsonObject hello = line_.object(object);
    if (event_.name_size != 0) hello.text("sni", event_.name_view());
    if (event_.tls_version != 0) hello.text("version", tls_version_word(event_.tls_version));
    if (event_.tls_resumption) hello.raw("session_resumed", "true");
    if (event_.tls_ech) hello.raw("ech", "true");
    if (event_.alpn_count != 0) {
      hello.append_key("client_alpns");
      for (std::size_t i = 0; i < event_.alpn_count; ++i) {
        out_ += i == 0 ? '[' : ',';
        append_json_string(out_, event_.alpns[i].view());
      }
      out_ += ']';
    }
    if (event_.ja4_size != 0) hello.text("ja4", event_.ja4_view());
    hello.close();
  }

  void append_time(JsonObject& object, std::string_view key, Time time) {
    object.append_key(key);
    out_ += '"';
    append_timestamp(out_, time);
    out_ += '"';
  }

  void append_head() {
    append_time(line_, "timestamp", event_.time);
    line_.number("flow_id", event_.flow_id);
    if (event_.pair.valid() && event_.pair.value() < options_.interfaces.size()) {
      const auto& pair = options_.interfaces[event_.pair.value()];
      const auto& name = event_.arrived_by == net::Side::inside ? pair.inside : pair.outside;
      if (!name.empty()) line_.text("in_iface", name);
    }
    line_.text("event_type", type_word(event_.type));
    if (event_.vlan_count != 0) {
      line_.append_key("vlan");
      for (std::size_t i = 0; i < event_.vlan_count && i < event_.vlan.size(); ++i) {
        out_ += i == 0 ? '[' : ',';
        append_json_number(out_, event_.vlan[i]);
      }
      out_ += ']';
    }
  }

  void append_endpoints() {
    const bool has_ports = event_.protocol == kTcp || event_.protocol == kUdp;
    line_.text("src_ip", event_.client.to_string());
    if (has_ports) line_.number("src_port", event_.client_port);
    line_.text("dest_ip", event_.server.to_string());
    if (has_ports) line_.number("dest_port", event_.server_port);
    append_protocol();
    if (event_.app_proto != proto::AppProto::unknown) {
      line_.text("app_proto", proto::to_string(event_.app_proto));
    }
    if (event_.packet_number != 0) line_.number("pcap_cnt", event_.packet_number);
    std::string id;
    if (has_ports && digest_.append(id, event_.client, event_.client_port, event_.server,
                                    event_.server_port, event_.protocol)) {
      line_.text("community_id", id);
    }
  }

  // EVE's words.
  void append_protocol() {
    switch (event_.protocol) {
      case kTcp: line_.text("proto", "TCP"); break;
      case kUdp: line_.text("proto", "UDP"); break;
      case kIcmp: line_.text("proto", "ICMP"); break;
      case kIcmp6: line_.text("proto", "IPv6-ICMP"); break;
      default: line_.text("proto", std::to_string(event_.protocol)); break;
    }
  }

  std::string_view rule_name() const {
    if (names_.names == nullptr || !names_.rules_known) return {};
    const bool by_access = event_.im.evidence == catalog::Evidence::access_list;
    return by_access ? names_.names->access(event_.rule) : names_.names->rule(event_.rule);
  }
  std::string_view list_name() const {
    const bool known = event_.list.valid() && names_.names != nullptr && names_.rules_known;
    return known ? names_.names->list(event_.list) : std::string_view{};
  }
  std::string_view application() const {
    return names_.names != nullptr && event_.im.known()
               ? names_.names->application(event_.im.application)
               : std::string_view{};
  }
  std::string_view category() const {
    return names_.names != nullptr && event_.im.known()
               ? names_.names->category(event_.im.application)
               : std::string_view{};
  }

  // A connection that no rule blocked, but what it did.
  bool taken_down() const { return !event_.rule.valid() && telemetry::is_conduct(event_.reason); }
  std::size_t reason_index() const { return static_cast<std::size_t>(event_.reason); }

  std::optional<SignatureText> signature_text() const {
    if (!event_.signature.valid() || names_.names == nullptr || !names_.rules_known) {
      return std::nullopt;
    }
    return names_.names->signature(event_.signature);
  }

  void append_alert() {
    const bool block = would_block(event_);
    const bool blocked = is_blocked(event_);
    JsonObject alert = line_.object("alert");
    alert.text("action", blocked ? "blocked" : "allowed");
    if (const auto signature = signature_text()) {
      alert.number("gid", signature->gid);
      alert.number("signature_id", signature->sid);
      alert.number("rev", signature->rev);
      alert.text("signature", signature->message);
      alert.text("category", signature->classtype);
      alert.number("severity", signature->priority);
    } else {
      alert.number("gid", kPolicyGid);
      alert.number("signature_id",
                   event_.rule.valid() ? event_.rule.value() + std::uint64_t{1} : 0);
      alert.number("rev", 1);
      alert.text("signature", taken_down() ? reasons()[reason_index()].help : rule_name());
      alert.text("category", category());
      alert.number("severity", block ? 2 : 3);
    }
    alert.close();

    JsonObject verdict = line_.object("verdict");
    verdict.text("action", block && !blocked ? "alert" : verdict_word(event_, blocked));
    const std::string_view reject = blocked ? reject_word(event_) : std::string_view{};
    if (!reject.empty()) {
      verdict.append_key("reject");
      out_ += '[';
      append_json_string(out_, reject);
      out_ += ']';
    }
    verdict.close();
  }

  void append_flow() {
    const std::uint64_t first = event_.first_seen.nanoseconds;
    const std::uint64_t last = event_.last_seen.nanoseconds;
    JsonObject flow = line_.object("flow");
    flow.number("pkts_toserver", event_.packets_to_server);
    flow.number("pkts_toclient", event_.packets_to_client);
    flow.number("bytes_toserver", event_.bytes_to_server);
    flow.number("bytes_toclient", event_.bytes_to_client);
    append_time(flow, "start", event_.first_seen);
    append_time(flow, "end", event_.last_seen);
    flow.number("age", last > first ? (last - first) / 1'000'000'000 : 0);
    flow.text("state", state_word(event_.state));
    flow.text("reason", end_word(event_.end));
    flow.close();
  }

  void append_im() {
    const std::string_view word = application();
    const bool known = event_.im.known();
    JsonObject im = line_.object("im");
    im.text("application", word.empty() ? "unknown" : word);
    if (const std::string_view text = category(); !text.empty()) im.text("category", text);
    if (event_.im.service != catalog::Service::any) {
      im.text("service", to_string(event_.im.service));
    }
    if (event_.im.evidence != catalog::Evidence::none) {
      im.text("evidence", to_string(event_.im.evidence));
      if (known) im.text("confidence", to_string(catalog::confidence(event_.im.evidence)));
    }
    if (event_.name_size != 0) im.text("name", event_.name_view());
    im.text("action", to_string(event_.action));
    if (known || event_.rule.valid()) {
      if (const std::string_view rule = rule_name(); !rule.empty()) im.text("rule", rule);
      if (const std::string_view list = list_name(); !list.empty()) im.text("list", list);
    }
    if (event_.decided_at != 0) im.number("decided_at", event_.decided_at);
    if (event_.has_messenger) append_people(im);
    im.close();
  }

  void append_people(JsonObject& im) const {
    const proto::Messenger& said = event_.messenger;
    const auto text = [&](std::string_view key, const proto::ShortText& value) {
      if (!value.empty()) im.text(key, value.view());
    };
    if (!options_.redact_people) {
      text("login", said.login);
      text("peer_login", said.peer_login);
      text("filename", said.filename);
    }
    text("version", said.version);
    text("client", said.client);
  }

  void append_named(std::string_view protocol, std::string_view key) {
    JsonObject object = line_.object(protocol);
    if (event_.type == EventType::dns) object.text("type", "query");
    if (event_.name_size != 0) object.text(key, event_.name_view());
    object.close();
  }

  std::string& out_;
  const Event& event_;
  const NamesInUse names_;
  const EveOptions& options_;
  Digest& digest_;
  JsonObject line_;
};

EveFormatter::EveFormatter(EveOptions options)
    : options_(std::move(options)), digest_(std::make_unique<Digest>()) {}

EveFormatter::~EveFormatter() = default;

void EveFormatter::append(std::string& out, const Event& event, NamesInUse names) {
  Line(out, event, names, options_, *digest_).append();
}

}  // namespace chatgate::telemetry
