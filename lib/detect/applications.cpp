#include "detect/applications.h"

#include <algorithm>
#include <array>

namespace chatgate::detect {
namespace {

using proto::AppProto;

constexpr ApplicationWord kWords[] = {
    {"http", true, false, AppProto::http, AppProto::http2},
    {"http1", true, false, AppProto::http, AppProto::unknown},
    {"http2", true, false, AppProto::http2, AppProto::unknown},
    {"tls", true, false, AppProto::tls, AppProto::unknown},
    {"ssl", true, false, AppProto::tls, AppProto::unknown},
    {"dns", true, true, AppProto::dns, AppProto::unknown},
    {"quic", false, true, AppProto::quic, AppProto::unknown},
    {"dtls", false, true, AppProto::dtls, AppProto::unknown},
    {"smtp", true, false, AppProto::smtp, AppProto::unknown},
    {"imap", true, false, AppProto::imap, AppProto::unknown},
    {"irc", true, false, AppProto::irc, AppProto::unknown},
    {"xmpp", true, false, AppProto::xmpp, AppProto::unknown},
    {"stun", false, true, AppProto::stun, AppProto::unknown},
    {"socks", true, false, AppProto::socks, AppProto::unknown},
};

constexpr auto kNames = [] {
  std::array<std::string_view, std::size(kWords)> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kWords[i].word;
  return names;
}();

constexpr ForeignWord kForeign[] = {
    {"ftp", true, false, "21"},          {"ftp-data", true, false, "20"},
    {"ssh", true, false, "22"},          {"telnet", true, false, "23"},
    {"tftp", false, true, "69"},         {"dhcp", false, true, "[67,68]"},
    {"krb5", true, false, "88"},         {"pop3", true, false, "110"},
    {"ntp", false, true, "123"},         {"dcerpc", true, false, "135"},
    {"smb", true, false, "[139,445]"},   {"snmp", false, true, "[161,162]"},
    {"ldap", true, false, "389"},        {"ike", false, true, "[500,4500]"},
    {"modbus", true, false, "502"},      {"mqtt", true, false, "1883"},
    {"nfs", true, false, "2049"},        {"rdp", true, false, "3389"},
    {"sip", false, true, "[5060,5061]"}, {"mdns", false, true, "5353"},
    {"pgsql", true, false, "5432"},      {"rfb", true, false, "[5900:5906]"},
    {"dnp3", true, false, "20000"},      {"enip", true, false, "44818"},
    {"websocket", true, false, ""},      {"doh2", true, false, ""},
    {"bittorrent-dht", false, true, ""},
};

}  // namespace

std::vector<proto::AppProto> ApplicationWord::any_of() const {
  return second == AppProto::unknown ? std::vector{first} : std::vector{first, second};
}

const ApplicationWord* find_application_word(std::string_view word) {
  const auto* found =
      std::find_if(std::begin(kWords), std::end(kWords),
                   [&](const ApplicationWord& known) { return known.word == word; });
  return found == std::end(kWords) ? nullptr : found;
}

std::span<const std::string_view> application_words() {
  return kNames;
}

const ForeignWord* find_foreign_word(std::string_view word) {
  const auto* found = std::find_if(std::begin(kForeign), std::end(kForeign),
                                   [&](const ForeignWord& known) { return known.word == word; });
  return found == std::end(kForeign) ? nullptr : found;
}

std::string_view application_word_of(const RuleProtocol& protocol) {
  const auto* found = std::find_if(
      std::begin(kWords), std::end(kWords),
      [&](const ApplicationWord& known) { return known.any_of() == protocol.applications; });
  return found == std::end(kWords) ? std::string_view() : found->word;
}

}  // namespace chatgate::detect
