// Where one command ends and the next begins, in text that lost its line ends and its indentation.
//
// Inside of the reader of lines (lines.h). Copying from a PDF file glues lines together, wraps them
// and takes away the blanks in front; each command's own words say what happened. Where a word may
// stand inside of a command as well, the text is left as it is.
#pragma once

#include <cstddef>
#include <vector>

#include "policy/import/lines.h"

namespace chatgate::policy::import {

// Whether a new command begins at words[at], where the one before began at words[first].
bool is_glued(const std::vector<Word>& words, std::size_t first, std::size_t at, Dialect dialect);

// Whether a line can only be the rest of the command before it.
bool continues(const Command& before, const std::vector<Word>& words, Dialect dialect);

// Whether a command belongs into the mode that `head` opened. `indented`: more than the text's
// margin.
bool belongs(const Command& head, const Command& command, bool indented, Dialect dialect);

}  // namespace chatgate::policy::import
