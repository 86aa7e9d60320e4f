// The names of buffers and transforms: one table for the parser, the printer and messages.
#pragma once

#include <span>
#include <string_view>

#include "detect/rule.h"

namespace chatgate::detect {

// Which way of a flow has the buffer.
enum class BufferWay : std::uint8_t { both, to_server, to_client };
// What must be spoken for the buffer to exist.
enum class BufferLayer : std::uint8_t { any, http, tls, dns };

struct BufferEntry {
  Buffer buffer;
  std::string_view name;      // as sticky buffer, Suricata's dotted form; what the printer writes
  std::string_view sticky;    // another sticky name; may be empty
  std::string_view sticky2;   // and another
  std::string_view modifier;  // behind a content, Snort's form; empty: there is none
  char pcre_flag;             // 0: none
  BufferWay way;
  BufferLayer layer;
};

std::span<const BufferEntry> buffer_table();
const BufferEntry& entry_of(Buffer buffer);
std::string_view to_string(Buffer buffer);

const BufferEntry* find_sticky(std::string_view word);
const BufferEntry* find_modifier(std::string_view word);
const BufferEntry* find_pcre_flag(char flag);

std::string_view to_string(Transform transform);
// Null where the word is none.
const Transform* find_transform(std::string_view word);
std::span<const std::string_view> transform_names();

}  // namespace chatgate::detect
