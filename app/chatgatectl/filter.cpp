#include "filter.h"

#include <memory>
#include <regex.h>

#include "base/diagnostic.h"

namespace chatgate::ctl {
namespace {

constexpr std::string_view kWords[] = {"include", "exclude", "begin", "count", "grep"};
constexpr std::string_view kHelp[] = {
    "lines that hold an expression", "lines that do not", "from the first line that does on",
    "how many lines hold an expression", "as include, and with -v as exclude"};
constexpr std::string_view kBlanks = " \t";

// The first word, taken off the text with the blanks around it.
std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(kBlanks));
  text.remove_prefix(word.size());
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return word;
}

// The only word that begins so; empty where there is none or several.
std::string_view whole(std::string_view beginning) {
  std::string_view found;
  for (const std::string_view word : kWords) {
    if (beginning.empty() || !word.starts_with(beginning)) continue;
    if (!found.empty()) return {};
    found = word;
  }
  return found;
}

class Expression {
 public:
  explicit Expression(const std::string& pattern)
      : status_(::regcomp(&compiled_, pattern.c_str(), REG_EXTENDED | REG_NOSUB)) {}
  ~Expression() {
    if (status_ == 0) ::regfree(&compiled_);
  }
  Expression(const Expression&) = delete;
  Expression& operator=(const Expression&) = delete;

  std::string mistake() const {
    if (status_ == 0) return {};
    char text[128];
    ::regerror(status_, &compiled_, text, sizeof text);
    return text;
  }
  bool matches(const std::string& line) const {
    return ::regexec(&compiled_, line.c_str(), 0, nullptr, 0) == 0;
  }

 private:
  ::regex_t compiled_;
  int status_;
};

}  // namespace

std::size_t find_bar(std::string_view line) {
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (quoted && line[i] == '\\') {
      ++i;
    } else if (line[i] == '"') {
      quoted = !quoted;
    } else if (line[i] == '|' && !quoted) {
      return i;
    }
  }
  return std::string_view::npos;
}

std::vector<Candidate> filter_words() {
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < std::size(kWords); ++i) {
    candidates.push_back({std::string(kWords[i]), std::string(kHelp[i])});
  }
  return candidates;
}

std::optional<LineFilter> LineFilter::take_off(std::string& line, std::string& error) {
  const std::size_t bar = find_bar(line);
  if (bar == std::string::npos) return std::nullopt;
  const std::string rest = line.substr(bar + 1);
  line.erase(bar);
  std::string_view pattern = rest;
  const std::string_view typed = take_word(pattern), word = whole(typed);
  if (word.empty()) {
    error = "unknown word \"" + std::string(typed) + "\" after \"|\", " + suggestion(typed, kWords);
    return std::nullopt;
  }
  Kind kind = word == "exclude" ? Kind::exclude
              : word == "begin" ? Kind::begin
              : word == "count" ? Kind::count
                                : Kind::include;
  if (word == "grep" && (pattern == "-v" || pattern.starts_with("-v "))) {
    kind = Kind::exclude;
    take_word(pattern);
  }
  if (pattern.size() >= 2 && pattern.front() == '"' && pattern.back() == '"') {
    pattern = pattern.substr(1, pattern.size() - 2);
  } else {
    pattern = pattern.substr(0, pattern.find_last_not_of(kBlanks) + 1);
  }
  if (pattern.empty()) {
    error = "\"" + std::string(word) + "\" is not a whole filter, add an expression";
    return std::nullopt;
  }
  if (const std::string mistake = Expression(std::string(pattern)).mistake(); !mistake.empty()) {
    error = "\"" + std::string(pattern) + "\" is no regular expression: " + mistake;
    return std::nullopt;
  }
  return LineFilter(kind, std::string(pattern));
}

std::string LineFilter::apply(std::string_view text) const {
  const Expression expression(pattern_);
  std::string kept;
  std::size_t count = 0;
  bool begun = false;
  while (!text.empty()) {
    const std::string line(text.substr(0, text.find('\n')));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const bool matches = expression.matches(line);
    if (matches) ++count;
    begun = begun || matches;
    const bool keep = kind_ == Kind::include   ? matches
                      : kind_ == Kind::exclude ? !matches
                                               : kind_ == Kind::begin && begun;
    if (keep) kept += line + "\n";
  }
  if (kind_ != Kind::count) return kept;
  return "Number of lines which match regexp = " + std::to_string(count) + "\n";
}

}  // namespace chatgate::ctl
