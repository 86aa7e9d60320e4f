// What may follow a command behind `|`: `show conn | include 10.1.1.5`, as on an ASA or under IOS.
//
// chatgatectl filters the text of the answer itself; the gateway does not see it. `include`,
// `exclude` and `begin` keep the lines that hold the regular expression (POSIX, extended), those
// that do not, and those from the first that does on; `count` says how many hold it; `grep` and
// `grep -v` are include and exclude. Words may be shortened. The expression goes on to the end of
// the line, bars included.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client.h"

namespace chatgate::ctl {

class LineFilter {
 public:
  // Takes the filter off the line. Nothing where there is none, or where there is something wrong
  // with it, and `error` says what.
  static std::optional<LineFilter> take_off(std::string& line, std::string& error);

  std::string apply(std::string_view text) const;

 private:
  enum class Kind { include, exclude, begin, count };
  LineFilter(Kind kind, std::string pattern) : kind_(kind), pattern_(std::move(pattern)) {}

  Kind kind_;
  std::string pattern_;
};

// Where the bar stands that parts command and filter: the first outside of double quotes; npos
// where there is none.
std::size_t find_bar(std::string_view line);

// For `?` behind a bar.
std::vector<Candidate> filter_words();

}  // namespace chatgate::ctl
