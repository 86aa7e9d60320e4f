// What is wrong with a file or command a person wrote, where, and what would be right.
//
// Loaders collect every finding instead of stopping at the first, and never throw one across a
// library boundary: a loader returns its result beside a `Diagnostics`, and the result is usable
// only where `has_errors()` is false. Not for the packet path.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chatgate {

// A place in a text file; line and column count from 1, 0 means "the file as a whole".
struct Place {
  std::string file;
  std::size_t line = 0;
  std::size_t column = 0;
};

enum class Severity { error, warning };

struct Diagnostic {
  Severity severity = Severity::error;
  Place place;
  std::string message;  // what is wrong; `printable`
  std::string remedy;   // what would be right; `printable`

  // "FILE:LINE:COLUMN: what is wrong, what would be right"; parts that are absent are left out.
  std::string to_string() const;
};

class Diagnostics {
 public:
  // Words of the file may stand in the texts as they are: they are made printable here.
  void error(Place place, std::string_view message, std::string_view remedy = {});
  void warning(Place place, std::string_view message, std::string_view remedy = {});
  void append(Diagnostics other);

  bool has_errors() const { return errors_ != 0; }
  bool empty() const { return all_.empty(); }
  std::size_t error_count() const { return errors_; }
  const std::vector<Diagnostic>& all() const { return all_; }

 private:
  void add(Severity severity, Place place, std::string_view message, std::string_view remedy);

  std::vector<Diagnostic> all_;
  std::size_t errors_ = 0;
};

// The candidate that `word` most likely meant, empty where none is close (at most one edit for
// each three characters). For "did you mean".
std::string_view closest(std::string_view word, std::span<const std::string_view> candidates);

// `did you mean "x"?` for the closest candidate; where none is close, "one of a, b, c" while the
// list is short, and an empty string otherwise.
std::string suggestion(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace chatgate
