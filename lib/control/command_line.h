// The grammar of the command line: words, options, prefixes, help and completion.
//
// Works over a table of commands that it does not know, so one table serves parsing, `?` and Tab.
// A word may be shortened to any prefix that only one word of its place has; a word written in full
// is never ambiguous. Control thread only.
//
//   SHOW FLOWS [blocked] [application NAME] [limit N]
//   words ----  options, in any order, each at most once
//   PACKET-TRACER INPUT INSIDE TCP ADDRESS PORT ADDRESS PORT [sni NAME]
//   words -----------------------  arguments, all of them   options
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chatgate::control {

enum class ValueKind : std::uint8_t {
  none,
  application,
  number,
  file,
  list,
  address,
  text,
  flow_id,
  word,     // one of `choices`
  capture,  // the name of a capture there is
};

struct Option {
  std::string_view keyword;  // empty: the value stands by itself
  ValueKind value = ValueKind::none;
  std::string_view help;
  std::uint32_t lowest = 0, highest = 0;  // of a number
  std::vector<std::string_view> choices = {};
};

enum class Right : std::uint8_t { look, change };

struct Context;
struct Caller;
struct Reply;
struct Invocation;
using Done = std::function<void(Reply)>;

// One row of the table. No command's words are the beginning of another's.
struct Command {
  std::string_view words;  // in full, one blank apart
  std::string_view help;
  Right right = Right::look;
  void (*run)(Context&, const Invocation&, const Caller&, Done) = nullptr;
  std::vector<Option> options = {};
  // Values that stand by themselves before the options, all of them and in this order.
  std::vector<Option> arguments = {};
};

// What `?` says of a word that only leads to commands, such as "show".
struct WordHelp {
  std::string_view words;
  std::string_view help;
};

struct Invocation {
  const Command* command = nullptr;
  std::map<std::string_view, std::string> values;  // by keyword; a keyword without value has ""

  bool has(std::string_view keyword) const { return values.contains(keyword); }
  std::string_view get(std::string_view keyword) const {
    const auto at = values.find(keyword);
    return at == values.end() ? std::string_view{} : std::string_view(at->second);
  }
  std::uint32_t number(std::string_view keyword, std::uint32_t otherwise) const;
  std::uint64_t flow_id(std::string_view keyword) const;  // 0 where there is none
};

struct Candidate {
  std::string word;
  std::string help;
  bool literal = true;  // false: a place-holder such as NAME, not to be inserted

  bool operator==(const Candidate&) const = default;
};

struct Problem {
  std::string error;
  std::string remedy;

  explicit operator bool() const { return !error.empty(); }
};

struct Parsed {
  Invocation invocation;
  Problem problem;
};

struct Completion {
  std::size_t from = 0;  // where in the line the word begins that the candidates stand for
  std::vector<Candidate> candidates;
  bool complete =
      false;        // the line as it stands, without its last word if unfinished, is a command
  Problem problem;  // of a word before the last
};

class Grammar {
 public:
  // Words of the applications, lists or captures, asked for whenever they are needed.
  using Words = std::function<std::vector<std::string_view>()>;

  // `commands` and `groups` must outlive the grammar.
  Grammar(std::span<const Command> commands, std::span<const WordHelp> groups, Words applications,
          Words lists = {}, Words captures = {});

  Parsed parse(std::string_view line) const;
  // What may stand where `line` ends: after a blank the next words, else the words its last one may
  // become.
  Completion complete(std::string_view line) const;

 private:
  class Walk;

  std::span<const Command> commands_;
  std::span<const WordHelp> groups_;
  Words applications_, lists_, captures_;
};

}  // namespace chatgate::control
