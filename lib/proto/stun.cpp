#include "proto/stun.h"

#include <algorithm>
#include <array>

#include "base/crc32.h"
#include "base/cursor.h"
#include "proto/opening.h"

namespace chatgate::proto::stun {
namespace {

// RFC 8489 section 5.
constexpr std::size_t kHeader = 20;
constexpr std::size_t kLengthAt = 2;
constexpr std::size_t kCookieAt = 4;
constexpr std::size_t kCookieEnd = 8;
constexpr std::array<std::uint8_t, 4> kCookie = {0x21, 0x12, 0xa4, 0x42};
constexpr std::uint8_t kTypeZeros = 0xc0;  // the first two bits of a message

constexpr std::uint16_t kAllocateRequest = 0x0003;  // RFC 8656 section 17

enum Attribute : std::uint16_t { realm = 0x0014, fingerprint = 0x8028 };

// MS-TURN section 2.2.2. The magic cookie is the first attribute of every message.
constexpr std::array<std::uint8_t, 8> kMicrosoftCookie = {0, 0x0f, 0, 4, 0x72, 0xc6, 0x4b, 0xc6};
constexpr std::uint16_t kMicrosoftRealm = 0x0015;

// --- Marks: what only one vendor's calls have. None of these numbers is assigned (RFC 8489 section
// 18).

// WhatsApp: types of messages and attributes of its own.
constexpr std::uint16_t kWhatsappFirst = 0x0800;
constexpr std::uint16_t kWhatsappLast = 0x0802;
constexpr std::array<std::uint16_t, 6> kWhatsapp = {0x4000, 0x4001, 0x4002, 0x4003, 0x4004, 0x4007};
// MS-ICE2's candidate identifier and implementation version, and what Teams adds. MS-TURN's own,
// such as 0x8055, are asked of any relay.
constexpr std::array<std::uint16_t, 6> kMicrosoft = {0x8054, 0x8070, 0x8095,
                                                     0x24df, 0x3802, 0x8036};

template <std::size_t Count>
bool is_among(std::uint16_t type, const std::array<std::uint16_t, Count>& types) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

enum class Vendor : std::uint8_t { none, whatsapp, microsoft };

Vendor vendor_of(std::uint16_t attribute) {
  if (is_among(attribute, kWhatsapp)) return Vendor::whatsapp;
  return is_among(attribute, kMicrosoft) ? Vendor::microsoft : Vendor::none;
}

void tell_vendor(Vendor vendor, Facts& facts) {
  switch (vendor) {
    case Vendor::none: return;
    case Vendor::whatsapp: facts.speak_of("whatsapp", Service::voice); return;
    case Vendor::microsoft: break;
  }
  // Teams speaks as Skype and Lync do.
  Messenger& messenger = facts.speak_of("ms-teams", Service::voice);
  messenger.assumed = true;
  messenger.alternative = "skype";
}

// --- FINGERPRINT: CRC-32 of ITU V.42, reflected, XORed with "STUN".

constexpr std::uint32_t kFingerprintXor = 0x5354554e;
// A word of the table, and what Windows Live Messenger has there.
constexpr std::uint32_t kCrcWord = 0x8bbeb8ea;
constexpr std::uint32_t kMistypedCrcWord = 0x08bbe8ea;

static_assert(std::find(kCrc32Table.begin(), kCrc32Table.end(), kCrcWord) != kCrc32Table.end());

bool is_fingerprint(Bytes before, std::uint32_t value) {
  std::uint32_t crc = 0xffffffff;
  std::uint32_t mistyped = crc;
  for (const std::uint8_t byte : before) {
    crc = kCrc32Table[(crc ^ byte) & 0xff] ^ crc >> 8;
    const std::uint32_t word = kCrc32Table[(mistyped ^ byte) & 0xff];
    mistyped = (word == kCrcWord ? kMistypedCrcWord : word) ^ mistyped >> 8;
  }
  const std::uint32_t expected = ~(value ^ kFingerprintXor);
  return crc == expected || mistyped == expected;
}

// --- Messages

std::size_t size_of_message(Bytes header) {
  return kHeader + load_be16(&header[kLengthAt]);
}

bool is_microsoft(Bytes message) {
  return message.size() >= kHeader + kMicrosoftCookie.size() &&
         agrees(message, kHeader, kMicrosoftCookie);
}

// Without regard to the length.
Probe probe_type_and_cookie(Bytes bytes) {
  if (!bytes.empty() && (bytes[0] & kTypeZeros) != 0) return Probe::not_mine;
  if (!agrees(bytes, kCookieAt, kCookie)) return Probe::not_mine;
  return bytes.size() < kCookieEnd ? Probe::unsure : Probe::certain;
}

std::size_t padding(std::size_t size) {
  return (4 - size % 4) % 4;
}

std::string_view without_quotes(std::string_view text) {
  return text.size() >= 2 && text.front() == '"' && text.back() == '"'
             ? text.substr(1, text.size() - 2)
             : text;
}

// The attributes of a whole message, one by one.
class Attributes {
 public:
  Attributes(Bytes message, bool padded) : cursor_(message), padded_(padded) {
    cursor_.skip(kHeader);
  }

  // False at the end, and where the next does not fit.
  bool next() {
    if (cursor_.at_end()) return false;
    begin_ = cursor_.position();
    type_ = cursor_.be16();
    value_ = cursor_.take(cursor_.be16());
    // Some leave out the padding of the last.
    if (padded_) cursor_.skip(std::min(padding(value_.size()), cursor_.remaining()));
    return cursor_.ok();
  }
  // Behind the last call of `next`: whether all fitted.
  bool ok() const { return cursor_.ok(); }
  bool is_last() const { return cursor_.at_end(); }

  std::size_t begin() const { return begin_; }
  std::uint16_t type() const { return type_; }
  Bytes value() const { return value_; }

 private:
  Cursor cursor_;
  bool padded_;
  std::size_t begin_ = 0;
  std::uint16_t type_ = 0;
  Bytes value_;
};

bool fills(Bytes message, bool padded) {
  Attributes attributes(message, padded);
  while (attributes.next()) {
  }
  return attributes.ok();
}

bool is_padded(Bytes message, bool microsoft) {
  return microsoft ? !fills(message, false) : fills(message, true) || !fills(message, false);
}

enum class Reading : std::uint8_t { sound, wrong_fingerprint, broken };

Reading check_fingerprint(Bytes message, const Attributes& attribute, const Facts& facts) {
  if (attribute.value().size() != 4 || !attribute.is_last()) return Reading::broken;
  const std::uint32_t value = load_be32(attribute.value().data());
  const bool right = is_fingerprint(message.first(attribute.begin()), value);
  return right || facts.name_count != 0 ? Reading::sound : Reading::wrong_fingerprint;
}

// A whole message with a sound header.
Reading read_attributes(Bytes message, Facts& facts) {
  const bool microsoft = is_microsoft(message);
  const std::uint16_t realm = microsoft ? kMicrosoftRealm : std::uint16_t{Attribute::realm};
  Attributes attributes(message, is_padded(message, microsoft));
  const std::uint16_t kind = load_be16(message.data());
  const bool by_kind = kind >= kWhatsappFirst && kind <= kWhatsappLast;
  Vendor vendor = by_kind ? Vendor::whatsapp : Vendor::none;
  Reading reading = Reading::sound;
  bool ended = false;
  while (!ended && attributes.next()) {
    if (vendor == Vendor::none) vendor = vendor_of(attributes.type());
    if (attributes.type() == realm) {
      facts.add_name(NameSource::stun_realm, without_quotes(as_text(attributes.value())));
    }
    if (attributes.type() == Attribute::fingerprint) {
      reading = check_fingerprint(message, attributes, facts);
      ended = true;
    }
  }
  if (!attributes.ok()) reading = Reading::broken;
  if (reading == Reading::sound) tell_vendor(vendor, facts);
  return reading;
}

}  // namespace

ParseStatus parse(Bytes payload, Direction /*direction*/, Facts& facts) {
  if (payload.size() < kHeader || probe_type_and_cookie(payload) != Probe::certain ||
      size_of_message(payload) != payload.size()) {
    return ParseStatus::not_mine;
  }
  const Reading reading = read_attributes(payload, facts);
  if (reading == Reading::wrong_fingerprint) return ParseStatus::not_mine;
  facts.protocol = AppProto::stun;
  facts.next = Next::message;
  return reading == Reading::sound ? ParseStatus::done : ParseStatus::malformed;
}

Probe probe_datagram(Bytes payload) {
  return probe_type_and_cookie(payload);
}

Probe probe(Bytes stream) {
  if (stream.size() >= kCookieAt && load_be16(&stream[kLengthAt]) % 4 != 0) {
    return Probe::not_mine;
  }
  return probe_type_and_cookie(stream);
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  // ParserState::mark: 1 behind a first message, which makes all that follows this protocol's.
  const auto refuse = [&] {
    if (state.mark == 0) return ParseStatus::not_mine;
    facts.protocol = AppProto::stun;
    return ParseStatus::malformed;
  };
  const Probe probed = probe(stream);
  if (probed == Probe::not_mine) return refuse();
  if (probed == Probe::unsure) return ParseStatus::need_more;

  const std::size_t size = size_of_message(stream);
  if (size <= kByteLimit && stream.size() < size) return ParseStatus::need_more;
  const Reading reading =
      size <= kByteLimit ? read_attributes(stream.first(size), facts) : Reading::broken;
  if (reading == Reading::wrong_fingerprint) return refuse();
  facts.protocol = AppProto::stun;
  if (reading == Reading::broken) return ParseStatus::malformed;

  const bool asks_for_realm = load_be16(stream.data()) == kAllocateRequest && facts.name_count == 0;
  facts.next = asks_for_realm ? Next::message : Next::opaque;
  state.mark = 1;
  state.offset = static_cast<std::uint32_t>(size);
  return ParseStatus::done;
}

}  // namespace chatgate::proto::stun
