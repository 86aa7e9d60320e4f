// Writing HTML by hand: every text is escaped, every table is made the same way.
//
// For the report's page; no state but the page.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace chatgate::report {

// `text`, which is UTF-8, for an element or an attribute in quotes: what has a meaning in HTML as
// character references, control characters and those that turn the direction of text as U+FFFD.
std::string escaped(std::string_view text);

// 1234567 as "1,234,567".
std::string grouped(std::uint64_t value);

// Seconds since 1970 as "2026-11-23 20:00:00 UTC".
std::string moment_of(std::uint64_t second);

class Page {
 public:
  struct Column {
    std::string_view title;
    bool is_number = false;
  };

  explicit Page(std::string_view title);

  void heading(std::string_view text);
  void paragraph(std::string_view text);
  // Stands out: something the reader must not miss.
  void warning(std::string_view text);
  // Cells are escaped here. Nothing where there are no rows but `if_empty`, where that is given.
  void table(std::string_view caption, const std::vector<Column>& columns,
             const std::vector<std::vector<std::string>>& rows, std::string_view if_empty = {});
  // Ready-made, escaped by the caller.
  void raw(std::string_view html) { out_ += html; }
  std::string take();

 private:
  std::string out_;
};

}  // namespace chatgate::report
