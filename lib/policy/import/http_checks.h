// Checks of HTTP: ASA's `inspect http` and `http-map`, IOS's `application http` and its HTTP class
// maps, as the policy's key `http`.
//
// The policy checks HTTP wherever it is spoken, so the classes that select connections are lost,
// with a warning by the caller. Import only.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/import/context.h"
#include "policy/import/patterns.h"

namespace chatgate::policy::import {

class HttpChecks {
 public:
  HttpChecks(Context& context, Patterns& patterns) : context_(context), patterns_(patterns) {}

  // A line of `http-map` or of `application http`: `max-uri-length 100 action reset log`. Words may
  // be left out or stand in another order, as in documents they do.
  void map_line(const Command& command);
  // The methods that lines before named, behind the last of a map.
  void finish_map();
  // Whether a line of the map said what happens to what is no HTTP.
  bool strictness_said() const { return strict_; }

  // What several expressions of one list must come to: `match [not] request uri regex R` with its
  // action. Empty where it is converted, and why not otherwise. Enters no fate.
  std::string match(const Command& command, Action action);
  // All of the lines must match: only lists of one kind can be brought together.
  std::string match_all(const std::vector<const Command*>& commands, Action action);

  // The order in which an ASA looks at it; smaller is earlier.
  static int rank(const Command& command);

 private:
  struct Words {
    std::optional<Action> action;
    bool log = false;
    std::vector<std::string> rest;  // neither action nor log
  };
  struct Method {
    Action action;
    const Command* command;
  };
  struct Expression {
    std::string key;   // of the policy's list
    std::string name;  // of a header
    std::string pattern;
    std::string trouble;
  };

  static Words read_words(const Command& command);
  static Action action_of(const Words& words);
  bool limits_line(const Command& command, const Words& words, Action action);
  void method_line(const Command& command, const Words& words, Action action);
  std::string match_request(const Command& command, std::size_t at, bool negated, Action action);
  std::string match_method(const Command& command, std::size_t at, bool negated, Action action);
  std::string match_header(const Command& command, std::size_t at, Action action);
  std::string number_check(const Command& command, std::size_t at, std::string_view key,
                           Action action);
  Expression expression(const Command& command);
  void warn_if_lost(const Command& command, const std::optional<Action>& lost);

  Context& context_;
  Patterns& patterns_;
  std::map<std::string, Method> methods_;  // in capitals
  std::optional<Method> other_rfc_, other_extension_;
  bool strict_ = false;
};

}  // namespace chatgate::policy::import
