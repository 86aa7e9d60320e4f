#include "proto/msnp_slp.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <optional>

#include "proto/http_text.h"
#include "proto/messenger_text.h"
#include "proto/msnp_payload.h"

namespace chatgate::proto::msnp {
namespace {

using http::is_word;
using http::starts_with_word;

struct KnownSession {
  std::string_view guid;  // in lower case
  Service service;
};

constexpr std::array<KnownSession, 6> kSessions = {{
    {"{5d3e02ab-6190-11d3-bbbb-00c04f795683}", Service::file_transfer},
    {"{a4268eec-fec5-49e5-95c3-f126696bdbf6}", Service::presence},  // display picture, emoticon
    {"{4bd96fc0-ab17-4425-a14a-439185962dc8}", Service::webcam},    // offers its picture
    {"{1c9aa97e-9c05-4583-a3bd-908a196f1e92}", Service::webcam},    // asks for the other's
    {"{6a13af9c-5308-4f35-923a-67e8dda40c2f}", Service::games},     // activities
    {"{41d3e74e-04a2-4b37-96f8-08acdb610874}", Service::file_transfer},  // photo sharing
}};

// The context of a webcam session that goes both ways.
constexpr std::string_view kVideoConversation = "{0425E797-49F1-4D37-909A-031116119D9B}";

std::optional<Service> service_by_app_id(std::string_view value) {
  const auto id = decimal(value);
  if (!id) return std::nullopt;
  switch (*id) {
    case 1:
    case 12: return Service::presence;
    case 2: return Service::file_transfer;
    case 4: return Service::webcam;
    default: return std::nullopt;
  }
}

// Of a file: lengths and flags, then its name in UTF-16.
void read_file_context(std::string_view context, Messenger& messenger) {
  constexpr std::size_t kNameAt = 20;
  std::array<std::uint8_t, kNameAt + 2 * ShortText::kCapacity> bytes;
  const std::size_t size = decode_base64(context, bytes);
  if (size <= kNameAt) return;
  messenger.filename.clear();
  append_utf16(messenger.filename, Bytes(bytes).subspan(kNameAt, size - kNameAt),
               std::endian::little);
}

bool is_video_conversation(std::string_view context) {
  std::array<std::uint8_t, 2 * kVideoConversation.size()> bytes;
  const std::size_t size = decode_base64(context, bytes);
  ShortText text;
  append_utf16(text, Bytes(bytes).first(size), std::endian::little);
  return text.view() == kVideoConversation;
}

void read_session_request(Fields fields, Messenger& messenger) {
  std::optional<Service> by_guid;
  std::optional<Service> by_app_id;
  std::string_view context;
  bool has_guid = false;
  while (fields.next()) {
    const std::string_view value = fields.value();
    if (is_word(fields.name(), "appid")) by_app_id = service_by_app_id(value);
    if (is_word(fields.name(), "context")) context = value;
    if (!is_word(fields.name(), "euf-guid")) continue;
    has_guid = true;
    for (const KnownSession& known : kSessions) {
      if (is_word(value, known.guid)) by_guid = known.service;
    }
  }
  if (!by_guid) by_guid = by_app_id;
  messenger.service = by_guid.value_or(has_guid ? Service::other : Service::any);
  if (messenger.service == Service::file_transfer) read_file_context(context, messenger);
  if (messenger.service == Service::webcam && is_video_conversation(context)) {
    messenger.service = Service::video;
  }
}

// The longest list of addresses that is turned round.
constexpr std::size_t kMaxReversed = 128;
using Reversed = std::array<char, kMaxReversed>;

std::string_view reversed(std::string_view text, Reversed& buffer) {
  text = text.substr(0, buffer.size());
  std::reverse_copy(text.begin(), text.end(), buffer.begin());
  return {buffer.data(), text.size()};
}

// Addresses where the sender listens. Newer clients turn names and values round, for translators
// that would change the addresses.
class Listener {
 public:
  void take(std::string_view name, std::string_view value) {
    Reversed name_buffer;
    Reversed value_buffer;
    const std::string_view turned = reversed(name, name_buffer);
    if (starts_with_word(turned, "ipv4")) {
      take_plain(turned, reversed(value, value_buffer));
    } else {
      take_plain(name, value);
    }
  }

  void announce(Messenger& messenger) const {
    if (!listening_) return;
    for (std::size_t i = 0; i < count_; ++i) {
      const Place& place = places_[i];
      const std::uint16_t port = place.with_port ? place.target.port : ports_[place.group];
      messenger.expect({.address = place.target.address,
                        .port = port,
                        .tcp = !udp_,
                        .service = Service::file_transfer});
    }
  }

 private:
  enum Group : std::uint8_t { external, internal };
  struct Place {
    AddressAndPort target;
    Group group = external;
    bool with_port = false;
  };

  void take_plain(std::string_view name, std::string_view value) {
    if (is_word(name, "bridge")) udp_ = value.find("UDP") != std::string_view::npos;
    if (is_word(name, "listening")) listening_ = is_word(value, "true");
    if (is_word(name, "ipv4external-port")) take_port(external, value);
    if (is_word(name, "ipv4internal-port")) take_port(internal, value);
    if (is_word(name, "ipv4external-addrs")) take_addresses(external, value);
    if (is_word(name, "ipv4internal-addrs")) take_addresses(internal, value);
    if (is_word(name, "ipv4externaladdrsandports")) take_addresses(external, value);
    if (is_word(name, "ipv4internaladdrsandports")) take_addresses(internal, value);
  }

  void take_port(Group group, std::string_view value) {
    if (const auto port = port_of(value)) ports_[group] = *port;
  }

  void take_addresses(Group group, std::string_view value) {
    while (count_ < places_.size()) {
      const std::string_view word = http::take_word(value);
      if (word.empty()) return;
      if (const auto target = address_and_port(word)) {
        places_[count_++] = {*target, group, target->port != 0};
      }
    }
  }

  std::array<Place, Messenger::kMaxExpected> places_;
  std::size_t count_ = 0;
  std::array<std::uint16_t, 2> ports_{};
  bool listening_ = false;
  bool udp_ = false;
};

// Where a request or an answer begins: behind a binary header, so at no fixed place.
std::optional<std::size_t> find_slp(std::string_view text) {
  constexpr std::string_view kVersion = "MSNSLP/1.0";
  const std::size_t version = text.find(kVersion);
  if (version == std::string_view::npos) return std::nullopt;
  constexpr std::array<std::string_view, 3> kMethods = {
      "INVITE MSNMSGR:", "BYE MSNMSGR:", "ACK MSNMSGR:"};
  const std::string_view before = text.substr(0, version);
  for (const std::string_view method : kMethods) {
    const std::size_t at = before.find(method);
    if (at != std::string_view::npos) return at;
  }
  return version;
}

}  // namespace

bool Fields::next() {
  while (!rest_.empty()) {
    const std::size_t end = rest_.find('\n');
    std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(line.size() + 1, rest_.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.front() == '\0') return false;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    name_ = http::trimmed(line.substr(0, colon));
    value_ = http::trimmed(line.substr(colon + 1));
    return true;
  }
  return false;
}

bool read_slp(std::string_view text, Direction way, Messenger& messenger) {
  const auto begin = find_slp(text);
  if (!begin) return false;
  text.remove_prefix(*begin);
  const bool invites = text.starts_with("INVITE ");
  Fields headers(text.substr(std::min(text.find('\n'), text.size() - 1) + 1));
  ShortText& sender = way == Direction::to_server ? messenger.login : messenger.peer_login;
  ShortText& receiver = way == Direction::to_server ? messenger.peer_login : messenger.login;
  std::string_view type;
  while (headers.next()) {
    if (is_word(headers.name(), "from")) assign_login(sender, headers.value());
    if (is_word(headers.name(), "to")) assign_login(receiver, headers.value());
    if (is_word(headers.name(), "content-type")) type = headers.value();
  }
  messenger.service = Service::any;
  Fields body(headers.rest());
  if (is_word(type, "application/x-msnmsgr-sessionreqbody") && invites) {
    read_session_request(body, messenger);
  } else if (is_word(type, "application/x-msnmsgr-transreqbody") ||
             is_word(type, "application/x-msnmsgr-transrespbody")) {
    messenger.service = Service::file_transfer;
    Listener listener;
    while (body.next()) listener.take(body.name(), body.value());
    listener.announce(messenger);
  }
  return true;
}

Service service_of_chunk_v1(Bytes message) {
  constexpr std::size_t kHeader = 48;
  constexpr std::size_t kFlagsAt = 28;
  constexpr std::uint8_t kData = 0x20;  // of a picture; of a file with 0x10 and a higher byte's bit
  constexpr std::uint8_t kFile = 0x10;
  if (message.size() < kHeader) return Service::any;
  const std::uint8_t low = message[kFlagsAt];
  const bool announced = (message[kFlagsAt + 3] & 1) != 0;
  if ((low & kData) == 0) return Service::any;
  return announced && (low & kFile) != 0 ? Service::file_transfer : Service::presence;
}

Service service_of_chunk_v2(Bytes message) {
  constexpr std::uint8_t kFirst = 1;  // a bit that marks the first chunk of several
  constexpr std::uint8_t kPicture = 4;
  constexpr std::uint8_t kFile = 6;
  if (message.empty()) return Service::any;
  const std::size_t kind_at = std::size_t{message[0]} + 1;
  if (kind_at >= message.size()) return Service::any;
  switch (message[kind_at] & ~kFirst) {
    case kPicture: return Service::presence;
    case kFile: return Service::file_transfer;
    default: return Service::any;
  }
}

}  // namespace chatgate::proto::msnp
