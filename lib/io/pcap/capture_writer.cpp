#include "io/pcap/capture_writer.h"

#include <cerrno>
#include <cstring>

#include "io/pcap/capture_reader.h"
#include "io/pcap/link_type.h"

namespace chatgate::io {
namespace {

constexpr std::uint32_t kPcapMagic = 0xa1b23c4d;  // nanoseconds

}  // namespace

CaptureWriter::CaptureWriter(std::string path, std::FILE* file)
    : path_(std::move(path)), many_links_(path_.ends_with(".pcapng")), file_(file) {
  if (!many_links_) return;
  PcapngBlocks::begin(block_);
  put(as_bytes(block_));
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

bool CaptureWriter::refuse(Diagnostics& diagnostics, std::string message, std::string remedy) {
  broken_ = true;
  diagnostics.error({path_}, std::move(message), std::move(remedy));
  return false;
}

bool CaptureWriter::write(Bytes frame, std::uint32_t wire_length, net::LinkType link, Time time,
                          Diagnostics& diagnostics, const CaptureNote& note) {
  if (broken_) return false;
  ++count_;
  if (many_links_) {
    block_.clear();
    blocks_.add(block_, {link, std::string(note.interface), {}},
                {frame, wire_length, time, note.direction, note.comment});
    put(as_bytes(block_));
  } else {
    if (!link_) {
      link_ = link;
      write_file_header(link);
    }
    if (*link_ != link) {
      return refuse(diagnostics,
                    "packet " + std::to_string(count_) + " has link type " +
                        link_type_name(link_type_number(link)) +
                        ", and a pcap file holds one link type only",
                    "name the file .pcapng");
    }
    put32(static_cast<std::uint32_t>(time.nanoseconds / 1'000'000'000));
    put32(static_cast<std::uint32_t>(time.nanoseconds % 1'000'000'000));
    put32(static_cast<std::uint32_t>(frame.size()));
    put32(wire_length);
    put(frame);
  }
  if (std::ferror(file_) == 0) return true;
  return refuse(diagnostics, std::string("cannot be written: ") + std::strerror(errno));
}

bool CaptureWriter::close(Diagnostics& diagnostics) {
  if (!many_links_ && !link_) write_file_header(net::LinkType::ethernet);
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
