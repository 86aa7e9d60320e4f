#include "detect/http_fields.h"

#include <algorithm>
#include <optional>

#include "base/ascii.h"
#include "proto/http_authority.h"
#include "proto/http_text.h"

namespace chatgate::detect {
namespace {

namespace http = proto::http;

struct Name {
  std::string_view word;  // in lower case
  Field field;
};

constexpr Name kNames[] = {
    {"host", Field::host},
    {"user-agent", Field::user_agent},
    {"referer", Field::referer},
    {"accept", Field::accept},
    {"accept-encoding", Field::accept_encoding},
    {"accept-language", Field::accept_language},
    {"content-type", Field::content_type},
    {"content-length", Field::content_length},
    {"connection", Field::connection},
    {"server", Field::server},
    {"location", Field::location},
    {"transfer-encoding", Field::transfer_encoding},
    {"content-encoding", Field::content_encoding},
};

// Bit by the length of a name; that of Cookie and of Set-Cookie is there.
constexpr std::uint32_t lengths_of_names() {
  std::uint32_t lengths = 0;
  for (const Name& row : kNames) lengths |= 1U << row.word.size();
  return lengths;
}
constexpr std::uint32_t kLengths = lengths_of_names();
constexpr std::size_t kLongest = 31;
constexpr std::string_view kCookie = "cookie";
constexpr std::string_view kSetCookie = "set-cookie";
static_assert((kLengths >> kCookie.size() & kLengths >> kSetCookie.size() & 1) == 1);

// Every line that ends at once "a:\n" becomes "a: \r\n"; a join adds two bytes to each value.
constexpr std::size_t kGrowth = 2;
// A value may be joined twice normalised, as sent, and as a host; and another host beside it.
constexpr std::size_t kJoins = 5;
constexpr std::size_t kSlack = 64;

std::optional<Field> field_of(std::string_view name, bool request) {
  if (name.size() > kLongest || (kLengths >> name.size() & 1) == 0) return std::nullopt;
  if (http::is_word(name, request ? kCookie : kSetCookie)) return Field::cookie;
  for (const Name& row : kNames) {
    if (http::is_word(name, row.word)) return row.field;
  }
  return std::nullopt;
}

// Adds a value that may be folded, its lines joined by one blank.
void add_unfolded(std::string_view value, Scratch& out) {
  const std::size_t begin = out.size();
  while (!value.empty()) {
    const std::size_t end = std::min(value.find('\n'), value.size());
    const std::string_view piece = http::without_blanks(value.substr(0, end));
    if (!piece.empty() && out.size() > begin) out.add(' ');
    out.add(piece);
    value.remove_prefix(std::min(end + 1, value.size()));
  }
}

bool continues(char first) {
  return http::is_blank(first) && !http::is_line_end(first);
}

// Takes the next field off `text`, with the lines that continue it. Empty at the blank line.
std::string_view take_field(std::string_view& text) {
  std::size_t size = 0;
  do {
    size = std::min(text.find('\n', size), text.size() - 1) + 1;
  } while (size < text.size() && continues(text[size]));
  std::string_view field = text.substr(0, size);
  text.remove_prefix(size);
  while (!field.empty() && http::is_line_end(field.back())) field.remove_suffix(1);
  return field;
}

}  // namespace

std::size_t HttpFields::memory() const {
  return start_.capacity() + lines_.capacity() + names_.capacity() + joined_.capacity();
}

HttpFields::HttpFields(std::size_t capacity)
    : start_(kGrowth * capacity + kSlack),
      lines_(kGrowth * capacity + kSlack),
      names_(kGrowth * capacity + kSlack),
      joined_(kJoins * capacity + kJoins * 2 * kMaxFields) {}

void HttpFields::add(std::string_view name, std::string_view raw, bool request) {
  const std::optional<Field> field = field_of(name, request);
  const std::size_t line = start_.size();
  start_.add(name);
  start_.add(": ");
  const std::size_t begin = start_.size();
  add_unfolded(raw, start_);
  const std::string_view value = start_.since(begin);
  start_.add("\r\n");
  if (field != Field::cookie) lines_.add(start_.since(line));
  if (names_.size() == 0) names_.add("\r\n");
  names_.add(name);
  names_.add("\r\n");
  if (field && count_ < kMaxFields) occurrences_[count_++] = {*field, value, raw};
}

void HttpFields::read(std::string_view line, std::string_view fields, bool request) {
  start_.clear();
  lines_.clear();
  names_.clear();
  joined_.clear();
  count_ = 0;
  start_.add(line);
  start_.add("\r\n");
  while (!fields.empty()) {
    const std::string_view field = take_field(fields);
    if (field.empty()) break;
    const std::string_view first = field.substr(0, field.find('\n'));
    const std::size_t colon = first.find(':');
    if (colon != std::string_view::npos) {
      add(http::without_blanks(first.substr(0, colon)),
          http::without_blanks(field.substr(colon + 1)), request);
      continue;
    }
    if (http::without_blanks(field).empty()) continue;
    const std::size_t begin = start_.size();
    add_unfolded(field, start_);
    start_.add("\r\n");
    lines_.add(start_.since(begin));
  }
  start_.add("\r\n");
  if (names_.size() > 0) names_.add("\r\n");
}

bool HttpFields::has(Field field) const {
  return std::any_of(occurrences_.begin(), occurrences_.begin() + count_,
                     [&](const Occurrence& one) { return one.field == field; });
}

template <typename Part>
std::string_view HttpFields::joined(Field field, Part part) {
  const std::size_t begin = joined_.size();
  const Occurrence* before = nullptr;
  for (std::size_t i = 0; i < count_; ++i) {
    const Occurrence& one = occurrences_[i];
    if (one.field != field) continue;
    if (before != nullptr) {
      if (joined_.size() == begin) joined_.add(part(*before));
      joined_.add(field == Field::cookie ? "; " : ", ");
      joined_.add(part(one));
    }
    before = &one;
  }
  if (before == nullptr) return {};
  return joined_.size() > begin ? joined_.since(begin) : part(*before);
}

std::string_view HttpFields::value(Field field) {
  return joined(field, [](const Occurrence& one) { return one.value; });
}

std::string_view HttpFields::raw_value(Field field) {
  return joined(field, [](const Occurrence& one) { return one.raw; });
}

void HttpFields::add_host(std::string_view authority) {
  std::string_view host = http::split_authority(authority).host;
  if (host.starts_with('[')) host = host.substr(0, host.find(']') + 1);
  host = http::without_blanks(host);
  while (host.ends_with('.')) host.remove_suffix(1);
  for (const char c : host) joined_.add(lower(c));
}

std::string_view HttpFields::host_of(std::string_view authority) {
  const std::size_t begin = joined_.size();
  add_host(authority);
  return joined_.since(begin);
}

std::string_view HttpFields::host() {
  const std::size_t begin = joined_.size();
  for (std::size_t i = 0; i < count_; ++i) {
    if (occurrences_[i].field != Field::host) continue;
    if (joined_.size() > begin) joined_.add(", ");
    add_host(occurrences_[i].value);
  }
  return joined_.since(begin);
}

}  // namespace chatgate::detect
