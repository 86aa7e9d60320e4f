#include "proto/msrp.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "proto/http_text.h"
#include "proto/line_text.h"
#include "proto/sip_content.h"
#include "proto/sip_text.h"

namespace chatgate::proto::msrp {
namespace {

constexpr std::string_view kName = "MSRP ";
constexpr std::size_t kMinId = 4;
constexpr std::size_t kMaxId = 32;
constexpr std::size_t kMaxMethod = 32;
constexpr std::size_t kMaxStartLine = 256;
constexpr std::string_view kHyphens = "-------";
constexpr std::string_view kBodyEnd = "\n-------";
// Hyphens, identifier, flag and line end.
constexpr std::size_t kMaxEndLine = kHyphens.size() + kMaxId + 1 + 2;

bool is_id_char(char c) {
  return is_letter(c) || is_digit(c) ||
         (c != '\0' && std::string_view(".-+%=").find(c) != std::string_view::npos);
}

bool is_id(std::string_view text) {
  return text.size() >= kMinId && text.size() <= kMaxId &&
         std::all_of(text.begin(), text.end(), is_id_char);
}

bool is_capital(char c) {
  return c >= 'A' && c <= 'Z';
}

struct StartLine {
  std::string_view id;
  std::string_view method;  // empty of an answer
  bool sound = false;

  static StartLine read(std::string_view line) {
    StartLine start;
    line = without_end(line);
    if (!line.starts_with(kName)) return start;
    line.remove_prefix(kName.size());
    start.id = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(start.id.size() + 1, line.size()));
    const std::string_view word = line.substr(0, line.find(' '));
    const bool is_status = word.size() == 3 && std::all_of(word.begin(), word.end(), is_digit);
    const bool is_method = !word.empty() && word.size() <= kMaxMethod &&
                           word.size() == line.size() &&
                           std::all_of(word.begin(), word.end(), is_capital);
    if (is_method) start.method = word;
    start.sound = is_id(start.id) && (is_status || is_method);
    return start;
  }
};

// The identifier of a line that ends a message, without its end; empty where it is no such line.
std::string_view id_of_end(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (!line.starts_with(kHyphens) || line.size() <= kHyphens.size()) return {};
  constexpr std::string_view kFlags = "$+#";
  if (kFlags.find(line.back()) == std::string_view::npos) return {};
  const std::string_view id = line.substr(kHyphens.size(), line.size() - kHyphens.size() - 1);
  return is_id(id) ? id : std::string_view();
}

// FNV-1a, mixed as the last step of MurmurHash3 does.
std::uint64_t hash_of(std::string_view id) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
  return hash ^ (hash >> 33);
}

// What ParserState holds in a body: the hash but for its first bit.
class BodyState {
 public:
  static bool is_in_body(const ParserState& state) { return (state.extra & kInBody) != 0; }
  static void enter(ParserState& state, std::string_view id) {
    const std::uint64_t hash = hash_of(id);
    state.mark = static_cast<std::uint32_t>(hash);
    state.extra = static_cast<std::uint32_t>(hash >> 32) | kInBody;
  }
  static bool is_its_end(const ParserState& state, std::string_view id) {
    ParserState other;
    enter(other, id);
    return other.mark == state.mark && other.extra == state.extra;
  }

 private:
  static constexpr std::uint32_t kInBody = 1U << 31;
};

// What it holds in a head, or where the body is read: `mark`, where a line begins; here, how far
// its end was looked for, and the head's size where that is known.
struct HeadState {
  static constexpr unsigned kShift = 16;
  std::size_t looked;
  std::size_t head;

  static HeadState of(const ParserState& state) {
    return {state.extra & ((1U << kShift) - 1), state.extra >> kShift};
  }
  void store(ParserState& state) const {
    state.extra = static_cast<std::uint32_t>(looked) | static_cast<std::uint32_t>(head) << kShift;
  }
};
static_assert(kByteLimit < 1U << HeadState::kShift && kHeadLimit < 1U << 15);

struct Head {
  StartLine start;
  std::string_view type;
  std::string_view disposition;
  std::string_view authorization;
  std::string_view nickname;
  std::string_view from;
  std::string_view to;
  bool continues = false;  // not the first piece of its message

  static Head read(std::string_view text) {
    using http::is_word;
    Head head;
    const std::size_t end = std::min(text.find('\n'), text.size() - 1);
    head.start = StartLine::read(text.substr(0, end));
    sip::Fields fields(text.substr(end + 1));
    while (fields.next()) {
      if (is_word(fields.name(), "content-type")) head.type = fields.value();
      if (is_word(fields.name(), "content-disposition")) head.disposition = fields.value();
      if (is_word(fields.name(), "authorization")) head.authorization = fields.value();
      if (is_word(fields.name(), "use-nickname")) head.nickname = fields.value();
      if (is_word(fields.name(), "from-path")) head.from = last_of(fields.value());
      if (is_word(fields.name(), "to-path")) head.to = last_of(fields.value());
      if (is_word(fields.name(), "byte-range")) head.continues = !fields.value().starts_with("1-");
    }
    return head;
  }

  bool tells_by_body() const { return start.method == "SEND" && !continues && sip::is_read(type); }

 private:
  // Of a path the other end's URI.
  static std::string_view last_of(std::string_view path) { return http::last_word(path); }
};

Service service_of_send(const Head& head, std::string_view body, Direction way,
                        Messenger& messenger) {
  sip::assign_file_name(messenger.filename, head.disposition);
  if (head.type.empty()) return Service::presence;
  if (sip::is_read(head.type)) {
    if (head.continues) return Service::any;
    return sip::read_content(head.type, body, way, messenger).value_or(Service::any);
  }
  const bool attached = http::starts_with_word(head.disposition, "attachment");
  if (attached || !messenger.filename.empty()) return Service::file_transfer;
  if (const auto service = sip::service_of_type(head.type)) return *service;
  return http::starts_with_word(head.type, "text/") ? Service::text_chat : Service::file_transfer;
}

void speak(const Head& head, std::string_view body, Direction way, Facts& facts) {
  facts.protocol = AppProto::msrp;
  facts.next = Next::message;
  Messenger& messenger = facts.speak_of({}, Service::any);
  const bool users = way == Direction::to_server;
  sip::assign_user(users ? messenger.login : messenger.peer_login, head.from);
  sip::assign_user(users ? messenger.peer_login : messenger.login, head.to);
  const std::string_view method = head.start.method;
  if (method == "SEND") messenger.service = service_of_send(head, body, way, messenger);
  if (method == "AUTH") {
    messenger.service = Service::login;
    if (const auto name = sip::parameter(head.authorization, "username")) {
      messenger.login.assign(*name);
    }
  }
  if (method == "NICKNAME") {
    messenger.service = Service::conference;
    const std::string_view quoted = head.nickname;
    if (quoted.size() > 2) messenger.login.assign(quoted.substr(1, quoted.size() - 2));
  }
}

// Searches what there is of a body for the message's end.
ParseStatus feed_body(ParserState& state, std::string_view view) {
  std::size_t at = view.find(kBodyEnd);
  for (; at != std::string_view::npos; at = view.find(kBodyEnd, at + 1)) {
    const std::string_view line = view.substr(at + 1, kMaxEndLine);
    const std::size_t end = line.find('\n');
    if (end == std::string_view::npos) {
      if (line.size() < kMaxEndLine) break;  // its end is not there
      continue;
    }
    const std::string_view id = id_of_end(line.substr(0, end));
    if (id.empty() || !BodyState::is_its_end(state, id)) continue;
    state.mark = 0;
    state.extra = 0;
    state.offset = static_cast<std::uint32_t>(at + 1 + end + 1);
    return ParseStatus::piece;
  }
  if (at == std::string_view::npos) {
    const std::size_t tail = view.rfind('\n');
    const bool may_be_end =
        tail != std::string_view::npos && kBodyEnd.starts_with(view.substr(tail));
    at = may_be_end ? tail : view.size();
  }
  state.offset = static_cast<std::uint32_t>(at);
  return at == 0 ? ParseStatus::need_more : ParseStatus::piece;
}

// Goes over the lines that are new: `mark` is where a line begins that has not ended.
ParseStatus feed_head(ParserState& state, std::string_view stream, Facts& facts) {
  HeadState progress = HeadState::of(state);
  std::size_t line_begin = state.mark;
  const StartLine start = StartLine::read(
      stream.substr(0, std::min(stream.substr(0, kMaxStartLine).find('\n'), kMaxStartLine)));
  while (true) {
    const std::size_t limit = progress.head != 0 ? progress.head + kBodyRead : kHeadLimit;
    const std::string_view view = stream.substr(0, limit);
    const std::size_t end = view.find('\n', std::max(line_begin, progress.looked));
    const bool in_body = progress.head != 0;
    if (end == std::string_view::npos) {
      progress.looked = view.size();
      if (view.size() < limit) {
        state.mark = static_cast<std::uint32_t>(line_begin);
        progress.store(state);
        return ParseStatus::need_more;
      }
      if (!in_body || !start.sound) break;
      speak(Head::read(view.substr(0, progress.head)), view.substr(progress.head), state.way,
            facts);
      BodyState::enter(state, start.id);
      state.offset = static_cast<std::uint32_t>(progress.head - 1);
      return ParseStatus::done;
    }
    if (line_begin == 0 && !start.sound) break;
    const std::string_view line = view.substr(line_begin, end - line_begin);
    if (id_of_end(line) == start.id) {
      const std::size_t head = in_body ? progress.head : line_begin;
      speak(Head::read(view.substr(0, head)), view.substr(head, line_begin - head), state.way,
            facts);
      state.mark = 0;
      state.extra = 0;
      state.offset = static_cast<std::uint32_t>(end + 1);
      return ParseStatus::done;
    }
    line_begin = end + 1;
    if (in_body || !(line.empty() || line == "\r")) continue;
    const Head head = Head::read(view.substr(0, line_begin));
    if (!head.tells_by_body()) {
      speak(head, {}, state.way, facts);
      BodyState::enter(state, start.id);
      state.offset = static_cast<std::uint32_t>(end);
      return ParseStatus::done;
    }
    progress.head = line_begin;
  }
  facts.protocol = AppProto::msrp;
  return ParseStatus::malformed;
}

}  // namespace

Probe probe(Bytes stream) {
  const std::string_view text = as_text(stream).substr(0, kMaxStartLine);
  const std::size_t name = std::min(text.size(), kName.size());
  if (text.substr(0, name) != kName.substr(0, name)) return Probe::not_mine;
  const std::size_t end = text.find('\n');
  if (end != std::string_view::npos) {
    const bool sound =
        is_printable(text.substr(0, end)) && StartLine::read(text.substr(0, end)).sound;
    return sound ? Probe::certain : Probe::not_mine;
  }
  return text.size() < kMaxStartLine && is_printable(text) ? Probe::unsure : Probe::not_mine;
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  const std::string_view view = as_text(stream);
  if (BodyState::is_in_body(state)) return feed_body(state, view);
  return feed_head(state, view, facts);
}

}  // namespace chatgate::proto::msrp
