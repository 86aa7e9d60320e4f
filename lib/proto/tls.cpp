#include "proto/tls.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace chatgate::proto::tls {
namespace {

constexpr std::uint8_t kHandshakeRecord = 22;  // RFC 8446 section 5.1
constexpr std::uint8_t kVersionMajor = 3;
constexpr std::uint8_t kClientHello = 1;  // RFC 8446 section 4
constexpr std::size_t kRecordHeader = 5;
constexpr std::size_t kMessageHeader = 4;

enum Extension : std::uint16_t { server_name = 0 };  // RFC 8446 section 4.2

constexpr std::uint8_t kHostName = 0;  // RFC 6066 section 3
constexpr std::size_t kNameBuffer = 512;

static_assert(kNameBuffer > HostName::kCapacity + 8, "a longer name must count as cut");

bool valid_record_header(const std::uint8_t* at) {
  return at[0] == kHandshakeRecord && at[1] == kVersionMajor && load_be16(at + 3) <= kMaxRecord;
}

// Reads the bytes that the records of a stream carry as if there were no record headers between
// them. Fails once and stays failed, as base/cursor.h does. Every header within its reach must have
// been found valid before.
class RecordReader {
 public:
  RecordReader(Bytes stream, std::size_t length) : stream_(stream), left_(length) {}

  bool ok() const { return ok_; }
  std::size_t left() const { return ok_ ? left_ : 0; }

  std::uint8_t u8() {
    std::uint8_t value = 0;
    read(MutableBytes(&value, 1));
    return value;
  }
  std::uint16_t be16() {
    std::array<std::uint8_t, 2> field{};
    read(field);
    return load_be16(field.data());
  }
  std::uint32_t be24() {
    std::array<std::uint8_t, 3> field{};
    read(field);
    return load_be24(field.data());
  }

  void skip(std::size_t count) { advance(count, nullptr); }
  void read(MutableBytes out) { advance(out.size(), out.data()); }

  // A length-prefixed field as a reader of its own; this one moves behind it. Where fewer bytes are
  // left than the prefix says, the field is what is left and this reader has failed.
  RecordReader sub8() { return sub(u8()); }
  RecordReader sub16() { return sub(be16()); }

 private:
  RecordReader sub(std::size_t count) {
    RecordReader field = *this;
    field.left_ = std::min(count, left());
    skip(count);
    return field;
  }

  void advance(std::size_t count, std::uint8_t* out) {
    if (count > left()) {
      ok_ = false;
      return;
    }
    left_ -= count;
    while (count > 0) {
      if (in_record_ == 0) {
        if (!next_record()) return;
        continue;
      }
      const std::size_t piece = std::min(count, in_record_);
      if (piece > stream_.size() - position_) {
        ok_ = false;
        return;
      }
      if (out != nullptr) {
        std::memcpy(out, stream_.data() + position_, piece);
        out += piece;
      }
      position_ += piece;
      in_record_ -= piece;
      count -= piece;
    }
  }

  bool next_record() {
    if (stream_.size() - position_ < kRecordHeader) {
      ok_ = false;
      return false;
    }
    in_record_ = load_be16(stream_.data() + position_ + 3);
    position_ += kRecordHeader;
    return true;
  }

  Bytes stream_;
  std::size_t position_ = 0;   // in the stream
  std::size_t in_record_ = 0;  // bytes of the current record ahead
  std::size_t left_;           // bytes that may still be read
  bool ok_ = true;
};

// RFC 6066 section 3: a list of names, each with its kind.
bool read_server_names(RecordReader extension, Facts& facts) {
  RecordReader list = extension.sub16();
  while (list.left() > 0) {
    const std::uint8_t kind = list.u8();
    RecordReader name = list.sub16();
    if (kind != kHostName || !list.ok()) continue;
    std::array<std::uint8_t, kNameBuffer> text;
    const MutableBytes shown(text.data(), std::min(name.left(), text.size()));
    name.read(shown);
    if (name.ok()) facts.add_name(NameSource::tls_sni, as_text(shown));
  }
  return extension.ok() && list.ok();
}

// One extension; another kind to be read is another case.
bool read_extension(std::uint16_t type, RecordReader body, Facts& facts) {
  switch (type) {
    case Extension::server_name: return read_server_names(body, facts);
    default: return true;
  }
}

// RFC 8446 section 4.1.2. Adds to the facts as it goes; false where the hello is broken.
bool read_client_hello(RecordReader hello, Facts& facts) {
  hello.skip(kMessageHeader);
  hello.skip(2 + 32);  // legacy_version, random
  hello.sub8();        // legacy_session_id
  hello.sub16();       // cipher_suites
  hello.sub8();        // legacy_compression_methods
  if (!hello.ok()) return false;
  if (hello.left() == 0) return true;  // TLS 1.2 and before: extensions may be missing

  bool sound = true;
  RecordReader extensions = hello.sub16();
  while (extensions.left() > 0) {
    const std::uint16_t type = extensions.be16();
    const RecordReader body = extensions.sub16();
    sound = read_extension(type, body, facts) && sound;
  }
  return sound && extensions.ok() && hello.ok();
}

// What has been learned of the records so far; packed into ParserState.
struct Progress {
  std::uint32_t next_header;    // offset of the first record that is not complete
  std::uint32_t message_bytes;  // handshake bytes in the records before it
  std::uint32_t empty_records;

  static Progress unpacked(const ParserState& state) {
    return {state.offset, state.mark & 0x00ffffff, state.mark >> 24};
  }
  void pack(ParserState& state) const {
    state.offset = next_header;
    state.mark = empty_records << 24 | message_bytes;
  }
};

static_assert(kByteLimit <= 0x00ffffff && kMaxEmptyRecords < 0xff, "Progress is packed");

// Length of the handshake message with its header, or 0 where that header is not complete yet.
// Walks at most four records that are not empty.
std::size_t message_length(Bytes stream, std::size_t available) {
  if (available < kMessageHeader) return 0;
  RecordReader reader(stream, available);
  reader.skip(1);
  return kMessageHeader + reader.be24();
}

ParseStatus finish(Bytes stream, std::size_t readable, bool whole, Facts& facts) {
  facts.protocol = AppProto::tls;
  const bool sound = read_client_hello(RecordReader(stream, readable), facts);
  return sound && whole ? ParseStatus::done : ParseStatus::malformed;
}

}  // namespace

Probe probe(Bytes stream) {
  std::size_t at = 0;
  for (std::uint32_t record = 0; record <= kMaxEmptyRecords; ++record) {
    const Bytes rest = stream.subspan(at);
    if (rest.size() > 0 && rest[0] != kHandshakeRecord) return Probe::not_mine;
    if (rest.size() > 1 && rest[1] != kVersionMajor) return Probe::not_mine;
    if (rest.size() < kRecordHeader) return Probe::unsure;
    if (!valid_record_header(rest.data())) return Probe::not_mine;
    if (load_be16(rest.data() + 3) == 0) {
      at += kRecordHeader;
      continue;
    }
    if (rest.size() == kRecordHeader) return Probe::unsure;
    return rest[kRecordHeader] == kClientHello ? Probe::certain : Probe::not_mine;
  }
  return Probe::certain;  // nothing else sends so many empty records; `feed` refuses them
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  stream = stream.first(std::min<std::size_t>(stream.size(), kByteLimit));
  Progress progress = Progress::unpacked(state);
  std::size_t message = 0;  // its length, once its header is complete
  while (true) {
    const Bytes rest = stream.subspan(progress.next_header);
    const bool header_seen = rest.size() >= kRecordHeader;
    std::size_t length = 0;
    std::size_t here = 0;
    if (header_seen) {
      if (!valid_record_header(rest.data())) {
        return progress.next_header == 0 ? ParseStatus::not_mine
                                         : finish(stream, progress.message_bytes, false, facts);
      }
      length = load_be16(rest.data() + 3);
      here = std::min(length, rest.size() - kRecordHeader);
    }

    const std::size_t available = progress.message_bytes + here;
    if (message == 0 && available > 0) {
      if (RecordReader(stream, available).u8() != kClientHello) return ParseStatus::not_mine;
      message = message_length(stream, available);
    }
    const std::size_t wanted = std::min(message, kMessageHeader + std::size_t{kMaxHello});
    if (wanted > 0 && available >= wanted) {
      return finish(stream, wanted, wanted == message, facts);
    }
    if (stream.size() >= kByteLimit && (!header_seen || here < length)) {
      return finish(stream, available, false, facts);
    }
    if (!header_seen || here < length) break;

    progress.next_header += static_cast<std::uint32_t>(kRecordHeader + length);
    progress.message_bytes += static_cast<std::uint32_t>(length);
    if (length == 0 && ++progress.empty_records > kMaxEmptyRecords) {
      return finish(stream, progress.message_bytes, false, facts);
    }
  }
  progress.pack(state);
  return ParseStatus::need_more;
}

}  // namespace chatgate::proto::tls
