#include "synth/frames.h"

#include <cctype>
#include <stdexcept>

#include "net/checksum.h"

namespace chatgate::synth {

void put16(Octets& out, std::size_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}

void put32(Octets& out, std::uint32_t value) {
  put16(out, value >> 16);
  put16(out, value & 0xffff);
}

// Not inlined: GCC 12 then warns wrongly about the bounds of what is inserted (its bug 105329).
[[gnu::noinline]] void append(Octets& out, Bytes bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

namespace {

IpAddress address(std::string_view text) {
  const auto parsed = IpAddress::parse(text);
  if (!parsed) throw std::invalid_argument("not an address: " + std::string(text));
  return *parsed;
}

// A length-prefixed vector of TLS.
Octets prefixed(std::size_t width, Bytes body) {
  Octets out;
  for (std::size_t i = width; i-- > 0;) {
    out.push_back(static_cast<std::uint8_t>(body.size() >> (8 * i)));
  }
  append(out, body);
  return out;
}

Octets extension(std::uint16_t type, Bytes body) {
  Octets out;
  put16(out, type);
  append(out, prefixed(2, body));
  return out;
}

}  // namespace

Octets from_hex(std::string_view text) {
  Octets out;
  int high = -1;
  for (const char c : text) {
    if (std::isspace(static_cast<unsigned char>(c)) != 0) continue;
    const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    if (high < 0) {
      high = digit;
    } else {
      out.push_back(static_cast<std::uint8_t>(high << 4 | digit));
      high = -1;
    }
  }
  return out;
}

Octets from_text(std::string_view text) {
  return {text.begin(), text.end()};
}

Frame& Frame::macs(std::string_view source, std::string_view destination) {
  link_ = from_hex(std::string(destination) + std::string(source));
  return *this;
}

Frame& Frame::macs(const std::array<std::uint8_t, 6>& source,
                   const std::array<std::uint8_t, 6>& destination) {
  link_.assign(destination.begin(), destination.end());
  link_.insert(link_.end(), source.begin(), source.end());
  return *this;
}

Frame& Frame::vlan(std::uint16_t id, std::uint16_t ether_type) {
  tags_.emplace_back(ether_type, id);
  return *this;
}

Frame& Frame::v4(std::string_view source, std::string_view destination) {
  source_ = address(source);
  destination_ = address(destination);
  v6_ = false;
  return *this;
}

Frame& Frame::v6(std::string_view source, std::string_view destination) {
  v4(source, destination);
  v6_ = true;
  return *this;
}

Frame& Frame::ip_options(Octets options) {
  options.resize((options.size() + 3) / 4 * 4);
  ip_options_ = std::move(options);
  return *this;
}

Frame& Frame::v6_extension(std::uint8_t type, std::size_t size) {
  extensions_.emplace_back(type, size);
  return *this;
}

Frame& Frame::fragment(std::uint16_t offset_in_bytes, bool more, std::uint32_t id) {
  fragment_header_ = true;
  fragment_offset_ = offset_in_bytes;
  fragment_more_ = more;
  fragment_id_ = id;
  return *this;
}

Frame& Frame::tcp(std::uint16_t source, std::uint16_t destination, std::uint8_t flags) {
  protocol_ = net::kTcp;
  source_port_ = source;
  destination_port_ = destination;
  flags_ = flags;
  return *this;
}

Frame& Frame::udp(std::uint16_t source, std::uint16_t destination) {
  tcp(source, destination, 0);
  protocol_ = net::kUdp;
  return *this;
}

Frame& Frame::protocol(std::uint8_t number) {
  protocol_ = number;
  return *this;
}

Frame& Frame::seq(std::uint32_t sequence) {
  sequence_ = sequence;
  return *this;
}

Frame& Frame::ack(std::uint32_t acknowledgment) {
  acknowledgment_ = acknowledgment;
  flags_ |= net::tcp_flag::ack;
  return *this;
}

Frame& Frame::flags(std::uint8_t flags) {
  flags_ = flags;
  return *this;
}

Frame& Frame::ack_number(std::uint32_t acknowledgment) {
  acknowledgment_ = acknowledgment;
  return *this;
}

Frame& Frame::urgent_pointer(std::uint16_t pointer) {
  urgent_ = pointer;
  return *this;
}

Frame& Frame::tcp_options(Octets options) {
  options.resize((options.size() + 3) / 4 * 4);
  tcp_options_ = std::move(options);
  return *this;
}

Frame& Frame::ttl(std::uint8_t hops) {
  ttl_ = hops;
  return *this;
}

Frame& Frame::payload(Octets bytes) {
  payload_ = std::move(bytes);
  return *this;
}

Frame& Frame::payload(std::string_view text) {
  return payload(from_text(text));
}

Octets Frame::transport() const {
  Octets out;
  out.reserve(60 + payload_.size());
  if (protocol_ != net::kTcp && protocol_ != net::kUdp) return payload_;
  put16(out, source_port_);
  put16(out, destination_port_);
  std::size_t checksum_at = 6;
  if (protocol_ == net::kTcp) {
    put32(out, sequence_);
    put32(out, acknowledgment_);
    out.push_back(static_cast<std::uint8_t>((20 + tcp_options_.size()) / 4 << 4));
    out.push_back(flags_);
    put16(out, 0xffff);
    checksum_at = out.size();
    put16(out, 0);
    put16(out, urgent_);
    append(out, tcp_options_);
  } else {
    put16(out, 8 + payload_.size());
    put16(out, 0);
  }
  append(out, payload_);
  const std::uint16_t sum = net::checksum_fold(
      net::checksum_add(out, net::pseudo_header_sum(source_, destination_, !v6_, protocol_,
                                                    static_cast<std::uint32_t>(out.size()))));
  store_be16(&out[checksum_at], protocol_ == net::kUdp && sum == 0 ? 0xffff : sum);
  return out;
}

Octets Frame::build() const {
  Octets out;
  out.reserve(128 + payload_.size());
  append(out, link_);
  for (const auto& [ether_type, id] : tags_) {
    put16(out, ether_type);
    put16(out, id);
  }
  put16(out, v6_ ? 0x86dd : 0x0800);
  const Octets body = transport();
  if (!v6_) {
    Octets ip;
    ip.push_back(static_cast<std::uint8_t>(0x40 | (20 + ip_options_.size()) / 4));
    ip.push_back(0);
    put16(ip, 20 + ip_options_.size() + body.size());
    put16(ip, fragment_id_ & 0xffff);
    put16(ip, static_cast<std::size_t>(fragment_offset_ / 8 | (fragment_more_ ? 0x2000 : 0)));
    ip.push_back(ttl_);
    ip.push_back(protocol_);
    put16(ip, 0);
    append(ip, Bytes(source_.bytes).subspan(12));
    append(ip, Bytes(destination_.bytes).subspan(12));
    append(ip, ip_options_);
    store_be16(&ip[10], net::checksum_fold(net::checksum_add(ip)));
    append(out, ip);
  } else {
    Octets chain;
    std::uint8_t first = protocol_;
    if (fragment_header_) {
      put16(chain, static_cast<std::size_t>(first << 8));
      put16(chain, fragment_offset_ | (fragment_more_ ? 1u : 0u));
      put32(chain, fragment_id_);
      first = 44;
    }
    for (std::size_t i = extensions_.size(); i-- > 0;) {
      Octets header(extensions_[i].second, 0);
      header[0] = first;
      header[1] = static_cast<std::uint8_t>(extensions_[i].second / 8 - 1);
      first = extensions_[i].first;
      chain.insert(chain.begin(), header.begin(), header.end());
    }
    put32(out, 0x60000000);
    put16(out, chain.size() + body.size());
    out.push_back(first);
    out.push_back(ttl_);
    append(out, source_.bytes);
    append(out, destination_.bytes);
    append(out, chain);
  }
  append(out, body);
  return out;
}

net::PacketView view_of(const Octets& frame, net::Side side) {
  net::PacketView view;
  view.bytes = frame;
  view.wire_length = static_cast<std::uint32_t>(frame.size());
  view.side = side;
  return view;
}

Octets client_hello(std::string_view name, std::size_t padding, Ech ech, std::string_view alpn) {
  Octets extensions;
  if (padding != 0) append(extensions, extension(21, Octets(padding, 0)));
  if (!name.empty()) {
    Octets entry = {0};
    append(entry, prefixed(2, as_bytes(name)));
    append(extensions, extension(0, prefixed(2, entry)));
  }
  if (!alpn.empty()) {
    append(extensions, extension(16, prefixed(2, prefixed(1, as_bytes(alpn)))));
  }
  append(extensions, extension(43, from_hex("020304")));
  if (ech == Ech::offered) {
    // The outer kind, HKDF-SHA256 with AES-128-GCM, a configuration, its key and what it covers.
    Octets offer = from_hex("00 0001 0001 2a");
    append(offer, prefixed(2, Octets(32, 0x17)));
    append(offer, prefixed(2, Octets(208, 0x2b)));
    append(extensions, extension(0xfe0d, offer));
  }
  Octets hello(2 + 32, 0x5a);
  hello[0] = hello[1] = 3;
  hello.push_back(0);
  append(hello, prefixed(2, from_hex("13011302")));
  append(hello, from_hex("0100"));
  append(hello, prefixed(2, extensions));
  Octets handshake = {1};
  append(handshake, prefixed(3, hello));
  Octets stream;
  for (std::size_t at = 0; at < handshake.size();) {
    const std::size_t part = std::min<std::size_t>(handshake.size() - at, 16384);
    append(stream, from_hex("160301"));
    append(stream, prefixed(2, Bytes(handshake).subspan(at, part)));
    at += part;
  }
  return stream;
}

Octets dns_query(std::string_view name, std::uint16_t id) {
  Octets out;
  put16(out, id);
  append(out, from_hex("0100 0001 0000 0000 0000"));
  while (!name.empty()) {
    const std::size_t dot = std::min(name.find('.'), name.size());
    out.push_back(static_cast<std::uint8_t>(dot));
    append(out, as_bytes(name.substr(0, dot)));
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  append(out, from_hex("00 0001 0001"));
  return out;
}

}  // namespace chatgate::synth
