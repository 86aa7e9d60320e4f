#include "proto/ymsg_webcam.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace chatgate::proto::ymsg_webcam {
namespace {

constexpr std::array<std::string_view, 4> kNames = {"<RVWCFG>", "<RUPCFG>", "<REQIMG>", "<SNDIMG>"};
constexpr std::size_t kName = 8;

// The length of the head, three bytes that are always the same, and the length of the text.
constexpr std::array<std::uint8_t, 4> kHead = {8, 0, 1, 0};
constexpr std::size_t kLengthAt = kName + kHead.size();
constexpr std::size_t kTextAt = kLengthAt + 4;

bool begins_with_name(std::string_view text) {
  return std::any_of(kNames.begin(), kNames.end(), [&](std::string_view name) {
    return text.substr(0, kName) == name.substr(0, text.size());
  });
}

void read_lines(std::string_view text, Messenger& messenger) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with("u=")) messenger.login.assign(line.substr(2));
    if (line.starts_with("g=")) messenger.peer_login.assign(line.substr(2));
  }
}

}  // namespace

Probe probe(Bytes stream) {
  if (!begins_with_name(as_text(stream))) return Probe::not_mine;
  if (stream.size() <= kName) return Probe::unsure;
  const Bytes head = stream.subspan(kName, std::min(stream.size() - kName, kHead.size()));
  if (!std::equal(head.begin(), head.end(), kHead.begin())) return Probe::not_mine;
  return head.size() == kHead.size() ? Probe::certain : Probe::unsure;
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  facts.protocol = AppProto::ymsg;
  if (stream.size() < kTextAt) return ParseStatus::need_more;
  const std::size_t length = load_be32(&stream[kLengthAt]);
  const std::size_t read = std::min<std::size_t>(length, kByteLimit - kTextAt);
  if (stream.size() < kTextAt + read) return ParseStatus::need_more;
  Messenger& messenger = facts.speak_of("yahoo", Service::webcam);
  read_lines(as_text(stream.subspan(kTextAt, read)), messenger);
  facts.next = Next::opaque;
  state.offset = static_cast<std::uint32_t>(kTextAt + read);
  return ParseStatus::done;
}

}  // namespace chatgate::proto::ymsg_webcam
