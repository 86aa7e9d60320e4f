// One frame as the engine sees it: borrowed bytes and what is known beside them.
//
// Made by io (a DPDK burst, a capture file, a test), read by everything else. The bytes belong to
// io and live as long as the burst; nothing in them is trusted. Tags that a device strips into its
// descriptor are put back by io, so the bytes are the frame as it was on the wire, without FCS.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/strong_id.h"
#include "base/time.h"

namespace chatgate::net {

// The side of a bridged pair that a frame came in by or goes out by.
enum class Side : std::uint8_t { inside, outside };

constexpr Side other(Side side) {
  return side == Side::inside ? Side::outside : Side::inside;
}

// What the first byte of a frame is. Only `ethernet` occurs on a device; the others come from
// captures (pcap link types 113, 276, 12/101 and 0/108).
enum class LinkType : std::uint8_t {
  ethernet,
  linux_cooked,
  linux_cooked_v2,
  raw_ip,
  null_loopback
};

// What the device said of the TCP or UDP checksum.
enum class ChecksumStatus : std::uint8_t { unknown, good, bad };

struct PacketView {
  Bytes bytes;
  std::uint32_t wire_length = 0;  // more than bytes.size() where a capture cut the frame
  LinkType link = LinkType::ethernet;
  Side side = Side::inside;
  PairId pair{0};
  ChecksumStatus transport_checksum = ChecksumStatus::unknown;
  Time time;
  std::uint64_t number = 0;  // position in the capture from 1; 0 on a device

  bool truncated() const { return wire_length > bytes.size(); }
};

}  // namespace chatgate::net
