#include "proto/socks.h"

#include <algorithm>
#include <optional>

#include "base/cursor.h"
#include "proto/tunnel_target.h"

namespace chatgate::proto::socks {
namespace {

constexpr std::uint8_t kVersion4 = 4;
constexpr std::uint8_t kVersion5 = 5;
constexpr std::uint8_t kPasswordVersion = 1;  // RFC 1929 section 2

enum Method : std::uint8_t { none = 0, password = 2, unacceptable = 0xff };  // RFC 1928 section 3
constexpr std::uint8_t kLastAssignedMethod = 9;
constexpr std::uint8_t kFirstPrivateMethod = 0x80;

enum Command : std::uint8_t { connect = 1, bind = 2 };                    // section 4
enum AddressType : std::uint8_t { ipv4 = 1, domain_name = 3, ipv6 = 4 };  // section 5

bool is_method(std::uint8_t method) {
  return method <= kLastAssignedMethod ||
         (method >= kFirstPrivateMethod && method != Method::unacceptable);
}

bool offers(Bytes methods, std::uint8_t method) {
  return std::find(methods.begin(), methods.end(), method) != methods.end();
}

ParseStatus finish(const Cursor& cursor, Next next, ParserState& state, Facts& facts) {
  state.offset = static_cast<std::uint32_t>(cursor.position());
  facts.protocol = AppProto::socks;
  facts.next = next;
  return ParseStatus::done;
}

Next next_after(std::uint8_t command) {
  return command == Command::connect ? Next::protocol : Next::opaque;
}

// --- SOCKS 5

// RFC 1928 section 4, behind the version.
ParseStatus feed_request(Cursor& cursor, ParserState& state, Facts& facts) {
  const std::uint8_t command = cursor.u8();
  cursor.skip(1);
  const std::uint8_t type = cursor.u8();
  if (!cursor.ok()) return ParseStatus::need_more;
  Bytes address;
  switch (type) {
    case AddressType::ipv4: address = cursor.take(4); break;
    case AddressType::ipv6: address = cursor.take(16); break;
    case AddressType::domain_name: address = cursor.take(cursor.u8()); break;
    default: facts.protocol = AppProto::socks; return ParseStatus::malformed;
  }
  const std::uint16_t port = cursor.be16();
  if (!cursor.ok()) return ParseStatus::need_more;
  if (type == AddressType::domain_name) {
    facts.add_name(NameSource::tunnel_target, as_text(address));
  } else {
    add_target_address(type == AddressType::ipv4 ? IpAddress::from_v4(address.data())
                                                 : IpAddress::from_v6(address.data()),
                       facts);
  }
  facts.target_port = port;
  return finish(cursor, next_after(command), state, facts);
}

ParseStatus feed_v5(ParserState& state, Bytes stream, Facts& facts) {
  Cursor cursor(stream);
  cursor.skip(1);
  const Bytes methods = cursor.take(cursor.u8());
  std::uint8_t version = cursor.u8();
  if (!cursor.ok()) return ParseStatus::need_more;
  if (version == kPasswordVersion && offers(methods, Method::password)) {
    cursor.sub8();
    cursor.sub8();
    version = cursor.u8();
    if (!cursor.ok()) return ParseStatus::need_more;
  } else if (version != kVersion5) {
    const bool of_other_method = std::any_of(methods.begin(), methods.end(), [](auto method) {
      return method != Method::none && method != Method::password;
    });
    return of_other_method ? finish(cursor, Next::opaque, state, facts) : ParseStatus::not_mine;
  }
  return version == kVersion5 ? feed_request(cursor, state, facts) : ParseStatus::not_mine;
}

Probe probe_v5(Bytes stream) {
  if (stream.size() < 2) return Probe::unsure;
  const std::size_t count = stream[1];
  if (count == 0) return Probe::not_mine;
  const Bytes methods = stream.subspan(2, std::min(count, stream.size() - 2));
  if (!std::all_of(methods.begin(), methods.end(), is_method)) return Probe::not_mine;
  return methods.size() == count ? Probe::certain : Probe::unsure;
}

// --- SOCKS 4

struct Text {
  ParseStatus status;  // done: `text` is complete, and the cursor behind its zero
  std::string_view text;
};

Text take_text(Cursor& cursor) {
  const Bytes rest = cursor.rest().first(std::min(cursor.remaining(), kMaxText + 1));
  const auto zero = std::find(rest.begin(), rest.end(), std::uint8_t{0});
  if (zero == rest.end()) {
    return {rest.size() > kMaxText ? ParseStatus::not_mine : ParseStatus::need_more, {}};
  }
  const Bytes text = cursor.take(static_cast<std::size_t>(zero - rest.begin()));
  cursor.skip(1);
  return {ParseStatus::done, as_text(text)};
}

// Of a request to a proxy: no port, "this network", loopback or multicast is one (RFC 6890).
bool is_target(std::uint16_t port, const std::uint8_t* address) {
  return port != 0 && address[0] != 0 && address[0] != 127 && address[0] < 224;
}

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != '\x7f';
  });
}

ParseStatus feed_v4(ParserState& state, Bytes stream, Facts& facts) {
  Cursor cursor(stream);
  cursor.skip(1);
  const std::uint8_t command = cursor.u8();
  if (cursor.ok() && command != Command::connect && command != Command::bind) {
    return ParseStatus::not_mine;
  }
  const std::uint16_t port = cursor.be16();
  const Bytes address = cursor.take(4);
  if (!cursor.ok()) return ParseStatus::need_more;
  // 4a: an address 0.0.0.x stands for a name behind the user.
  const bool named = load_be24(address.data()) == 0 && address[3] != 0;
  if (port == 0 || (!named && !is_target(port, address.data()))) return ParseStatus::not_mine;
  const Text user = take_text(cursor);
  if (user.status != ParseStatus::done) return user.status;
  if (named) {
    const Text name = take_text(cursor);
    if (name.status != ParseStatus::done) return name.status;
    if (!is_name(name.text)) return ParseStatus::not_mine;
    facts.add_name(NameSource::tunnel_target, name.text);
  } else {
    add_target_address(IpAddress::from_v4(address.data()), facts);
  }
  facts.target_port = port;
  return finish(cursor, next_after(command), state, facts);
}

}  // namespace

Probe probe(Bytes stream) {
  if (stream.empty()) return Probe::unsure;
  if (stream[0] == kVersion5) return probe_v5(stream);
  if (stream[0] != kVersion4) return Probe::not_mine;
  ParserState state;
  Facts facts;
  switch (feed_v4(state, stream, facts)) {
    case ParseStatus::done: return Probe::certain;
    case ParseStatus::need_more: return Probe::unsure;
    default: return Probe::not_mine;
  }
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  if (stream.empty()) return ParseStatus::need_more;
  switch (stream[0]) {
    case kVersion4: return feed_v4(state, stream, facts);
    case kVersion5: return feed_v5(state, stream, facts);
    default: return ParseStatus::not_mine;
  }
}

}  // namespace chatgate::proto::socks
