// A reader over borrowed bytes that fails once and stays failed.
//
// Parsers read straight through and ask `ok()` at the end, or wherever a value decides what is read
// next. After a failure every read returns zero or an empty view and the position no longer moves,
// so no check between two reads is needed for safety.
//
// Views returned by `take` borrow from the bytes the cursor was made over. Allocates nothing,
// throws nothing. Threads: a cursor belongs to whoever made it.
#pragma once

#include "base/bytes.h"

namespace chatgate {

class Cursor {
 public:
  explicit Cursor(Bytes bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  std::size_t position() const { return position_; }
  std::size_t remaining() const { return ok_ ? bytes_.size() - position_ : 0; }
  bool at_end() const { return remaining() == 0; }

  std::uint8_t u8() {
    const Bytes field = take(1);
    return field.empty() ? std::uint8_t{0} : field[0];
  }
  std::uint16_t be16() {
    const Bytes field = take(2);
    return field.empty() ? std::uint16_t{0} : load_be16(field.data());
  }
  std::uint32_t be24() {
    const Bytes field = take(3);
    return field.empty() ? 0 : load_be24(field.data());
  }
  std::uint32_t be32() {
    const Bytes field = take(4);
    return field.empty() ? 0 : load_be32(field.data());
  }

  std::uint16_t le16() {
    const Bytes field = take(2);
    return field.empty() ? std::uint16_t{0} : load_le16(field.data());
  }
  std::uint32_t le32() {
    const Bytes field = take(4);
    return field.empty() ? 0 : load_le32(field.data());
  }

  // The next `count` bytes; empty, and the cursor failed, where fewer are left.
  Bytes take(std::size_t count) {
    if (count > remaining()) {
      ok_ = false;
      return {};
    }
    const Bytes field = bytes_.subspan(position_, count);
    position_ += count;
    return field;
  }

  void skip(std::size_t count) { take(count); }

  // All that is left, without moving.
  Bytes rest() const { return ok_ ? bytes_.subspan(position_) : Bytes{}; }

  // A length-prefixed field as a cursor of its own; failed like this one where it does not fit.
  Cursor sub8() { return sub(u8()); }
  Cursor sub16() { return sub(be16()); }
  Cursor sub24() { return sub(be24()); }

  void fail() { ok_ = false; }

 private:
  Cursor sub(std::size_t count) {
    Cursor field(take(count));
    field.ok_ = ok_;
    return field;
  }

  Bytes bytes_;
  std::size_t position_ = 0;
  bool ok_ = true;
};

}  // namespace chatgate
