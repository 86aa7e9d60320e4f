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

// What a byte becomes in a host name; 0 where it cannot stand in one.
constexpr std::array<char, 256> kInHostName = [] {
  std::array<char, 256> table{};
  for (char c = 'a'; c <= 'z'; ++c) {
    table[static_cast<std::size_t>(c)] = table[static_cast<std::size_t>(c - 'a' + 'A')] = c;
  }
  for (char c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = c;
  for (const char c : {'-', '_', '.'}) table[static_cast<std::size_t>(c)] = c;
  return table;
}();

// Copies `text` in lower case; whether it is well-formed, as HostName has it.
bool copy_host_name(std::string_view text, char* out) {
  std::size_t label = 0;
  bool well_formed = !text.empty();
  for (const char c : text) {
    const char in_name = kInHostName[static_cast<unsigned char>(c)];
    *out++ = in_name == 0 ? lower(c) : in_name;
    if (c == '.') {
      well_formed &= label != 0;
      label = 0;
      continue;
    }
    well_formed &= in_name != 0 && ++label <= kMaxLabel;
  }
  return well_formed && label > 0;
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

void HostName::assign(std::string_view raw) {
  std::string_view text = without_brackets(raw);
  if (text.size() == raw.size()) text = without_port(raw);
  std::array<char, kMaxAsciiHost> ascii;
  if (!is_ascii(text)) text = to_ascii_host(text, ascii).value_or(text);
  if (text.ends_with('.')) text.remove_suffix(1);

  const bool fits = text.size() <= kCapacity;
  if (!fits) text = text.substr(0, kCapacity);
  size_ = static_cast<std::uint8_t>(text.size());
  well_formed_ = copy_host_name(text, text_.data()) && fits;
}

HostName HostName::normalised(std::string_view raw) {
  HostName name;
  name.assign(raw);
  return name;
}

void Facts::add_name(NameSource source, std::string_view raw) {
  if (names_cut) return;
  if (name_count == kMaxNames) {
    const HostName host = HostName::normalised(raw);
    names_cut = !host.empty() && !has_name(source, host.view());
    return;
  }
  Name& name = names[name_count];
  name.source = source;
  name.host.assign(raw);
  if (!name.host.empty() && !has_name(source, name.host.view())) ++name_count;
}

bool Facts::has_name(NameSource source, std::string_view host) const {
  for (std::size_t i = 0; i < name_count; ++i) {
    if (names[i].source == source && names[i].host.view() == host) return true;
  }
  return false;
}

}  // namespace chatgate::proto
