// The text of a running-config as commands, however it came to be copied.
//
// What terminals, mail programs and PDF files do to a configuration is undone, each with a notice:
// prompts in front of commands, `--More--`, page breaks and page numbers, line numbers, typographic
// dashes and quotes, carriage returns, lines that were wrapped, and lines that were glued together.
// Every command knows the lines of the text that it came from; lines that hold no command are
// entered as harmless. Any bytes may be given; one thread, not for the packet path.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "policy/import/report.h"

namespace chatgate::policy::import {

enum class Dialect { asa, ios };

struct Word {
  std::string text;        // in the case of the text, quotes undone
  std::size_t column = 1;  // of its first byte in the repaired line
  bool quoted = false;
};

struct Command {
  std::vector<std::size_t> lines;  // of the text, from 1; never empty
  std::size_t indent = 0;
  std::vector<Word> words;  // never empty
  std::string text;         // the words and the blanks between them

  std::size_t line() const { return lines.front(); }
  // A word in lower case, empty where there is none: keywords are looked for with it.
  std::string_view word(std::size_t at) const;
  // As it stands.
  const std::string& raw(std::size_t at) const;
  // The text from a word on.
  std::string_view rest(std::size_t at) const;
  bool starts(std::initializer_list<std::string_view> keywords) const;

  std::vector<std::string> lower;  // of words
};

// Words divided by blanks; "…" is one word, in which \" is a quote.
std::vector<Word> split_words(std::string_view line);

// The lines of the text without their ends: LF, CRLF or CR. A form feed ends none.
std::vector<std::string> split_lines(std::string_view text);

// `lines` as split_lines gives them.
std::vector<Command> read_commands(const std::vector<std::string>& lines, Dialect dialect,
                                   Ledger& ledger);

// A command and those below it.
struct Block {
  Command head;
  std::vector<Command> body;
};

// What is below what: by indentation, and where that is lost, by what belongs into the mode that
// the head opens.
std::vector<Block> read_blocks(std::vector<Command> commands, Dialect dialect);

}  // namespace chatgate::policy::import
