// Reads HTTP messages as the engine does: again each time a turn has grown. Shared by the unit
// tests and the fuzz target; both compare what comes of different cuts.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "detect/buffers.h"
#include "detect/http_view.h"

namespace chatgate::detect::test {

enum class Way { request, response };

struct Shown {
  HttpView::Message message;
  std::map<std::string, std::string> buffers;  // by their names in rules
  std::map<std::string, bool> complete;
};

// In a buffer of its own size, so that the sanitizers see a read beyond it.
inline Shown read_message(HttpView& view, Way way, std::string_view text, bool complete) {
  const std::vector<std::uint8_t> bytes(text.begin(), text.end());
  Buffers out;
  Shown shown;
  shown.message = way == Way::request ? view.read_request(bytes, complete, out)
                                      : view.read_response(bytes, complete, out);
  for (const BufferEntry& entry : buffer_table()) {
    if (!out.has(entry.buffer)) continue;
    const std::string name(entry.name);
    shown.buffers[name] = as_text(out.get(entry.buffer));
    shown.complete[name] = out.complete(entry.buffer);
  }
  return shown;
}

// What is wrong with `before`, read of a part of the bytes that `after` was read of; empty if
// nothing. A buffer that is complete stays as it is, one that grows keeps its beginning.
inline std::string contradiction(const Shown& before, const Shown& after) {
  if (before.message.http && !after.message.http && !before.buffers.empty()) {
    return "is no message after all";
  }
  if (before.message.whole && (!after.message.whole || before.message.size != after.message.size ||
                               before.message.ends_http != after.message.ends_http)) {
    return "ends elsewhere";
  }
  for (const auto& [name, value] : before.buffers) {
    const auto found = after.buffers.find(name);
    if (found == after.buffers.end()) return name + " is gone";
    if (before.complete.at(name) ? found->second != value : !found->second.starts_with(value)) {
      return name + " was '" + value + "' and is '" + found->second + "'";
    }
  }
  return {};
}

// The same for the message that `text` begins with, cut at each of `lengths`.
inline std::string contradiction_in_cuts(HttpView& view, Way way, std::string_view text,
                                         const std::vector<std::size_t>& lengths) {
  const Shown whole = read_message(view, way, text, true);
  for (const std::size_t length : lengths) {
    const Shown part = read_message(view, way, text.substr(0, length), false);
    const std::string wrong = contradiction(part, whole);
    if (!wrong.empty()) return "cut at " + std::to_string(length) + ": " + wrong;
    if (part.message.size > length) return "cut at " + std::to_string(length) + ": too long";
  }
  for (const auto& [name, complete] : whole.complete) {
    if (!complete) return name + " still grows at the end";
  }
  return {};
}

// The messages of a turn, one behind the other.
inline std::vector<Shown> read_turn(HttpView& view, Way way, std::string_view text, bool complete) {
  std::vector<Shown> messages;
  while (!text.empty()) {
    Shown shown = read_message(view, way, text, complete);
    if (!shown.message.http) break;
    messages.push_back(shown);
    if (!shown.message.whole || shown.message.ends_http) break;
    text.remove_prefix(shown.message.size);
  }
  return messages;
}

}  // namespace chatgate::detect::test
