// From the text of a list's files to a List.
//
// Called when a policy or a list is loaded, never on the packet path; one thread. A line that is no
// entry is a warning with its place and what would be right, the first kMostFindings of each file
// one by one and the others by their number, and never the end of the file. Formats are those of
// lists/line.h. Work is linear in the text; a million lines take less than a second (see
// docs/design/lists.md).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/diagnostic.h"

#include "lists/line.h"
#include "lists/list.h"

namespace chatgate::lists {

class ListReader {
 public:
  static constexpr std::size_t kMostFindings = 10;

  // `room`: for names, see NameSet::Builder.
  explicit ListReader(std::size_t room = NameSet::kMaxText) : line_(room) {}

  // A file's whole text; `file` is for messages. A byte order mark and carriage returns are passed
  // over. False, and an error, where there are more names than a set can hold.
  bool read(std::string_view text, const std::string& file, Diagnostics& diagnostics);

  const LineCounts& lines() const { return lines_; }
  // All that was read; its files and time are the caller's to set. The reader is empty afterwards.
  List finish(const SuffixHash::Key& key);

 private:
  LineReader line_;
  LineCounts lines_;
};

}  // namespace chatgate::lists
