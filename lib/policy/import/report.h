// What became of every line of a configuration that is imported.
//
// An importer hands the text's lines to a Ledger, says of each command what it became, and asks for
// the report at the end. A line that nobody spoke of counts as not converted, and a line of several
// commands counts as what is worst among them, so that nothing is lost in silence and the counts
// add up to the number of lines. Lines count from 1. One thread; not for the packet path. The
// report's JSON is that of `chatgate import`.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace chatgate::policy::import {

struct NotConverted {
  std::size_t line = 0;
  std::string text;
  std::string why;
};

struct ImportWarning {
  std::size_t line = 0;  // 0: the file as a whole
  std::string message;
};

struct ImportReport {
  std::size_t lines = 0, converted = 0, harmless = 0;
  std::vector<NotConverted> not_converted;
  std::vector<ImportWarning> warnings;  // by line

  nlohmann::ordered_json to_json() const;
};

class Ledger {
 public:
  explicit Ledger(std::vector<std::string> lines);

  // Lines out of range are ignored.
  void harmless(std::size_t line) { raise(line, Fate::harmless); }
  void converted(std::size_t line) { raise(line, Fate::converted); }
  void not_converted(std::size_t line, std::string_view why);
  void warn(std::size_t line, std::string message);

  std::size_t size() const { return lines_.size(); }
  ImportReport report() const;

 private:
  enum class Fate : unsigned char { unseen, harmless, converted, not_converted };
  struct Line {
    std::string text;
    std::string why;
    Fate fate = Fate::unseen;
  };

  void raise(std::size_t line, Fate fate);

  std::vector<Line> lines_;
  std::vector<ImportWarning> warnings_;
};

}  // namespace chatgate::policy::import
