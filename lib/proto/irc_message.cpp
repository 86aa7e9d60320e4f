#include "proto/irc_message.h"

#include <optional>

#include "base/ascii.h"
#include "proto/decimal.h"
#include "proto/line_text.h"
#include "proto/sasl.h"

namespace chatgate::proto::irc {
namespace {

constexpr std::string_view kApplication = "irc";

struct Command {
  std::string_view name;
  Service service;
};

constexpr Command kCommands[] = {
    {"PASS", Service::login},         {"NICK", Service::login},
    {"USER", Service::login},         {"CAP", Service::login},
    {"AUTHENTICATE", Service::login}, {"WEBIRC", Service::login},
    {"STARTTLS", Service::login},     {"SERVER", Service::login},
    {"CAPAB", Service::login},        {"PROTOCTL", Service::login},
    {"SERVICE", Service::login},      {"OPER", Service::login},
    {"REGISTER", Service::login},     {"VERIFY", Service::login},
    {"NICKSERV", Service::login},     {"NS", Service::login},
    {"PING", Service::presence},      {"PONG", Service::presence},
    {"AWAY", Service::presence},      {"WHO", Service::presence},
    {"WHOIS", Service::presence},     {"WHOWAS", Service::presence},
    {"ISON", Service::presence},      {"USERHOST", Service::presence},
    {"USERIP", Service::presence},    {"MONITOR", Service::presence},
    {"WATCH", Service::presence},     {"MODE", Service::presence},
    {"QUIT", Service::presence},      {"ACCOUNT", Service::presence},
    {"CHGHOST", Service::presence},   {"SETNAME", Service::presence},
    {"LUSERS", Service::presence},    {"MOTD", Service::presence},
    {"SILENCE", Service::presence},   {"METADATA", Service::presence},
    {"JOIN", Service::conference},    {"PART", Service::conference},
    {"TOPIC", Service::conference},   {"NAMES", Service::conference},
    {"LIST", Service::conference},    {"INVITE", Service::conference},
    {"KICK", Service::conference},    {"KNOCK", Service::conference},
    {"RENAME", Service::conference},  {"CHANSERV", Service::conference},
    {"CS", Service::conference},      {"PRIVMSG", Service::text_chat},
    {"NOTICE", Service::text_chat},   {"CPRIVMSG", Service::text_chat},
    {"CNOTICE", Service::text_chat},  {"SQUERY", Service::text_chat},
    {"WALLOPS", Service::text_chat},  {"TAGMSG", Service::presence},
    {"MEMOSERV", Service::text_chat}, {"MS", Service::text_chat},
};

// RFC 2812 section 5, and the numerics that IRCv3 and common servers add.
struct Numerics {
  unsigned first;
  unsigned last;
  Service service;
};

constexpr Numerics kNumerics[] = {
    {1, 20, Service::login},         {42, 43, Service::login},
    {221, 221, Service::presence},   {250, 266, Service::presence},
    {271, 272, Service::presence},   {301, 320, Service::presence},
    {321, 329, Service::conference}, {330, 330, Service::presence},
    {331, 333, Service::conference}, {335, 335, Service::presence},
    {338, 338, Service::presence},   {341, 349, Service::conference},
    {352, 352, Service::presence},   {353, 353, Service::conference},
    {354, 354, Service::presence},   {366, 368, Service::conference},
    {369, 369, Service::presence},   {371, 379, Service::presence},
    {396, 396, Service::login},      {403, 405, Service::conference},
    {422, 422, Service::presence},   {431, 433, Service::login},
    {436, 437, Service::login},      {441, 443, Service::conference},
    {451, 451, Service::login},      {462, 465, Service::login},
    {467, 467, Service::conference}, {471, 478, Service::conference},
    {482, 482, Service::conference}, {600, 608, Service::presence},
    {670, 670, Service::login},      {671, 671, Service::presence},
    {691, 691, Service::login},      {710, 714, Service::conference},
    {730, 734, Service::presence},   {900, 908, Service::login},
};

constexpr unsigned kBounce = 10;

Service service_of(const Line& line) {
  if (const unsigned numeric = line.numeric(); numeric != 0) {
    for (const Numerics& row : kNumerics) {
      if (numeric >= row.first && numeric <= row.last) return row.service;
    }
    return Service::any;
  }
  for (const Command& row : kCommands) {
    if (is_word(line.command, row.name)) return row.service;
  }
  return Service::any;
}

std::string_view nick_of(std::string_view prefix) {
  return prefix.substr(0, prefix.find_first_of("!@"));
}

bool starts_with_word(std::string_view text, std::string_view word) {
  return text.size() >= word.size() && is_word(text.substr(0, word.size()), word);
}

// Whom one logs in with.
bool is_login_service(std::string_view target) {
  const std::string_view name = target.substr(0, target.find('@'));
  return is_word(name, "NICKSERV") || is_word(name, "AUTHSERV") || is_word(name, "USERSERV") ||
         (is_word(name, "Q") && name.size() != target.size());
}

// A number of 32 bits, or an address in text.
std::optional<IpAddress> address_of(std::string_view text) {
  if (const auto number = decimal(text)) {
    std::array<std::uint8_t, 4> bytes;
    store_be32(bytes.data(), *number);
    return IpAddress::from_v4(bytes.data());
  }
  return IpAddress::parse(text);
}

// Where a DCC offer leads, at the front of `text`: an address and a port.
struct Meeting {
  IpAddress address;
  std::uint16_t port = 0;  // 0: the other side is to say
};

std::optional<Meeting> meeting_at(std::string_view text) {
  const std::optional<IpAddress> address = address_of(take_word(text));
  const std::optional<std::uint16_t> port = port_of(take_word(text));
  if (!address || !port) return std::nullopt;
  if (*port != 0 && address->is_v4() && address->bytes[12] == 0) return std::nullopt;
  return Meeting{*address, *port};
}

// A file's name, in quotes or not, with spaces where what stands behind it shows that they belong
// to it. `text` moves behind it.
std::string_view take_file(std::string_view& text) {
  constexpr int kMaxWords = 32;
  if (text.starts_with('"')) {
    const std::size_t end = text.find('"', 1);
    if (end == std::string_view::npos) return {};
    const std::string_view name = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    return name;
  }
  std::string_view rest = text;
  for (int words = 0; words < kMaxWords && !rest.empty(); ++words) {
    take_word(rest);
    if (!meeting_at(rest)) continue;
    const std::string_view name =
        without_end(text.substr(0, static_cast<std::size_t>(rest.data() - text.data())));
    text = rest;
    return name;
  }
  return take_word(text);
}

constexpr Command kDcc[] = {
    {"SEND", Service::file_transfer},   {"SSEND", Service::file_transfer},
    {"TSEND", Service::file_transfer},  {"RSEND", Service::file_transfer},
    {"XMIT", Service::file_transfer},   {"RECV", Service::file_transfer},
    {"GET", Service::file_transfer},    {"RESUME", Service::file_transfer},
    {"ACCEPT", Service::file_transfer}, {"CHAT", Service::text_chat},
    {"SCHAT", Service::text_chat},      {"VOICE", Service::voice},
    {"VIDEO", Service::video},
};

// Behind "DCC ": a kind, what it is about, address and port.
void read_dcc(std::string_view text, Messenger& messenger) {
  const std::string_view kind = take_word(text);
  messenger.service = Service::any;
  if (is_word(kind, "REJECT")) {
    const std::string_view of = take_word(text);
    messenger.service = is_word(of, "CHAT") ? Service::text_chat : Service::file_transfer;
    return;
  }
  for (const Command& row : kDcc) {
    if (is_word(kind, row.name)) messenger.service = row.service;
  }
  if (messenger.service == Service::any) return;
  const bool names_file = messenger.service == Service::file_transfer && !is_word(kind, "XMIT");
  const std::string_view about = names_file ? take_file(text) : take_word(text);
  if (names_file) messenger.filename.assign(about);
  if (is_word(kind, "RESUME") || is_word(kind, "ACCEPT")) return;  // a port and a position
  const std::optional<Meeting> meeting = meeting_at(text);
  if (!meeting || meeting->port == 0) return;
  messenger.expect({meeting->address, meeting->port, true, messenger.service});
  if (is_word(kind, "XMIT")) {
    take_word(text);
    take_word(text);
    messenger.filename.assign(take_word(text));
  }
}

// Text between 0x01. True where it is no text of the user's.
bool read_ctcp(std::string_view text, bool is_reply, Direction way, Messenger& messenger) {
  if (!text.starts_with('\x01')) return false;
  text.remove_prefix(1);
  text = text.substr(0, text.find('\x01'));
  const std::string_view word = take_word(text);
  if (is_word(word, "ACTION")) return false;
  if (is_word(word, "DCC") || is_word(word, "TDCC")) {
    read_dcc(text, messenger);
    return true;
  }
  if (is_word(word, "XDCC")) {
    messenger.service = Service::file_transfer;
    return true;
  }
  messenger.service = Service::presence;
  const bool own = is_reply && way == Direction::to_server;
  if (own && is_word(word, "VERSION")) messenger.client.assign(text);
  return true;
}

void read_text(const Line& line, Direction way, Messenger& messenger) {
  const bool is_reply = is_word(line.command, "NOTICE") || is_word(line.command, "CNOTICE");
  const bool by_server =
      way == Direction::to_client && line.prefix.find('!') == std::string_view::npos;
  const std::string_view target = line.parameter(0);
  const std::string_view text = line.count == 0 ? target : line.parameter(line.count - 1);
  if (is_reply && by_server && !is_channel(target)) {
    // Before registration servers speak to "AUTH" or "*".
    messenger.service = target == "*" || target == "AUTH" ? Service::login : Service::any;
    return;
  }
  const std::string_view partner = way == Direction::to_server ? target : nick_of(line.prefix);
  if (is_login_service(partner)) {
    messenger.service = Service::login;
    return;
  }
  if (read_ctcp(text, is_reply, way, messenger)) return;
  // Robots that offer files are asked in plain words.
  if (starts_with_word(text, "XDCC SEND ") || starts_with_word(text, "XDCC BATCH ")) {
    messenger.service = Service::file_transfer;
  } else if (is_channel(target)) {
    messenger.service = Service::conference;
  }
}

// RPL_BOUNCE: the server's name or address, and its port.
void read_bounce(const Line& line, Messenger& messenger) {
  const std::optional<IpAddress> address = IpAddress::parse(line.parameter(1));
  const std::uint16_t port = port_of(line.parameter(2)).value_or(0);
  if (address && port != 0) messenger.expect({*address, port, true, Service::login});
}

std::string_view first_of_list(std::string_view list) {
  return list.substr(0, list.find(','));
}

void name_ends(const Line& line, Direction way, Messenger& messenger) {
  const std::string_view first = first_of_list(line.parameter(0));
  const bool text = is_word(line.command, "PRIVMSG") || is_word(line.command, "NOTICE") ||
                    is_word(line.command, "TAGMSG");
  if (line.numeric() != 0) {
    if (first != "*") messenger.login.assign(first);
    return;
  }
  for (std::size_t i = 0; i < 2 && messenger.peer_login.empty(); ++i) {
    const std::string_view target = first_of_list(line.parameter(i));
    if (is_channel(target) && (i == 0 || is_word(line.command, "INVITE"))) {
      messenger.peer_login.assign(target);
    }
  }
  if (way == Direction::to_client) {
    if (messenger.peer_login.empty()) messenger.peer_login.assign(nick_of(line.prefix));
    if (text && !is_channel(first) && first != "*" && first != "AUTH") {
      messenger.login.assign(first);
    }
    return;
  }
  if (is_word(line.command, "NICK")) messenger.login.assign(first);
  if (is_word(line.command, "AUTHENTICATE")) sasl::read_user(first, messenger.login);
  if (text && messenger.peer_login.empty()) messenger.peer_login.assign(first);
}

}  // namespace

Line Line::read(std::string_view text) {
  Line line;
  if (text.starts_with('@')) take_word(text);
  if (text.starts_with(':')) line.prefix = take_word(text).substr(1);
  line.command = take_word(text);
  while (!text.empty() && line.count < kMaxParameters) {
    if (text.starts_with(':') || line.count + 1 == kMaxParameters) {
      line.has_trailing = true;
      if (text.starts_with(':')) text.remove_prefix(1);
      line.parameters[line.count++] = text;
      break;
    }
    line.parameters[line.count++] = take_word(text);
  }
  return line;
}

unsigned Line::numeric() const {
  const bool digits = command.size() == 3 && std::all_of(command.begin(), command.end(), is_digit);
  return digits ? decimal(command).value_or(0) : 0;
}

// Of what is sent to the operators of a channel, too ("@#channel").
bool is_channel(std::string_view target) {
  constexpr std::string_view kStatus = "~&@%+";
  constexpr std::string_view kKinds = "#&+!";
  if (target.size() > 2 && kStatus.find(target[0]) != std::string_view::npos && target[1] == '#') {
    return true;
  }
  return target.size() > 1 && kKinds.find(target[0]) != std::string_view::npos;
}

void read_message(const Line& line, Direction way, Facts& facts) {
  Messenger& messenger = facts.speak_of(kApplication, service_of(line));
  name_ends(line, way, messenger);
  if (line.numeric() == kBounce) read_bounce(line, messenger);
  const bool changes_nick = is_word(line.command, "NICK") && way == Direction::to_client;
  if (changes_nick) messenger.service = Service::presence;
  const bool by_target = is_word(line.command, "MODE") || is_word(line.command, "TAGMSG");
  if (by_target && is_channel(line.parameter(0))) messenger.service = Service::conference;
  if (messenger.service == Service::text_chat && !is_word(line.command, "WALLOPS")) {
    read_text(line, way, messenger);
  }
}

}  // namespace chatgate::proto::irc
