#include "control/text.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace chatgate::control {
namespace {

// The length of the well-formed UTF-8 sequence at the start of `text` (RFC 3629 section 4), 0 where
// there is none.
std::size_t sequence_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = at(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
  }
  const unsigned char second = at(1);
  const bool too_long = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool no_character = (first == 0xed && second > 0x9f) || (first == 0xf4 && second > 0x8f);
  return too_long || no_character ? 0 : length;
}

bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7f;
  return first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;  // C1
}

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

std::string printable(std::string_view raw, std::size_t limit) {
  std::string text;
  for (std::size_t characters = 0; !raw.empty(); ++characters) {
    if (characters == limit) return text + "...";
    const std::size_t length = sequence_length(raw);
    const std::string_view character = raw.substr(0, std::max<std::size_t>(length, 1));
    if (length != 0 && !is_control(character)) {
      text += character;
    } else {
      for (const char byte : character) {
        std::array<char, 5> escaped{};
        std::snprintf(escaped.data(), escaped.size(), "\\x%02x", static_cast<unsigned char>(byte));
        text += escaped.data();
      }
    }
    raw.remove_prefix(character.size());
  }
  return text;
}

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
