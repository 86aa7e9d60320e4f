#include "io/pcap/pcapng_reader.h"

#include <algorithm>

#include "io/pcap/link_type.h"

namespace chatgate::io {
namespace {

// Block types.
constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a;  // the same in both byte orders
constexpr std::uint32_t kInterfaceDescription = 1;
constexpr std::uint32_t kObsoletePacket = 2;
constexpr std::uint32_t kSimplePacket = 3;
constexpr std::uint32_t kEnhancedPacket = 6;

constexpr std::uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr std::uint16_t kMajorVersion = 1;

// Options of an interface.
constexpr std::uint16_t kEndOfOptions = 0;
constexpr std::uint16_t kTimeResolution = 9;
constexpr std::uint16_t kTimeOffset = 14;

constexpr std::uint32_t kBlockFrame = 12;  // type, length, and length again
constexpr std::uint32_t kMaxBlock = 16 << 20;
constexpr std::size_t kMaxInterfaces = 4096;

constexpr std::uint64_t kNanoseconds = 1'000'000'000;

}  // namespace

std::unique_ptr<CaptureReader> PcapngReader::open(const std::string& name, std::FILE* file,
                                                  Diagnostics& diagnostics) {
  std::unique_ptr<PcapngReader> reader(new PcapngReader(name, file));
  const Block block = reader->read_block();
  if (block == Block::read && reader->type_ == kSectionHeader && reader->section_header()) {
    return reader;
  }
  diagnostics.error({name}, block == Block::cut_off
                                ? "not a capture: the file is shorter than a file header"
                                : "not a pcap or pcapng capture");
  return nullptr;
}

PcapngReader::~PcapngReader() {
  std::fclose(file_);
}

std::uint16_t PcapngReader::u16(const std::uint8_t* at) const {
  return little_endian_ ? load_le16(at) : load_be16(at);
}

std::uint32_t PcapngReader::u32(const std::uint8_t* at) const {
  return little_endian_ ? load_le32(at) : load_be32(at);
}

// Reads one block whole into `type_` and `body_`. A section header tells the byte order of its own
// length, so its magic is read first.
PcapngReader::Block PcapngReader::read_block() {
  std::uint8_t head[12];
  const std::size_t got = std::fread(head, 1, 8, file_);
  if (got == 0) return std::feof(file_) != 0 ? Block::end : Block::damaged;
  if (got != 8) return Block::cut_off;
  std::size_t taken = 0;
  if (load_be32(head) == kSectionHeader) {
    if (std::fread(head + 8, 1, 4, file_) != 4) return Block::cut_off;
    taken = 4;
    little_endian_ = load_le32(head + 8) == kByteOrderMagic;
    if (!little_endian_ && load_be32(head + 8) != kByteOrderMagic) return Block::damaged;
  }
  type_ = u32(head);
  const std::uint32_t length = u32(head + 4);
  if (length < kBlockFrame + taken || length > kMaxBlock || length % 4 != 0) return Block::damaged;
  body_.resize(length - kBlockFrame);
  std::copy(head + 8, head + 8 + taken, body_.begin());
  const std::size_t rest = body_.size() - taken;
  if (std::fread(body_.data() + taken, 1, rest, file_) != rest) return Block::cut_off;
  std::uint8_t trailer[4];
  if (std::fread(trailer, 1, 4, file_) != 4) return Block::cut_off;
  return u32(trailer) == length ? Block::read : Block::damaged;
}

// A section starts anew: its interfaces count from zero.
bool PcapngReader::section_header() {
  interfaces_.clear();
  return body_.size() >= 16 && u16(&body_[4]) == kMajorVersion;
}

bool PcapngReader::interface_description() {
  if (body_.size() < 8 || interfaces_.size() == kMaxInterfaces) return false;
  Interface interface;
  interface.link_number = u16(&body_[0]);
  interface.snap_length = u32(&body_[4]);
  interface_options(Bytes(body_).subspan(8), interface);
  interfaces_.push_back(interface);
  return true;
}

void PcapngReader::interface_options(Bytes options, Interface& interface) const {
  while (options.size() >= 4) {
    const std::uint16_t code = u16(&options[0]);
    const std::size_t size = u16(&options[2]);
    const std::size_t padded = (size + 3) & ~std::size_t{3};
    if (code == kEndOfOptions || padded > options.size() - 4) return;
    const Bytes value = options.subspan(4, size);
    if (code == kTimeResolution && size == 1) {
      // Negative powers of ten, or of two with the highest bit set; what no clock has is ignored.
      const unsigned power = value[0] & 0x7f;
      if ((value[0] & 0x80) != 0 && power < 64) {
        interface.units = 0;
        interface.shift = power;
      } else if ((value[0] & 0x80) == 0 && power < 20) {
        interface.units = 1;
        for (unsigned i = 0; i < power; ++i) interface.units *= 10;
      }
    } else if (code == kTimeOffset && size == 8) {
      const std::uint64_t first = u32(&value[0]);
      const std::uint64_t second = u32(&value[4]);
      interface.offset_seconds =
          static_cast<std::int64_t>(little_endian_ ? second << 32 | first : first << 32 | second);
    }
    options = options.subspan(4 + padded);
  }
}

Time PcapngReader::time_of(const Interface& interface, std::uint64_t units) const {
  __extension__ using Wide = unsigned __int128;
  __extension__ using SignedWide = __int128;
  const Wide scaled = Wide{units} * kNanoseconds;
  const Wide nanoseconds =
      interface.units == 0 ? scaled >> interface.shift : scaled / interface.units;
  const SignedWide moved = static_cast<SignedWide>(nanoseconds) +
                           SignedWide{interface.offset_seconds} * SignedWide{kNanoseconds};
  // Before 1970, or after what 64 bits hold: no clock that was right.
  if (moved < 0) return Time{0};
  return Time{moved > SignedWide{INT64_MAX} ? std::uint64_t{INT64_MAX}
                                            : static_cast<std::uint64_t>(moved)};
}

CaptureReader::Next PcapngReader::damaged() {
  return fail("the capture is damaged after packet " + std::to_string(count()));
}

CaptureReader::Next PcapngReader::deliver(std::size_t interface, std::size_t at,
                                          std::uint32_t captured, std::uint32_t wire,
                                          net::PacketView& packet) {
  if (captured > kMaxCapturedBytes || at + captured > body_.size()) return damaged();
  const auto link = link_type_of(interfaces_[interface].link_number);
  if (!link) return unsupported_link(interfaces_[interface].link_number);
  packet.bytes = Bytes(body_).subspan(at, captured);
  packet.wire_length = std::max(wire, captured);
  packet.link = *link;
  packet.time = last_time_;
  return Next::packet;
}

// Enhanced packet block, section 4.3; its obsolete forerunner (appendix A) differs in the width of
// the interface's number.
CaptureReader::Next PcapngReader::enhanced_packet(net::PacketView& packet) {
  if (body_.size() < 20) return damaged();
  const std::size_t interface = type_ == kObsoletePacket ? u16(&body_[0]) : u32(&body_[0]);
  if (interface >= interfaces_.size()) return damaged();
  last_time_ =
      time_of(interfaces_[interface], std::uint64_t{u32(&body_[4])} << 32 | u32(&body_[8]));
  return deliver(interface, 20, u32(&body_[12]), u32(&body_[16]), packet);
}

// Simple packet block, section 4.4: of the first interface, without a time of its own.
CaptureReader::Next PcapngReader::simple_packet(net::PacketView& packet) {
  if (body_.size() < 4 || interfaces_.empty()) return damaged();
  const std::uint32_t wire = u32(&body_[0]);
  const std::uint32_t snap = interfaces_[0].snap_length;
  const std::uint32_t captured = snap == 0 ? wire : std::min(wire, snap);
  return deliver(0, 4, captured, wire, packet);
}

CaptureReader::Next PcapngReader::read(net::PacketView& packet) {
  for (;;) {
    switch (read_block()) {
      case Block::read: break;
      case Block::end: return Next::end;
      case Block::cut_off: return cut_off();
      case Block::damaged: return damaged();
    }
    switch (type_) {
      case kSectionHeader:
        if (!section_header()) return damaged();
        break;
      case kInterfaceDescription:
        if (!interface_description()) return damaged();
        break;
      case kObsoletePacket:
      case kEnhancedPacket: return enhanced_packet(packet);
      case kSimplePacket: return simple_packet(packet);
      default: break;  // names, statistics, comments: nothing of a packet
    }
  }
}

}  // namespace chatgate::io
