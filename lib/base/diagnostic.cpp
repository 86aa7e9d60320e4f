#include "base/diagnostic.h"

#include <algorithm>
#include <iterator>
#include <numeric>

#include "base/ascii.h"
#include "base/printable.h"

namespace chatgate {
namespace {

// Optimal string alignment distance: insert, delete, replace, swap of neighbours each count one.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), current(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      current[j] = std::min({last[j] + 1, current[j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        current[j] = std::min(current[j], before_last[j - 2] + 1);
      }
    }
    std::swap(before_last, last);
    std::swap(last, current);
  }
  return last[b.size()];
}

// Longer texts, as of a value that was never meant to be one, help nobody.
constexpr std::size_t kMaxText = 4096;

}  // namespace

std::string Diagnostic::to_string() const {
  std::string text = printable(place.file, kMaxText);
  if (place.line != 0) {
    text += ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
  }
  if (!text.empty()) text += ": ";
  if (severity == Severity::warning) text += "warning: ";
  text += message;
  if (!remedy.empty()) text += ", " + remedy;
  return text;
}

void Diagnostics::error(Place place, std::string_view message, std::string_view remedy) {
  add(Severity::error, std::move(place), message, remedy);
  ++errors_;
}

void Diagnostics::warning(Place place, std::string_view message, std::string_view remedy) {
  add(Severity::warning, std::move(place), message, remedy);
}

void Diagnostics::add(Severity severity, Place place, std::string_view message,
                      std::string_view remedy) {
  all_.push_back(
      {severity, std::move(place), printable(message, kMaxText), printable(remedy, kMaxText)});
}

void Diagnostics::append(Diagnostics other) {
  errors_ += other.errors_;
  all_.insert(all_.end(), std::make_move_iterator(other.all_.begin()),
              std::make_move_iterator(other.all_.end()));
}

std::string_view closest(std::string_view word, std::span<const std::string_view> candidates) {
  std::string folded(word);
  std::transform(folded.begin(), folded.end(), folded.begin(), lower);
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    // "IM" and "Monitor" are hardly misspelt.
    const std::size_t distance =
        std::min(edit_distance(word, candidate), edit_distance(folded, candidate));
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string suggestion(std::string_view word, std::span<const std::string_view> candidates) {
  if (const std::string_view best = closest(word, candidates); !best.empty()) {
    return "did you mean \"" + std::string(best) + "\"?";
  }
  constexpr std::size_t kShortList = 12;
  if (candidates.empty() || candidates.size() > kShortList) return {};
  std::string list = candidates.size() == 1 ? "only " : "one of ";
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (i != 0) list += ", ";
    list += candidates[i];
  }
  return list;
}

}  // namespace chatgate
