#include "proto/msnp.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "base/ascii.h"
#include "proto/http_text.h"
#include "proto/messenger_text.h"
#include "proto/msnp_payload.h"

namespace chatgate::proto::msnp {
namespace {

using http::is_word;
using http::starts_with_word;

// The words of a command's line.
class Words {
 public:
  static constexpr std::size_t kMax = 12;

  explicit Words(std::string_view line) {
    while (!line.empty()) {
      const std::string_view word = line.substr(0, line.find(' '));
      line.remove_prefix(std::min(word.size() + 1, line.size()));
      if (word.empty()) continue;
      if (size_ < kMax) words_[size_] = word;
      ++size_;
      last_ = word;
    }
  }

  std::size_t size() const { return size_; }
  // Empty where there are fewer.
  std::string_view operator[](std::size_t i) const {
    return i < std::min(size_, kMax) ? words_[i] : std::string_view();
  }
  std::string_view last() const { return last_; }
  bool has_number_at(std::size_t i) const { return decimal((*this)[i]).has_value(); }
  bool has_login_at(std::size_t i) const {
    const std::string_view word = (*this)[i];
    const std::size_t at = word.find('@');
    return at != 0 && at != std::string_view::npos && at + 1 < word.size();
  }

 private:
  std::array<std::string_view, kMax> words_;
  std::size_t size_ = 0;
  std::string_view last_;
};

// How a payload is looked at.
enum class Reading : std::uint8_t { none, message, datagram, notification };

// Whose login is the first word with "@".
enum class Who : std::uint8_t { nobody, user, peer };

struct Command {
  std::string_view name;  // in lower case
  Service service;
  // With at least so many words, counting the command itself, the last is the payload's length;
  // 0: no payload.
  std::uint8_t payload_words = 0;
  Reading reading = Reading::none;
  Who who = Who::nobody;
};

constexpr std::array<Command, 60> kCommands = {{
    {"ver", Service::login},
    {"inf", Service::login},
    {"cvr", Service::login, 0, Reading::none, Who::user},
    {"usr", Service::login},
    {"ans", Service::login, 0, Reading::none, Who::user},
    {"gcf", Service::login, 3},
    {"xfr", Service::any},
    {"rng", Service::any, 0, Reading::none, Who::peer},
    {"cal", Service::any, 0, Reading::none, Who::peer},
    {"joi", Service::any, 0, Reading::none, Who::peer},
    {"iro", Service::any, 0, Reading::none, Who::peer},
    {"bye", Service::any, 0, Reading::none, Who::peer},
    {"out", Service::any},
    {"ack", Service::any},
    {"nak", Service::any},
    {"url", Service::any},
    {"not", Service::any, 2},
    {"ipg", Service::any, 2},
    {"pag", Service::any, 3},
    {"sdc", Service::any, 3},
    {"snd", Service::any},
    {"lkp", Service::any},
    {"msg", Service::any, 4, Reading::message},
    {"uum", Service::any, 5, Reading::message, Who::peer},
    {"ubm", Service::any, 5, Reading::message, Who::peer},
    {"sdg", Service::any, 3, Reading::datagram},
    {"uun", Service::any, 5, Reading::notification, Who::peer},
    {"ubn", Service::any, 4, Reading::notification, Who::peer},
    {"nfy", Service::presence, 3},
    {"put", Service::presence, 3},
    {"del", Service::presence, 3},
    {"uux", Service::presence, 3},
    {"ubx", Service::presence, 3, Reading::none, Who::peer},
    {"adl", Service::presence, 3},
    {"rml", Service::presence, 3},
    {"fqy", Service::presence, 3},
    {"qry", Service::presence, 4},
    {"chl", Service::presence},
    {"png", Service::presence},
    {"qng", Service::presence},
    {"chg", Service::presence},
    {"nln", Service::presence, 0, Reading::none, Who::peer},
    {"iln", Service::presence, 0, Reading::none, Who::peer},
    {"fln", Service::presence, 0, Reading::none, Who::peer},
    {"syn", Service::presence},
    {"sbs", Service::presence},
    {"lst", Service::presence, 0, Reading::none, Who::peer},
    {"lsg", Service::presence},
    {"add", Service::presence, 0, Reading::none, Who::peer},
    {"adc", Service::presence, 0, Reading::none, Who::peer},
    {"rem", Service::presence, 0, Reading::none, Who::peer},
    {"adg", Service::presence},
    {"rmg", Service::presence},
    {"reg", Service::presence},
    {"rea", Service::presence},
    {"gtc", Service::presence},
    {"blp", Service::presence},
    {"bpr", Service::presence},
    {"prp", Service::presence},
    {"sbp", Service::presence},
}};

constexpr std::size_t kCommandName = 3;

const Command* find_command(std::string_view name) {
  const auto found = std::find_if(kCommands.begin(), kCommands.end(), [&](const Command& command) {
    return is_word(name, command.name);
  });
  return found == kCommands.end() ? nullptr : &*found;
}

bool is_error_number(std::string_view name) {
  return name.size() == kCommandName && std::all_of(name.begin(), name.end(), is_digit);
}

bool is_dialect(std::string_view word) {
  constexpr std::string_view kName = "msnp";
  return starts_with_word(word, kName) && word.size() > kName.size() &&
         is_digit(word[kName.size()]);
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view other) { return is_word(word, other); });
}

bool is_status(std::string_view word) {
  return is_one_of(word, {"nln", "bsy", "idl", "brb", "awy", "phn", "lun", "hdn", "fln"});
}

bool is_scheme(std::string_view word) {
  return is_one_of(word, {"twn", "sso", "md5", "sha", "ctp"});
}

// The length of what follows the line. An error may explain itself in XML.
std::uint32_t payload_length(const Words& words, const Command* command) {
  constexpr std::size_t kErrorWithPayload = 3;
  const bool has = command != nullptr
                       ? command->payload_words != 0 && words.size() >= command->payload_words
                       : is_error_number(words[0]) && words.size() == kErrorWithPayload;
  return has ? decimal(words.last()).value_or(0) : 0;
}

// "N=LOGIN" since MSNP10.
std::string_view first_login(const Words& words) {
  for (std::size_t i = 1; i < std::min(words.size(), Words::kMax); ++i) {
    if (!words.has_login_at(i)) continue;
    std::string_view word = words[i];
    if (starts_with_word(word, "n=")) word.remove_prefix(2);
    return word;
  }
  return {};
}

void expect_server(std::string_view word, Messenger& messenger) {
  if (const auto server = address_and_port(word)) {
    messenger.expect({.address = server->address, .port = server->port});
  }
}

void read_version(const Words& words, Messenger& messenger) {
  for (std::size_t i = 2; i < words.size(); ++i) {
    if (!is_dialect(words[i])) continue;
    messenger.version.assign(words[i]);
    return;
  }
}

// "USR TRID TWN I LOGIN", "USR TRID OK LOGIN ..." and a switchboard's "USR TRID LOGIN COOKIE". The
// other steps of a login carry tickets.
void read_user(const Words& words, Messenger& messenger) {
  const std::size_t at = is_word(words[2], "ok") ? 3 : words.has_login_at(2) ? 2 : 4;
  if (at == 4 && !is_word(words[3], "i")) return;
  assign_login(messenger.login, words[at]);
}

void read_client(const Words& words, Messenger& messenger) {
  if (!starts_with_word(words[2], "0x")) return;  // the server's answer
  messenger.client.assign(words[6]);
  messenger.client.append(" ");
  messenger.client.append(words[7]);
}

// Who is in a switchboard, as its server tells: from the second on it is a conference.
void count_parties(const Words& words, std::string_view name, Memory& memory,
                   Messenger& messenger) {
  constexpr std::uint8_t kMany = 0xff;
  if (is_word(name, "bye")) {
    if (memory.parties != 0) --memory.parties;
    return;
  }
  if (is_word(name, "iro")) {
    const std::uint32_t count = decimal(words[3]).value_or(0);
    memory.parties = static_cast<std::uint8_t>(std::min<std::uint32_t>(count, kMany));
  } else if (memory.parties != kMany) {
    ++memory.parties;
  }
  if (memory.parties > 1) messenger.service = Service::conference;
}

void read_line(const Words& words, Direction way, Memory& memory, Messenger& messenger) {
  const std::string_view name = words[0];
  if (is_word(name, "ver")) read_version(words, messenger);
  if (is_word(name, "cvr")) read_client(words, messenger);
  if (is_word(name, "usr")) read_user(words, messenger);
  if (is_word(name, "rng")) expect_server(words[2], messenger);
  if (is_word(name, "xfr")) {
    if (is_word(words[2], "ns")) messenger.service = Service::login;
    expect_server(words[3], messenger);
  }
  if (is_word(name, "msg") && !words.has_number_at(1)) {
    assign_login(messenger.peer_login, words[1]);
  }
  if (way == Direction::to_client && is_one_of(name, {"joi", "iro", "bye"})) {
    count_parties(words, name, memory, messenger);
  }
}

void read_payload(Reading reading, Bytes payload, Direction way, Memory& memory,
                  Messenger& messenger) {
  switch (reading) {
    case Reading::none: break;
    case Reading::message: read_message(payload, way, memory, messenger); break;
    case Reading::datagram: read_datagram(payload, way, messenger); break;
    case Reading::notification: read_notification(payload, way, messenger); break;
  }
}

void read_all(const Words& words, const Command* command, Bytes payload, ParserState& state,
              Facts& facts) {
  Messenger& messenger =
      facts.speak_of("msn", command != nullptr ? command->service : Service::any);
  facts.next = Next::message;
  if (command == nullptr) return;
  Memory memory = Memory::from(state.extra);
  if (command->who == Who::user) assign_login(messenger.login, first_login(words));
  if (command->who == Who::peer) assign_login(messenger.peer_login, first_login(words));
  read_line(words, state.way, memory, messenger);
  read_payload(command->reading, payload, state.way, memory, messenger);
  state.extra = memory.packed();
}

std::string_view without_cr(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// The first lines of a direction that no other protocol has.
bool is_first_client_line(const Words& words) {
  const std::string_view name = words[0];
  const bool numbered = words.has_number_at(1);
  if (is_word(name, "usr")) {
    return numbered && ((words.size() == 4 && words.has_login_at(2)) ||
                        (words.size() >= 4 && is_scheme(words[2])));
  }
  if (is_word(name, "ans")) return numbered && words.size() == 5 && words.has_login_at(2);
  if (is_word(name, "cvr")) {
    return numbered && words.size() >= 9 && starts_with_word(words[2], "0x");
  }
  if (is_word(name, "cal")) return numbered && words.size() == 3 && words.has_login_at(2);
  if (is_word(name, "xfr")) return numbered && is_one_of(words[2], {"sb", "ns"});
  if (is_word(name, "chg")) return numbered && is_status(words[2]);
  return false;
}

bool is_first_server_line(const Words& words) {
  const std::string_view name = words[0];
  const bool numbered = words.has_number_at(1);
  if (is_word(name, "usr")) return numbered && is_word(words[2], "ok") && words.has_login_at(3);
  if (is_word(name, "ans")) return numbered && words.size() == 3 && is_word(words[2], "ok");
  if (is_word(name, "cvr")) return numbered && words.size() == 7 && words[5].starts_with("http");
  if (is_word(name, "cal")) return numbered && is_word(words[2], "ringing");
  if (is_word(name, "iro")) {
    return numbered && words.has_number_at(2) && words.has_number_at(3) && words.has_login_at(4);
  }
  if (is_word(name, "joi")) return words.size() >= 3 && words.has_login_at(1);
  if (is_word(name, "rng")) return numbered && is_word(words[3], "cki") && words.has_login_at(5);
  if (is_word(name, "nln")) return is_status(words[1]) && words.has_login_at(2);
  if (is_word(name, "iln")) return numbered && is_status(words[2]) && words.has_login_at(3);
  if (is_word(name, "fln")) return words.has_login_at(1);
  if (is_word(name, "ubx")) return words.has_login_at(1) && decimal(words.last()).has_value();
  if (is_word(name, "qng")) return numbered && words.size() == 2;
  return false;
}

bool may_be_first_word(std::string_view word) {
  constexpr std::array<std::string_view, 15> kFirst = {"usr", "ans", "cvr", "cal", "xfr",
                                                       "chg", "iro", "joi", "rng", "nln",
                                                       "iln", "fln", "ubx", "qng", "msg"};
  return std::any_of(kFirst.begin(), kFirst.end(), [&](std::string_view first) {
    return is_word(word, first.substr(0, word.size()));
  });
}

bool is_printable(std::string_view line) {
  return std::all_of(line.begin(), line.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= ' ' || c == '\r'; });
}

// "VER TRID DIALECT ..." is certain with the first dialect of this protocol; before it others may
// stand.
Probe probe_version(std::string_view line, bool ended) {
  constexpr std::size_t kMaxNumber = 10;
  constexpr std::size_t kMaxDialect = 16;
  std::string_view rest = line.substr(kCommandName + 1);
  const std::string_view number = rest.substr(0, rest.find(' '));
  if (number.size() > kMaxNumber || !std::all_of(number.begin(), number.end(), is_digit)) {
    return Probe::not_mine;
  }
  if (number.size() == rest.size()) return ended ? Probe::not_mine : Probe::unsure;
  if (number.empty()) return Probe::not_mine;
  rest.remove_prefix(number.size());
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::string_view word = rest.substr(0, rest.find(' '));
    if (is_dialect(word)) return Probe::certain;
    if (word.size() > kMaxDialect || !std::all_of(word.begin(), word.end(), http::is_token_char)) {
      return Probe::not_mine;
    }
    rest.remove_prefix(word.size());
  }
  return ended ? Probe::not_mine : Probe::unsure;
}

// "MSG TRID KIND LENGTH" of a client or "MSG LOGIN NAME LENGTH" of a server, with MIME behind it.
Probe probe_message(std::string_view line, std::string_view behind) {
  constexpr std::string_view kMime = "mime-version:";
  const Words words(line);
  const bool by_client = words.has_number_at(1) && is_one_of(words[2], {"u", "n", "a", "d"});
  if (words.size() != 4 || !words.has_number_at(3) || !(by_client || words.has_login_at(1))) {
    return Probe::not_mine;
  }
  if (behind.size() < kMime.size()) {
    return is_word(behind, kMime.substr(0, behind.size())) ? Probe::unsure : Probe::not_mine;
  }
  return starts_with_word(behind, kMime) ? Probe::certain : Probe::not_mine;
}

}  // namespace

Probe probe(Bytes stream) {
  // A login's ticket does not come first; what comes first is short.
  constexpr std::size_t kMaxFirstLine = 512;
  const std::string_view text = as_text(stream);
  if (text.size() <= kCommandName) {
    return may_be_first_word(text) || is_word(text, std::string_view("ver").substr(0, text.size()))
               ? Probe::unsure
               : Probe::not_mine;
  }
  const std::string_view name = text.substr(0, kCommandName);
  const bool is_version = is_word(name, "ver");
  if (text[kCommandName] != ' ' || !(is_version || may_be_first_word(name))) {
    return Probe::not_mine;
  }
  const std::string_view searched = text.substr(0, kMaxFirstLine);
  const std::size_t end = searched.find('\n');
  const bool whole = end != std::string_view::npos;
  const bool ended = whole || text.size() >= kMaxFirstLine;
  const std::string_view line = without_cr(searched.substr(0, end));
  if (is_version) return probe_version(line, ended);
  if (!is_printable(line)) return Probe::not_mine;
  if (!whole) return ended ? Probe::not_mine : Probe::unsure;
  if (is_word(name, "msg")) return probe_message(line, text.substr(end + 1));
  const Words words(line);
  return is_first_client_line(words) || is_first_server_line(words) ? Probe::certain
                                                                    : Probe::not_mine;
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  // ParserState::mark: how long the message is as far as it is looked at, 0 before that is known;
  // extra: the session's memory.
  facts.protocol = AppProto::msnp;
  if (stream.size() < state.mark) return ParseStatus::need_more;
  const std::string_view text = as_text(stream).substr(0, kByteLimit);
  const std::size_t end = text.substr(0, kLineLimit).find('\n', state.offset);
  if (end == std::string_view::npos) {
    if (text.size() >= kLineLimit) return ParseStatus::malformed;
    state.offset = static_cast<std::uint32_t>(text.size());
    return ParseStatus::need_more;
  }
  state.offset = static_cast<std::uint32_t>(end);
  const std::string_view line = without_cr(text.substr(0, end));
  const Words words(line);
  if (words.size() == 0) {
    ++state.offset;
    return ParseStatus::piece;
  }
  const Command* const command = find_command(words[0]);
  const std::uint32_t length = payload_length(words, command);
  const bool reads = command != nullptr && command->reading != Reading::none;
  const std::uint32_t read = reads ? std::min(length, kPayloadRead) : 0;
  const std::size_t whole = end + 1 + read;
  if (stream.size() < whole) {
    state.mark = static_cast<std::uint32_t>(whole);
    return ParseStatus::need_more;
  }
  state.mark = 0;
  read_all(words, command, stream.subspan(end + 1, read), state, facts);
  state.offset = static_cast<std::uint32_t>(whole);
  state.skip = length - read;
  return ParseStatus::done;
}

}  // namespace chatgate::proto::msnp
