// The header fields of one HTTP/1 message, as rules see them: the lines normalised, the names, and
// the values of the fields that have a buffer of their own.
//
// Called by HttpView on a worker's thread, once for each head. Memory is taken by the constructor;
// work is linear in the head. Views are good until the next read.
//
// Tolerant as servers are (RFC 9112 section 5): lines end with LF, CRs before it do not count;
// blanks around name and value do not, and every control character is one; a line that begins with
// a blank continues the one before, and is joined to it by one. A line without ":" is kept as it is
// in `lines`, and is no field. Fields of the same name are joined by ", ", cookies by "; ". Of
// fields that have a buffer the first kMaxFields are told apart; `lines` and `names` have all.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "detect/scratch.h"

namespace chatgate::detect {

// The fields that are told apart.
enum class Field : std::uint8_t {
  host,
  user_agent,
  referer,
  accept,
  accept_encoding,
  accept_language,
  content_type,
  content_length,
  connection,
  server,
  location,
  cookie,  // Set-Cookie in a response
  transfer_encoding,
  content_encoding,
};

class HttpFields {
 public:
  static constexpr std::size_t kMaxFields = 64;

  // For heads of at most `capacity` bytes.
  explicit HttpFields(std::size_t capacity);

  // `fields`: from the first field to the blank line at the end or what there is of it. `line`: the
  // request or status line before them.
  void read(std::string_view line, std::string_view fields, bool request);

  // Whether there was one; its value, joined and unfolded, or as it was sent.
  bool has(Field field) const;
  std::string_view value(Field field);
  std::string_view raw_value(Field field);
  // Of Host: in lower case, without user, port and dots at its end.
  std::string_view host();

  std::string_view lines() const { return lines_.since(0); }  // without cookies
  std::string_view names() const { return names_.since(0); }  // empty where there is no field
  std::string_view start() const { return start_.since(0); }  // `line` and all fields

  // A host as above, of the authority that a target names.
  std::string_view host_of(std::string_view authority);

  // Of the texts; the object itself aside.
  std::size_t memory() const;

 private:
  struct Occurrence {
    Field field;
    std::string_view value;
    std::string_view raw;
  };

  void add(std::string_view name, std::string_view raw, bool request);
  void add_host(std::string_view authority);
  template <typename Part>
  std::string_view joined(Field field, Part part);

  Scratch start_;
  Scratch lines_;
  Scratch names_;
  Scratch joined_;
  std::size_t count_ = 0;
  std::array<Occurrence, kMaxFields> occurrences_;
};

}  // namespace chatgate::detect
