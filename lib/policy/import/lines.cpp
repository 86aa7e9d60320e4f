#include "policy/import/lines.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "policy/import/glue.h"
#include "policy/import/text.h"

namespace chatgate::policy::import {
namespace {

using std::string_view;

struct Replacement {
  string_view from, to;
  bool worth_a_notice;
};

// What word processors and terminals put in the place of plain characters.
constexpr Replacement kReplacements[] = {
    {"\u2010", "-", true},  {"\u2011", "-", true}, {"\u2012", "-", true},  {"\u2013", "-", true},
    {"\u2014", "-", true},  {"\u2212", "-", true}, {"\u201c", "\"", true}, {"\u201d", "\"", true},
    {"\u201e", "\"", true}, {"\u2018", "'", true}, {"\u2019", "'", true},  {"\u00a0", " ", false},
    {"\u200b", "", false},  {"\ufeff", "", false}, {"\u00ad", "", true}};

bool replace_all(std::string& text, string_view from, string_view to) {
  bool any = false;
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
    text.replace(at, from.size(), to);
    at += to.size();
    any = true;
  }
  return any;
}

// `--More--` and `<--- More --->`, with the backspaces that wipe them out.
bool remove_pager(std::string& text) {
  bool any = false;
  for (const string_view mark : {"<--- More --->", "--More--", "-- More --", "---(more)---"}) {
    const std::size_t at = text.find(mark);
    if (at == std::string::npos) continue;
    std::size_t end = at + mark.size();
    while (end < text.size() && text[end] == ' ' && text.find('\b', end) != std::string::npos) {
      ++end;
    }
    text.erase(at, end - at);
    any = true;
  }
  return any;
}

void remove_control_characters(std::string& text) {
  std::string kept;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\b') {
      if (!kept.empty() && kept.back() == ' ') kept.pop_back();
    } else if (c == '\t') {
      kept += ' ';
    } else if (byte >= 0x20 && byte != 0x7f) {
      kept += c;
    }
  }
  text = std::move(kept);
}

string_view trimmed(string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

bool is_number(string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

// "Page 12", "Page 3 of 40", "- 12 -".
bool is_page_mark(const std::vector<Word>& words) {
  const auto is = [&](std::size_t at, string_view text) {
    return at < words.size() && lower_case(words[at].text) == text;
  };
  if (words.size() >= 2 && is(0, "page") && is_number(words[1].text)) {
    return words.size() == 2 || (words.size() == 4 && is(2, "of"));
  }
  return words.size() == 3 && is(0, "-") && is(2, "-") && is_number(words[1].text);
}

// How many bytes a prompt takes: `ciscoasa#`, `fw1/act(config-if)#`, `Router>`; 0 where there is
// none.
std::size_t prompt_length(string_view text) {
  const std::size_t blank = std::min(text.find(' '), text.size());
  std::size_t end = text.substr(0, blank).find_first_of("#>");
  if (end == text.npos || end == 0) return 0;
  const string_view name = text.substr(0, end);
  const std::size_t mode = name.find('(');
  if (mode == 0) return 0;
  if (mode != name.npos && name.back() != ')') return 0;
  for (const char c : name.substr(0, mode)) {
    if (!is_letter(c) && !is_digit(c) && string_view("-_./").find(c) == string_view::npos) return 0;
  }
  if (is_number(name) || name == "<") return 0;
  return end + 1;
}

// What a person types at a prompt beside the configuration itself.
bool is_terminal_talk(const std::vector<Word>& words) {
  if (words.empty()) return true;
  const std::string first = lower_case(words[0].text);
  for (const string_view word :
       {"show", "sh", "exit", "end", "quit", "enable", "en", "disable", "terminal", "term", "write",
        "wr", "logout", "copy", "configure", "conf", "config", "more", "do"}) {
    if (first == word) return true;
  }
  return false;
}

// The number in front of a line, and how many bytes it takes with what divides it from the rest.
std::optional<std::pair<unsigned long, std::size_t>> line_number(string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == text.npos) return std::nullopt;
  std::size_t end = first;
  while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
  if (end == first || end - first > 6) return std::nullopt;
  const auto number = std::stoul(std::string(text.substr(first, end - first)));
  if (end < text.size() && string_view(":|.)").find(text[end]) != string_view::npos) ++end;
  if (end < text.size() && text[end] != ' ') return std::nullopt;
  return std::pair(number, std::min(end + 1, text.size()));
}

// Whether the lines are numbered, as by `cat -n` or an editor.
bool are_numbered(const std::vector<std::string>& lines) {
  std::size_t numbered = 0, others = 0;
  unsigned long last = 0;
  for (const std::string& line : lines) {
    if (trimmed(line).empty()) continue;
    const auto number = line_number(line);
    if (!number || (numbered != 0 && number->first <= last) ||
        (numbered != 0 && number->first > last + 4)) {
      ++others;
      continue;
    }
    last = number->first;
    ++numbered;
  }
  return numbered >= 4 && others * 20 <= numbered;
}

class Reader {
 public:
  Reader(Dialect dialect, Ledger& ledger) : dialect_(dialect), ledger_(ledger) {}

  std::vector<Command> read(std::vector<std::string> lines) {
    for (std::size_t i = 0; i < lines.size(); ++i) repair(lines[i], i + 1);
    if (are_numbered(lines)) {
      ledger_.warn(1, "the lines were numbered; the numbers are left out");
      for (std::string& line : lines) {
        if (const auto number = line_number(line)) line.erase(0, number->second);
      }
    }
    for (std::size_t i = 0; i < lines.size(); ++i) read_line(lines[i], i + 1);
    return std::move(commands_);
  }

 private:
  void repair(std::string& line, std::size_t number) {
    bool typographic = false;
    for (const Replacement& each : kReplacements) {
      const bool replaced = replace_all(line, each.from, each.to);
      typographic = typographic || (replaced && each.worth_a_notice);
    }
    if (typographic) ledger_.warn(number, "typographic dashes or quotes were read as plain ones");
    if (line.find('\f') != std::string::npos) ledger_.warn(number, "a page break is left out");
    if (remove_pager(line)) ledger_.warn(number, "a pager's \"More\" is left out");
    remove_control_characters(line);
  }

  void read_line(string_view line, std::size_t number) {
    const string_view text = trimmed(line);
    if (text.empty() || text.front() == '!' || text.front() == ':') return end_of_wrap(number);
    if (skip_banner(text)) return end_of_wrap(number);
    if (is_page_mark(split_words(text))) {
      ledger_.warn(number, "a page number is left out");
      return end_of_wrap(number);
    }
    std::size_t indent = line.find_first_not_of(' ');
    string_view rest = line.substr(indent);
    if (const std::size_t prompt = prompt_length(text); prompt != 0) {
      rest = trimmed(text.substr(prompt));
      ledger_.warn(number,
                   "the prompt \"" + std::string(text.substr(0, prompt)) + "\" is left out");
      if (is_terminal_talk(split_words(rest))) return end_of_wrap(number);
      indent = 0;
    }
    add(trimmed(rest), indent, number);
  }

  void end_of_wrap(std::size_t number) {
    ledger_.harmless(number);
    may_continue_ = false;
  }

  // The text of `banner motd ^C … ^C` is for people, whatever it looks like.
  bool skip_banner(string_view text) {
    if (!banner_end_.empty()) {
      if (text.find(banner_end_) != text.npos) banner_end_.clear();
      return true;
    }
    const std::vector<Word> words = split_words(text);
    if (dialect_ != Dialect::ios || words.size() < 3 || lower_case(words[0].text) != "banner") {
      return false;
    }
    const string_view body = text.substr(words[2].column - 1);
    const string_view mark = body.substr(0, body.starts_with("^") ? 2 : 1);
    if (body.find(mark, mark.size()) == body.npos) banner_end_ = mark;
    return true;
  }

  void add(string_view text, std::size_t indent, std::size_t number) {
    std::vector<Word> words = split_words(text);
    if (words.empty()) return end_of_wrap(number);
    if (may_continue_ && continues(commands_.back(), words, dialect_)) {
      ledger_.warn(number, "read as the end of the line before it, which was wrapped");
      Command& whole = commands_.back();
      const std::vector<std::size_t> lines = [&] {
        auto all = whole.lines;
        all.push_back(number);
        return all;
      }();
      const std::string joined = whole.text + " " + std::string(text);
      const std::size_t at = whole.indent;
      commands_.pop_back();
      split(joined, at, lines);
      return;
    }
    split(text, indent, {number});
    may_continue_ = true;
  }

  // Divides what was glued together.
  void split(string_view text, std::size_t indent, const std::vector<std::size_t>& lines) {
    const std::vector<Word> words = split_words(text);
    std::size_t first = 0, parts = 0;
    for (std::size_t i = 1; i <= words.size(); ++i) {
      if (i < words.size() && !is_glued(words, first, i, dialect_)) continue;
      const std::size_t begin = words[first].column - 1;
      const std::size_t end = i < words.size() ? words[i].column - 1 : text.size();
      push(trimmed(text.substr(begin, end - begin)), parts == 0 ? indent : 0, lines);
      first = i;
      ++parts;
    }
    if (parts > 1) {
      ledger_.warn(lines.front(),
                   "read as " + std::to_string(parts) + " commands, which were glued together");
      for (std::size_t i = commands_.size() - parts; i < commands_.size(); ++i) {
        commands_[i].indent = 0;
      }
    }
  }

  void push(string_view text, std::size_t indent, const std::vector<std::size_t>& lines) {
    Command command;
    command.lines = lines;
    command.indent = indent;
    command.words = split_words(text);
    command.text = text;
    for (const Word& word : command.words) command.lower.push_back(lower_case(word.text));
    commands_.push_back(std::move(command));
  }

  const Dialect dialect_;
  Ledger& ledger_;
  std::vector<Command> commands_;
  std::string banner_end_;
  bool may_continue_ = false;
};

}  // namespace

string_view Command::word(std::size_t at) const {
  return at < lower.size() ? string_view(lower[at]) : string_view();
}

const std::string& Command::raw(std::size_t at) const {
  static const std::string kNone;
  return at < words.size() ? words[at].text : kNone;
}

string_view Command::rest(std::size_t at) const {
  return at < words.size() ? string_view(text).substr(words[at].column - 1) : string_view();
}

bool Command::starts(std::initializer_list<string_view> keywords) const {
  std::size_t at = 0;
  return std::all_of(keywords.begin(), keywords.end(),
                     [&](string_view keyword) { return word(at++) == keyword; });
}

std::vector<Word> split_words(string_view line) {
  std::vector<Word> words;
  std::size_t at = 0;
  while (at < line.size()) {
    if (line[at] == ' ') {
      ++at;
      continue;
    }
    Word word;
    word.column = at + 1;
    if (line[at] == '"' && line.find('"', at + 1) != line.npos) {
      word.quoted = true;
      ++at;
      while (at < line.size() && line[at] != '"') {
        if (line[at] == '\\' && at + 1 < line.size() && line[at + 1] == '"') ++at;
        word.text += line[at++];
      }
      if (at < line.size()) ++at;
    } else {
      while (at < line.size() && line[at] != ' ') word.text += line[at++];
    }
    words.push_back(std::move(word));
  }
  return words;
}

std::vector<std::string> split_lines(string_view text) {
  std::vector<std::string> lines;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find_first_of("\r\n", at), text.size());
    lines.emplace_back(text.substr(at, end - at));
    at = end + (text.substr(end).starts_with("\r\n") ? 2 : 1);
  }
  return lines;
}

std::vector<Command> read_commands(const std::vector<std::string>& lines, Dialect dialect,
                                   Ledger& ledger) {
  return Reader(dialect, ledger).read(lines);
}

std::vector<Block> read_blocks(std::vector<Command> commands, Dialect dialect) {
  std::vector<Block> blocks;
  std::size_t margin = std::string::npos;
  for (const Command& each : commands) margin = std::min(margin, each.indent);
  for (Command& each : commands) {
    const bool indented = each.indent > margin;
    if (!blocks.empty() && belongs(blocks.back().head, each, indented, dialect)) {
      blocks.back().body.push_back(std::move(each));
    } else {
      blocks.push_back({std::move(each), {}});
    }
  }
  return blocks;
}

}  // namespace chatgate::policy::import
