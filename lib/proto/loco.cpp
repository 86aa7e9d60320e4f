#include "proto/loco.h"

#include <algorithm>
#include <array>

#include "proto/opening.h"

namespace chatgate::proto::loco {
namespace {

Messenger& begin(Service service, Next next, Facts& facts) {
  facts.protocol = AppProto::loco;
  facts.next = next;
  return facts.speak_of("kakaotalk", service);
}

// --- Secured

constexpr std::array<std::uint8_t, 4> kKeySize = {0, 1, 0, 0};
constexpr std::array<std::uint8_t, 4> kAes = {2, 0, 0, 0};
constexpr std::size_t kSecuredHeader = 12;

bool begins_secured(Bytes stream) {
  return agrees(stream, kKeySize);
}

// Sixteen random bytes have fewer than ten values once in a hundred million.
bool looks_random(Bytes sixteen) {
  constexpr std::size_t kValues = 10;
  std::size_t values = 0;
  for (std::size_t i = 0; i < sixteen.size(); ++i) {
    const auto end = sixteen.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(sixteen.begin(), end, sixteen[i]) == end) ++values;
  }
  return values >= kValues;
}

Probe probe_secured(Bytes stream) {
  constexpr std::size_t kLooked = 16;
  constexpr std::uint8_t kMaxMethod = 63;
  constexpr std::array<std::uint8_t, 3> kZero{};
  if (stream.size() > 4 && (stream[4] == 0 || stream[4] > kMaxMethod)) return Probe::not_mine;
  if (!agrees(stream, 5, kZero) || !agrees(stream, 8, kAes)) return Probe::not_mine;
  if (stream.size() < kSecuredHeader + kLooked) return Probe::unsure;
  return looks_random(stream.subspan(kSecuredHeader, kLooked)) ? Probe::certain : Probe::not_mine;
}

// --- In clear: id, status, method, type of body (a byte), length

constexpr std::size_t kMethodAt = 6;
constexpr std::size_t kMethodSize = 11;
constexpr std::size_t kLengthAt = 18;
constexpr std::size_t kHeader = 22;
constexpr std::uint32_t kMinDocument = 5;
constexpr std::uint32_t kMaxDocument = 1 << 26;

// The method, empty where it is none: capitals, then zeros.
std::string_view method_of(Bytes stream) {
  const std::string_view field = as_text(stream.subspan(kMethodAt, kMethodSize));
  const std::string_view name = field.substr(0, field.find('\0'));
  const bool capitals =
      std::all_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  const bool padded = field.find_first_not_of('\0', name.size()) == std::string_view::npos;
  return capitals && padded ? name : std::string_view{};
}

bool is_length(std::uint32_t length) {
  return length >= kMinDocument && length <= kMaxDocument;
}

Probe probe_plain(Bytes stream) {
  constexpr std::size_t kMinMethod = 3;
  constexpr std::array<std::uint8_t, 4> kZero{};
  // A first number over 65,535 is none, and a status other than zero is an error's.
  if (!agrees(stream, 2, kZero)) return Probe::not_mine;
  for (std::size_t at = kMethodAt; at < std::min(stream.size(), kMethodAt + kMinMethod); ++at) {
    if (stream[at] < 'A' || stream[at] > 'Z') return Probe::not_mine;
  }
  if (stream.size() < kHeader + 4) return Probe::unsure;
  const std::uint32_t length = load_le32(&stream[kLengthAt]);
  const bool sound =
      !method_of(stream).empty() && is_length(length) && load_le32(&stream[kHeader]) == length;
  return sound ? Probe::certain : Probe::not_mine;
}

struct Method {
  std::string_view name;
  Service service;
};
constexpr std::array<Method, 28> kMethods = {{
    {"CHECKIN", Service::login},      {"GETCONF", Service::login},
    {"BUY", Service::login},          {"LOGINLIST", Service::login},
    {"KICKOUT", Service::login},      {"CHANGESVR", Service::login},
    {"PING", Service::presence},      {"SETST", Service::presence},
    {"NOTIREAD", Service::presence},  {"DECUNREAD", Service::presence},
    {"LCHATLIST", Service::presence}, {"GETMEM", Service::presence},
    {"MEMBER", Service::presence},    {"WRITE", Service::text_chat},
    {"MSG", Service::text_chat},      {"FORWARD", Service::text_chat},
    {"SYNCMSG", Service::text_chat},  {"DELETEMSG", Service::text_chat},
    {"CREATE", Service::text_chat},   {"CHATONROOM", Service::text_chat},
    {"CHATINFO", Service::text_chat}, {"LEAVE", Service::text_chat},
    {"SHIP", Service::file_transfer}, {"MSHIP", Service::file_transfer},
    {"POST", Service::file_transfer}, {"MPOST", Service::file_transfer},
    {"DOWN", Service::file_transfer}, {"COMPLETE", Service::file_transfer},
}};

Service service_of(std::string_view name) {
  const auto* const found = std::find_if(kMethods.begin(), kMethods.end(),
                                         [&](const Method& each) { return each.name == name; });
  return found == kMethods.end() ? Service::any : found->service;
}

}  // namespace

Probe probe(Bytes stream) {
  if (stream.size() < kKeySize.size()) {
    const bool plain = probe_plain(stream) != Probe::not_mine;
    return plain || begins_secured(stream) ? Probe::unsure : Probe::not_mine;
  }
  if (!begins_secured(stream)) return probe_plain(stream);
  const Probe secured = probe_secured(stream);
  return secured == Probe::not_mine ? probe_plain(stream) : secured;
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  // ParserState::mark: 1 behind a first message in clear.
  if (state.mark == 0) {
    const Probe probed = probe(stream);
    if (probed == Probe::not_mine) return ParseStatus::not_mine;
    if (probed == Probe::unsure) return ParseStatus::need_more;
    if (begins_secured(stream) && probe_secured(stream) == Probe::certain) {
      begin(Service::login, Next::opaque, facts);
      state.offset = kSecuredHeader;
      return ParseStatus::done;
    }
  }
  if (stream.size() < kHeader) return ParseStatus::need_more;
  const std::uint32_t length = load_le32(&stream[kLengthAt]);
  const std::string_view method = method_of(stream);
  if (method.empty() || length > kMaxDocument) {
    facts.protocol = AppProto::loco;
    return ParseStatus::malformed;
  }
  begin(service_of(method), Next::message, facts);
  state.mark = 1;
  state.offset = kHeader;
  state.skip = length;
  return ParseStatus::done;
}

}  // namespace chatgate::proto::loco
