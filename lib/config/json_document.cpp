#include "config/json_document.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <system_error>

namespace chatgate::config {
namespace {

// Follows the parser through the text and knows where each token began. It is only asked about
// tokens that the parser has accepted already, so it need not check them again.
class Placer {
 public:
  explicit Placer(std::string_view text) : text_(text) {
    if (text_.starts_with("\xef\xbb\xbf")) skipped_ = offset_ = 3;
  }

  // Where the next token that is not punctuation between values begins; moves behind it.
  JsonPosition take() {
    skip_between();
    const JsonPosition at = position(offset_);
    skip_token();
    return at;
  }

  // Where the parser gave up after reading `read` bytes.
  JsonPosition failure(std::size_t read, bool inside_token) {
    skip_between();
    const std::size_t last = std::min(read == 0 ? 0 : read - 1, text_.size());
    return position(inside_token ? last : std::min(offset_, std::max(last, counted_)));
  }

 private:
  void skip_between() {
    while (offset_ < text_.size()) {
      const char c = text_[offset_];
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',' || c == ':') {
        ++offset_;
      } else if (text_.substr(offset_, 2) == "//") {
        offset_ = std::min(text_.find('\n', offset_), text_.size());
      } else if (text_.substr(offset_, 2) == "/*") {
        const std::size_t end = text_.find("*/", offset_ + 2);
        offset_ = end == std::string_view::npos ? text_.size() : end + 2;
      } else {
        return;
      }
    }
  }

  void skip_token() {
    if (offset_ >= text_.size()) return;
    const char first = text_[offset_++];
    if (first == '"') {
      while (offset_ < text_.size() && text_[offset_] != '"') {
        offset_ += text_[offset_] == '\\' ? 2 : 1;
      }
      ++offset_;
    } else if (std::string_view("{}[]").find(first) == std::string_view::npos) {
      offset_ = std::min(text_.find_first_of(" \t\r\n,:]}/", offset_), text_.size());
    }
  }

  // Line and column of a byte; counts on from the last one asked for.
  JsonPosition position(std::size_t offset) {
    offset = std::min(offset, text_.size());
    if (offset < counted_) {
      counted_ = 0;
      at_ = {};
    }
    for (; counted_ < offset; ++counted_) {
      const auto byte = static_cast<unsigned char>(text_[counted_]);
      if (byte == '\n') {
        ++at_.line;
        at_.column = 1;
      } else if (counted_ >= skipped_ && (byte & 0xc0) != 0x80) {
        ++at_.column;
      }
    }
    return at_;
  }

  std::string_view text_;
  std::size_t skipped_ = 0;  // a byte order mark takes no column
  std::size_t offset_ = 0;
  std::size_t counted_ = 0;
  JsonPosition at_;
};

// What nlohmann's exception says, without its own place and number: the part after " - ", or after
// the bracket where there is no such part.
struct Complaint {
  std::string message;
  std::string remedy;
  bool inside_token = false;  // the place is a byte within a string or comment
};

// For what nlohmann names without saying what would be right.
std::string remedy_for(std::string_view text) {
  constexpr std::pair<std::string_view, std::string_view> kRemedies[] = {
      {"invalid literal", "expected text in double quotes, a number, true, false, null, { or ["},
      {"invalid string: missing closing quote", "end it with a double quote on the same line"},
      {"invalid string: ill-formed UTF-8", "save the file as UTF-8"},
      {"invalid comment; missing", "end it with */"},
      {"invalid comment", "write // or /* */"},
      {"number overflow", "write a smaller number"}};
  for (const auto& [beginning, remedy] : kRemedies) {
    if (text.starts_with(beginning)) return std::string(remedy);
  }
  return {};
}

Complaint read_complaint(std::string text) {
  if (const auto dash = text.find(" - "); dash != std::string::npos) {
    text.erase(0, dash + 3);
  } else if (const auto bracket = text.find("] "); bracket != std::string::npos) {
    text.erase(0, bracket + 2);
  }
  // What is left is "A", "A; expected B", or one of them with "; last read: 'TEXT'" after A.
  Complaint complaint;
  const bool invalid = text.starts_with("invalid");  // A says it all, B would only be noise
  if (const auto expected = text.rfind("; expected "); !invalid && expected != text.npos) {
    complaint.remedy = text.substr(expected + 2);
    text.erase(expected);
  }
  if (const auto last_read = text.find("; last read: '"); last_read != text.npos) {
    text.erase(last_read);
  }
  if (complaint.remedy == "expected end of input") {
    complaint.remedy = "nothing may follow the closing brace";
  } else if (text == "unexpected '}'" && complaint.remedy == "expected string literal") {
    complaint.remedy = "leave out the comma before it";
  } else if (complaint.remedy.empty()) {
    complaint.remedy = remedy_for(text);
  }
  complaint.inside_token = text.starts_with("invalid string") && !text.ends_with("closing quote");
  complaint.message = "broken JSON: " + text;
  return complaint;
}

class TreeBuilder : public nlohmann::json_sax<nlohmann::json> {
 public:
  TreeBuilder(std::string_view text, Reporter& reporter) : placer_(text), reporter_(reporter) {}

  JsonValue take_root() { return std::move(root_); }

  bool null() override {
    add(JsonType::null);
    return true;
  }
  bool boolean(bool value) override {
    add(JsonType::boolean).boolean = value;
    return true;
  }
  bool number_integer(std::int64_t value) override {
    add_number(JsonType::integer, value, static_cast<double>(value));
    return true;
  }
  bool number_unsigned(std::uint64_t value) override {
    const bool fits = value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    add_number(fits ? JsonType::integer : JsonType::number,
               fits ? static_cast<std::int64_t>(value) : 0, static_cast<double>(value));
    return true;
  }
  bool number_float(double value, const std::string&) override {
    add_number(JsonType::number, 0, value);
    return true;
  }
  bool string(std::string& value) override {
    add(JsonType::string).text = std::move(value);
    return true;
  }
  bool binary(nlohmann::json::binary_t&) override { return false; }  // not in JSON text

  bool start_object(std::size_t) override { return open(JsonType::object); }
  bool start_array(std::size_t) override { return open(JsonType::list); }
  bool end_object() override {
    refuse_duplicates(*open_.back());
    return close();
  }
  bool end_array() override { return close(); }

  bool key(std::string& key) override {
    open_.back()->members.push_back({std::move(key), placer_.take(), {}});
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& exception) override {
    Complaint complaint = read_complaint(exception.what());
    reporter_.error(placer_.failure(position, complaint.inside_token), std::move(complaint.message),
                    std::move(complaint.remedy));
    return false;
  }

 private:
  JsonValue& add(JsonType type) {
    JsonValue* slot = &root_;
    if (!open_.empty()) {
      JsonValue& parent = *open_.back();
      slot = parent.type == JsonType::object ? &parent.members.back().value
                                             : &parent.items.emplace_back();
    }
    slot->type = type;
    slot->at = placer_.take();
    return *slot;
  }

  void add_number(JsonType type, std::int64_t integer, double number) {
    JsonValue& value = add(type);
    value.integer = integer;
    value.number = number;
  }

  bool open(JsonType type) {
    JsonValue& value = add(type);
    if (open_.size() == kMaxDepth) {
      reporter_.error(value.at, "nested too deeply",
                      "at most " + std::to_string(kMaxDepth) + " levels");
      return false;
    }
    open_.push_back(&value);
    return true;
  }

  bool close() {
    placer_.take();
    open_.pop_back();
    return true;
  }

  // Reports keys given twice and keeps the first of each.
  void refuse_duplicates(JsonValue& object) {
    std::vector<const JsonMember*> sorted;
    for (const JsonMember& member : object.members) sorted.push_back(&member);
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto* a, const auto* b) { return a->key < b->key; });
    const JsonMember* first = nullptr;
    for (const JsonMember* member : sorted) {
      if (first != nullptr && first->key == member->key) {
        reporter_.error(member->at, "key " + in_quotes(member->key) + " is given twice",
                        "the first is on line " + std::to_string(first->at.line));
      } else {
        first = member;
      }
    }
  }

  Placer placer_;
  Reporter& reporter_;
  JsonValue root_;
  std::vector<JsonValue*> open_;  // the containers around the next value, outermost first
};

std::string describe(const JsonValue& value) {
  switch (value.type) {
    case JsonType::null: return "null";
    case JsonType::boolean: return value.boolean ? "true" : "false";
    case JsonType::integer: return "a number";
    case JsonType::number: return "a number that is not whole";
    case JsonType::string: return "a string";
    case JsonType::list: return "a list";
    case JsonType::object: return "an object";
  }
  return "a value";
}

}  // namespace

std::string in_quotes(std::string_view word) {
  return "\"" + std::string(word) + "\"";
}

const JsonMember* JsonValue::find(std::string_view key) const {
  const auto member = std::find_if(members.begin(), members.end(),
                                   [&](const JsonMember& each) { return each.key == key; });
  return member == members.end() ? nullptr : &*member;
}

std::optional<std::string> read_file(const std::string& file, Diagnostics& diagnostics,
                                     std::size_t max_bytes) {
  const auto refuse = [&](int error) {
    diagnostics.error({file}, "cannot be read: " + std::generic_category().message(error),
                      error == ENOENT   ? "name a file that exists"
                      : error == EACCES ? "name one that this user may read"
                      : error == EISDIR ? "name a file, not a folder"
                                        : "");
    return std::nullopt;
  };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream(std::fopen(file.c_str(), "rb"),
                                                               &std::fclose);
  if (stream == nullptr) return refuse(errno);
  std::string text;
  char buffer[1 << 14];
  while (const std::size_t count = std::fread(buffer, 1, sizeof buffer, stream.get())) {
    text.append(buffer, count);
    if (text.size() > max_bytes) {
      diagnostics.error({file}, "is too long",
                        "at most " + std::to_string(max_bytes) + " bytes are read");
      return std::nullopt;
    }
  }
  if (std::ferror(stream.get()) != 0) return refuse(errno);
  return text;
}

std::optional<JsonValue> parse_json(std::string_view text, const std::string& file,
                                    Diagnostics& diagnostics) {
  Reporter reporter(file, diagnostics);
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    diagnostics.error({file, 1, 1}, "the file is empty", "expected a JSON object");
    return std::nullopt;
  }
  // The parser would take a NUL for the end of the text and ignore what follows.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    const std::string_view before = text.substr(0, nul);
    const auto line = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
    const std::size_t start = before.rfind('\n') + 1;  // npos + 1 is 0
    reporter.error({line + 1, nul - start + 1}, "broken JSON: a NUL byte",
                   "is this a text file in UTF-8?");
    return std::nullopt;
  }
  TreeBuilder builder(text, reporter);
  constexpr bool kStrict = true, kIgnoreComments = true;
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder,
                                 nlohmann::json::input_format_t::json, kStrict, kIgnoreComments)) {
    return std::nullopt;
  }
  return builder.take_root();
}

void Reporter::error(JsonPosition at, std::string message, std::string remedy) {
  diagnostics_->error(place(at), std::move(message), std::move(remedy));
}

void Reporter::warning(JsonPosition at, std::string message, std::string remedy) {
  diagnostics_->warning(place(at), std::move(message), std::move(remedy));
}

void Reporter::wrong_type(const JsonValue& value, std::string_view what,
                          std::string_view expected) {
  error(value.at, std::string(what) + " is " + describe(value),
        "expected " + std::string(expected));
}

const std::string* Reporter::string(const JsonValue& value, std::string_view what) {
  if (value.type != JsonType::string) {
    wrong_type(value, what, "a string");
    return nullptr;
  }
  if (value.text.empty()) {
    error(value.at, std::string(what) + " is empty");
    return nullptr;
  }
  return &value.text;
}

std::optional<bool> Reporter::boolean(const JsonValue& value, std::string_view what) {
  if (value.type == JsonType::boolean) return value.boolean;
  wrong_type(value, what, "true or false");
  return std::nullopt;
}

std::optional<std::int64_t> Reporter::integer(const JsonValue& value, std::string_view what,
                                              std::int64_t least, std::int64_t most) {
  const std::string range = std::to_string(least) + " to " + std::to_string(most);
  if (value.type != JsonType::integer) {
    wrong_type(value, what, "a number from " + range);
    return std::nullopt;
  }
  if (value.integer < least || value.integer > most) {
    error(value.at, std::string(what) + " is " + std::to_string(value.integer),
          "expected a number from " + range);
    return std::nullopt;
  }
  return value.integer;
}

const std::vector<JsonValue>* Reporter::list(const JsonValue& value, std::string_view what) {
  if (value.type == JsonType::list) return &value.items;
  wrong_type(value, what, "a list");
  return nullptr;
}

std::vector<const JsonValue*> Reporter::strings(const JsonValue& value, std::string_view what) {
  std::vector<const JsonValue*> found;
  if (value.type == JsonType::list) {
    if (value.items.empty()) {
      error(value.at, std::string(what) + " is an empty list", "name at least one");
    }
    const std::string entry = "an entry of " + std::string(what);
    for (const JsonValue& item : value.items) {
      if (string(item, entry) != nullptr) found.push_back(&item);
    }
  } else if (value.type != JsonType::string) {
    wrong_type(value, what, "a string or a list of strings");
  } else if (string(value, what) != nullptr) {
    found.push_back(&value);
  }
  return found;
}

ObjectReader::ObjectReader(Reporter& reporter, const JsonValue& value, std::string_view what,
                           Keys known)
    : reporter_(&reporter), value_(&value), what_(what) {
  if (!ok()) {
    reporter.wrong_type(value, what, "an object");
    return;
  }
  for (const JsonMember& member : value.members) {
    if (std::find(known.begin(), known.end(), member.key) != known.end()) continue;
    reporter.error(member.at, "unknown key " + in_quotes(member.key) + " in " + std::string(what),
                   suggestion(member.key, known));
  }
}

const JsonValue* ObjectReader::get(std::string_view key) const {
  const JsonMember* member = value_->find(key);
  return member == nullptr ? nullptr : &member->value;
}

const JsonValue* ObjectReader::require(std::string_view key, std::string remedy) {
  const JsonValue* value = get(key);
  if (value == nullptr && ok()) {
    reporter_->error(value_->at, std::string(what_) + " has no " + in_quotes(key),
                     std::move(remedy));
  }
  return value;
}

const std::string* ObjectReader::string(std::string_view key) {
  const JsonValue* value = get(key);
  return value == nullptr ? nullptr : reporter_->string(*value, in_quotes(key));
}

std::optional<bool> ObjectReader::boolean(std::string_view key) {
  const JsonValue* value = get(key);
  return value == nullptr ? std::nullopt : reporter_->boolean(*value, in_quotes(key));
}

const std::vector<JsonValue>* ObjectReader::list(std::string_view key) {
  const JsonValue* value = get(key);
  return value == nullptr ? nullptr : reporter_->list(*value, in_quotes(key));
}

}  // namespace chatgate::config
