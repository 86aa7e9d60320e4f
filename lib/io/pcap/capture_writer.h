// Writes packets into a capture file with nanosecond times.
//
// A name that ends in ".pcapng" gets a pcapng file, which may hold several link types; any other a
// pcap file, which holds one: that of its first packet. Used by replay on its only thread.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/diagnostic.h"
#include "base/time.h"
#include "net/packet_view.h"

namespace chatgate::io {

class CaptureWriter {
 public:
  // Creates the file or empties it. Null, and an error, where that fails.
  static std::unique_ptr<CaptureWriter> open(const std::string& path, Diagnostics& diagnostics);
  ~CaptureWriter();
  CaptureWriter(const CaptureWriter&) = delete;
  CaptureWriter& operator=(const CaptureWriter&) = delete;

  // False, and an error in `diagnostics`, where it was not written; nothing more is written then.
  bool write(Bytes frame, std::uint32_t wire_length, net::LinkType link, Time time,
             Diagnostics& diagnostics);
  // Completes the file; to be called once at the end.
  bool close(Diagnostics& diagnostics);

 private:
  CaptureWriter(std::string path, std::FILE* file);

  void write_file_header(net::LinkType link);
  std::uint32_t interface_of(net::LinkType link);
  void put16(std::uint16_t value);
  void put32(std::uint32_t value);
  void put(Bytes bytes);
  bool refuse(Diagnostics& diagnostics, std::string message, std::string remedy = {});

  const std::string path_;
  const bool many_links_;
  std::FILE* file_;
  std::vector<net::LinkType> links_;  // in the order of their interfaces
  std::uint64_t count_ = 0;
  bool broken_ = false;
};

}  // namespace chatgate::io
