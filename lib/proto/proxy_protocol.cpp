#include "proto/proxy_protocol.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "base/address.h"
#include "base/cursor.h"
#include "proto/decimal.h"
#include "proto/tunnel_target.h"

namespace chatgate::proto::proxy_protocol {
namespace {

using namespace std::string_view_literals;

constexpr std::array<std::string_view, 3> kLineStarts = {"PROXY TCP4 ", "PROXY TCP6 ",
                                                         "PROXY UNKNOWN"};

// Version 2 (section 2.2): signature, version and command, family and transport, length.
constexpr std::string_view kSignature = "\r\n\r\n\0\r\nQUIT\n"sv;
constexpr std::size_t kHeader = 16;
constexpr std::uint8_t kLocal = 0x20;
constexpr std::uint8_t kProxy = 0x21;
enum Family : std::uint8_t { inet = 1, inet6 = 2, unix_socket = 3 };
constexpr std::uint8_t kTypeAuthority = 0x02;

ParseStatus broken(Facts& facts) {
  facts.protocol = AppProto::proxy_protocol;
  return ParseStatus::malformed;
}

ParseStatus finish(std::size_t end, ParserState& state, Facts& facts) {
  state.offset = static_cast<std::uint32_t>(end);
  facts.protocol = AppProto::proxy_protocol;
  facts.next = Next::protocol;
  return ParseStatus::done;
}

std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(word.size());
  return word;
}

// "TCP4 SOURCE DESTINATION PORT PORT"; false where it is not that.
bool read_addresses(std::string_view line, Facts& facts) {
  const std::string_view family = take_word(line);
  if (family.starts_with("UNKNOWN")) return true;
  take_word(line);
  const std::optional<IpAddress> destination = IpAddress::parse(take_word(line));
  take_word(line);
  const std::optional<std::uint16_t> port = port_of(take_word(line));
  if (!destination || !port) return false;
  add_target_address(*destination, facts);
  facts.target_port = *port;
  return true;
}

ParseStatus feed_line(ParserState& state, std::string_view text, Facts& facts) {
  const std::string_view searched = text.substr(0, std::min(text.size(), kMaxLine));
  const std::size_t end = searched.find('\n');
  if (end == std::string_view::npos) {
    return text.size() >= kMaxLine ? broken(facts) : ParseStatus::need_more;
  }
  std::string_view line = searched.substr("PROXY "sv.size(), end - "PROXY "sv.size());
  if (line.ends_with('\r')) line.remove_suffix(1);
  return read_addresses(line, facts) ? finish(end + 1, state, facts) : broken(facts);
}

// Sections 2.2.1 and 2.2.2: type, length, value.
bool read_fields(Cursor& fields, Facts& facts) {
  while (!fields.at_end()) {
    const std::uint8_t type = fields.u8();
    const Bytes value = fields.take(fields.be16());
    if (fields.ok() && type == kTypeAuthority) {
      facts.add_name(NameSource::tunnel_target, as_text(value));
    }
  }
  return fields.ok();
}

bool read_binary(Bytes body, std::uint8_t family, Facts& facts) {
  Cursor cursor(body);
  const auto take_target = [&](std::size_t size, IpAddress (*from)(const std::uint8_t*)) {
    cursor.skip(size);
    const Bytes destination = cursor.take(size);
    cursor.skip(2);
    const std::uint16_t port = cursor.be16();
    if (!cursor.ok()) return;
    add_target_address(from(destination.data()), facts);
    facts.target_port = port;
  };
  switch (family) {
    case Family::inet: take_target(4, IpAddress::from_v4); break;
    case Family::inet6: take_target(16, IpAddress::from_v6); break;
    case Family::unix_socket: cursor.skip(2 * 108); break;
    default: return true;  // to be ignored whole
  }
  return cursor.ok() && read_fields(cursor, facts);
}

ParseStatus feed_binary(ParserState& state, Bytes stream, Facts& facts) {
  if (stream.size() < kHeader) return ParseStatus::need_more;
  const std::size_t length = load_be16(stream.data() + 14);
  if (stream.size() - kHeader < length) return ParseStatus::need_more;
  const std::uint8_t family = stream[13] >> 4;
  const bool sound =
      stream[12] == kLocal || read_binary(stream.subspan(kHeader, length), family, facts);
  return sound ? finish(kHeader + length, state, facts) : broken(facts);
}

Probe agreement(std::string_view text, std::string_view start) {
  if (text.starts_with(start)) return Probe::certain;
  return start.starts_with(text) ? Probe::unsure : Probe::not_mine;
}

}  // namespace

Probe probe(Bytes stream) {
  const std::string_view text = as_text(stream);
  for (const std::string_view start : kLineStarts) {
    const Probe probe = agreement(text, start);
    if (probe != Probe::not_mine) return probe;
  }
  const Probe binary = agreement(text, kSignature);
  if (binary != Probe::certain) return binary;
  if (stream.size() == kSignature.size()) return Probe::unsure;
  const std::uint8_t command = stream[kSignature.size()];
  return command == kLocal || command == kProxy ? Probe::certain : Probe::not_mine;
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  switch (probe(stream)) {
    case Probe::unsure: return ParseStatus::need_more;
    case Probe::not_mine: return ParseStatus::not_mine;
    case Probe::certain: break;
  }
  return stream[0] == 'P' ? feed_line(state, as_text(stream), facts)
                          : feed_binary(state, stream, facts);
}

}  // namespace chatgate::proto::proxy_protocol
