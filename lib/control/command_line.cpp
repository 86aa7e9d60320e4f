#include "control/command_line.h"

#include <algorithm>
#include <charconv>

#include "base/address.h"
#include "base/diagnostic.h"
#include "base/printable.h"

namespace chatgate::control {
namespace {

constexpr std::size_t kEchoed = 64;  // characters of a wrong word that an error repeats

struct Token {
  std::string text;
  std::size_t begin = 0;  // in the line
};

struct Tokens {
  std::vector<Token> tokens;
  bool open_word = false;   // the line ends inside or right after the last word
  bool open_quote = false;  // ... inside double quotes
  bool control_character = false;
};

// Blanks separate words; double quotes keep them together, and a backslash in them takes the next
// character as it is.
Tokens split(std::string_view line) {
  Tokens result;
  bool in_word = false, quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool blank = c == ' ' || c == '\t';
    const auto code = static_cast<unsigned char>(c);
    if ((code < 0x20 && c != '\t') || code == 0x7f) result.control_character = true;
    if (blank && !quoted) {
      in_word = false;
      continue;
    }
    if (!in_word) result.tokens.push_back({{}, i});
    in_word = true;
    if (c == '"') {
      quoted = !quoted;
    } else if (c == '\\' && quoted && i + 1 < line.size()) {
      result.tokens.back().text += line[++i];
    } else {
      result.tokens.back().text += c;
    }
  }
  result.open_word = in_word;
  result.open_quote = quoted;
  return result;
}

std::vector<std::string_view> words_of(std::string_view words) {
  std::vector<std::string_view> list;
  while (!words.empty()) {
    const std::size_t blank = std::min(words.find(' '), words.size());
    list.push_back(words.substr(0, blank));
    words.remove_prefix(std::min(blank + 1, words.size()));
  }
  return list;
}

std::string echo(std::string_view word) {
  return "\"" + printable(word, kEchoed) + "\"";
}

std::string either(std::span<const std::string_view> words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i != 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

std::optional<std::uint32_t> parse_number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// 0 where it is none.
std::uint64_t parse_flow_id(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? value : 0;
}

std::string range_of(const Option& option) {
  return std::to_string(option.lowest) + "-" + std::to_string(option.highest);
}

}  // namespace

std::uint64_t Invocation::flow_id(std::string_view keyword) const {
  return parse_flow_id(get(keyword));
}

std::uint32_t Invocation::number(std::string_view keyword, std::uint32_t otherwise) const {
  return parse_number(get(keyword)).value_or(otherwise);
}

// The way through the table, a word at a time.
class Grammar::Walk {
 public:
  explicit Walk(const Grammar& grammar) : grammar_(grammar) {
    for (const Command& command : grammar.commands_)
      alive_.push_back({&command, words_of(command.words)});
  }

  // The first problem stays.
  void step(std::string_view word) {
    if (problem_) return;
    if (invocation_.command == nullptr) {
      step_word(word);
    } else if (pending_ != nullptr) {
      take_value(*pending_, word);
      pending_ = nullptr;
    } else if (const Option* next = argument()) {
      take_value(*next, word);
      ++arguments_;
    } else {
      step_option(word);
    }
    path_ += path_.empty() ? "" : " ";
    path_ += printable(word, kEchoed);
  }

  // All that may come next.
  std::vector<Candidate> next() const {
    if (invocation_.command == nullptr) return next_words();
    if (pending_ != nullptr) return values(*pending_);
    if (argument() != nullptr) return values(*argument());
    std::vector<Candidate> list;
    for (const Option* option : unused()) {
      if (!option->keyword.empty()) {
        list.push_back({std::string(option->keyword), std::string(option->help)});
      } else {
        for (Candidate& value : values(*option)) list.push_back(std::move(value));
      }
    }
    return list;
  }

  bool complete() const {
    return invocation_.command != nullptr && pending_ == nullptr && argument() == nullptr &&
           !problem_;
  }
  const Problem& problem() const { return problem_; }
  const std::string& path() const { return path_; }
  Invocation take() { return std::move(invocation_); }

 private:
  struct Alive {
    const Command* command;
    std::vector<std::string_view> words;
  };

  // The argument that comes next; null after the last.
  const Option* argument() const {
    const Command* command = invocation_.command;
    return command == nullptr || arguments_ == command->arguments.size()
               ? nullptr
               : &command->arguments[arguments_];
  }

  // The choice that `word` names; a problem where it names none or several.
  std::string_view choose(std::string_view word, const std::vector<std::string_view>& choices) {
    std::vector<std::string_view> hits;
    for (const std::string_view choice : choices) {
      if (choice == word) return choice;
      if (!word.empty() && choice.starts_with(word)) hits.push_back(choice);
    }
    if (hits.size() == 1) return hits[0];
    const std::string where = path_.empty() ? "" : " after \"" + path_ + "\"";
    if (hits.size() > 1) {
      problem_ = {echo(word) + " is ambiguous" + where, "write " + either(hits)};
    } else {
      std::string remedy = suggestion(word, choices);
      if (remedy.empty() && choices.empty()) remedy = "nothing more can follow";
      if (remedy.empty()) remedy = "type ? to list what can stand here";
      problem_ = {"unknown word " + echo(word) + where, std::move(remedy)};
    }
    return {};
  }

  std::vector<std::string_view> word_choices() const {
    std::vector<std::string_view> choices;
    for (const Alive& alive : alive_) {
      const std::string_view word = alive.words[depth_];
      if (std::find(choices.begin(), choices.end(), word) == choices.end()) choices.push_back(word);
    }
    return choices;
  }

  void step_word(std::string_view word) {
    const std::string_view chosen = choose(word, word_choices());
    if (problem_) return;
    std::erase_if(alive_, [&](const Alive& alive) { return alive.words[depth_] != chosen; });
    full_path_ += full_path_.empty() ? "" : " ";
    full_path_ += chosen;
    ++depth_;
    if (alive_.size() == 1 && alive_[0].words.size() == depth_) {
      invocation_.command = alive_[0].command;
    }
  }

  std::vector<const Option*> unused() const {
    std::vector<const Option*> list;
    for (const Option& option : invocation_.command->options) {
      if (!invocation_.has(option.keyword)) list.push_back(&option);
    }
    return list;
  }

  void step_option(std::string_view word) {
    std::vector<std::string_view> keywords;
    const Option* bare = nullptr;
    for (const Option* option : unused()) {
      if (option->keyword.empty()) {
        bare = option;
      } else {
        keywords.push_back(option->keyword);
      }
    }
    const bool is_keyword =
        std::any_of(keywords.begin(), keywords.end(),
                    [&](std::string_view keyword) { return keyword.starts_with(word); });
    const bool number = bare != nullptr && bare->value == ValueKind::number && parse_number(word);
    if (bare != nullptr && (number || !is_keyword)) return take_value(*bare, word);
    const std::string_view chosen = choose(word, keywords);
    if (problem_) return;
    for (const Option& option : invocation_.command->options) {
      if (option.keyword != chosen) continue;
      if (option.value == ValueKind::none) {
        invocation_.values.emplace(option.keyword, "");
      } else {
        pending_ = &option;
      }
    }
  }

  void take_value(const Option& option, std::string_view word) {
    if (const std::string_view noun = noun_of(option.value); !noun.empty()) {
      const std::vector<std::string_view> known = known_words(option.value);
      if (std::find(known.begin(), known.end(), word) == known.end()) {
        std::string remedy = suggestion(word, known);
        if (remedy.empty()) remedy = "\"" + std::string(lister_of(option.value)) + "\" lists them";
        problem_ = {"unknown " + std::string(noun) + " " + echo(word), std::move(remedy)};
      }
    } else if (option.value == ValueKind::word) {
      word = choose(word, option.choices);
    } else if (option.value == ValueKind::number) {
      const std::optional<std::uint32_t> value = parse_number(word);
      if (!value || *value < option.lowest || *value > option.highest) {
        problem_ = {echo(word) + " is not a number for \"" + std::string(option.keyword) + "\"",
                    "write one of " + range_of(option)};
      }
    } else if (option.value == ValueKind::address) {
      if (!IpAddress::parse(word)) {
        problem_ = {echo(word) + " is no address", "such as 10.1.1.5 or 2001:db8::5"};
      }
    } else if (option.value == ValueKind::flow_id) {
      if (parse_flow_id(word) == 0) {
        problem_ = {echo(word) + " is no flow's identifier",
                    "\"show flows --json\" and events have them as flow_id"};
      }
    } else if (option.value == ValueKind::text) {
      if (word.empty())
        problem_ = {"the value of \"" + std::string(option.keyword) + "\" is empty", {}};
    } else if (word.empty()) {
      problem_ = {"the file's name is empty", "write its path"};
    }
    invocation_.values.emplace(option.keyword, word);
  }

  // What values of a kind are called that the gateway knows by name; empty of another kind.
  static std::string_view noun_of(ValueKind kind) {
    switch (kind) {
      case ValueKind::application: return "application";
      case ValueKind::list: return "list";
      case ValueKind::capture: return "capture";
      default: return {};
    }
  }
  static std::string_view lister_of(ValueKind kind) {
    switch (kind) {
      case ValueKind::list: return "show lists";
      case ValueKind::capture: return "show capture";
      default: return "show applications";
    }
  }

  std::vector<std::string_view> known_words(ValueKind kind) const {
    const Words& words = kind == ValueKind::list      ? grammar_.lists_
                         : kind == ValueKind::capture ? grammar_.captures_
                                                      : grammar_.applications_;
    return words ? words() : std::vector<std::string_view>();
  }

  std::vector<Candidate> next_words() const {
    std::vector<Candidate> list;
    for (const std::string_view word : word_choices()) {
      const std::string path =
          full_path_.empty() ? std::string(word) : full_path_ + " " + std::string(word);
      std::string_view help;
      for (const WordHelp& group : grammar_.groups_) {
        if (group.words == path) help = group.help;
      }
      for (const Alive& alive : alive_) {
        if (alive.command->words == path) help = alive.command->help;
      }
      list.push_back({std::string(word), std::string(help)});
    }
    return list;
  }

  std::vector<Candidate> values(const Option& option) const {
    std::vector<Candidate> list;
    switch (option.value) {
      case ValueKind::application:
      case ValueKind::list:
      case ValueKind::capture:
        for (const std::string_view word : known_words(option.value)) {
          list.push_back({std::string(word), std::string(noun_of(option.value))});
        }
        break;
      case ValueKind::word:
        for (const std::string_view word : option.choices) {
          list.push_back({std::string(word), std::string(option.help)});
        }
        break;
      case ValueKind::number:
        list.push_back({"<" + range_of(option) + ">", std::string(option.help), false});
        break;
      case ValueKind::address: list.push_back({"ADDRESS", std::string(option.help), false}); break;
      case ValueKind::text: list.push_back({"NAME", std::string(option.help), false}); break;
      case ValueKind::flow_id: list.push_back({"FLOW", std::string(option.help), false}); break;
      case ValueKind::file: list.push_back({"FILE", std::string(option.help), false}); break;
      case ValueKind::none: break;
    }
    return list;
  }

  const Grammar& grammar_;
  std::vector<Alive> alive_;
  std::size_t depth_ = 0;
  std::string path_;       // the words as written
  std::string full_path_;  // ... and in full, without options
  Invocation invocation_;
  std::size_t arguments_ = 0;        // that have been taken
  const Option* pending_ = nullptr;  // the option whose value comes next
  Problem problem_;
};

Grammar::Grammar(std::span<const Command> commands, std::span<const WordHelp> groups,
                 Words applications, Words lists, Words captures)
    : commands_(commands),
      groups_(groups),
      applications_(std::move(applications)),
      lists_(std::move(lists)),
      captures_(std::move(captures)) {}

Parsed Grammar::parse(std::string_view line) const {
  const Tokens words = split(line);
  if (words.control_character) {
    return {{}, {"the command holds a control character", "write it as plain text"}};
  }
  if (words.open_quote) return {{}, {"a double quote is not closed", "close it"}};
  if (words.tokens.empty()) return {{}, {"the command is empty", "type ? to list the commands"}};
  Walk walk(*this);
  for (const Token& token : words.tokens) walk.step(token.text);
  if (walk.problem()) return {{}, walk.problem()};
  if (!walk.complete()) {
    std::vector<std::string_view> choices;
    const std::vector<Candidate> next = walk.next();
    for (const Candidate& candidate : next) choices.push_back(candidate.word);
    constexpr std::size_t kShortList = 14;
    return {{},
            {"\"" + walk.path() + "\" is not a whole command",
             choices.size() > kShortList ? "type ? after it to list what can follow"
                                         : "add " + either(choices)}};
  }
  return {walk.take(), {}};
}

Completion Grammar::complete(std::string_view line) const {
  Tokens words = split(line);
  Completion completion;
  completion.from = line.size();
  std::string partial;
  if (words.open_word) {
    completion.from = words.tokens.back().begin;
    partial = words.tokens.back().text;
    words.tokens.pop_back();
  }
  Walk walk(*this);
  for (const Token& token : words.tokens) walk.step(token.text);
  completion.problem = walk.problem();
  if (completion.problem) return completion;
  completion.complete = walk.complete();
  for (Candidate& candidate : walk.next()) {
    if (!candidate.literal || candidate.word.starts_with(partial)) {
      completion.candidates.push_back(std::move(candidate));
    }
  }
  return completion;
}

}  // namespace chatgate::control
