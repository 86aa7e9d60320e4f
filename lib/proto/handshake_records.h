// The records of a TLS stream that carry one handshake message after another in the clear, looked
// at header by header as the stream grows (RFC 8446 section 5.1).
//
// Holds what was learned between two calls in a ParserState: `offset` is the first record that is
// not complete, `mark` the handshake bytes before it and the number of empty records. So each
// header is looked at once, but for that of the record at the end.
//
// Used by proto/tls and proto/tls_server within one call, on a worker's thread. Borrows the bytes.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/bytes.h"
#include "proto/handshake_reader.h"
#include "proto/parser.h"

namespace chatgate::proto {

class HandshakeRecords {
 public:
  static constexpr std::size_t kHeader = HandshakeReader::kRecordHeader;
  static constexpr std::uint8_t kHandshake = 22;
  static constexpr std::uint8_t kVersionMajor = 3;  // the minor is not looked at: servers do not
  static constexpr std::uint32_t kMaxRecord = 16384 + 256;
  static constexpr std::uint32_t kMaxEmptyRecords = 32;
  static constexpr std::uint32_t kMaxStream = 0x00ffffff;

  enum class Look {
    no_header,  // fewer bytes than a record's header are left
    foreign,    // another kind of record, or none
    cut,        // some of the record is here
    whole,
  };

  static bool valid_header(const std::uint8_t* at) {
    return at[0] == kHandshake && at[1] == kVersionMajor && load_be16(at + 3) <= kMaxRecord;
  }

  // A stream of at most kMaxStream bytes.
  HandshakeRecords(Bytes stream, const ParserState& state)
      : stream_(stream),
        next_header_(state.offset),
        complete_bytes_(state.mark & kMaxStream),
        empty_records_(state.mark >> 24) {}

  // At the record after those that are complete.
  Look look() {
    const Bytes rest = stream_.subspan(next_header_);
    length_ = 0;
    here_ = 0;
    if (rest.size() < kHeader) return Look::no_header;
    if (!valid_header(rest.data())) return Look::foreign;
    length_ = load_be16(rest.data() + 3);
    here_ = std::min<std::size_t>(length_, rest.size() - kHeader);
    return here_ == length_ ? Look::whole : Look::cut;
  }

  // Behind a record that is whole. False where there have been too many empty ones.
  bool next() {
    next_header_ += static_cast<std::uint32_t>(kHeader + length_);
    complete_bytes_ += length_;
    return length_ > 0 || ++empty_records_ <= kMaxEmptyRecords;
  }

  void store(ParserState& state) const {
    state.offset = next_header_;
    state.mark = empty_records_ << 24 | complete_bytes_;
  }

  bool at_start() const { return next_header_ == 0; }
  // Handshake bytes there are, those of the record last looked at included.
  std::size_t available() const { return complete_bytes_ + here_; }
  // Where the record last looked at ends.
  std::size_t record_end() const { return next_header_ + kHeader + length_; }
  // The first `count` of the bytes available.
  HandshakeReader reader(std::size_t count) const {
    return HandshakeReader::over_records(stream_, count);
  }

 private:
  Bytes stream_;
  std::uint32_t next_header_;     // offset of the first record that is not complete
  std::uint32_t complete_bytes_;  // handshake bytes in the records before it
  std::uint32_t empty_records_;
  std::uint32_t length_ = 0;  // of the record last looked at, and how much of it is here
  std::size_t here_ = 0;
};

static_assert(HandshakeRecords::kMaxEmptyRecords < 0xff, "the count is packed into eight bits");

}  // namespace chatgate::proto
