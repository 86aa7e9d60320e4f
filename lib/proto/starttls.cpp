#include "proto/starttls.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/ascii.h"
#include "proto/line_text.h"

namespace chatgate::proto {
namespace {

// What a line means for the question whether TLS begins.
enum class Step { go_on, starttls, plain };

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

}  // namespace chatgate::proto
