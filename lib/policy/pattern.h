// Regular expressions over short texts of a messenger's message: log-ins, file names, versions.
//
// Perl's syntax (PCRE2), searched anywhere in the text and without regard to the case of letters,
// as names of accounts and files are used. Compiled to machine code when the policy is loaded, with
// a bound on backtracking; matching allocates nothing. Immutable; `matches` is for any worker, each
// with scratch of its own.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/strong_id.h"

namespace chatgate::policy {

// What matching needs beside the pattern, one place a worker. Belongs to a policy.
class PatternScratch {
 public:
  PatternScratch();
  ~PatternScratch();

 private:
  friend class Pattern;
  struct Place;
  std::vector<Place> places_;  // by WorkerId
};

class Pattern {
 public:
  // Nothing where the text is no expression; `error` then says why.
  static std::optional<Pattern> compile(const std::string& text, std::string& error);

  // False also where the search would take more steps than it may.
  bool matches(std::string_view text, const PatternScratch& scratch, WorkerId worker) const;
  const std::string& text() const { return text_; }

 private:
  struct Code;
  Pattern(std::string text, std::shared_ptr<const Code> code);

  std::string text_;
  std::shared_ptr<const Code> code_;
};

}  // namespace chatgate::policy
