#include "proto/xml.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "proto/utf8.h"

namespace chatgate::proto::xml {
namespace {

constexpr std::string_view kComment = "<!--";
constexpr std::string_view kCdata = "<![CDATA[";

bool ends_name(char c) {
  return is_space(c) || c == '>' || c == '/' || c == '=';
}

// The '>' that ends markup, which may stand in quotes too.
std::size_t find_tag_end(std::string_view text, std::size_t from, char& quote) {
  for (std::size_t at = from; at < text.size(); ++at) {
    const char c = text[at];
    if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '>') {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

// `mark`, which ends what begins with `opening` characters at `begin`.
std::size_t find_mark(std::string_view text, std::string_view mark, std::size_t begin,
                      std::size_t opening, std::size_t from) {
  const std::size_t first = begin + opening;
  const std::size_t back = std::min(from, mark.size() - 1);
  const std::size_t at = text.find(mark, std::max(first, from - back));
  return at == std::string_view::npos ? at : at + mark.size();
}

// "#33", "#x21". Nothing where it is no character.
std::optional<std::uint32_t> character_number(std::string_view reference) {
  if (!reference.starts_with('#')) return std::nullopt;
  reference.remove_prefix(1);
  const int base = reference.starts_with('x') ? 16 : 10;
  if (base == 16) reference.remove_prefix(1);
  std::uint32_t number = 0;
  const char* const end = reference.data() + reference.size();
  const auto [behind, error] = std::from_chars(reference.data(), end, number, base);
  if (error != std::errc{} || behind != end || number > 0x10ffff) return std::nullopt;
  return number;
}

}  // namespace

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void skip_spaces(std::string_view& text) {
  text.remove_prefix(static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_space) -
                                              text.begin()));
}

std::string_view take_name(std::string_view& text) {
  const auto end = std::find_if(text.begin(), text.end(), ends_name);
  const std::string_view name = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(name.size());
  return name;
}

std::string_view local_part(std::string_view name) {
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

std::string_view prefix_of(std::string_view name) {
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? std::string_view() : name.substr(0, colon);
}

std::optional<Token> token_at(std::string_view text) {
  if (text[0] != '<') return Token::text;
  if (text.size() == 1) return std::nullopt;
  if (text[1] == '?') return Token::instruction;
  if (text[1] != '!') return Token::tag;
  if (text.starts_with(kComment)) return Token::comment;
  if (text.starts_with(kCdata)) return Token::cdata;
  if (kComment.starts_with(text) || kCdata.starts_with(text)) return std::nullopt;
  return Token::declaration;
}

std::size_t find_end(std::string_view text, Token token, std::size_t begin, std::size_t from,
                     char& quote) {
  switch (token) {
    case Token::text: return text.find('<', from);
    case Token::comment: return find_mark(text, "-->", begin, kComment.size(), from);
    case Token::cdata: return find_mark(text, "]]>", begin, kCdata.size(), from);
    case Token::instruction: return find_mark(text, "?>", begin, 2, from);
    case Token::tag:
    case Token::declaration: break;
  }
  return find_tag_end(text, from, quote);
}

Tag read_tag(std::string_view markup) {
  Tag tag;
  const bool end = markup.starts_with("</");
  tag.opens = !end;
  tag.closes = end || markup.ends_with("/>");
  markup.remove_prefix(std::min<std::size_t>(markup.size(), end ? 2 : 1));
  tag.name = take_name(markup);
  tag.attributes = markup;
  return tag;
}

bool Attributes::next() {
  skip_spaces(rest_);
  if (rest_ == ">" || rest_ == "/>") {
    sound_ = true;
    return false;
  }
  const std::string_view name = take_name(rest_);
  skip_spaces(rest_);
  if (name.empty() || !rest_.starts_with('=')) return false;
  rest_.remove_prefix(1);
  skip_spaces(rest_);
  if (rest_.empty() || (rest_[0] != '"' && rest_[0] != '\'')) return false;
  const std::size_t end = rest_.find(rest_[0], 1);
  if (end == std::string_view::npos) return false;
  name_ = name;
  value_ = rest_.substr(1, end - 1);
  rest_.remove_prefix(end + 1);
  return true;
}

Text::Text(std::string_view value) {
  while (!value.empty()) {
    const std::size_t reference = value.find('&');
    add(value.substr(0, reference));
    if (reference == std::string_view::npos || size_ == buffer_.size()) return;
    value.remove_prefix(reference + 1);
    constexpr std::size_t kMaxReference = 16;
    const std::size_t end = value.substr(0, kMaxReference).find(';');
    if (end == std::string_view::npos || !add_reference(value.substr(0, end))) {
      add("&");
    } else {
      value.remove_prefix(end + 1);
    }
  }
}

void Text::add(std::string_view text) {
  const std::size_t size = std::min(text.size(), buffer_.size() - size_);
  std::copy_n(text.begin(), size, buffer_.begin() + static_cast<std::ptrdiff_t>(size_));
  size_ += size;
}

bool Text::add_reference(std::string_view reference) {
  constexpr std::pair<std::string_view, std::string_view> kNamed[] = {
      {"amp", "&"}, {"lt", "<"}, {"gt", ">"}, {"quot", "\""}, {"apos", "'"}};
  for (const auto& [name, character] : kNamed) {
    if (reference == name) {
      add(character);
      return true;
    }
  }
  const std::optional<std::uint32_t> number = character_number(reference);
  if (!number) return false;
  add(Utf8(*number).view());
  return true;
}

}  // namespace chatgate::proto::xml
