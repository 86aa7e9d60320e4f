// Tokens of XML 1.0 as streams of it are cut into, read tolerantly: what a peer's reader would take
// is taken, and nothing is kept beside positions.
//
// A token is a run of text, a tag, a comment, a processing instruction, a CDATA section or another
// declaration (such as DOCTYPE). Quotes in tags hide '>'. Names are compared as they stand;
// namespaces are for the caller.
//
// Called by parsers on a worker's thread. Views borrow from the text they were made over. Nothing
// is allocated; work is linear in the text that is new. Source: XML 1.0 (fifth edition) sections
// 2.4 to 2.7, 3.1, 4.1 and 4.6.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace chatgate::proto::xml {

enum class Token : std::uint8_t { text, tag, comment, instruction, cdata, declaration };

bool is_space(char c);
void skip_spaces(std::string_view& text);
// Up to white space, '>', '/' or '='; `text` moves behind it.
std::string_view take_name(std::string_view& text);
// Behind the prefix.
std::string_view local_part(std::string_view name);
// Before the colon; empty where there is none.
std::string_view prefix_of(std::string_view name);

// What `text`, which is not empty, begins with; nothing where more bytes must tell.
std::optional<Token> token_at(std::string_view text);

// Where the token that begins at `begin` ends: the position behind it; of text, that of the next
// '<'. npos where the end is not there. Looks from `from` on; `quote` is the one that is open
// there, in a tag.
std::size_t find_end(std::string_view text, Token token, std::size_t begin, std::size_t from,
                     char& quote);

struct Tag {
  std::string_view name = {};
  std::string_view attributes = {};  // with the end of the markup
  bool opens = false;                // a start tag, or an empty element's
  bool closes = false;               // an end tag, or an empty element's
};

// `markup` from '<' to '>', or as much of it as there is.
Tag read_tag(std::string_view markup);

// Attributes of a tag one after the other.
class Attributes {
 public:
  explicit Attributes(std::string_view attributes) : rest_(attributes) {}

  // False at the end, and where there is no attribute: see `sound`.
  bool next();
  std::string_view name() const { return name_; }
  std::string_view raw_value() const { return value_; }  // with its references
  // Whether what ended it was the tag's end.
  bool sound() const { return sound_; }

 private:
  std::string_view rest_;
  std::string_view name_;
  std::string_view value_;
  bool sound_ = false;
};

// A value with its references resolved; what is none stays as it is. Cut where longer.
class Text {
 public:
  static constexpr std::size_t kCapacity = 512;

  explicit Text(std::string_view value);
  std::string_view view() const { return {buffer_.data(), size_}; }

 private:
  void add(std::string_view text);
  bool add_reference(std::string_view reference);

  std::array<char, kCapacity> buffer_;
  std::size_t size_ = 0;
};

}  // namespace chatgate::proto::xml
