#include "proto/oscar_peer.h"

#include <algorithm>
#include <bit>
#include <string_view>

#include "base/cursor.h"
#include "proto/messenger_text.h"
#include "proto/oscar_parts.h"

namespace chatgate::proto {
namespace {

constexpr std::size_t kMagic = 4;
constexpr std::size_t kHeaderStart = 8;  // magic, length, type

bool begins_like(Bytes stream, std::string_view magic) {
  const std::size_t shared = std::min(stream.size(), magic.size());
  return as_text(stream.first(shared)) == magic.substr(0, shared);
}

// A magic, and a length of the header that it can have.
Probe probe_header(Bytes stream, std::string_view magic, std::size_t least, std::size_t most) {
  if (!begins_like(stream, magic)) return Probe::not_mine;
  if (stream.size() < kMagic + 2) return Probe::unsure;
  const std::size_t size = load_be16(&stream[kMagic]);
  return size >= least && size <= most ? Probe::certain : Probe::not_mine;
}

Messenger& speak(Facts& facts, std::string_view application, Service service) {
  facts.protocol = AppProto::oscar;
  facts.next = Next::message;
  return facts.speak_of(application, service);
}

ParseStatus refuse(bool begun, Facts& facts) {
  if (!begun) return ParseStatus::not_mine;
  facts.protocol = AppProto::oscar;
  return ParseStatus::malformed;
}

}  // namespace

namespace oft {
namespace {

constexpr std::string_view kText = "OFT2";
constexpr std::size_t kFileSizeAt = 32;
constexpr std::size_t kReceivedAt = 60;
constexpr std::size_t kClientAt = 68;
constexpr std::size_t kClientSize = 32;
constexpr std::size_t kCharsetAt = 188;
constexpr std::size_t kNameAt = 192;
constexpr std::uint16_t kUtf16 = 2;

// What the sender says before a file's bytes; the receiver's types begin with a 2.
enum Type : std::uint16_t { prompt = 0x0101, resumed = 0x0106 };

// ParserState::mark: begun, and whether a file of ParserState::extra bytes is to follow.
enum Mark : std::uint32_t { begun = 1, file = 2 };

// The rest of a file follows, or a header that says from where on it is sent.
ParseStatus feed_file(ParserState& state, Bytes stream) {
  const std::size_t looked_at = std::min<std::size_t>(kHeaderStart, state.extra);
  const bool may_be_header = looked_at == kHeaderStart && begins_like(stream, kText);
  if (may_be_header && stream.size() < looked_at) return ParseStatus::need_more;
  state.mark &= ~std::uint32_t{Mark::file};
  if (may_be_header && load_be16(&stream[kMagic + 2]) == Type::resumed) {
    return ParseStatus::not_mine;  // of the file: a header
  }
  state.offset = 0;
  state.skip = state.extra;
  return ParseStatus::piece;
}

}  // namespace

Probe probe(Bytes stream) {
  return probe_header(stream, kText, kNameAt, kByteLimit);
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  if (stream.empty()) return ParseStatus::need_more;
  if ((state.mark & Mark::file) != 0) {
    const ParseStatus status = feed_file(state, stream);
    if (status != ParseStatus::not_mine) return status;
  }
  switch (probe(stream)) {
    case Probe::unsure: return ParseStatus::need_more;
    case Probe::not_mine: return refuse((state.mark & Mark::begun) != 0, facts);
    case Probe::certain: break;
  }
  const std::size_t size = load_be16(&stream[kMagic]);
  if (stream.size() < size) return ParseStatus::need_more;

  Messenger& messenger = speak(facts, "aim", Service::file_transfer);
  oscar::assume(messenger);
  messenger.client.assign(up_to_zero(stream.subspan(kClientAt, kClientSize)));
  const Bytes name = stream.first(size).subspan(kNameAt);
  if (load_be16(&stream[kCharsetAt]) == kUtf16) {
    append_utf16(messenger.filename, name, std::endian::big);
  } else {
    messenger.filename.assign(up_to_zero(name));
  }
  const std::uint16_t type = load_be16(&stream[kMagic + 2]);
  const std::uint32_t file_size = load_be32(&stream[kFileSizeAt]);
  const std::uint32_t received =
      type == Type::resumed ? std::min(load_be32(&stream[kReceivedAt]), file_size) : 0;
  state.extra = file_size - received;
  const bool file_follows = (type == Type::prompt || type == Type::resumed) && state.extra != 0;
  state.mark = file_follows ? Mark::begun | Mark::file : Mark::begun;
  state.offset = static_cast<std::uint32_t>(size);
  return ParseStatus::done;
}

}  // namespace oft

namespace odc {
namespace {

constexpr std::string_view kText = "ODC2";
constexpr std::size_t kPayloadSizeAt = 28;
constexpr std::size_t kNameAt = 44;

}  // namespace

Probe probe(Bytes stream) {
  return probe_header(stream, kText, kNameAt, kByteLimit);
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  if (stream.empty()) return ParseStatus::need_more;
  switch (probe(stream)) {
    case Probe::unsure: return ParseStatus::need_more;
    case Probe::not_mine: return refuse(state.mark != 0, facts);
    case Probe::certain: break;
  }
  const std::size_t size = load_be16(&stream[kMagic]);
  if (stream.size() < size) return ParseStatus::need_more;

  const std::string_view name = up_to_zero(stream.first(size).subspan(kNameAt));
  Messenger& messenger =
      speak(facts, oscar::application_of(oscar::account_of(name)), Service::text_chat);
  (state.way == Direction::to_server ? messenger.login : messenger.peer_login).assign(name);
  state.mark = 1;
  state.offset = static_cast<std::uint32_t>(size);
  state.skip = load_be32(&stream[kPayloadSizeAt]);
  return ParseStatus::done;
}

}  // namespace odc

namespace rendezvous_proxy {
namespace {

constexpr std::size_t kHeader = 12;
constexpr std::size_t kLengthSize = 2;  // does not count itself
constexpr std::uint16_t kVersion = 0x044a;
constexpr std::size_t kCookie = 8;
constexpr std::uint16_t kCapability = 0x01;

enum Type : std::uint16_t { error = 1, create = 2, created = 3, join = 4, ready = 5 };

struct Sizes {
  std::size_t least;
  std::size_t most;
};

// Of what stands behind the header, by type.
Sizes sizes_of(std::uint16_t type) {
  constexpr std::size_t kMostName = 97;
  constexpr std::size_t kUuidTlv = 4 + oscar::kUuid;
  switch (type) {
    case Type::error: return {2, 2};
    case Type::create: return {1 + 1 + kCookie, 1 + kMostName + kCookie + kUuidTlv};
    case Type::created: return {6, 6};
    case Type::join: return {1 + 1 + 2 + kCookie, 1 + kMostName + 2 + kCookie + kUuidTlv};
    case Type::ready: return {0, 0};
    default: return {1, 0};
  }
}

std::size_t size_of(Bytes stream) {
  return kLengthSize + load_be16(stream.data());
}

// Name, the proxy's port where another joins, cookie, and for what.
Messenger& read_client(Bytes body, bool joins, Facts& facts) {
  Cursor cursor(body);
  const std::string_view name = as_text(cursor.sub8().rest());
  if (joins) cursor.be16();
  cursor.skip(kCookie);
  const Bytes uuid = oscar::find_tlv(cursor.rest(), kCapability);
  Messenger& messenger = speak(facts, oscar::application_of(oscar::account_of(name)),
                               oscar::service_of_capability(uuid));
  messenger.login.assign(name);
  return messenger;
}

}  // namespace

Probe probe(Bytes stream) {
  constexpr std::size_t kLeast = kHeader - kLengthSize;
  if (!stream.empty() && stream[0] != 0) return Probe::not_mine;
  if (stream.size() >= 4 && load_be16(&stream[2]) != kVersion) return Probe::not_mine;
  if (stream.size() < kHeader) return Probe::unsure;
  const Sizes sizes = sizes_of(load_be16(&stream[4]));
  const std::size_t length = load_be16(stream.data());
  const bool sound =
      length >= kLeast + sizes.least && length <= kLeast + sizes.most && load_be32(&stream[6]) == 0;
  return sound ? Probe::certain : Probe::not_mine;
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  if (stream.empty()) return ParseStatus::need_more;
  switch (probe(stream)) {
    case Probe::unsure: return ParseStatus::need_more;
    case Probe::not_mine: return refuse(state.mark != 0, facts);
    case Probe::certain: break;
  }
  const std::size_t size = size_of(stream);
  if (stream.size() < size) return ParseStatus::need_more;

  const Bytes body = stream.first(size).subspan(kHeader);
  const std::uint16_t type = load_be16(&stream[4]);
  if (type == Type::create || type == Type::join) {
    read_client(body, type == Type::join, facts);
  } else {
    oscar::assume(speak(facts, "aim", Service::any));
  }
  // The second client is sent on to the address in a proposal, so `created` announces nothing more.
  facts.next = type == Type::error     ? Next::opaque
               : type == Type::created ? Next::message
                                       : Next::protocol;
  state.mark = 1;
  state.offset = static_cast<std::uint32_t>(size);
  return ParseStatus::done;
}

}  // namespace rendezvous_proxy

}  // namespace chatgate::proto
