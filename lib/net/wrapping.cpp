#include "net/wrapping.h"

#include <algorithm>
#include <cstring>

#include "net/checksum.h"
#include "net/headers.h"

namespace chatgate::net {
namespace {

constexpr std::uint8_t kHopLimit = 64;

bool over_udp(Encapsulation kind) {
  return kind == Encapsulation::gtp_u || kind == Encapsulation::vxlan ||
         kind == Encapsulation::teredo;
}

void swap_fields(std::uint8_t* first, std::size_t size) {
  std::swap_ranges(first, first + size, first + size);
}

void turn_ip(std::uint8_t* header, std::uint8_t version) {
  if (version == 4) {
    // An identification is the sender's to give; without fragments none is needed.
    store_be16(header + 4, 0);
    store_be16(header + 6, 0x4000);
    header[8] = kHopLimit;
    swap_fields(header + 12, 4);
  } else {
    header[7] = kHopLimit;
    swap_fields(header + 8, 16);
  }
}

void close_ip(MutableBytes frame, const Encapsulated& entry) {
  std::uint8_t* header = &frame[entry.carrier];
  const std::size_t size = frame.size() - entry.carrier;
  if (entry.carrier_version == 6) {
    store_be16(header + 4, static_cast<std::uint16_t>(size - 40));
    return;
  }
  store_be16(header + 2, static_cast<std::uint16_t>(size));
  store_be16(header + 10, 0);
  store_be16(header + 10, checksum_fold(checksum_add(Bytes(header, (header[0] & 0x0f) * 4u))));
}

void close_udp(MutableBytes frame, const Encapsulated& entry) {
  const std::size_t at = entry.offset - 8u;
  std::uint8_t* udp = &frame[at];
  const MutableBytes segment = frame.subspan(at);
  store_be16(udp + 4, static_cast<std::uint16_t>(segment.size()));
  if (entry.carrier_version == 4 && load_be16(udp + 6) == 0) return;
  const bool v4 = entry.carrier_version == 4;
  const std::uint8_t* ip = &frame[entry.carrier];
  const IpAddress source = v4 ? IpAddress::from_v4(ip + 12) : IpAddress::from_v6(ip + 8);
  const IpAddress target =
      v4 ? IpAddress::from_v4(ip + 16)
         : ipv6_final_destination(frame, entry.carrier, at).value_or(IpAddress::from_v6(ip + 24));
  store_be16(udp + 6, 0);
  const std::uint16_t sum = checksum_fold(checksum_add(
      segment,
      pseudo_header_sum(source, target, v4, kUdp, static_cast<std::uint32_t>(segment.size()))));
  // Zero means "none" (RFC 768), so a sum of zero is sent as all ones.
  store_be16(udp + 6, sum == 0 ? 0xffff : sum);
}

void close_gre(MutableBytes frame, const Encapsulated& entry) {
  const MutableBytes gre = frame.subspan(entry.offset);
  if ((load_be16(gre.data()) & gre_flag::checksum) == 0) return;
  store_be16(&gre[4], 0);
  store_be16(&gre[4], checksum_fold(checksum_add(gre)));
}

}  // namespace

bool Wrapping::can_turn() const {
  for (std::size_t i = 0; i < layers_.encapsulation_count; ++i) {
    const Encapsulated& entry = layers_.encapsulation[i];
    if (entry.kind == Encapsulation::mpls || entry.kind == Encapsulation::gtp_u) return false;
    if (entry.carrier_version == 6 &&
        active_routing_header(from_, entry.carrier, entry.offset) != 0) {
      return false;
    }
  }
  return true;
}

std::size_t Wrapping::copy(Course course, MutableBytes out) {
  for (std::size_t i = 0; i < layers_.encapsulation_count; ++i) copy_entry(i, course, out);
  take(layers_.network, out);
  if (course == Course::turned) {
    if (ethernet_) swap_fields(out.data(), 6);
    for (std::size_t i = 0; i < layers_.encapsulation_count; ++i) turn_entry(entries_[i], out);
  }
  return written_;
}

void Wrapping::take(std::size_t until, MutableBytes out) {
  if (until <= taken_) return;
  std::memcpy(&out[written_], &from_[taken_], until - taken_);
  written_ += until - taken_;
  taken_ = until;
}

// Where the IP header inside of an entry that carries IP directly starts.
std::size_t Wrapping::inside_of(std::size_t index) const {
  return index + 1 < layers_.encapsulation_count ? layers_.encapsulation[index + 1].carrier
                                                 : layers_.network;
}

void Wrapping::copy_entry(std::size_t index, Course course, MutableBytes out) {
  const Encapsulated& entry = layers_.encapsulation[index];
  take(entry.offset, out);
  Encapsulated& copied = entries_[index];
  copied = entry;
  copied.carrier = static_cast<std::uint16_t>(entry.carrier - (taken_ - written_));
  copied.offset = static_cast<std::uint16_t>(written_);
  if (entry.kind == Encapsulation::gre && course != Course::onward) {
    const std::uint16_t flags = load_be16(&from_[entry.offset]);
    if ((flags & gre_flag::sequence) == 0) return;
    take(entry.offset + gre_header_size(flags) - 4, out);
    taken_ += 4;
    store_be16(&out[copied.offset], static_cast<std::uint16_t>(flags & ~gre_flag::sequence));
  }
  if (entry.kind == Encapsulation::teredo && course == Course::turned) taken_ = inside_of(index);
}

void Wrapping::turn_entry(const Encapsulated& entry, MutableBytes out) const {
  if (entry.carrier_version != 0) turn_ip(&out[entry.carrier], entry.carrier_version);
  std::uint8_t* header = &out[entry.offset];
  switch (entry.kind) {
    case Encapsulation::gre:
      if (load_be16(header + 2) == kTransparentEthernet) {
        swap_fields(header + gre_header_size(load_be16(header)), 6);
      }
      return;
    case Encapsulation::vxlan:
      store_be32(header, 0x08000000);
      swap_fields(header + 8, 6);
      return;
    case Encapsulation::teredo: swap_fields(header - 8, 2); return;
    case Encapsulation::pppoe:
    case Encapsulation::mpls:
    case Encapsulation::ip_in_ip:
    case Encapsulation::gtp_u: return;
  }
}

void Wrapping::close(MutableBytes frame) const {
  for (std::size_t i = layers_.encapsulation_count; i-- > 0;) {
    const Encapsulated& entry = entries_[i];
    const std::size_t size = frame.size() - entry.offset;
    if (entry.kind == Encapsulation::pppoe) {
      store_be16(&frame[entry.offset + 4u], static_cast<std::uint16_t>(size - 6));
    }
    if (entry.kind == Encapsulation::gtp_u) {
      store_be16(&frame[entry.offset + 2u], static_cast<std::uint16_t>(size - 8));
    }
    if (entry.kind == Encapsulation::gre) close_gre(frame, entry);
    if (over_udp(entry.kind)) close_udp(frame, entry);
    if (entry.carrier_version != 0) close_ip(frame, entry);
  }
}

}  // namespace chatgate::net
