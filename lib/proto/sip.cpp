#include "proto/sip.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "proto/http_text.h"
#include "proto/line_text.h"
#include "proto/sip_message.h"
#include "proto/sip_text.h"

namespace chatgate::proto::sip {
namespace {

constexpr std::size_t kMaxStartLine = 2048;
constexpr std::size_t kMaxMethod = 32;
constexpr std::size_t kMaxKeepAlive = 64;  // before the first message
constexpr std::array<std::string_view, 6> kSchemes = {
    "SIP:", "SIPS:", "TEL:", "IM:", "PRES:", "URN:"};
constexpr std::string_view kVersion = "SIP/2.0";

// ParserState::extra: how many bytes are needed until the body is there, 0 while the head is not,
// and the application.
constexpr unsigned kApplicationShift = 24;
constexpr std::uint32_t kNeeded = (1U << kApplicationShift) - 1;
static_assert(kByteLimit <= kNeeded);

bool is_method_letter(char c) {
  return (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

std::size_t count_line_ends(std::string_view text) {
  return std::min(text.find_first_not_of("\r\n"), text.size());
}

// Whether what there is of a first line may become a request's.
bool may_be_request(std::string_view line) {
  const auto method_end = std::find_if_not(line.begin(), line.end(), is_method_letter);
  const auto method = static_cast<std::size_t>(method_end - line.begin());
  if (method > kMaxMethod) return false;
  if (method == line.size()) return true;
  if (method == 0 || line[method] != ' ') return false;
  std::string_view uri = line.substr(method + 1);
  const std::size_t colon = uri.find(':');
  return colon == std::string_view::npos ? may_be_one_of(uri, kSchemes)
                                         : is_one_of(uri.substr(0, colon + 1), kSchemes);
}

bool may_be_answer(std::string_view line) {
  const std::size_t size = std::min(line.size(), kVersion.size());
  if (!is_word(line.substr(0, size), kVersion.substr(0, size))) return false;
  return line.size() <= kVersion.size() || line[kVersion.size()] == ' ';
}

bool is_start_line(std::string_view line) {
  const StartLine start = StartLine::read(line);
  return start.sound && start.version == "2.0" &&
         (start.is_request() ? may_be_request(line) : may_be_answer(line));
}

Probe probe_text(std::string_view text) {
  const std::size_t begin = count_line_ends(text);
  if (begin > kMaxKeepAlive) return Probe::not_mine;
  text = text.substr(begin, kMaxStartLine);
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  if (!is_printable(line)) return Probe::not_mine;
  if (end != std::string_view::npos) {
    return is_start_line(line) ? Probe::certain : Probe::not_mine;
  }
  const bool may_be = text.size() < kMaxStartLine && (may_be_request(line) || may_be_answer(line));
  return may_be ? Probe::unsure : Probe::not_mine;
}

bool is_keep_alive(Bytes payload) {
  constexpr std::size_t kMax = 4;
  const std::string_view text = as_text(payload);
  return !text.empty() && text.size() <= kMax &&
         (count_line_ends(text) == text.size() ||
          std::all_of(text.begin(), text.end(), [](char c) { return c == '\0'; }));
}

ParseStatus broken(Facts& facts) {
  facts.protocol = AppProto::sip;
  return ParseStatus::malformed;
}

Application remembered(const ParserState& state) {
  return static_cast<Application>(state.extra >> kApplicationShift);
}

// Says what the message says, and forgets all of it but the application.
void say(ParserState& state, const Head& head, std::string_view body, Direction way, Facts& facts) {
  Application application = application_of(head);
  if (application == Application::unknown) application = remembered(state);
  facts.protocol = AppProto::sip;
  facts.next = Next::message;
  speak(head, body, way, application, facts);
  state.mark = 0;
  state.extra = static_cast<std::uint32_t>(application) << kApplicationShift;
}

ParseStatus finish(ParserState& state, const Head& head, std::size_t head_size,
                   std::string_view view, Facts& facts) {
  const std::size_t read =
      head.tells_by_body() ? std::min(head.length, kBodyRead) : std::uint32_t{0};
  const std::size_t needed = head_size + read;
  if (view.size() < needed) {
    state.mark = static_cast<std::uint32_t>(head_size);
    state.extra = (state.extra & ~kNeeded) | static_cast<std::uint32_t>(needed);
    return ParseStatus::need_more;
  }
  say(state, head, view.substr(head_size, read), state.way, facts);
  state.offset = static_cast<std::uint32_t>(needed);
  state.skip = head.length - read;
  return ParseStatus::done;
}

}  // namespace

Probe probe(Bytes stream) {
  return probe_text(as_text(stream));
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  const std::string_view view = as_text(stream);
  const std::size_t needed = state.extra & kNeeded;
  if (needed != 0) {
    if (view.size() < needed) return ParseStatus::need_more;
    return finish(state, Head::read(view.substr(0, state.mark)), state.mark, view, facts);
  }
  if (view.empty()) return ParseStatus::need_more;
  const std::size_t blank = count_line_ends(view);
  if (blank != 0) {
    state.offset = static_cast<std::uint32_t>(blank);
    return ParseStatus::piece;
  }
  const std::string_view searched = view.substr(0, kHeadLimit);
  const std::size_t end = find_head_end(searched, state.mark);
  if (end == std::string_view::npos) {
    if (searched.size() == kHeadLimit) return broken(facts);
    constexpr std::size_t kEndSize = 3;  // of an empty line and the line end before it
    state.mark = static_cast<std::uint32_t>(std::max(searched.size(), kEndSize) - kEndSize);
    return ParseStatus::need_more;
  }
  const Head head = Head::read(view.substr(0, end));
  return head.sound ? finish(state, head, end, view, facts) : broken(facts);
}

Probe probe_datagram(Bytes payload) {
  if (is_keep_alive(payload)) return Probe::unsure;
  return probe_text(as_text(payload)) == Probe::certain ? Probe::certain : Probe::not_mine;
}

ParseStatus parse(ParserState& state, Bytes payload, Direction direction, Facts& facts,
                  Context& /*context*/) {
  switch (probe_datagram(payload)) {
    case Probe::certain: break;
    case Probe::unsure: return ParseStatus::need_more;
    case Probe::not_mine: return ParseStatus::not_mine;
  }
  std::string_view text = as_text(payload);
  text.remove_prefix(count_line_ends(text));
  const std::size_t end = std::min(find_head_end(text, 0), text.size());
  const Head head = Head::read(text.substr(0, end));
  std::string_view body;
  if (head.tells_by_body()) {
    body = text.substr(end, head.has_length ? head.length : kBodyRead);
  }
  say(state, head, body.substr(0, kBodyRead), direction, facts);
  return ParseStatus::done;
}

}  // namespace chatgate::proto::sip
