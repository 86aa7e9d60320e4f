#include "proto/xmpp.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "proto/xml.h"
#include "proto/xmpp_stanza.h"

namespace chatgate::proto::xmpp {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kRoot = "<stream:stream";
constexpr std::string_view kStreams = "http://etherx.jabber.org/streams";
constexpr std::string_view kBosh = "http://jabber.org/protocol/httpbind";
constexpr std::string_view kFraming = "urn:ietf:params:xml:ns:xmpp-framing";
constexpr std::size_t kMaxElementName = 64;
constexpr std::size_t kMarkRest = 2;  // of a mark such as "-->", which may be cut before its end

enum class Stage : std::uint8_t {
  prolog,   // before the root
  between,  // the next stanza, of which nothing was given yet, begins at the view's front
  rest,     // of a stanza that was too long: its next token does
  inside,   // of a token that was too long
};

// The element around stanzas without a stream: `markup` is its start tag.
bool is_framed_header(std::string_view name, std::string_view markup) {
  const std::string_view space = name == "body" ? kBosh : kFraming;
  return (name == "body" || name == "open") && markup.find(space) != std::string_view::npos;
}

// What a parser keeps in ParserState::mark and ::extra.
struct Memory {
  StanzaContext context;
  Stage stage = Stage::prolog;
  xml::Token token = xml::Token::text;  // that is passed over
  char quote = '\0';                    // that is open
  bool slash = false;                   // so its last byte was, in a tag
  bool opens = false;                   // a start tag
  std::uint32_t depth = 0;
  std::uint32_t scanned = 0;  // bytes of the view where the token's end is not

  static Memory unpacked(const ParserState& state);
  void pack(ParserState& state) const;
};

static_assert(kByteLimit < 1U << 16 && kMaxNesting < 1U << 12 && kServiceCount <= 16);

// mark: scanned (16), service (4), kind (4), namespace (6), responder, framed.
// extra: depth (12), stage (4), token (4), slash, opens, 2 unused, quote (8).
Memory Memory::unpacked(const ParserState& state) {
  const std::uint32_t mark = state.mark;
  const std::uint32_t extra = state.extra;
  Memory memory;
  memory.scanned = mark & 0xffff;
  memory.context.innermost.service = static_cast<Service>(mark >> 16 & 0xf);
  memory.context.kind = static_cast<StanzaKind>(mark >> 20 & 0xf);
  memory.context.innermost.name = static_cast<Namespace>(mark >> 24 & 0x3f);
  memory.context.by_responder = (mark >> 30 & 1) != 0;
  memory.context.framed = mark >> 31 != 0;
  memory.depth = extra & 0xfff;
  memory.stage = static_cast<Stage>(extra >> 12 & 0xf);
  memory.token = static_cast<xml::Token>(extra >> 16 & 0xf);
  memory.slash = (extra >> 20 & 1) != 0;
  memory.opens = (extra >> 21 & 1) != 0;
  memory.quote = static_cast<char>(extra >> 24);
  return memory;
}

void Memory::pack(ParserState& state) const {
  state.mark = scanned | static_cast<std::uint32_t>(context.innermost.service) << 16 |
               static_cast<std::uint32_t>(context.kind) << 20 |
               static_cast<std::uint32_t>(context.innermost.name) << 24 |
               (context.by_responder ? 1U << 30 : 0) | (context.framed ? 1U << 31 : 0);
  state.extra = depth | static_cast<std::uint32_t>(stage) << 12 |
                static_cast<std::uint32_t>(token) << 16 | (slash ? 1U << 20 : 0) |
                (opens ? 1U << 21 : 0) | std::uint32_t{static_cast<std::uint8_t>(quote)} << 24;
}

// One call of the parser.
class Reader {
 public:
  Reader(ParserState& state, std::string_view text, Facts& facts)
      : memory_(Memory::unpacked(state)), state_(state), text_(text), facts_(facts) {}

  ParseStatus read() {
    facts_.protocol = AppProto::xmpp;
    facts_.next = Next::message;
    const ParseStatus status = step();
    if (status == ParseStatus::malformed) facts_.next = Next::opaque;
    memory_.pack(state_);
    return status;
  }

 private:
  ParseStatus step();
  ParseStatus prolog();
  ParseStatus between();
  ParseStatus unit();
  ParseStatus header(std::string_view markup);
  ParseStatus cut_unit();
  ParseStatus rest();
  ParseStatus rest_of_tag();
  ParseStatus inside();
  std::size_t pass_over(xml::Token token, bool opens);

  bool full() const { return text_.size() == kByteLimit; }
  // The token at the front of what is left; nothing where its end is not there.
  std::optional<std::string_view> next_token(xml::Token& token);
  bool nest(const xml::Tag& tag);
  bool is_header(const xml::Tag& tag, std::string_view markup) const;

  ParseStatus finish(Next next, std::size_t size) {
    // What ends the reading is said by XMPP still.
    if (!facts_.has_messenger) facts_.speak_of(kApplication, Service::any);
    facts_.messenger.assumed = facts_.messenger.application == kApplication;
    facts_.next = next;
    state_.offset = static_cast<std::uint32_t>(size);
    memory_.scanned = 0;
    return ParseStatus::done;
  }
  ParseStatus piece(std::size_t size) {
    state_.offset = static_cast<std::uint32_t>(size);
    memory_.scanned = 0;
    return ParseStatus::piece;
  }
  // What was read up to `size`: facts where there are some.
  ParseStatus given(bool told, std::size_t size) {
    return told ? finish(Next::message, size) : piece(size);
  }
  ParseStatus end_of_stanza(bool told, std::size_t size) {
    const StanzaKind kind = memory_.context.kind;
    memory_.stage = Stage::between;
    memory_.context.kind = StanzaKind::unknown;
    memory_.context.innermost = {};
    if (kind != StanzaKind::starttls && kind != StanzaKind::proceed) return given(told, size);
    return finish(Next::protocol, size);
  }

  Memory memory_;
  ParserState& state_;
  std::string_view text_;
  Facts& facts_;
};

ParseStatus Reader::step() {
  switch (memory_.stage) {
    case Stage::prolog: return prolog();
    case Stage::between: return between();
    case Stage::rest: return rest();
    case Stage::inside: break;
  }
  return inside();
}

ParseStatus Reader::prolog() {
  if (text_.empty()) return ParseStatus::need_more;
  if (text_.starts_with(kByteOrderMark)) return piece(kByteOrderMark.size());
  if (kByteOrderMark.starts_with(text_)) return ParseStatus::need_more;
  std::string_view behind = text_;
  xml::skip_spaces(behind);
  if (behind.size() != text_.size()) return piece(text_.size() - behind.size());
  return text_[0] == '<' ? unit() : ParseStatus::not_mine;
}

ParseStatus Reader::between() {
  if (text_.empty()) return ParseStatus::need_more;
  const auto is_other = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == '<' || byte >= 0x7f || (byte < ' ' && !xml::is_space(c));
  };
  const auto other = std::find_if(text_.begin(), text_.end(), is_other);
  const auto size = static_cast<std::size_t>(other - text_.begin());
  if (size != 0) return piece(size);
  return *other == '<' ? unit() : finish(Next::opaque, 0);
}

std::optional<std::string_view> Reader::next_token(xml::Token& token) {
  const std::size_t begin = state_.offset;
  if (begin >= text_.size()) return std::nullopt;
  const std::optional<xml::Token> found = xml::token_at(text_.substr(begin));
  if (!found) return std::nullopt;
  token = *found;
  const std::size_t from = std::max<std::size_t>(begin, memory_.scanned);
  const std::size_t end = xml::find_end(text_, token, begin, from, memory_.quote);
  if (end == std::string_view::npos) {
    memory_.scanned = static_cast<std::uint32_t>(text_.size());
    return std::nullopt;
  }
  memory_.scanned = 0;
  memory_.quote = '\0';
  state_.offset = static_cast<std::uint32_t>(end);
  return text_.substr(begin, end - begin);
}

// False where an element is too deep.
bool Reader::nest(const xml::Tag& tag) {
  if (tag.opens && !tag.closes && ++memory_.depth > kMaxNesting) return false;
  if (tag.closes && !tag.opens && memory_.depth != 0) --memory_.depth;
  return true;
}

bool Reader::is_header(const xml::Tag& tag, std::string_view markup) const {
  const std::string_view name = xml::local_part(tag.name);
  return memory_.context.framed ? is_framed_header(name, markup) : name == "stream";
}

// A stanza, the root's start or end tag, or what is no element, from the view's front on.
ParseStatus Reader::unit() {
  while (true) {
    const bool first = state_.offset == 0;
    xml::Token token = xml::Token::text;
    const std::optional<std::string_view> part = next_token(token);
    if (!part) break;
    if (token == xml::Token::declaration) return ParseStatus::malformed;
    if (token == xml::Token::tag) {
      const xml::Tag tag = xml::read_tag(*part);
      if (first && !tag.opens) {
        if (memory_.stage == Stage::prolog) return ParseStatus::not_mine;
        return finish(Next::opaque, 0);
      }
      if (first && is_header(tag, *part)) return header(*part);
      if (memory_.stage == Stage::prolog) return ParseStatus::not_mine;
      if (!nest(tag)) return ParseStatus::malformed;
    }
    if (memory_.depth == 0) {
      const std::size_t size = state_.offset;
      if (memory_.stage == Stage::prolog) return piece(size);
      const bool told = read_stanza(text_.substr(0, size), memory_.context, facts_);
      return end_of_stanza(told, size);
    }
  }
  return full() ? cut_unit() : ParseStatus::need_more;
}

ParseStatus Reader::header(std::string_view markup) {
  const ParseStatus status = read_header(markup, state_.way, memory_.context, facts_);
  const std::size_t size = state_.offset;
  memory_.stage = Stage::between;
  if (status != ParseStatus::done) return status;
  return finish(Next::message, size);
}

// The view is full of a token, which is passed over from here on. How much of it.
std::size_t Reader::pass_over(xml::Token token, bool opens) {
  memory_.stage = Stage::inside;
  memory_.token = token;
  memory_.opens = opens;
  memory_.slash = text_.back() == '/';
  return token == xml::Token::tag ? text_.size() : text_.size() - kMarkRest;
}

// A stanza that fills the view: what is there of it is read.
ParseStatus Reader::cut_unit() {
  const std::size_t whole = state_.offset;  // tokens
  const std::optional<xml::Token> token =
      whole == text_.size() ? std::optional(xml::Token::text) : xml::token_at(text_.substr(whole));
  if (memory_.stage == Stage::prolog) return ParseStatus::malformed;
  if (whole == 0) {
    if (is_header(xml::read_tag(text_), text_)) return ParseStatus::malformed;
    const bool told = read_stanza(text_, memory_.context, facts_);
    return given(told, pass_over(*token, text_[1] != '/'));
  }
  memory_.stage = Stage::rest;
  memory_.quote = '\0';
  const std::size_t size = token == xml::Token::text ? text_.size() : whole;
  return given(read_stanza(text_.substr(0, size), memory_.context, facts_), size);
}

// The tokens of a stanza that was cut. At the front: text, markup that is no start tag, or a start
// tag, which the text behind it belongs to.
ParseStatus Reader::rest() {
  if (text_.empty()) return ParseStatus::need_more;
  if (text_[0] != '<') return piece(std::min(text_.find('<'), text_.size()));
  const std::optional<xml::Token> first = xml::token_at(text_);
  if (!first) return ParseStatus::need_more;
  if (*first == xml::Token::declaration) return ParseStatus::malformed;
  if (*first == xml::Token::tag && text_.size() > 1 && text_[1] != '/') return rest_of_tag();
  xml::Token token = *first;
  const std::optional<std::string_view> part = next_token(token);
  if (!part) {
    return full() ? piece(pass_over(token, false)) : ParseStatus::need_more;
  }
  if (token == xml::Token::tag) nest(xml::read_tag(*part));
  if (memory_.depth == 0) return end_of_stanza(false, state_.offset);
  return piece(state_.offset);
}

ParseStatus Reader::rest_of_tag() {
  xml::Token token = xml::Token::tag;
  if (state_.offset == 0) {
    const std::optional<std::string_view> part = next_token(token);
    if (!part && !full()) return ParseStatus::need_more;
    if (!part) {
      const bool told = read_stanza(text_, memory_.context, facts_);
      return given(told, pass_over(token, true));
    }
    if (!nest(xml::read_tag(*part))) return ParseStatus::malformed;
  }
  const std::size_t from = std::max<std::size_t>(state_.offset, memory_.scanned);
  const std::size_t end = std::min(text_.find('<', from), text_.size());
  if (end == text_.size() && !full()) {
    memory_.scanned = static_cast<std::uint32_t>(end);
    return ParseStatus::need_more;
  }
  return given(read_stanza(text_.substr(0, end), memory_.context, facts_), end);
}

// The rest of a token that was too long.
ParseStatus Reader::inside() {
  const bool is_tag = memory_.token == xml::Token::tag;
  std::size_t end = std::string_view::npos;
  if (is_tag) {
    end = xml::find_end(text_, xml::Token::tag, 0, 0, memory_.quote);
  } else {
    const std::string_view mark = memory_.token == xml::Token::comment ? "-->"
                                  : memory_.token == xml::Token::cdata ? "]]>"
                                                                       : "?>";
    end = text_.find(mark);
    if (end != std::string_view::npos) end += mark.size();
  }
  if (end == std::string_view::npos) {
    const std::size_t keep = is_tag ? 0 : kMarkRest;
    if (text_.size() <= keep) return ParseStatus::need_more;
    memory_.slash = text_.back() == '/';
    return piece(text_.size() - keep);
  }
  memory_.stage = Stage::rest;
  memory_.quote = '\0';
  const bool empty = end > 1 ? text_[end - 2] == '/' : memory_.slash;
  if (is_tag && !nest({.opens = memory_.opens, .closes = !memory_.opens || empty})) {
    return ParseStatus::malformed;
  }
  return memory_.depth == 0 ? end_of_stanza(false, end) : piece(end);
}

// What the prolog's end is found at: behind a mark and spaces, and a declaration with its spaces.
// Nothing where more is to be seen.
std::optional<std::string_view> behind_prolog(std::string_view text) {
  constexpr std::string_view kDeclaration = "<?xml";
  if (kByteOrderMark.starts_with(text.substr(0, kByteOrderMark.size()))) {
    if (text.size() < kByteOrderMark.size()) return std::nullopt;
    text.remove_prefix(kByteOrderMark.size());
  }
  xml::skip_spaces(text);
  if (!text.starts_with(kDeclaration)) {
    return kDeclaration.starts_with(text) ? std::nullopt : std::optional(text);
  }
  char quote = '\0';
  const std::size_t end = xml::find_end(text, xml::Token::instruction, 0, 0, quote);
  if (end == std::string_view::npos) return std::nullopt;
  text.remove_prefix(end);
  xml::skip_spaces(text);
  return text.empty() ? std::nullopt : std::optional(text);
}

// The root's start tag, or as much of it as there is.
struct Root {
  std::string_view name = {};    // local
  std::string_view markup = {};  // to its end
  Probe probe = Probe::unsure;
};

Root read_root(std::string_view text) {
  if (!text.starts_with('<')) return {.probe = Probe::not_mine};
  std::string_view rest = text.substr(1);
  const std::string_view name = xml::take_name(rest);
  if (name.size() > kMaxElementName) return {.probe = Probe::not_mine};
  if (rest.empty()) return {};
  char quote = '\0';
  const std::size_t end = xml::find_end(text, xml::Token::tag, 0, 0, quote);
  const bool whole = end != std::string_view::npos;
  return {xml::local_part(name), text.substr(0, end), whole ? Probe::certain : Probe::unsure};
}

Probe probe_root(std::string_view text) {
  if (kRoot.starts_with(text)) return Probe::unsure;
  const auto ends_name = [](char c) {
    return xml::is_space(c) || c == '>' || c == '/' || c == '=';
  };
  if (text.starts_with(kRoot) && ends_name(text[kRoot.size()])) return Probe::certain;
  const Root root = read_root(text);
  if (root.probe == Probe::not_mine) return Probe::not_mine;
  if (!root.name.empty() && root.name != "stream") return Probe::not_mine;
  if (root.probe == Probe::unsure) return Probe::unsure;
  const bool named = root.markup.find(kStreams) != std::string_view::npos;
  return named ? Probe::certain : Probe::not_mine;
}

Probe probe_framed_root(std::string_view text) {
  const Root root = read_root(text);
  if (root.probe == Probe::not_mine) return Probe::not_mine;
  if (!root.name.empty() && root.name != "body" && root.name != "open") return Probe::not_mine;
  if (root.probe == Probe::unsure) return Probe::unsure;
  return is_framed_header(root.name, root.markup) ? Probe::certain : Probe::not_mine;
}

Probe probe_behind_prolog(Bytes stream, Probe (*probe_of)(std::string_view root)) {
  const std::string_view text = as_text(stream).substr(0, kByteLimit);
  const std::optional<std::string_view> root = behind_prolog(text);
  const Probe answer = root ? probe_of(*root) : Probe::unsure;
  return answer == Probe::unsure && text.size() == kByteLimit ? Probe::not_mine : answer;
}

}  // namespace

Probe probe(Bytes stream) {
  return probe_behind_prolog(stream, probe_root);
}

Probe probe_framed(Bytes stream) {
  return probe_behind_prolog(stream, probe_framed_root);
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  return Reader(state, as_text(stream).substr(0, kByteLimit), facts).read();
}

ParserState framed(Direction way) {
  Memory memory;
  memory.stage = Stage::between;
  memory.context.framed = true;
  memory.context.by_responder = way == Direction::to_client;
  ParserState state;
  state.way = way;
  memory.pack(state);
  return state;
}

}  // namespace chatgate::proto::xmpp
