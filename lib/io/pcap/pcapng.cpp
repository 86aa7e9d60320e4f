#include "io/pcap/pcapng.h"

#include <algorithm>
#include <cstring>

#include "io/pcap/capture_reader.h"
#include "io/pcap/link_type.h"

namespace chatgate::io {
namespace {

constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a;
constexpr std::uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr std::uint32_t kInterfaceDescription = 1;
constexpr std::uint32_t kEnhancedPacket = 6;

// Options, by the block that they stand in.
constexpr std::uint16_t kEnd = 0, kComment = 1;
constexpr std::uint16_t kSectionProgram = 4;
constexpr std::uint16_t kInterfaceName = 2, kInterfaceDescriptionText = 3, kTimeResolution = 9;
constexpr std::uint16_t kPacketFlags = 2;
constexpr std::string_view kNanoseconds("\x09", 1);  // 10^-9

constexpr std::size_t kLongestOption = 65535;

template <typename Number>
void put(std::string& out, Number value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

void pad(std::string& out, std::size_t size) {
  out.append((4 - size % 4) % 4, '\0');
}

// At most so many bytes, cut before a character and not within one.
std::string_view cut(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
  return text.substr(0, most);
}

void put_option(std::string& out, std::uint16_t code, std::string_view value) {
  if (value.empty()) return;
  value = cut(value, kLongestOption);
  put(out, code);
  put(out, static_cast<std::uint16_t>(value.size()));
  out += value;
  pad(out, value.size());
}

void put_end(std::string& out) {
  put(out, kEnd);
  put(out, std::uint16_t{0});
}

// A block whose length stands before and behind what it holds.
class Block {
 public:
  Block(std::string& out, std::uint32_t type) : out_(out), begin_(out.size()) {
    put(out, type);
    put(out, std::uint32_t{0});
  }
  void end() const {
    const auto size = static_cast<std::uint32_t>(out_.size() - begin_ + 4);
    put(out_, size);
    std::memcpy(out_.data() + begin_ + 4, &size, sizeof size);
  }

 private:
  std::string& out_;
  const std::size_t begin_;
};

void describe(std::string& out, const PcapngInterface& interface) {
  const Block block(out, kInterfaceDescription);
  put(out, static_cast<std::uint16_t>(link_type_number(interface.link)));
  put(out, std::uint16_t{0});
  put(out, kMaxCapturedBytes);
  put_option(out, kInterfaceName, interface.name);
  put_option(out, kInterfaceDescriptionText, interface.description);
  put_option(out, kTimeResolution, kNanoseconds);
  put_end(out);
  block.end();
}

void put_comment(std::string& out, const PcapngPacket& packet) {
  if (packet.direction == Direction::unknown && packet.comment.empty()) return;
  put_option(out, kComment, packet.comment);
  if (packet.direction != Direction::unknown) {
    const std::uint32_t flags = packet.direction == Direction::inbound ? 1 : 2;
    char bytes[sizeof flags];
    std::memcpy(bytes, &flags, sizeof flags);
    put_option(out, kPacketFlags, std::string_view(bytes, sizeof flags));
  }
  put_end(out);
}

}  // namespace

void PcapngBlocks::begin(std::string& out, std::string_view program, std::string_view comment) {
  const Block block(out, kSectionHeader);
  put(out, kByteOrderMagic);
  put(out, std::uint16_t{1});
  put(out, std::uint16_t{0});
  put(out, ~std::uint64_t{0});  // length of the section: not given
  if (!program.empty() || !comment.empty()) {
    put_option(out, kComment, comment);
    put_option(out, kSectionProgram, program);
    put_end(out);
  }
  block.end();
}

void PcapngBlocks::add(std::string& out, const PcapngInterface& interface,
                       const PcapngPacket& packet) {
  auto at = std::find(interfaces_.begin(), interfaces_.end(), interface);
  if (at == interfaces_.end()) {
    describe(out, interface);
    at = interfaces_.insert(interfaces_.end(), interface);
  }
  const Block block(out, kEnhancedPacket);
  put(out, static_cast<std::uint32_t>(at - interfaces_.begin()));
  put(out, static_cast<std::uint32_t>(packet.time.nanoseconds >> 32));
  put(out, static_cast<std::uint32_t>(packet.time.nanoseconds));
  put(out, static_cast<std::uint32_t>(packet.bytes.size()));
  put(out, packet.wire_length);
  out.append(reinterpret_cast<const char*>(packet.bytes.data()), packet.bytes.size());
  pad(out, packet.bytes.size());
  put_comment(out, packet);
  block.end();
}

}  // namespace chatgate::io
