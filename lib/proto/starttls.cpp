#include "proto/starttls.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace chatgate::proto {
namespace {

constexpr std::size_t kMaxFirstLine = 512;  // RFC 5321 section 4.5.3.1, RFC 2812 section 2.3

// What a line means for the question whether TLS begins.
enum class Step { go_on, starttls, plain };

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
}

bool is_letter(char c) {
  return upper(c) >= 'A' && upper(c) <= 'Z';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// `word` is in capitals.
bool is_word(std::string_view text, std::string_view word) {
  return std::equal(text.begin(), text.end(), word.begin(), word.end(),
                    [](char a, char b) { return upper(a) == b; });
}

template <std::size_t Count>
bool is_one_of(std::string_view text, const std::array<std::string_view, Count>& words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return is_word(text, word); });
}

// Whether `text` may become one of the words when there is more of it.
template <std::size_t Count>
bool may_be_one_of(std::string_view text, const std::array<std::string_view, Count>& words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return is_word(text, word.substr(0, text.size()));
  });
}

// Takes the first word off, and the spaces behind it.
std::string_view take_word(std::string_view& line) {
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(word.size());
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  return word;
}

std::string_view without_end(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  return line;
}

bool is_printable(std::string_view line) {
  return std::all_of(line.begin(), line.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= ' ' || c == '\r'; });
}

// The first line of a text, without its end. `whole` where its end has been seen.
struct FirstLine {
  std::string_view text;
  std::string_view behind;
  bool whole = false;
  bool possible = false;  // not too long, and no bytes of no text
};

FirstLine first_line(std::string_view text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  const bool whole = end != std::string_view::npos;
  return {without_end(line), whole ? text.substr(end + 1) : std::string_view(), whole,
          line.size() <= kMaxFirstLine && is_printable(line)};
}

Probe certain_if(bool condition) {
  return condition ? Probe::certain : Probe::not_mine;
}

// Goes over the lines that are new. `state.offset` is where the first line begins that has not
// ended, `state.mark` how far its end has been looked for.
ParseStatus feed_lines(ParserState& state, Bytes stream, const StreamParser& parser, Facts& facts,
                       Step (*step_of)(std::string_view line)) {
  const std::string_view text = as_text(stream).substr(0, parser.byte_limit);
  facts.protocol = parser.protocol;
  facts.next = Next::opaque;
  while (true) {
    const std::size_t from = std::max(state.offset, state.mark);
    const std::size_t end = text.find('\n', from);
    if (end == std::string_view::npos) break;
    const Step step = step_of(without_end(text.substr(state.offset, end - state.offset)));
    if (step == Step::plain) return ParseStatus::done;
    state.offset = static_cast<std::uint32_t>(end + 1);
    if (step == Step::starttls) {
      facts.next = Next::protocol;
      state.mark = 0;
      return ParseStatus::done;
    }
  }
  state.mark = static_cast<std::uint32_t>(text.size());
  return text.size() < parser.byte_limit ? ParseStatus::need_more : ParseStatus::done;
}

}  // namespace

namespace smtp {
namespace {

constexpr std::array<std::string_view, 3> kGreetings = {"EHLO", "HELO", "LHLO"};
constexpr std::array<std::string_view, 6> kPlain = {"MAIL", "RCPT", "DATA", "BDAT", "AUTH", "QUIT"};
constexpr std::size_t kGreeting = 5;  // with the space behind it

bool is_domain_or_address(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter(c) || is_digit(c) ||
           std::string_view(".-_:[]").find(c) != std::string_view::npos;
  });
}

Step step_of(std::string_view line) {
  const std::string_view command = take_word(line);
  if (is_word(command, "STARTTLS") && line.empty()) return Step::starttls;
  return is_one_of(command, kPlain) ? Step::plain : Step::go_on;
}

}  // namespace

Probe probe(Bytes stream) {
  const FirstLine line = first_line(as_text(stream));
  if (!line.possible || !may_be_one_of(line.text.substr(0, kGreeting - 1), kGreetings))
    return Probe::not_mine;
  std::string_view rest = line.text;
  if (take_word(rest).size() >= kGreeting) return Probe::not_mine;
  return line.whole ? certain_if(is_domain_or_address(rest)) : Probe::unsure;
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  return feed_lines(state, stream, kParser, facts, step_of);
}

}  // namespace smtp

namespace imap {
namespace {

constexpr std::size_t kMaxTag = 32;
constexpr std::array<std::string_view, 5> kPlain = {"LOGIN", "AUTHENTICATE", "SELECT", "EXAMINE",
                                                    "LOGOUT"};
constexpr std::array<std::string_view, 3> kBare = {"CAPABILITY", "STARTTLS", "NOOP"};
constexpr std::array<std::string_view, 2> kWithArguments = {"LOGIN", "AUTHENTICATE"};

constexpr std::array<std::string_view, 1> kId = {"ID"};

bool has_tag_letters(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '_';
  });
}

// Tags have a number in them or are of one character: words are other protocols' commands.
bool is_tag(std::string_view text) {
  const bool told = text.size() == 1 || std::any_of(text.begin(), text.end(), is_digit);
  return told && text.size() <= kMaxTag && has_tag_letters(text);
}

// A command of the state before login, with what it needs behind it.
bool is_first_command(std::string_view line) {
  const std::string_view tag = take_word(line);
  const std::string_view command = take_word(line);
  if (!is_tag(tag)) return false;
  if (is_one_of(command, kBare)) return line.empty();
  if (is_one_of(command, kWithArguments)) return !line.empty();
  return is_one_of(command, kId) && (line.starts_with('(') || is_word(line, "NIL"));
}

bool may_be_first_command(std::string_view line) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return line.size() <= kMaxTag && has_tag_letters(line);
  if (!is_tag(take_word(line))) return false;
  const std::string_view command = take_word(line);
  return may_be_one_of(command, kBare) || may_be_one_of(command, kWithArguments) ||
         may_be_one_of(command, kId);
}

Step step_of(std::string_view line) {
  const std::string_view tag = take_word(line);
  const std::string_view command = take_word(line);
  if (is_word(command, "STARTTLS") && line.empty() && !tag.empty()) return Step::starttls;
  return is_one_of(command, kPlain) ? Step::plain : Step::go_on;
}

}  // namespace

Probe probe(Bytes stream) {
  const FirstLine line = first_line(as_text(stream));
  if (!line.possible) return Probe::not_mine;
  if (line.whole) return certain_if(is_first_command(line.text));
  return may_be_first_command(line.text) ? Probe::unsure : Probe::not_mine;
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  return feed_lines(state, stream, kParser, facts, step_of);
}

}  // namespace imap

namespace irc {
namespace {

constexpr std::size_t kMaxNick = 64;
constexpr std::size_t kUserParameters = 4;
constexpr std::array<std::string_view, 4> kCapabilityCommands = {"LS", "LIST", "REQ", "END"};
constexpr std::array<std::string_view, 12> kPlain = {"JOIN", "PART", "PRIVMSG", "NOTICE",
                                                     "MODE", "WHO",  "WHOIS",   "LIST",
                                                     "OPER", "ISON", "TOPIC",   "QUIT"};
constexpr std::array<std::string_view, 5> kFirst = {"CAP", "NICK", "USER", "PASS", "STARTTLS"};

// Behind message tags and a prefix, which servers leave unread (RFC 2812 section 2.3).
std::string_view command_of(std::string_view& line) {
  if (line.starts_with('@')) take_word(line);
  if (line.starts_with(':')) take_word(line);
  return take_word(line);
}

bool is_nick(std::string_view text) {
  if (text.starts_with(':')) text.remove_prefix(1);
  return !text.empty() && text.size() <= kMaxNick &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return is_letter(c) || is_digit(c) || static_cast<unsigned char>(c) >= 0x80 ||
                  std::string_view("[]\\`^_{|}~-").find(c) != std::string_view::npos;
         });
}

std::size_t count_words(std::string_view line) {
  std::size_t count = 0;
  while (!line.empty()) {
    take_word(line);
    ++count;
  }
  return count;
}

// USER of FTP and POP3 has one parameter.
bool is_first_command(std::string_view line) {
  const std::string_view command = command_of(line);
  if (is_word(command, "NICK")) return is_nick(line);
  if (is_word(command, "USER")) return count_words(line) >= kUserParameters;
  if (is_word(command, "STARTTLS")) return line.empty();
  return is_word(command, "CAP") && is_one_of(take_word(line), kCapabilityCommands);
}

bool may_be_first_command(std::string_view line) {
  if (line.starts_with('@') || line.starts_with(':')) return true;
  const std::string_view command = take_word(line);
  return line.empty() ? may_be_one_of(command, kFirst) : is_one_of(command, kFirst);
}

Step step_of(std::string_view line) {
  const std::string_view command = command_of(line);
  if (is_word(command, "STARTTLS") && line.empty()) return Step::starttls;
  return is_one_of(command, kPlain) ? Step::plain : Step::go_on;
}

}  // namespace

Probe probe(Bytes stream) {
  FirstLine line = first_line(as_text(stream));
  if (line.whole && line.possible) {
    std::string_view rest = line.text;
    if (is_word(command_of(rest), "PASS") && !rest.empty()) line = first_line(line.behind);
  }
  if (!line.possible) return Probe::not_mine;
  if (line.whole) return certain_if(is_first_command(line.text));
  return may_be_first_command(line.text) ? Probe::unsure : Probe::not_mine;
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  return feed_lines(state, stream, kParser, facts, step_of);
}

}  // namespace irc

}  // namespace chatgate::proto
