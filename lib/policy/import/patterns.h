// Regular expressions of configurations, as the policy's.
//
// ASA's `regex` and `class-map type regex`, with the ones that are built in; IOS's `parameter-map
// type regex`. They are searched for anywhere and mind the case of letters, so each becomes a
// pattern that begins with `(?-i)`. Import only.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/import/context.h"

namespace chatgate::policy::import {

class Patterns {
 public:
  explicit Patterns(Context& context) : context_(context) {}

  // `regex NAME "PATTERN"`. Commands and blocks must outlive this.
  void define(const Command& command);
  // `class-map type regex match-any NAME`, `parameter-map type regex NAME`.
  void define_group(const std::string& name, const Block& block);

  // The expressions that `regex NAME`, `regex class NAME` and NAME stand for, from words[at] on;
  // empty, and `trouble` says why, where there are none.
  Texts find(const Command& command, std::size_t at, std::string& trouble);

  // As `find`; a word that names none of them is an expression itself.
  Texts find_or_take(const Command& command, std::size_t at, std::string& trouble);

  void finish();

 private:
  struct Named {
    const Command* command = nullptr;
    std::string pattern;
    bool used = false;
  };
  struct Group {
    const Block* block = nullptr;
    bool used = false;
  };

  bool add(const std::string& name, Texts& into, std::string& trouble);
  bool add_group(const std::string& name, Texts& into, std::string& trouble);
  bool usable(const std::string& pattern, std::string& trouble) const;

  Context& context_;
  std::map<std::string, Named> named_;
  std::map<std::string, Group> groups_;
};

// What the policy searches for: any of the expressions.
std::string any_of(const Texts& expressions);
// A text in which none of them is.
std::string none_of(const Texts& expressions);
// A text in which each of the patterns is.
std::string all_of(const Texts& patterns);

// Of an expression that comes with the system: the field that it is meant for, empty for others.
std::string_view field_of_builtin(std::string_view name);

// The domain that an expression such as `\.icq\.com$` names; empty where it is more than that.
std::string domain_of(std::string_view expression);

}  // namespace chatgate::policy::import
