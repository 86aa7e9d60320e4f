#include "proto/irc.h"

#include "base/ascii.h"
#include "proto/irc_message.h"
#include "proto/line_text.h"

namespace chatgate::proto::irc {
namespace {

constexpr std::size_t kMaxProbed = 4 * kMaxFirstLine;
constexpr std::size_t kMaxNick = 64;
constexpr std::size_t kUserParameters = 4;
constexpr std::size_t kWebircParameters = 4;
constexpr unsigned kStartTlsGranted = 670;
constexpr unsigned kLastWelcome = 10;
constexpr std::array<std::string_view, 4> kCapabilityCommands = {"LS", "LIST", "REQ", "END"};
constexpr std::array<std::string_view, 14> kFirst = {
    "CAP",  "NICK", "USER", "PASS", "STARTTLS", "WEBIRC",   "PRIVMSG",
    "ISON", "JOIN", "PART", "WHO",  "TOPIC",    "USERHOST", "SERVER"};
constexpr std::array<std::string_view, 4> kOfChannels = {"JOIN", "PART", "WHO", "TOPIC"};
constexpr std::array<std::string_view, 3> kServerFirst = {"NOTICE", "PING", "ERROR"};
// What comes with a sender before it.
constexpr std::array<std::string_view, 18> kFromOthers = {
    "NOTICE", "PRIVMSG", "JOIN", "PART",   "QUIT", "NICK",    "MODE",    "TOPIC", "KICK",
    "INVITE", "PONG",    "CAP",  "TAGMSG", "AWAY", "ACCOUNT", "CHGHOST", "BATCH", "KILL"};

bool is_nick(std::string_view text) {
  return !text.empty() && text.size() <= kMaxNick &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return is_letter(c) || is_digit(c) || static_cast<unsigned char>(c) >= 0x80 ||
                  std::string_view("[]\\`^_{|}~-").find(c) != std::string_view::npos;
         });
}

bool is_user_or_server(std::string_view prefix) {
  return prefix.find_first_of("!.") != std::string_view::npos;
}

// Control characters stand in the text at the end alone.
bool is_plausible(std::string_view line) {
  const std::size_t trailing = line.find(" :");
  return is_printable(line.substr(0, trailing)) &&
         (trailing == std::string_view::npos ||
          line.find('\0', trailing) == std::string_view::npos);
}

// USER of FTP and POP3 has one parameter.
bool is_first_command(std::string_view text) {
  const Line line = Line::read(text);
  if (is_user_or_server(line.prefix)) return false;
  const std::string_view first = line.parameter(0);
  if (is_word(line.command, "NICK")) return line.count == 1 && is_nick(first);
  if (is_word(line.command, "USER")) return line.count >= kUserParameters;
  if (is_word(line.command, "STARTTLS")) return line.count == 0;
  if (is_word(line.command, "CAP")) return is_one_of(first, kCapabilityCommands);
  if (is_word(line.command, "WEBIRC")) return line.count >= kWebircParameters;
  if (is_word(line.command, "PRIVMSG")) return line.count == 2 && line.has_trailing;
  if (is_word(line.command, "ISON") || is_word(line.command, "USERHOST")) return is_nick(first);
  return is_one_of(line.command, kOfChannels) && is_channel(first) && first.size() > 1;
}

// Behind a password servers say who they are, too (RFC 2813 section 4.1).
bool is_second_command(std::string_view text) {
  const Line line = Line::read(text);
  return is_first_command(text) ||
         (is_word(line.command, "SERVER") && line.count >= 3 && line.has_trailing);
}

bool may_be_first_command(std::string_view text) {
  if (text.starts_with('@') || text.starts_with(':')) return true;
  const std::string_view command = take_word(text);
  return text.empty() ? may_be_one_of(command, kFirst) : is_one_of(command, kFirst);
}

bool is_servers_line(std::string_view text) {
  const Line line = Line::read(text);
  const std::string_view first = line.parameter(0);
  const bool says_text = line.count == 2 && line.has_trailing;
  if (line.prefix.empty()) {
    if (is_word(line.command, "NOTICE")) return says_text && (first == "AUTH" || first == "*");
    if (is_word(line.command, "PING"))
      return line.has_trailing && line.count == 1 && !first.empty();
    return is_word(line.command, "ERROR") && line.has_trailing && first.starts_with("Closing Link");
  }
  const unsigned numeric = line.numeric();
  if (!is_user_or_server(line.prefix)) {
    return is_word(line.command, "NOTICE")
               ? says_text
               : numeric != 0 && numeric <= kLastWelcome && line.count >= 2 && is_nick(first);
  }
  if (numeric != 0) return line.count != 0 && (is_nick(first) || first == "*");
  return line.count != 0 && is_one_of(line.command, kFromOthers);
}

bool may_be_servers_line(std::string_view text) {
  if (text.starts_with('@') || text.starts_with(':')) return true;
  const std::string_view command = take_word(text);
  return text.empty() ? may_be_one_of(command, kServerFirst) : is_one_of(command, kServerFirst);
}

// The first line that is not empty, which CR ends as well.
FirstLine first_line_of(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of("\r\n"), text.size()));
  const std::size_t end = find_line_end(text.substr(0, kMaxFirstLine + 1));
  const std::string_view line = text.substr(0, end);
  const bool whole = end != std::string_view::npos;
  return {without_end(line), whole ? text.substr(end + 1) : std::string_view(), whole,
          line.size() <= kMaxFirstLine && is_plausible(line)};
}

// How long the first line is without its end, and with it; npos where its end is not there: LF, or
// CR with another byte behind it.
struct LineEnd {
  std::size_t text = std::string_view::npos;
  std::size_t whole = std::string_view::npos;
};

LineEnd end_of_line(std::string_view view, std::size_t from) {
  const std::size_t end = find_line_end(view, from);
  if (end == std::string_view::npos) return {};
  if (view[end] == '\n') return {end, end + 1};
  if (end + 1 == view.size()) return {};
  return {end, view[end + 1] == '\n' ? end + 2 : end + 1};
}

// `state.extra` is 1 within a line that was too long.
ParseStatus feed_lines(ParserState& state, Bytes stream, Direction way, Facts& facts) {
  const std::string_view view = as_text(stream).substr(0, kByteLimit);
  facts.protocol = AppProto::irc;
  facts.next = Next::message;
  const bool inside = state.extra != 0;
  LineEnd end = end_of_line(view, state.mark);
  if (end.whole == std::string_view::npos) {
    const bool cr = view.ends_with('\r');
    const std::size_t looked = view.size() - (cr ? 1 : 0);
    if (inside && looked != 0) {
      state.offset = static_cast<std::uint32_t>(looked);
      return ParseStatus::piece;
    }
    if (view.size() < kByteLimit) {
      state.mark = static_cast<std::uint32_t>(looked);
      return ParseStatus::need_more;
    }
    end = {looked, looked};
    state.extra = 1;
  } else {
    state.extra = 0;
  }
  state.mark = 0;
  state.offset = static_cast<std::uint32_t>(end.whole);
  const std::string_view text = without_end(view.substr(0, end.text));
  if (inside || text.empty()) return ParseStatus::piece;
  const Line line = Line::read(text);
  read_message(line, way, facts);
  const bool tls = way == Direction::to_server
                       ? is_word(line.command, "STARTTLS") && line.count == 0
                       : line.numeric() == kStartTlsGranted;
  if (tls) facts.next = Next::protocol;
  return ParseStatus::done;
}

}  // namespace

Probe probe(Bytes stream) {
  FirstLine line = first_line_of(as_text(stream));
  bool second = false;
  if (line.whole && line.possible) {
    const Line first = Line::read(line.text);
    second = is_word(first.command, "PASS") && first.count != 0;
    if (second) line = first_line_of(line.behind);
  }
  if (!line.possible) return Probe::not_mine;
  if (!line.whole) {
    const bool may_be = stream.size() <= kMaxProbed && may_be_first_command(line.text);
    return may_be ? Probe::unsure : Probe::not_mine;
  }
  const bool told = second ? is_second_command(line.text) : is_first_command(line.text);
  return told ? Probe::certain : Probe::not_mine;
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  return feed_lines(state, stream, Direction::to_server, facts);
}

Probe probe_server(Bytes stream) {
  const FirstLine line = first_line_of(as_text(stream));
  if (!line.possible) return Probe::not_mine;
  if (!line.whole) {
    const bool may_be = stream.size() <= kMaxProbed && may_be_servers_line(line.text);
    return may_be ? Probe::unsure : Probe::not_mine;
  }
  return is_servers_line(line.text) ? Probe::certain : Probe::not_mine;
}

ParseStatus feed_server(ParserState& state, Bytes stream, Facts& facts) {
  return feed_lines(state, stream, Direction::to_client, facts);
}

}  // namespace chatgate::proto::irc
