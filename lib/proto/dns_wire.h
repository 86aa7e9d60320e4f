// The pieces every reader of DNS messages shares: header, names, records (RFC 1035 section 4).
//
// Pure functions over the caller's bytes: no allocation, work bounded by one name or one record.
// Callable on any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace chatgate::proto::dns {

constexpr std::size_t kHeaderSize = 12;
constexpr std::size_t kMaxName = 255;  // as encoded, RFC 1035 section 2.3.4

// Flags word of the header (RFC 1035 section 4.1.1, RFC 4035 section 3.2).
namespace flag {
constexpr std::uint16_t kResponse = 0x8000;
constexpr std::uint16_t kOpcode = 0x7800;
constexpr std::uint16_t kAuthoritative = 0x0400;
constexpr std::uint16_t kTruncated = 0x0200;
constexpr std::uint16_t kRecursionDesired = 0x0100;
constexpr std::uint16_t kRecursionAvailable = 0x0080;
constexpr std::uint16_t kAuthenticData = 0x0020;
constexpr std::uint16_t kCheckingDisabled = 0x0010;
constexpr std::uint16_t kResponseCode = 0x000f;
}  // namespace flag

// IANA's registry of resource record types.
namespace type {
constexpr std::uint16_t kA = 1;
constexpr std::uint16_t kCname = 5;
constexpr std::uint16_t kSoa = 6;
constexpr std::uint16_t kTxt = 16;
constexpr std::uint16_t kAaaa = 28;
constexpr std::uint16_t kSrv = 33;    // RFC 2782
constexpr std::uint16_t kOpt = 41;    // RFC 6891 section 6.1.1
constexpr std::uint16_t kSvcb = 64;   // RFC 9460
constexpr std::uint16_t kHttps = 65;  // RFC 9460
constexpr std::uint16_t kAny = 255;   // of questions only, RFC 8482
}  // namespace type

constexpr std::uint16_t kClassInternet = 1;

struct Header {
  std::uint16_t id;
  std::uint16_t flags;
  std::uint16_t questions;
  std::uint16_t answers;
  std::uint16_t authorities;
  std::uint16_t additionals;

  // `message` holds at least kHeaderSize bytes.
  explicit Header(Bytes message)
      : id(load_be16(message.data())),
        flags(load_be16(message.data() + 2)),
        questions(load_be16(message.data() + 4)),
        answers(load_be16(message.data() + 6)),
        authorities(load_be16(message.data() + 8)),
        additionals(load_be16(message.data() + 10)) {}

  bool is_response() const { return (flags & flag::kResponse) != 0; }
  unsigned opcode() const { return (flags & flag::kOpcode) >> 11; }
  bool is_standard_query() const { return !is_response() && opcode() == 0; }
  bool is_standard_response() const { return is_response() && opcode() == 0; }
  // Query, inverse query, status, notify, update, stateful operations: those assigned by now.
  bool opcode_is_known() const { return opcode() <= 6 && opcode() != 3; }
  unsigned records() const { return unsigned{answers} + authorities + additionals; }
};

// A name in text form: its labels joined by dots; a dot or backslash inside a label is escaped by a
// backslash (RFC 1035 section 5.1). Letters as they came, the root is empty.
class NameText {
 public:
  void add_label(std::string_view label);
  std::string_view view() const { return {text_.data(), size_}; }

 private:
  void push(char c) { text_[size_++] = c; }

  std::array<char, 2 * kMaxName> text_;  // every byte escaped, and the dots
  std::size_t size_ = 0;
};

enum class NameStatus {
  complete,
  cut,     // runs over the end of the message
  broken,  // a label or name too long, a reserved label type, pointers in a circle
};

struct NameEnd {
  NameStatus status;
  std::size_t end = 0;                             // behind the name, or its first pointer
  std::size_t lowest_target = std::size_t{0} - 1;  // of its pointers
  std::size_t reach = 0;                           // how far into the message it was read
};

// Reads the name at `at` (RFC 1035 section 4.1.4), to be joined to `text`. Pointers may lead
// forwards: some servers follow those. After anything but `complete` the text is what came before
// the break.
NameEnd read_name(Bytes message, std::size_t at, NameText& text);

// Where the name at `at` ends, its pointers not followed; nothing where it is cut or broken before.
std::optional<std::size_t> skip_name(Bytes message, std::size_t at);

// Whether the names at both places, which `skip_name` has passed, are one pointer: the same name.
bool same_pointer(Bytes message, std::size_t one, std::size_t other);

// A record behind its owner's name.
struct RecordHeader {
  std::uint16_t type = 0;
  std::uint16_t record_class = 0;
  std::uint32_t ttl = 0;
  std::uint32_t data_at = 0;  // bytes from the start of the message
  std::uint16_t data_size = 0;

  std::uint32_t end() const { return data_at + data_size; }
};

// `at` is behind the owner's name; nothing where the record runs over the message's end.
std::optional<RecordHeader> read_record_header(Bytes message, std::size_t at);

// A hash of a name in which case does not count, and of several with their types. Not keyed: for
// telling names of one message apart, and for comparing an answer's questions with those asked.
class NameHash {
 public:
  void add_name(std::string_view text);
  void add_word(std::uint32_t value);
  std::uint64_t value() const;

 private:
  void add(std::uint64_t word) {
    value_ = (value_ ^ word) * 0x9e3779b97f4a7c15;
    value_ ^= value_ >> 32;
  }

  std::uint64_t value_ = 0xcbf29ce484222325;
};

std::uint64_t hash_of_name(std::string_view text);

}  // namespace chatgate::proto::dns
