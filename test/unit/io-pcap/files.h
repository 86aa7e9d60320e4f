// Small capture files made in memory, for the tests of the reader and the writer.
#pragma once

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

#include "io/pcap/capture_reader.h"

namespace chatgate::io::test {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "chatgate-pcap-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  std::string write(const std::string& name, const std::string& content) const {
    // A file that is emptied and filled again is flushed to disk by some file systems; a new one
    // not.
    std::filesystem::remove(*this / name);
    std::ofstream(*this / name, std::ios::binary) << content;
    return *this / name;
  }

 private:
  std::filesystem::path path_;
};

inline std::string read_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// Appends numbers in one byte order.
class Builder {
 public:
  explicit Builder(bool little_endian = true) : little_(little_endian) {}

  Builder& u8(std::uint8_t value) {
    text_ += static_cast<char>(value);
    return *this;
  }
  Builder& u16(std::uint16_t value) { return number(value, 2); }
  Builder& u32(std::uint32_t value) { return number(value, 4); }
  Builder& bytes(std::string_view value) {
    text_ += value;
    return *this;
  }
  // A pcapng block around `body`, which is padded.
  Builder& block(std::uint32_t type, std::string body) {
    while (body.size() % 4 != 0) body += '\0';
    const auto length = static_cast<std::uint32_t>(body.size() + 12);
    return u32(type).u32(length).bytes(body).u32(length);
  }
  Builder fresh() const { return Builder(little_); }
  const std::string& text() const { return text_; }

  Builder& section() {
    return block(0x0a0d0d0a,
                 fresh().u32(0x1a2b3c4d).u16(1).u16(0).u32(0xffffffff).u32(0xffffffff).text());
  }
  Builder& interface(std::uint16_t link, std::uint32_t snap = 0, std::string options = {}) {
    return block(1, fresh().u16(link).u16(0).u32(snap).bytes(options).text());
  }
  Builder& packet(std::uint32_t interface, std::uint64_t time, std::string_view data,
                  std::uint32_t wire = 0) {
    const auto size = static_cast<std::uint32_t>(data.size());
    return block(6, fresh()
                        .u32(interface)
                        .u32(static_cast<std::uint32_t>(time >> 32))
                        .u32(static_cast<std::uint32_t>(time))
                        .u32(size)
                        .u32(wire == 0 ? size : wire)
                        .bytes(data)
                        .text());
  }
  Builder& pcap_header(std::uint32_t link, std::uint32_t magic = 0xa1b2c3d4) {
    return u32(magic).u16(2).u16(4).u32(0).u32(0).u32(65535).u32(link);
  }
  Builder& pcap_packet(std::uint32_t seconds, std::uint32_t fraction, std::string_view data,
                       std::uint32_t wire = 0) {
    const auto size = static_cast<std::uint32_t>(data.size());
    return u32(seconds).u32(fraction).u32(size).u32(wire == 0 ? size : wire).bytes(data);
  }

 private:
  Builder& number(std::uint32_t value, int size) {
    for (int i = 0; i < size; ++i) {
      const int shift = 8 * (little_ ? i : size - 1 - i);
      text_ += static_cast<char>(value >> shift);
    }
    return *this;
  }

  bool little_;
  std::string text_;
};

struct Read {
  std::string bytes;
  std::uint32_t wire_length;
  net::LinkType link;
  std::uint64_t time;
  std::uint64_t number;
};

struct Outcome {
  std::vector<Read> packets;
  std::string error;  // empty: none
  bool opened = false;
};

inline Outcome read_capture(const std::string& path) {
  Outcome outcome;
  Diagnostics findings;
  const auto reader = CaptureReader::open(path, findings);
  EXPECT_EQ(reader == nullptr, findings.has_errors());
  if (reader == nullptr) {
    EXPECT_EQ(findings.error_count(), 1u);
    outcome.error = findings.all()[0].to_string();
    return outcome;
  }
  outcome.opened = true;
  net::PacketView view;
  CaptureReader::Next next;
  while ((next = reader->next(view)) == CaptureReader::Next::packet) {
    outcome.packets.push_back({std::string(as_text(view.bytes)), view.wire_length, view.link,
                               view.time.nanoseconds, view.number});
  }
  EXPECT_EQ(reader->next(view), next);  // and stays so
  EXPECT_EQ(reader->count(), outcome.packets.size());
  if (next == CaptureReader::Next::error) outcome.error = reader->error().to_string();
  EXPECT_EQ(outcome.error.find('\n'), std::string::npos);
  return outcome;
}

}  // namespace chatgate::io::test
