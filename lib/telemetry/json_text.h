// Appending JSON text by hand, for lines that are written a hundred thousand times a second.
//
// The caller writes the structure, these functions the values. Used by the event thread; no state.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace chatgate::telemetry {

// `text` as a JSON string with its quotes. The result is valid UTF-8 whatever the bytes are: a byte
// that is not part of a well-formed UTF-8 sequence (RFC 3629) becomes the four characters "\xHH",
// control characters become \u00HH (RFC 8259 section 7).
void append_json_string(std::string& out, std::string_view text);

void append_json_number(std::string& out, std::uint64_t value);

// An object being appended: places the commas and quotes the keys (which must need no escaping).
class JsonObject {
 public:
  explicit JsonObject(std::string& out) : out_(out) { out_ += '{'; }

  void text(std::string_view key, std::string_view value) {
    append_key(key);
    append_json_string(out_, value);
  }
  void number(std::string_view key, std::uint64_t value) {
    append_key(key);
    append_json_number(out_, value);
  }
  // `json` is a value ready made.
  void raw(std::string_view key, std::string_view json) {
    append_key(key);
    out_ += json;
  }
  // The caller closes the inner object before it goes on with this one.
  JsonObject object(std::string_view key) {
    append_key(key);
    return JsonObject(out_);
  }
  // The caller appends the value next.
  void append_key(std::string_view key) {
    if (!first_) out_ += ',';
    first_ = false;
    out_ += '"';
    out_ += key;
    out_ += "\":";
  }
  void close() { out_ += '}'; }

 private:
  std::string& out_;
  bool first_ = true;
};

}  // namespace chatgate::telemetry
