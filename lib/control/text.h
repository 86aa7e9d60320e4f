// Text laid out for a person at a terminal: tables, numbers, spans of time.
//
// Control thread only; no state. What came from the network or from a file passes `printable`
// (base/printable.h) before it reaches a terminal.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace chatgate::control {

// Aligned columns, two blanks apart, no blanks at the ends of lines.
class TextTable {
 public:
  enum class Align : std::uint8_t { left, right };
  struct Column {
    std::string_view title;
    Align align = Align::left;
  };

  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // As many cells as columns. Cells are printable already.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.empty(); }

  // Every line indented by `indent` blanks; the titles first unless all are empty.
  std::string render(std::size_t indent = 0) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// "0:00:07", "3:25:45", "2d 3:25:45".
std::string duration(std::uint64_t seconds);
// "512 bytes", "1.5 KiB", "24.0 MiB".
std::string memory_size(std::uint64_t bytes);
// "2026-11-23 20:16:51 UTC".
std::string moment(Time time);
// "1 flow", "2 flows".
std::string count_of(std::uint64_t count, std::string_view noun);

}  // namespace chatgate::control
