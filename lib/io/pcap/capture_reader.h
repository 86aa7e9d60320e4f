// Reads the packets of a capture file, in order.
//
// pcap is read by libpcap, pcapng by a reader of our own, because libpcap refuses files whose
// interfaces differ in link type or snap length. Used by replay on its only thread.
#pragma once

#include <memory>
#include <string>

#include "base/diagnostic.h"
#include "net/packet_view.h"

namespace chatgate::io {

class CaptureReader {
 public:
  enum class Next : std::uint8_t { packet, end, error };

  // "-" is standard input. Null, and one error, where it cannot be opened or is not a capture of a
  // kind that is read.
  static std::unique_ptr<CaptureReader> open(const std::string& path, Diagnostics& diagnostics);

  virtual ~CaptureReader() = default;
  CaptureReader(const CaptureReader&) = delete;
  CaptureReader& operator=(const CaptureReader&) = delete;

  // The next packet: its bytes stay valid until the next call; time, number, lengths and link type
  // are set, side and pair are left as they are. After `end` or `error` every call says the same.
  // An error (a file cut off in a packet, a damaged one) does not touch the packets before it.
  Next next(net::PacketView& packet);

  // What `error` means, with the file's name.
  const Diagnostic& error() const { return error_; }
  // Packets delivered.
  std::uint64_t count() const { return count_; }

 protected:
  explicit CaptureReader(std::string name) : name_(std::move(name)) {}

  // Sets bytes, lengths, link and time.
  virtual Next read(net::PacketView& packet) = 0;
  // Answers `error`.
  Next fail(std::string message, std::string remedy = {});
  Next cut_off();
  Next unsupported_link(int number);

 private:
  const std::string name_;
  Next last_ = Next::packet;
  std::uint64_t count_ = 0;
  Diagnostic error_;
};

// No frame is longer in any capture that is read; what claims to be is damage.
constexpr std::uint32_t kMaxCapturedBytes = 262'144;

}  // namespace chatgate::io
