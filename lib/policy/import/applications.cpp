#include "policy/import/applications.h"

namespace chatgate::policy::import {
namespace {

constexpr KnownApplication kApplications[] = {{"aol", "aim", ""},
                                              {"aim", "aim", ""},
                                              {"aol-messenger", "aim", ""},
                                              {"aol-messenger-audio", "aim", "voice"},
                                              {"aol-messenger-video", "aim", "video"},
                                              {"aol-messenger-ft", "aim", "file-transfer"},
                                              {"aol-protocol", "aim", ""},
                                              {"icq", "icq", ""},
                                              {"icq-filetransfer", "icq", "file-transfer"},
                                              {"msn", "msn", ""},
                                              {"msnmsgr", "msn", ""},
                                              {"winmsgr", "msn", ""},
                                              {"msn-messenger", "msn", ""},
                                              {"msn-messenger-audio", "msn", "voice"},
                                              {"msn-messenger-video", "msn", "video"},
                                              {"msn-messenger-ft", "msn", "file-transfer"},
                                              {"yahoo", "yahoo", ""},
                                              {"ymsgr", "yahoo", ""},
                                              {"yahoo-messenger", "yahoo", ""},
                                              {"yahoo-voip-messenger", "yahoo", "voice"},
                                              {"yahoo-voip-over-sip", "yahoo", "voice"},
                                              {"irc", "irc", ""},
                                              {"ircs", "irc", ""},
                                              {"ircu", "irc", ""},
                                              {"secure-irc", "irc", ""},
                                              {"xmpp", "xmpp", ""},
                                              {"xmpp-client", "xmpp", ""},
                                              {"google-talk", "google-talk", ""},
                                              {"gtalk", "google-talk", ""},
                                              {"gtalk-chat", "google-talk", "text-chat"},
                                              {"gtalk-ft", "google-talk", "file-transfer"},
                                              {"gtalk-voip", "google-talk", "voice"},
                                              {"skype", "skype", ""},
                                              {"sametime", "sametime", ""},
                                              {"gadu-gadu", "gadu-gadu", ""},
                                              {"qq-im", "qq", ""},
                                              {"tencent-qq", "qq", ""},
                                              {"whatsapp", "whatsapp", ""},
                                              {"whatsapp-messenger", "whatsapp", ""},
                                              {"viber", "viber", ""},
                                              {"telegram", "telegram", ""},
                                              {"wechat", "wechat", ""},
                                              {"line-chat", "line", ""},
                                              {"kakao-talk", "kakaotalk", ""},
                                              {"slack", "slack", ""},
                                              {"discord", "discord", ""},
                                              {"teamspeak", "teamspeak", ""},
                                              {"ms-lync", "lync", ""},
                                              {"ms-teams", "ms-teams", ""},
                                              {"kazaa", "kazaa", ""},
                                              {"kazaa2", "kazaa", ""},
                                              {"fasttrack", "kazaa", ""},
                                              {"fasttrack-static", "kazaa", ""},
                                              {"gnutella", "gnutella", ""},
                                              {"edonkey", "edonkey", ""},
                                              {"edonkey-static", "edonkey", ""},
                                              {"bittorrent", "bittorrent", ""},
                                              {"bittorrent-networking", "bittorrent", ""},
                                              {"encrypted-bittorrent", "bittorrent", ""},
                                              {"directconnect", "direct-connect", ""},
                                              {"soulseek", "soulseek", ""},
                                              {"gotomypc", "gotomypc", ""}};

constexpr KnownService kServices[] = {
    {"tcp", "tcp", 0},        {"udp", "udp", 0},          {"icmp", "icmp", 0},
    {"http", "tcp", 80},      {"https", "tcp", 443},      {"dns", "tcp-udp", 53},
    {"smtp", "tcp", 25},      {"pop3", "tcp", 110},       {"pop3s", "tcp", 995},
    {"imap", "tcp", 143},     {"imap3", "tcp", 220},      {"imaps", "tcp", 993},
    {"ftp", "tcp", 21},       {"ftps", "tcp", 990},       {"ssh", "tcp", 22},
    {"telnet", "tcp", 23},    {"ntp", "udp", 123},        {"sip", "tcp-udp", 5060},
    {"sip-tls", "tcp", 5061}, {"h323", "tcp", 1720},      {"rtsp", "tcp", 554},
    {"snmp", "udp", 161},     {"snmptrap", "udp", 162},   {"syslog", "udp", 514},
    {"tftp", "udp", 69},      {"ldap", "tcp", 389},       {"ldaps", "tcp", 636},
    {"nntp", "tcp", 119},     {"isakmp", "udp", 500},     {"pptp", "tcp", 1723},
    {"l2tp", "udp", 1701},    {"radius", "udp", 1812},    {"kerberos", "tcp-udp", 88},
    {"netshow", "tcp", 1755}, {"realmedia", "tcp", 7070}, {"sqlnet", "tcp", 1521},
    {"citrix", "tcp", 1494},  {"login", "tcp", 513},      {"exec", "tcp", 512},
    {"shell", "tcp", 514},    {"bootps", "udp", 67},      {"bootpc", "udp", 68}};

template <typename Row, std::size_t N>
const Row* find(const Row (&table)[N], std::string_view word) {
  for (const Row& each : table) {
    if (each.word == word) return &each;
  }
  return nullptr;
}

}  // namespace

const KnownApplication* known_application(std::string_view word) {
  return find(kApplications, word);
}

const KnownService* known_service(std::string_view word) {
  return find(kServices, word);
}

}  // namespace chatgate::policy::import
