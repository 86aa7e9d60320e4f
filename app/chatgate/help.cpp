#include "help.h"

#include <algorithm>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace chatgate::app {
namespace {

namespace po = boost::program_options;

using Lines = std::vector<std::string>;

constexpr std::size_t kTagColumns = 26;  // the texts begin behind

// Characters, of which one may be several bytes of UTF-8.
std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

// Words in lines of at most `width` columns; a longer word has a line to itself.
Lines wrapped(std::string_view text, std::size_t width) {
  Lines lines(1);
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (word.empty()) continue;
    std::string& line = lines.back();
    if (line.empty()) {
      line = word;
    } else if (columns_of(line) + 1 + columns_of(word) <= width) {
      line.append(" ").append(word);
    } else {
      lines.emplace_back(word);
    }
  }
  return lines;
}

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    lines.emplace_back(line);
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return lines;
}

// "--policy FILE" and its text, which ends with the value that holds where none is given.
Lines rows_of(const po::option_description& option) {
  const po::value_semantic& value = *option.semantic();
  std::string tag = "  --" + option.long_name(), text = option.description();
  if (value.max_tokens() != 0) {
    const std::string name = value.name();  // "FILE (=/etc/chatgate/policy.json)"
    const std::size_t fallback = std::min(name.find(" (="), name.size());
    tag += " " + name.substr(0, fallback);
    text += name.substr(fallback);
  }
  Lines rows;
  const bool beside = columns_of(tag) + 2 <= kTagColumns;
  if (!beside) rows.push_back(tag);
  for (const std::string& line : wrapped(text, kScreenColumns - kTagColumns)) {
    std::string row = rows.empty() ? tag : std::string();
    row.append(kTagColumns - columns_of(row), ' ');
    rows.push_back(row + line);
  }
  return rows;
}

// The names of the options from `first` on, which had no room.
Lines rest_of(const po::options_description& options, std::size_t first) {
  if (first == options.options().size()) return {};
  std::string names = "More, told by --help-all:";
  for (std::size_t i = first; i < options.options().size(); ++i) {
    names += " --" + options.options()[i]->long_name();
  }
  Lines rows = wrapped(names, kScreenColumns - 2);
  for (std::string& row : rows) row.insert(0, "  ");
  return rows;
}

// As many options as fit into `room` lines.
Lines option_rows(const po::options_description& options, std::size_t room) {
  Lines shown, best;
  for (std::size_t i = 0; i < options.options().size(); ++i) {
    const Lines rows = rows_of(*options.options()[i]);
    shown.insert(shown.end(), rows.begin(), rows.end());
    const Lines rest = rest_of(options, i + 1);
    if (shown.size() + rest.size() > room) continue;
    best = shown;
    best.insert(best.end(), rest.begin(), rest.end());
  }
  return best;
}

}  // namespace

void print_help(std::ostream& out, const Usage& usage, const po::options_description& options) {
  Lines above =
      lines_of("Usage: chatgate " + std::string(usage.command) + " " + std::string(usage.synopsis));
  above.emplace_back();
  for (const std::string& line : lines_of(usage.purpose)) above.push_back(line);
  above.insert(above.end(), {"", "Options:"});
  Lines below = {"", "Example:"};
  for (const std::string& line : lines_of(usage.example)) below.push_back("  " + line);
  const std::size_t taken = std::min(above.size() + below.size(), kScreenLines);
  for (const Lines& part : {above, option_rows(options, kScreenLines - taken), below}) {
    for (const std::string& line : part) out << line << "\n";
  }
}

void print_all_help(std::ostream& out, const Usage& usage, const po::options_description& options) {
  out << "Usage: chatgate " << usage.command << " " << usage.synopsis << "\n\n"
      << usage.purpose << "\n\n"
      << options << "\nExample:\n";
  for (const std::string& line : lines_of(usage.example)) out << "  " << line << "\n";
}

}  // namespace chatgate::app
