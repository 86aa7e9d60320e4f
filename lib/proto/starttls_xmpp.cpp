#include "proto/starttls_xmpp.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

namespace chatgate::proto::xmpp {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kRoot = "<stream:stream";
constexpr std::string_view kStreams = "http://etherx.jabber.org/streams";
constexpr std::size_t kMaxElementName = 64;
constexpr std::size_t kNameBuffer = 512;

static_assert(kNameBuffer > HostName::kCapacity + 8, "a longer name must count as cut");

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool ends_name(char c) {
  return is_space(c) || c == '>' || c == '/' || c == '=';
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

// The '>' that ends markup, which may stand in quotes too. `quote` is the one that is open.
std::size_t find_end(std::string_view text, std::size_t from, char& quote) {
  for (std::size_t at = from; at < text.size(); ++at) {
    const char c = text[at];
    if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '>') {
      return at;
    }
  }
  return std::string_view::npos;
}

// What a parser keeps in ParserState::extra.
enum class Stage : std::uint8_t { header, negotiation, inside_starttls };

struct Memory {
  Stage stage = Stage::header;
  char quote = '\0';

  static Memory unpacked(const ParserState& state) {
    return {static_cast<Stage>(state.extra & 0xff), static_cast<char>(state.extra >> 8)};
  }
  void pack(ParserState& state) const {
    state.extra =
        static_cast<std::uint32_t>(stage) | std::uint32_t{static_cast<std::uint8_t>(quote)} << 8;
  }
};

// UTF-8 of a character's number (RFC 3629 section 3).
class Utf8 {
 public:
  explicit Utf8(std::uint32_t number) {
    if (number < 0x80) {
      add(number);
    } else if (number < 0x800) {
      add(0xc0 | number >> 6);
    } else if (number < 0x10000) {
      add(0xe0 | number >> 12);
    } else {
      add(0xf0 | number >> 18);
    }
    for (int shift = 6 * (static_cast<int>(size_for(number)) - 2); shift >= 0; shift -= 6) {
      add(0x80 | (number >> shift & 0x3f));
    }
  }
  std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  static std::size_t size_for(std::uint32_t number) {
    return number < 0x80 ? 1 : number < 0x800 ? 2 : number < 0x10000 ? 3 : 4;
  }
  void add(std::uint32_t byte) { bytes_[size_++] = static_cast<char>(byte); }

  std::array<char, 4> bytes_{};
  std::size_t size_ = 0;
};

// XML 1.0 section 4.1: "#33", "#x21". Nothing where it is no character.
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

// A value with its references resolved; what is none stays as it is.
class Text {
 public:
  explicit Text(std::string_view value) {
    while (!value.empty()) {
      const std::size_t reference = value.find('&');
      add(value.substr(0, reference));
      if (reference == std::string_view::npos) return;
      value.remove_prefix(reference + 1);
      const std::size_t end = value.find(';');
      if (end == std::string_view::npos || !add_reference(value.substr(0, end))) {
        add("&");
      } else {
        value.remove_prefix(end + 1);
      }
    }
  }
  std::string_view view() const { return {buffer_.data(), size_}; }

 private:
  void add(std::string_view text) {
    const std::size_t size = std::min(text.size(), buffer_.size() - size_);
    std::copy_n(text.begin(), size, buffer_.begin() + size_);
    size_ += size;
  }

  bool add_reference(std::string_view reference) {
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

  std::array<char, kNameBuffer> buffer_;
  std::size_t size_ = 0;
};

// XML 1.0 section 3.1: name, '=' and a quoted value, again and again. False where it is none of it.
bool read_attributes(std::string_view tag, Facts& facts) {
  while (true) {
    skip_spaces(tag);
    if (tag == ">" || tag == "/>") return true;
    const std::string_view name = take_name(tag);
    skip_spaces(tag);
    if (name.empty() || !tag.starts_with('=')) return false;
    tag.remove_prefix(1);
    skip_spaces(tag);
    if (tag.empty() || (tag[0] != '"' && tag[0] != '\'')) return false;
    const std::size_t end = tag.find(tag[0], 1);
    if (end == std::string_view::npos) return false;
    if (name == "to") facts.add_name(NameSource::stream_to, Text(tag.substr(1, end - 1)).view());
    tag.remove_prefix(end + 1);
  }
}

ParseStatus finish(Next next, Facts& facts) {
  facts.next = next;
  return ParseStatus::done;
}

ParseStatus read_header(std::string_view tag, ParserState& state, Facts& facts) {
  tag.remove_prefix(1);
  if (local_part(take_name(tag)) != "stream") return ParseStatus::not_mine;
  const bool sound = read_attributes(tag, facts);
  state.offset = state.mark;
  state.mark = 0;
  Memory{.stage = Stage::negotiation}.pack(state);
  return sound ? finish(Next::message, facts) : ParseStatus::malformed;
}

// What the prolog's end is found at: behind a mark and spaces, and a declaration with its spaces.
// Nothing where more is to be seen.
std::optional<std::string_view> behind_prolog(std::string_view text) {
  constexpr std::string_view kDeclaration = "<?xml";
  if (kByteOrderMark.starts_with(text.substr(0, kByteOrderMark.size()))) {
    if (text.size() < kByteOrderMark.size()) return std::nullopt;
    text.remove_prefix(kByteOrderMark.size());
  }
  skip_spaces(text);
  if (!text.starts_with(kDeclaration)) {
    return kDeclaration.starts_with(text) ? std::nullopt : std::optional(text);
  }
  char quote = '\0';
  const std::size_t end = find_end(text, 0, quote);
  if (end == std::string_view::npos) return std::nullopt;
  text.remove_prefix(end + 1);
  skip_spaces(text);
  return text.empty() ? std::nullopt : std::optional(text);
}

Probe probe_root(std::string_view text) {
  if (kRoot.starts_with(text)) return Probe::unsure;
  if (text.starts_with(kRoot) && ends_name(text[kRoot.size()])) return Probe::certain;
  if (!text.starts_with('<')) return Probe::not_mine;
  std::string_view rest = text.substr(1);
  const std::string_view name = take_name(rest);
  if (name.size() > kMaxElementName) return Probe::not_mine;
  if (rest.empty()) return Probe::unsure;
  if (local_part(name) != "stream") return Probe::not_mine;
  char quote = '\0';
  const std::size_t end = find_end(text, 0, quote);
  if (end == std::string_view::npos) return Probe::unsure;
  const bool named = text.substr(0, end).find(kStreams) != std::string_view::npos;
  return named ? Probe::certain : Probe::not_mine;
}

}  // namespace

Probe probe(Bytes stream) {
  const std::string_view text = as_text(stream).substr(0, kByteLimit);
  const std::optional<std::string_view> root = behind_prolog(text);
  const Probe answer = root ? probe_root(*root) : Probe::unsure;
  return answer == Probe::unsure && text.size() == kByteLimit ? Probe::not_mine : answer;
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  const std::string_view text = as_text(stream).substr(0, kByteLimit);
  Memory memory = Memory::unpacked(state);
  facts.protocol = AppProto::xmpp;
  while (true) {
    if (state.offset == 0 && memory.stage == Stage::header && text.starts_with(kByteOrderMark)) {
      state.offset = kByteOrderMark.size();
    }
    const bool content = memory.stage == Stage::inside_starttls;
    while (state.offset < text.size() &&
           (is_space(text[state.offset]) || (content && text[state.offset] != '<'))) {
      ++state.offset;
    }
    if (state.offset == text.size()) break;
    if (text[state.offset] != '<') {
      if (memory.stage == Stage::negotiation) return finish(Next::opaque, facts);
      return state.offset == 0 ? ParseStatus::not_mine : ParseStatus::malformed;
    }

    const std::size_t end = find_end(text, std::max(state.mark, state.offset), memory.quote);
    state.mark = static_cast<std::uint32_t>(std::min(end, text.size() - 1) + 1);
    memory.pack(state);
    if (end == std::string_view::npos) break;
    std::string_view markup = text.substr(state.offset, state.mark - state.offset);
    if (memory.stage == Stage::header && !markup.starts_with("<?")) {
      return read_header(markup, state, facts);
    }

    const bool closes = markup.starts_with("</");
    const bool empty = markup.ends_with("/>");
    markup.remove_prefix(closes ? 2 : 1);
    const bool starttls = local_part(take_name(markup)) == "starttls";
    if (memory.stage == Stage::negotiation && (!starttls || closes)) {
      return finish(Next::opaque, facts);
    }
    state.offset = state.mark;
    if (starttls && (empty || closes)) return finish(Next::protocol, facts);
    if (starttls) memory.stage = Stage::inside_starttls;
    memory.pack(state);
  }
  if (memory.stage == Stage::negotiation && state.offset == text.size() && state.offset > 0) {
    state.mark = 0;
    return ParseStatus::piece;
  }
  if (text.size() < kByteLimit) return ParseStatus::need_more;
  return memory.stage == Stage::header ? ParseStatus::malformed : finish(Next::opaque, facts);
}

}  // namespace chatgate::proto::xmpp
