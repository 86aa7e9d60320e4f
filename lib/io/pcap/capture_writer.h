// Writes packets into a capture file with nanosecond times.
//
// A name that ends in ".pcapng" gets a pcapng file, which may hold several link types; any other a
// pcap file, which holds one: that of its first packet, and no notes. Used by replay on its only
// thread.
#pragma once

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/diagnostic.h"
#include "base/time.h"
#include "io/pcap/pcapng.h"
#include "net/packet_view.h"

namespace chatgate::io {

// What a pcapng file says of a packet beside its bytes.
struct CaptureNote {
  std::string_view interface;  // its name; empty: none
  Direction direction = Direction::unknown;
  std::string_view comment;
};

class CaptureWriter {
 public:
  // Creates the file or empties it. Null, and an error, where that fails.
  static std::unique_ptr<CaptureWriter> open(const std::string& path, Diagnostics& diagnostics);
  ~CaptureWriter();
  CaptureWriter(const CaptureWriter&) = delete;
  CaptureWriter& operator=(const CaptureWriter&) = delete;

  // False, and an error in `diagnostics`, where it was not written; nothing more is written then.
  bool write(Bytes frame, std::uint32_t wire_length, net::LinkType link, Time time,
             Diagnostics& diagnostics, const CaptureNote& note = {});
  // Completes the file; to be called once at the end.
  bool close(Diagnostics& diagnostics);

 private:
  CaptureWriter(std::string path, std::FILE* file);

  void write_file_header(net::LinkType link);
  void put16(std::uint16_t value);
  void put32(std::uint32_t value);
  void put(Bytes bytes);
  bool refuse(Diagnostics& diagnostics, std::string message, std::string remedy = {});

  const std::string path_;
  const bool many_links_;
  std::FILE* file_;
  std::optional<net::LinkType> link_;  // of a pcap file, once it has begun
  PcapngBlocks blocks_;
  std::string block_;  // being put together
  std::uint64_t count_ = 0;
  bool broken_ = false;
};

}  // namespace chatgate::io
