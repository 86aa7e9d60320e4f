#include "endpoint.h"

#include <algorithm>

#include "net/checksum.h"
#include "net/tcp_options.h"
#include "net/validity.h"

#include "ipv6_reader.h"

namespace chatgate::test {
namespace {

constexpr std::size_t kWindow = 65535;

std::int32_t distance(std::uint32_t from, std::uint32_t to) {
  return static_cast<std::int32_t>(to - from);
}

net::PacketView viewed(Bytes frame) {
  net::PacketView packet;
  packet.bytes = frame;
  packet.wire_length = static_cast<std::uint32_t>(frame.size());
  return packet;
}

}  // namespace

const char* to_string(Overlap overlap) {
  constexpr std::array<const char*, 5> kNames = {"first", "last", "bsd", "linux", "windows"};
  return kNames[static_cast<std::size_t>(overlap)];
}

Endpoint::Endpoint(Overlap overlap, std::uint32_t first_client_sequence, std::uint8_t hops)
    : overlap_(overlap), base_(first_client_sequence), hops_(hops) {}

bool Endpoint::acceptable(const net::PacketView& packet, const net::Layers& layers) {
  using namespace net::tcp_flag;
  const net::TcpOptions options = net::read_tcp_options(packet, layers);
  if (!net::ip_checksum_right(packet, layers)) return false;
  if (!net::transport_checksum_right(packet, layers)) return false;
  if (!options.ok || (options.md5 || options.authentication)) return false;
  if (layers.has(syn) || layers.has(rst) || !layers.has(ack)) return false;
  if (layers.acknowledgment - (kOwnSequence + 1) > sent_) return false;
  if (options.timestamps && distance(recent_timestamp_, options.timestamp) < 0) {
    return false;
  }
  const std::int32_t from_next = distance(next_client_sequence(), layers.sequence);
  if (from_next > static_cast<std::int32_t>(kWindow)) return false;
  if (from_next + static_cast<std::int32_t>(layers.payload_size) <= 0) return false;
  if (options.timestamps && from_next <= 0) recent_timestamp_ = options.timestamp;
  return true;
}

bool Endpoint::receive(Bytes frame) {
  if (load_be16(&frame[12]) == 0x86dd) return receive_v6(frame);
  net::Layers layers;
  net::decode(viewed(frame), layers, net::Encapsulations::none());
  const bool fragment = layers.outcome == net::Decoded::fragment;
  if (!fragment && layers.outcome != net::Decoded::transport) return false;
  if (frame[layers.network + 8u] <= hops_) return false;
  if (!fragment) return receive_packet(frame);
  Part part;
  part.header.assign(frame.begin(), frame.begin() + layers.payload);
  part.id = layers.fragment_id;
  part.offset = layers.fragment_offset;
  part.more = layers.fragment_more;
  const Bytes bytes = frame.subspan(layers.payload, layers.payload_size);
  part.bytes.assign(bytes.begin(), bytes.end());
  Octets joined = join(part);
  if (joined.empty()) return false;
  std::uint8_t* ip = &joined[layers.network];
  store_be16(ip + 2, static_cast<std::uint16_t>(joined.size() - layers.network));
  store_be16(ip + 6, 0);
  store_be16(ip + 10, 0);
  store_be16(ip + 10, net::checksum_fold(net::checksum_add(Bytes(ip, 20))));
  return receive_packet(joined);
}

bool Endpoint::receive_v6(Bytes frame) {
  const Ipv6Reading reading = read_ipv6(frame);
  if (reading.kind == Ipv6Reading::Kind::refused || reading.hop_limit <= hops_) return false;
  if (reading.kind == Ipv6Reading::Kind::packet) {
    return reading.protocol == net::kTcp &&
           receive_packet(plain_ipv6(frame, reading.protocol, reading.rest));
  }
  Part part;
  part.header = plain_ipv6(frame, reading.protocol, {});
  part.id = reading.id;
  part.offset = reading.offset;
  part.more = reading.more;
  part.bytes = reading.rest;
  const Octets joined = join(part);
  if (joined.empty()) return false;
  constexpr std::size_t kHeaders = 14 + 40;
  return receive_v6(
      plain_ipv6(joined, joined[14 + 6], Octets(joined.begin() + kHeaders, joined.end())));
}

bool Endpoint::receive_packet(Bytes frame) {
  const net::PacketView packet = viewed(frame);
  net::Layers layers;
  net::decode(packet, layers, net::Encapsulations::none());
  if (layers.outcome != net::Decoded::transport || layers.protocol != net::kTcp) return false;
  if (layers.has(net::tcp_flag::syn)) {
    const net::TcpOptions options = net::read_tcp_options(packet, layers);
    if (options.timestamps) recent_timestamp_ = options.timestamp;
    if (fast_open && layers.payload_size != 0) {
      store(layers.sequence + 1, layers.payload_of(packet));
      return true;
    }
    return false;
  }
  if (!acceptable(packet, layers)) return false;
  if (layers.has(net::tcp_flag::urg) && !urgent_inline) {
    const std::uint32_t urgent =
        layers.sequence + net::read_tcp_options(packet, layers).urgent_pointer - 1 - base_;
    if (urgent >= bytes_.size()) bytes_.resize(urgent + 1);
    bytes_[urgent].urgent = true;
  }
  store(layers.sequence, layers.payload_of(packet));
  return true;
}

// The header of the first fragment and all bytes behind it, once none is missing.
Octets Endpoint::join(const Part& part) {
  Datagram& datagram = datagrams_[part.id];
  const std::size_t begin = part.offset, end = begin + part.bytes.size();
  if (begin == 0) datagram.header = part.header;
  if (!part.more) datagram.size = end;
  if (datagram.payload.size() < end) {
    datagram.payload.resize(end);
    datagram.present.resize(end);
  }
  for (std::size_t at = begin; at < end; ++at) {
    if (datagram.present[at] && overlap_ != Overlap::last) continue;
    datagram.payload[at] = part.bytes[at - begin];
    datagram.present[at] = true;
  }
  const bool whole =
      datagram.size != 0 && !datagram.header.empty() && datagram.size <= datagram.present.size() &&
      std::all_of(datagram.present.begin(),
                  datagram.present.begin() + static_cast<std::ptrdiff_t>(datagram.size),
                  [](bool present) { return present; });
  if (!whole) return {};
  Octets joined = datagram.header;
  joined.insert(joined.end(), datagram.payload.begin(),
                datagram.payload.begin() + static_cast<std::ptrdiff_t>(datagram.size));
  datagrams_.erase(part.id);
  return joined;
}

// Whether a later segment replaces what a stored one holds (Novak and Sturges, "Target-Based TCP
// Stream Reassembly", 2007).
bool Endpoint::newer_wins(std::size_t stored_begin, std::size_t stored_end, std::size_t begin,
                          std::size_t end) const {
  switch (overlap_) {
    case Overlap::first: return false;
    case Overlap::last: return true;
    case Overlap::bsd: return begin < stored_begin;
    case Overlap::linux: return begin < stored_begin || (begin == stored_begin && end > stored_end);
    case Overlap::windows: return begin < stored_begin && end > stored_end;
  }
  return false;
}

void Endpoint::store(std::uint32_t sequence, Bytes payload) {
  const std::int32_t offset = distance(base_, sequence);
  if (offset < 0) {
    const auto before = static_cast<std::size_t>(-offset);
    if (before >= payload.size()) return;
    payload = payload.subspan(before);
  }
  const std::size_t begin = offset < 0 ? 0 : static_cast<std::size_t>(offset);
  const std::size_t end = begin + payload.size();
  if (end > bytes_.size()) bytes_.resize(end);
  for (std::size_t at = begin; at < end; ++at) {
    Byte& byte = bytes_[at];
    if (at < delivered_) continue;
    if (byte.present && !newer_wins(byte.segment_begin, byte.segment_end, begin, end)) continue;
    byte.value = payload[at - begin];
    byte.present = true;
    byte.segment_begin = static_cast<std::uint32_t>(begin);
    byte.segment_end = static_cast<std::uint32_t>(end);
  }
  while (delivered_ < bytes_.size() && bytes_[delivered_].present) ++delivered_;
}

std::string Endpoint::stream() const {
  std::string text;
  for (std::size_t at = 0; at < delivered_; ++at) {
    if (!bytes_[at].urgent) text.push_back(static_cast<char>(bytes_[at].value));
  }
  return text;
}

}  // namespace chatgate::test
