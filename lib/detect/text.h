// The text level of rule files: logical lines, where their parts stand, words and numbers.
//
// Parts of a line are passed around as views into it, so that every finding can name its place.
// Load time only; may allocate. Threads: no shared state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "detect/rule.h"

namespace chatgate::detect {

// A line after those that end in a backslash were joined with what follows them.
class LogicalLine {
 public:
  explicit LogicalLine(std::string text = {}, std::uint32_t line = 1);

  // Appends a physical line that begins at `spot`.
  void append(std::string_view text, Spot spot);

  const std::string& text() const { return text_; }
  // Where a part of text() stands in the file. What does not lie within is taken as its start.
  Spot spot_of(std::string_view part) const;

 private:
  struct Piece {
    std::size_t offset;
    Spot spot;
  };

  std::string text_;
  std::vector<Piece> pieces_;  // never empty, by offset
};

// Reads logical lines from the text of a file: without line ends (LF or CRLF), without a byte
// order mark. The text must outlive the reader.
class LineReader {
 public:
  // A logical line that is longer is cut there, and `too_long` is set.
  static constexpr std::size_t kMaxLine = 65536;

  explicit LineReader(std::string_view text);

  // False at the end of the text.
  bool next(LogicalLine& line, bool& too_long);

 private:
  std::string_view rest_;
  std::uint32_t line_ = 0;
};

// Where findings about one logical line go. Names the place, counts errors, and says no more about
// a line after kMaxErrors.
class Reporter {
 public:
  static constexpr std::size_t kMaxErrors = 8;

  Reporter(const LogicalLine& line, const std::string& file, Diagnostics& findings)
      : line_(line), file_(file), findings_(findings) {}

  void error(std::string_view part, std::string message, std::string remedy = {});
  void warning(std::string_view part, std::string message, std::string remedy = {});
  void error(Spot spot, std::string message, std::string remedy = {});

  bool failed() const { return errors_ != 0; }
  // Nothing more would be said, so reading on is of no use.
  bool exhausted() const { return errors_ >= kMaxErrors; }
  const std::string& file() const { return file_; }
  Spot spot_of(std::string_view part) const { return line_.spot_of(part); }

 private:
  const LogicalLine& line_;
  const std::string& file_;
  Diagnostics& findings_;
  std::size_t errors_ = 0;
  std::size_t warnings_ = 0;
};

bool is_blank(char c);
std::string_view trimmed(std::string_view text);
// In lower case, ASCII only.
std::string lowered(std::string_view text);
// Equal but for the case of ASCII letters; words of the language are, as in Snort.
bool same_word(std::string_view a, std::string_view b);

// The parts between separators, trimmed. An empty text is one empty part.
std::vector<std::string_view> split(std::string_view text, char separator);
// Cuts off the first word and what follows it, both trimmed.
std::pair<std::string_view, std::string_view> first_word(std::string_view text);

// The whole text as a number, decimal or with 0x in front, at most `max`.
std::optional<std::uint64_t> to_number(std::string_view text, std::uint64_t max = UINT64_MAX);
// As decimal number with an optional sign, within 32 bits.
std::optional<std::int64_t> to_signed(std::string_view text);

// For messages: in quotes, cut where long, what cannot be printed as "?".
std::string quoted(std::string_view text);
// suggestion() for a word of any length; long ones get none, which bounds the work.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace chatgate::detect
