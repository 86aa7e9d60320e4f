#include "control/text.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace chatgate::control {
namespace {

// How many places of the screen a cell takes: its characters, not its bytes.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

void end_line(std::string& text) {
  while (!text.empty() && text.back() == ' ') text.pop_back();
  text += '\n';
}

}  // namespace

std::string TextTable::render(std::size_t indent) const {
  std::vector<std::size_t> widths;
  bool titled = false;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    widths.push_back(width(columns_[i].title));
    titled = titled || !columns_[i].title.empty();
    for (const auto& row : rows_) widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string text;
  const auto line = [&](const auto& cell_of) {
    text.append(indent, ' ');
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const std::string_view cell = cell_of(i);
      const std::size_t padding = widths[i] - width(cell);
      if (columns_[i].align == Align::right) text.append(padding, ' ');
      text += cell;
      if (columns_[i].align == Align::left) text.append(padding, ' ');
      text += "  ";
    }
    end_line(text);
  };
  if (titled) line([&](std::size_t i) { return columns_[i].title; });
  for (const auto& row : rows_) line([&](std::size_t i) { return std::string_view(row[i]); });
  return text;
}

std::string duration(std::uint64_t seconds) {
  std::array<char, 64> text{};
  const auto days = static_cast<unsigned long long>(seconds / 86400);
  const auto rest = static_cast<unsigned>(seconds % 86400);
  if (days != 0) {
    std::snprintf(text.data(), text.size(), "%llud %u:%02u:%02u", days, rest / 3600, rest / 60 % 60,
                  rest % 60);
  } else {
    std::snprintf(text.data(), text.size(), "%u:%02u:%02u", rest / 3600, rest / 60 % 60, rest % 60);
  }
  return text.data();
}

std::string memory_size(std::uint64_t bytes) {
  if (bytes < 1024) return count_of(bytes, "byte");
  constexpr std::array<const char*, 4> kUnits = {"KiB", "MiB", "GiB", "TiB"};
  double amount = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (amount >= 1024 && unit + 1 < kUnits.size()) {
    amount /= 1024;
    ++unit;
  }
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.1f %s", amount, kUnits[unit]);
  return text.data();
}

std::string moment(Time time) {
  const auto seconds = static_cast<std::time_t>(time.nanoseconds / 1'000'000'000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts);
  return text.data();
}

std::string count_of(std::uint64_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

}  // namespace chatgate::control
