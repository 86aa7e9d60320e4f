#include "io/pcap/capture_writer.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "io/pcap/capture_reader.h"
#include "io/pcap/link_type.h"

namespace chatgate::io {
namespace {

constexpr std::uint32_t kPcapMagic = 0xa1b23c4d;  // nanoseconds
constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a;
constexpr std::uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr std::uint32_t kInterfaceDescription = 1;
constexpr std::uint32_t kEnhancedPacket = 6;
constexpr std::uint16_t kTimeResolution = 9;
constexpr std::uint8_t kNanoseconds[4] = {9, 0, 0, 0};  // 10^-9, padded

}  // namespace

CaptureWriter::CaptureWriter(std::string path, std::FILE* file)
    : path_(std::move(path)), many_links_(path_.ends_with(".pcapng")), file_(file) {
  if (!many_links_) return;
  put32(kSectionHeader);
  put32(28);
  put32(kByteOrderMagic);
  put16(1);
  put16(0);
  put32(0xffffffff);  // length of the section: not given
  put32(0xffffffff);
  put32(28);
}

CaptureWriter::~CaptureWriter() {
  if (file_ != nullptr) std::fclose(file_);
}

std::unique_ptr<CaptureWriter> CaptureWriter::open(const std::string& path,
                                                   Diagnostics& diagnostics) {
  std::FILE* file = std::fopen(path.c_str(), "wbe");
  if (file == nullptr) {
    diagnostics.error({path}, std::string("cannot be written: ") + std::strerror(errno));
    return nullptr;
  }
  return std::unique_ptr<CaptureWriter>(new CaptureWriter(path, file));
}

// In the byte order of the machine, as both formats allow.
void CaptureWriter::put16(std::uint16_t value) {
  std::fwrite(&value, sizeof value, 1, file_);
}

void CaptureWriter::put32(std::uint32_t value) {
  std::fwrite(&value, sizeof value, 1, file_);
}

void CaptureWriter::put(Bytes bytes) {
  std::fwrite(bytes.data(), 1, bytes.size(), file_);
}

void CaptureWriter::write_file_header(net::LinkType link) {
  put32(kPcapMagic);
  put16(2);
  put16(4);
  put32(0);
  put32(0);
  put32(kMaxCapturedBytes);
  put32(static_cast<std::uint32_t>(link_type_number(link)));
}

// The interface that stands for a link type, described in the file when it is first needed.
std::uint32_t CaptureWriter::interface_of(net::LinkType link) {
  const auto at = std::find(links_.begin(), links_.end(), link);
  if (at != links_.end()) return static_cast<std::uint32_t>(at - links_.begin());
  links_.push_back(link);
  put32(kInterfaceDescription);
  put32(32);
  put16(static_cast<std::uint16_t>(link_type_number(link)));
  put16(0);
  put32(kMaxCapturedBytes);
  put16(kTimeResolution);
  put16(1);
  put(kNanoseconds);
  put32(0);  // end of options
  put32(32);
  return static_cast<std::uint32_t>(links_.size() - 1);
}

bool CaptureWriter::refuse(Diagnostics& diagnostics, std::string message, std::string remedy) {
  broken_ = true;
  diagnostics.error({path_}, std::move(message), std::move(remedy));
  return false;
}

bool CaptureWriter::write(Bytes frame, std::uint32_t wire_length, net::LinkType link, Time time,
                          Diagnostics& diagnostics) {
  if (broken_) return false;
  ++count_;
  const auto size = static_cast<std::uint32_t>(frame.size());
  if (many_links_) {
    const std::uint32_t interface = interface_of(link);
    const std::uint32_t padding = (4 - size % 4) % 4;
    const std::uint32_t block = 32 + size + padding;
    put32(kEnhancedPacket);
    put32(block);
    put32(interface);
    put32(static_cast<std::uint32_t>(time.nanoseconds >> 32));
    put32(static_cast<std::uint32_t>(time.nanoseconds));
    put32(size);
    put32(wire_length);
    put(frame);
    constexpr std::uint8_t kZero[4] = {};
    put(Bytes(kZero).first(padding));
    put32(block);
  } else {
    if (links_.empty()) {
      links_.push_back(link);
      write_file_header(link);
    }
    if (links_.front() != link) {
      return refuse(diagnostics,
                    "packet " + std::to_string(count_) + " has link type " +
                        link_type_name(link_type_number(link)) +
                        ", and a pcap file holds one link type only",
                    "name the file .pcapng");
    }
    put32(static_cast<std::uint32_t>(time.nanoseconds / 1'000'000'000));
    put32(static_cast<std::uint32_t>(time.nanoseconds % 1'000'000'000));
    put32(size);
    put32(wire_length);
    put(frame);
  }
  if (std::ferror(file_) == 0) return true;
  return refuse(diagnostics, std::string("cannot be written: ") + std::strerror(errno));
}

bool CaptureWriter::close(Diagnostics& diagnostics) {
  if (!many_links_ && links_.empty()) write_file_header(net::LinkType::ethernet);
  const bool failed = std::ferror(file_) != 0;
  errno = 0;
  const bool closed = std::fclose(file_) == 0;
  file_ = nullptr;
  if (broken_) return false;
  if (failed || !closed) {
    return refuse(diagnostics, std::string("cannot be written: ") + std::strerror(errno));
  }
  return true;
}

}  // namespace chatgate::io
