// Reads pcapng files (draft-ietf-opsawg-pcapng): any byte order, any number of sections and
// interfaces, each with its own link type, snap length and time resolution.
#pragma once

#include <cstdio>
#include <vector>

#include "base/bytes.h"
#include "io/pcap/capture_reader.h"

namespace chatgate::io {

class PcapngReader final : public CaptureReader {
 public:
  // Takes over `file`, which stands at its start. Null, and an error, where the first block is not
  // a section header.
  static std::unique_ptr<CaptureReader> open(const std::string& name, std::FILE* file,
                                             Diagnostics& diagnostics);
  ~PcapngReader() override;

 private:
  // Sections 4.2 and 4.2.1 of the draft.
  struct Interface {
    int link_number = 0;
    std::uint32_t snap_length = 0;    // 0: none
    std::uint64_t units = 1'000'000;  // of time in a second; 0: powers of two, see `shift`
    unsigned shift = 0;
    std::int64_t offset_seconds = 0;
  };
  enum class Block : std::uint8_t { read, end, cut_off, damaged };

  PcapngReader(const std::string& name, std::FILE* file) : CaptureReader(name), file_(file) {}

  Next read(net::PacketView& packet) override;
  Block read_block();
  bool section_header();
  bool interface_description();
  void interface_options(Bytes options, Interface& interface) const;
  Next enhanced_packet(net::PacketView& packet);
  Next simple_packet(net::PacketView& packet);
  Next deliver(std::size_t interface, std::size_t at, std::uint32_t captured, std::uint32_t wire,
               net::PacketView& packet);
  Next damaged();
  Time time_of(const Interface& interface, std::uint64_t units) const;

  std::uint16_t u16(const std::uint8_t* at) const;
  std::uint32_t u32(const std::uint8_t* at) const;

  std::FILE* file_;
  bool little_endian_ = false;
  std::uint32_t type_ = 0;
  std::vector<std::uint8_t> body_;  // of the block being looked at, without type and lengths
  std::vector<Interface> interfaces_;
  Time last_time_;
};

}  // namespace chatgate::io
