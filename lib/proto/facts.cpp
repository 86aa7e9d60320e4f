#include "proto/facts.h"

#include <algorithm>

#include "base/ascii.h"
#include "proto/punycode.h"

namespace chatgate::proto {
namespace {

constexpr std::size_t kMaxLabel = 63;      // RFC 1035 section 2.3.4
constexpr std::size_t kMaxPortDigits = 5;  // a cut name must not look as if it ended in a port

// Without ":PORT"; a text with several colons is an IPv6 address and stays whole.
std::string_view without_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || text.size() - colon - 1 > kMaxPortDigits) return text;
  const std::string_view port = text.substr(colon + 1);
  if (!std::all_of(port.begin(), port.end(), is_digit)) return text;
  const std::string_view host = text.substr(0, colon);
  return host.find(':') == std::string_view::npos ? host : text;
}

// The inside of "[...]" or "[...]:PORT"; anything else as it is.
std::string_view without_brackets(std::string_view text) {
  if (text.empty() || text.front() != '[') return text;
  const std::size_t end = text.find(']');
  if (end == std::string_view::npos) return text;
  const std::string_view rest = text.substr(end + 1);
  const bool closes = rest.empty() || without_port(rest).empty();
  return closes ? text.substr(1, end - 1) : text;
}

bool is_host_name(std::string_view text) {
  std::size_t label = 0;
  for (const char c : text) {
    if (c == '.') {
      if (label == 0) return false;
      label = 0;
      continue;
    }
    const bool allowed = (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_';
    if (!allowed || ++label > kMaxLabel) return false;
  }
  return label > 0;
}

}  // namespace

std::string_view to_string(AppProto protocol) {
  switch (protocol) {
    case AppProto::unknown: return "unknown";
    case AppProto::failed: return "failed";
    case AppProto::tls: return "tls";
    case AppProto::http: return "http";
    case AppProto::dns: return "dns";
    case AppProto::http2: return "http2";
    case AppProto::quic: return "quic";
    case AppProto::dtls: return "dtls";
    case AppProto::socks: return "socks";
    case AppProto::proxy_protocol: return "proxy";
    case AppProto::smtp: return "smtp";
    case AppProto::imap: return "imap";
    case AppProto::irc: return "irc";
    case AppProto::xmpp: return "xmpp";
    case AppProto::stun: return "stun";
    case AppProto::msnp: return "msnp";
    case AppProto::ymsg: return "ymsg";
    case AppProto::oscar: return "oscar";
    case AppProto::icq: return "icq";
    case AppProto::gadu_gadu: return "gadu-gadu";
    case AppProto::oicq: return "oicq";
    case AppProto::sametime: return "sametime";
    case AppProto::sip: return "sip";
    case AppProto::msrp: return "msrp";
    case AppProto::skype: return "skype";
    case AppProto::mtproto: return "mtproto";
    case AppProto::whatsapp: return "whatsapp";
    case AppProto::mmtls: return "mmtls";
    case AppProto::line: return "line";
    case AppProto::loco: return "loco";
    case AppProto::viber: return "viber";
    case AppProto::threema: return "threema";
    case AppProto::zalo: return "zalo";
    case AppProto::lwp: return "lwp";
    case AppProto::tox: return "tox";
    case AppProto::mumble: return "mumble";
    case AppProto::teamspeak: return "teamspeak";
    case AppProto::steam: return "steam";
    case AppProto::discord: return "discord";
    case AppProto::zoom: return "zoom";
    case AppProto::rtp: return "rtp";
  }
  return "unknown";
}

HostName HostName::normalised(std::string_view raw) {
  std::string_view text = without_brackets(raw);
  if (text.size() == raw.size()) text = without_port(raw);
  std::array<char, kMaxAsciiHost> ascii;
  if (!is_ascii(text)) text = to_ascii_host(text, ascii).value_or(text);
  if (text.ends_with('.')) text.remove_suffix(1);

  HostName name;
  const bool fits = text.size() <= kCapacity;
  if (!fits) text = text.substr(0, kCapacity);
  std::transform(text.begin(), text.end(), name.text_.begin(), lower);
  name.size_ = static_cast<std::uint8_t>(text.size());
  name.well_formed_ = fits && is_host_name(name.view());
  return name;
}

void Facts::add_name(NameSource source, std::string_view raw) {
  if (names_cut) return;
  const HostName host = HostName::normalised(raw);
  if (host.empty()) return;
  for (std::size_t i = 0; i < name_count; ++i) {
    if (names[i].source == source && names[i].host.view() == host.view()) return;
  }
  if (name_count == kMaxNames) {
    names_cut = true;
    return;
  }
  names[name_count++] = {source, host};
}

}  // namespace chatgate::proto
