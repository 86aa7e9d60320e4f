#include "proto/msnp_direct.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/ascii.h"
#include "proto/http_text.h"
#include "proto/msnp_payload.h"

namespace chatgate::proto {
namespace {

constexpr std::string_view kApplication = "msn";

// As far as `stream` goes, is it `expected`? Certain where all of that is there.
template <std::size_t Count>
Probe compare(Bytes stream, const std::array<std::uint8_t, Count>& expected) {
  const std::size_t size = std::min(stream.size(), expected.size());
  if (!std::equal(expected.begin(), expected.begin() + static_cast<std::ptrdiff_t>(size),
                  stream.begin())) {
    return Probe::not_mine;
  }
  return size == expected.size() ? Probe::certain : Probe::unsure;
}

}  // namespace

namespace msnftp {
namespace {

constexpr std::string_view kGreeting = "ver msnftp";
constexpr std::string_view kSecureGreeting = "ver msn_secure_ftp";

Probe probe_greeting(std::string_view text, std::string_view greeting) {
  const std::size_t size = std::min(text.size(), greeting.size());
  if (!http::is_word(text.substr(0, size), greeting.substr(0, size))) return Probe::not_mine;
  if (text.size() <= greeting.size()) return Probe::unsure;
  return http::is_blank(text[greeting.size()]) ? Probe::certain : Probe::not_mine;
}

}  // namespace

Probe probe(Bytes stream) {
  const Probe plain = probe_greeting(as_text(stream), kGreeting);
  return plain != Probe::not_mine ? plain : probe_greeting(as_text(stream), kSecureGreeting);
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  facts.protocol = AppProto::msnp;
  const std::string_view text = as_text(stream).substr(0, kByteLimit);
  const std::size_t end = text.find('\n', state.offset);
  if (end == std::string_view::npos) {
    if (text.size() >= kByteLimit) return ParseStatus::malformed;
    state.offset = static_cast<std::uint32_t>(text.size());
    return ParseStatus::need_more;
  }
  state.offset = static_cast<std::uint32_t>(end + 1);
  std::string_view line = text.substr(0, end);
  const std::string_view command = http::take_word(line);
  Messenger& messenger = facts.speak_of(kApplication, Service::file_transfer);
  if (http::is_word(command, "ver")) messenger.version.assign(http::take_word(line));
  if (http::is_word(command, "usr")) msnp::assign_login(messenger.login, http::take_word(line));
  facts.next = http::is_word(command, "fil") ? Next::opaque : Next::message;
  return ParseStatus::done;
}

}  // namespace msnftp

namespace msn_peers {
namespace {

constexpr std::size_t kLength = 4;
// The first frame of who connects, and the length of the one behind it, a header or a nonce.
constexpr std::array<std::uint8_t, 8> kGreeting = {4, 0, 0, 0, 'f', 'o', 'o', 0};
constexpr std::uint32_t kNonceV1 = 48;
constexpr std::uint32_t kNonceV2 = 16;

// The first frame of who listens, with the first kind of header: no session, a number, nothing of
// no data, and the flag of a nonce.
Probe probe_nonce(Bytes stream) {
  constexpr std::size_t kNumberAt = 8;
  constexpr std::size_t kRestAt = 12;
  constexpr std::array<std::uint8_t, kNumberAt> kBefore = {kNonceV1, 0, 0, 0, 0, 0, 0, 0};
  constexpr std::array<std::uint8_t, 24> kRest = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                                  0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0};
  const Probe before = compare(stream, kBefore);
  if (before != Probe::certain) return before;
  return stream.size() <= kRestAt ? Probe::unsure : compare(stream.subspan(kRestAt), kRest);
}

}  // namespace

Probe probe(Bytes stream) {
  constexpr std::array<std::uint8_t, kLength> kLengthV1 = {kNonceV1, 0, 0, 0};
  constexpr std::array<std::uint8_t, kLength> kLengthV2 = {kNonceV2, 0, 0, 0};
  const Probe greeting = compare(stream, kGreeting);
  if (greeting == Probe::not_mine) return probe_nonce(stream);
  if (greeting == Probe::unsure) return greeting;
  const Bytes behind = stream.subspan(kGreeting.size());
  const Probe first = compare(behind, kLengthV1);
  return first != Probe::not_mine ? first : compare(behind, kLengthV2);
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  // ParserState::extra: 1 behind a nonce that comes without a header, so that the second kind of
  // header is used.
  facts.protocol = AppProto::msnp;
  if (stream.size() < kLength) return ParseStatus::need_more;
  const std::uint32_t length = load_le32(stream.data());
  const std::uint32_t read = std::min(length, kFrameRead);
  if (stream.size() < kLength + read) return ParseStatus::need_more;
  if (length == kNonceV2) state.extra = 1;
  Messenger& messenger = facts.speak_of(kApplication, Service::any);
  const auto header = state.extra != 0 ? msnp::PeerHeader::v2 : msnp::PeerHeader::v1;
  if (length != kNonceV2) {
    msnp::read_peer_message(stream.subspan(kLength, read), header, state.way, messenger);
  }
  if (messenger.service == Service::any) messenger.service = Service::file_transfer;
  facts.next = Next::message;
  state.offset = static_cast<std::uint32_t>(kLength + read);
  state.skip = length - read;
  return ParseStatus::done;
}

}  // namespace msn_peers

namespace msn_webcam {
namespace {

// "recipientid=NUMBER&sessionid=NUMBER" and an empty line. Certain with its first digit of each.
constexpr std::string_view kRecipient = "recipientid=";
constexpr std::string_view kSession = "&sessionid=";
constexpr std::size_t kMaxNumber = 10;

// Takes `word` off; unsure where the text ends within it.
Probe take(std::string_view& text, std::string_view word) {
  const std::size_t size = std::min(text.size(), word.size());
  if (text.substr(0, size) != word.substr(0, size)) return Probe::not_mine;
  text.remove_prefix(size);
  return size == word.size() ? Probe::certain : Probe::unsure;
}

}  // namespace

Probe probe(Bytes stream) {
  std::string_view text = as_text(stream);
  const Probe recipient = take(text, kRecipient);
  if (recipient != Probe::certain) return recipient;
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (digits > kMaxNumber || (digits == 0 && !text.empty())) return Probe::not_mine;
  text.remove_prefix(digits);
  const Probe session = take(text, kSession);
  if (session != Probe::certain) return session;
  if (text.empty()) return Probe::unsure;
  return is_digit(text.front()) ? Probe::certain : Probe::not_mine;
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  facts.protocol = AppProto::msnp;
  const std::string_view text = as_text(stream).substr(0, kByteLimit);
  const std::size_t end = text.find('\n', state.offset);
  if (end == std::string_view::npos) {
    state.offset = static_cast<std::uint32_t>(text.size());
    return text.size() < kByteLimit ? ParseStatus::need_more : ParseStatus::malformed;
  }
  state.offset = static_cast<std::uint32_t>(end + 1);
  facts.speak_of(kApplication, Service::webcam);
  facts.next = Next::opaque;
  return ParseStatus::done;
}

}  // namespace msn_webcam

}  // namespace chatgate::proto
