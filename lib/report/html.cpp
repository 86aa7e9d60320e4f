#include "report/html.h"

#include <chrono>
#include <cstdio>

namespace chatgate::report {
namespace {

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --ink: #1a1c20; --paper: #fff; --line: #c8ccd4; --soft: #f1f3f6;
  --blocked: #b3261e; --allowed: #2f6f4f; --warn: #fff3d6; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8ec; --paper: #16181c; --line: #42464e;
  --soft: #22252b; --blocked: #ff8a80; --allowed: #7fd1a4; --warn: #4a3a10; } }
@media print { :root { --ink: #000; --paper: #fff; --line: #999; --soft: #eee; --blocked: #b3261e;
  --allowed: #2f6f4f; --warn: #fff; } section { break-inside: avoid-page; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 68rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; } h2 { font-size: 1.3rem; border-bottom: 1px solid var(--line);
  margin-top: 2.5rem; } h3 { font-size: 1.05rem; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1.5rem; font-size: .9rem; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { text-align: left; vertical-align: top; padding: .25rem .6rem;
  border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { background: var(--soft); } .n { text-align: right; font-variant-numeric: tabular-nums;
  white-space: nowrap; }
.warning { background: var(--warn); border-left: .3rem solid var(--blocked); padding: .5rem 1rem; }
.blocked { fill: var(--blocked); } .allowed { fill: var(--allowed); }
svg { width: 100%; height: auto; background: var(--soft); } svg text { fill: var(--ink); font-size: 12px; }
)";

// U+202A to U+202E and U+2066 to U+2069, in UTF-8.
bool turns_direction(std::string_view rest) {
  if (rest.size() < 3 || rest[0] != '\xe2') return false;
  const auto last = static_cast<unsigned char>(rest[2]);
  return (rest[1] == '\x80' && last >= 0xaa && last <= 0xae) ||
         (rest[1] == '\x81' && last >= 0xa6 && last <= 0xa9);
}

}  // namespace

std::string escaped(std::string_view text) {
  constexpr std::string_view kReplacement = "\xef\xbf\xbd";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    switch (c) {
      case '&': out += "&amp;"; continue;
      case '<': out += "&lt;"; continue;
      case '>': out += "&gt;"; continue;
      case '"': out += "&quot;"; continue;
      case '\'': out += "&#39;"; continue;
      default: break;
    }
    if (turns_direction(text.substr(i))) {
      out += kReplacement;
      i += 2;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += kReplacement;
    } else {
      out += c;
    }
  }
  return out;
}

std::string grouped(std::uint64_t value) {
  std::string text = std::to_string(value);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, ",");
  return text;
}

std::string moment_of(std::uint64_t second) {
  const std::chrono::sys_seconds time{std::chrono::seconds(second)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u %02d:%02d:%02d UTC", int(date.year()),
                unsigned(date.month()), unsigned(date.day()), int(clock.hours().count()),
                int(clock.minutes().count()), int(clock.seconds().count()));
  return text;
}

Page::Page(std::string_view title) {
  out_ =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" "
      "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>" +
      escaped(title) + "</title>\n<style>" + std::string(kStyle) +
      "</style>\n</head>\n<body>\n<main>\n<h1>" + escaped(title) + "</h1>\n";
}

void Page::heading(std::string_view text) {
  out_ += "<h2>" + escaped(text) + "</h2>\n";
}
void Page::paragraph(std::string_view text) {
  out_ += "<p>" + escaped(text) + "</p>\n";
}
void Page::warning(std::string_view text) {
  out_ += "<p class=\"warning\" role=\"note\"><strong>Note:</strong> " + escaped(text) + "</p>\n";
}

void Page::table(std::string_view caption, const std::vector<Column>& columns,
                 const std::vector<std::vector<std::string>>& rows, std::string_view if_empty) {
  if (rows.empty()) {
    if (!if_empty.empty()) paragraph(if_empty);
    return;
  }
  out_ += "<table>\n<caption>" + escaped(caption) + "</caption>\n<thead><tr>";
  for (const Column& column : columns) {
    out_ += std::string("<th scope=\"col\"") + (column.is_number ? " class=\"n\">" : ">") +
            escaped(column.title) + "</th>";
  }
  out_ += "</tr></thead>\n<tbody>\n";
  for (const auto& row : rows) {
    out_ += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) {
      out_ += (columns[i].is_number ? "<td class=\"n\">" : "<td>") + escaped(row[i]) + "</td>";
    }
    out_ += "</tr>\n";
  }
  out_ += "</tbody>\n</table>\n";
}

std::string Page::take() {
  return std::move(out_) + "</main>\n</body>\n</html>\n";
}

}  // namespace chatgate::report
