// The blocks of a pcapng file, as bytes.
//
// For whoever writes captures: replay into a file, the control thread into a reply. Stateless but
// for the list of interfaces; bytes are appended to a string of the caller's. In the byte order of
// the machine, times in nanoseconds, as the format allows (draft-ietf-opsawg-pcapng: sections 4.1
// to 4.3, options 3.5).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "net/packet_view.h"

namespace chatgate::io {

// One interface of the file: frames of one link type, by one name.
struct PcapngInterface {
  net::LinkType link = net::LinkType::ethernet;
  std::string name;         // option if_name; empty: left out
  std::string description;  // option if_description; empty: left out

  bool operator==(const PcapngInterface&) const = default;
};

enum class Direction : std::uint8_t { unknown, inbound, outbound };

struct PcapngPacket {
  Bytes bytes;
  std::uint32_t wire_length = 0;
  Time time;
  Direction direction = Direction::unknown;
  std::string_view comment;  // UTF-8, at most 65535 bytes; empty: none
};

class PcapngBlocks {
 public:
  // The section's header, the first block of a file. Options: the program, and a comment on the
  // whole; empty: left out.
  static void begin(std::string& out, std::string_view program = {}, std::string_view comment = {});
  // The packet, and its interface before it where it is the first there.
  void add(std::string& out, const PcapngInterface& interface, const PcapngPacket& packet);

 private:
  std::vector<PcapngInterface> interfaces_;  // in the order of their numbers
};

}  // namespace chatgate::io
