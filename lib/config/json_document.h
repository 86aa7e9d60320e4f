// JSON files written by people: every value and every key knows its place.
//
// A loader reads a file, parses it into a tree, and walks the tree with `Reporter` and
// `ObjectReader`, which put each finding with its line and column into a `Diagnostics` and carry
// on, so that a person sees all mistakes at once. Comments (// and /* */) are accepted. Refused are
// broken JSON (one error with its place), invalid UTF-8, keys given twice, unknown keys, nesting
// deeper than kMaxDepth and files over kMaxFileBytes.
//
// Threads: no state; a tree belongs to whoever parsed it. Not for the packet path.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"

namespace chatgate::config {

inline constexpr std::size_t kMaxDepth = 64;
inline constexpr std::size_t kMaxFileBytes = std::size_t{8} << 20;

// `integer` is a number that fits 64 signed bits, `number` any other.
enum class JsonType : std::uint8_t { null, boolean, integer, number, string, list, object };

// Counts from 1; columns count characters, not bytes.
struct JsonPosition {
  std::size_t line = 1;
  std::size_t column = 1;
};

struct JsonMember;

struct JsonValue {
  JsonType type = JsonType::null;
  JsonPosition at;
  bool boolean = false;
  std::int64_t integer = 0;
  double number = 0;
  std::string text;
  std::vector<JsonValue> items;
  std::vector<JsonMember> members;  // in the order of the file

  // Null where this is no object or has no such key.
  const JsonMember* find(std::string_view key) const;
};

struct JsonMember {
  std::string key;
  JsonPosition at;  // of the key; the value has its own
  JsonValue value;
};

// The whole file, or nothing after an error: not readable, not a file, over the limit.
std::optional<std::string> read_file(const std::string& file, Diagnostics& diagnostics,
                                     std::size_t max_bytes = kMaxFileBytes);

// The tree of `text`; nothing where it is not JSON at all. A key that is given twice is an error,
// and its first value is kept, so that the rest can still be looked at.
std::optional<JsonValue> parse_json(std::string_view text, const std::string& file,
                                    Diagnostics& diagnostics);

// Reports on one file, and reads values of a known type. `what` names a value for people, such as
// `"mode"` or `an entry of "from"`. The getters answer null or nothing after they reported.
class Reporter {
 public:
  // Borrows `diagnostics`.
  Reporter(std::string file, Diagnostics& diagnostics)
      : file_(std::move(file)), diagnostics_(&diagnostics) {}

  Place place(JsonPosition at) const { return {file_, at.line, at.column}; }
  void error(JsonPosition at, std::string message, std::string remedy = {});
  void warning(JsonPosition at, std::string message, std::string remedy = {});
  // `expected` as in "expected a list".
  void wrong_type(const JsonValue& value, std::string_view what, std::string_view expected);

  // A string that is not empty.
  const std::string* string(const JsonValue& value, std::string_view what);
  std::optional<bool> boolean(const JsonValue& value, std::string_view what);
  std::optional<std::int64_t> integer(const JsonValue& value, std::string_view what,
                                      std::int64_t least, std::int64_t most);
  const std::vector<JsonValue>* list(const JsonValue& value, std::string_view what);
  // Strings from "one value or a list of them"; a list must not be empty. Wrong ones are reported
  // and left out.
  std::vector<const JsonValue*> strings(const JsonValue& value, std::string_view what);

  Diagnostics& diagnostics() { return *diagnostics_; }

 private:
  std::string file_;
  Diagnostics* diagnostics_;
};

using Keys = std::span<const std::string_view>;

// Reads the members of one object. The constructor reports everything that is not an object, and
// every key that is not in `known`, with "did you mean".
class ObjectReader {
 public:
  // Borrows all its arguments. `what` as for Reporter.
  ObjectReader(Reporter& reporter, const JsonValue& value, std::string_view what, Keys known);

  bool ok() const { return value_->type == JsonType::object; }
  const JsonValue& value() const { return *value_; }

  // Null where the key is absent.
  const JsonValue* get(std::string_view key) const;
  // As `get`, and reports a missing key; `remedy` says what to write.
  const JsonValue* require(std::string_view key, std::string remedy = {});

  // Null or nothing where the key is absent, or was reported.
  const std::string* string(std::string_view key);
  std::optional<bool> boolean(std::string_view key);
  const std::vector<JsonValue>* list(std::string_view key);

 private:
  Reporter* reporter_;
  const JsonValue* value_;
  std::string_view what_;
};

// `"word"`, for messages.
std::string in_quotes(std::string_view word);

}  // namespace chatgate::config
