// Reads the bytes of one TLS handshake message, in one piece or cut by record headers.
//
// Over a stream of records it reads what they carry as if there were no headers between them, so
// that a message is walked in place however it was cut (RFC 8446 section 5.1). Fails once and stays
// failed, as base/cursor.h does: after a failure every read returns zero.
//
// Borrows the bytes. Allocates nothing, throws nothing. Threads: a reader belongs to its maker.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "base/bytes.h"

namespace chatgate::proto {

class HandshakeReader {
 public:
  static constexpr std::size_t kRecordHeader = 5;

  // A message, or a part of one, without record headers.
  static HandshakeReader in_one_piece(Bytes message) {
    return HandshakeReader(message, message.size(), message.size());
  }

  // `length` bytes that the records of `stream` carry, from the first record's header on. Every
  // header within reach must have been found valid before.
  static HandshakeReader over_records(Bytes stream, std::size_t length) {
    return HandshakeReader(stream, length, 0);
  }

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
  HandshakeReader sub8() { return sub(u8()); }
  HandshakeReader sub16() { return sub(be16()); }
  HandshakeReader sub24() { return sub(be24()); }

  // The same for a length that was read before.
  HandshakeReader sub(std::size_t count) {
    HandshakeReader field = *this;
    field.left_ = std::min(count, left());
    skip(count);
    return field;
  }

  // What is left, where no record header lies within; otherwise empty.
  Bytes in_place() const {
    HandshakeReader at = *this;
    while (at.left() > 0 && at.in_record_ == 0) {
      if (!at.next_record()) return {};
    }
    const std::size_t here = std::min(at.in_record_, stream_.size() - at.position_);
    return at.left() <= here ? stream_.subspan(at.position_, at.left()) : Bytes();
  }

  void fail() { ok_ = false; }

 private:
  HandshakeReader(Bytes stream, std::size_t length, std::size_t in_record)
      : stream_(stream), in_record_(in_record), left_(length) {}

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
  std::size_t position_ = 0;  // in the stream
  std::size_t in_record_;     // bytes of the current record ahead
  std::size_t left_;          // bytes that may still be read
  bool ok_ = true;
};

}  // namespace chatgate::proto
