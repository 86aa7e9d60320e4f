// The parts of SIP's text: header fields, their parameters, addresses, start lines; and those of
// MSRP and of MIME's parts, which are written alike.
//
// Source: RFC 3261 sections 7 and 25. Read as tolerantly as servers read: lines end with LF, with
// CR before or not, spaces may stand before a colon, a line that begins with a blank goes on with
// the field before it.
//
// Called by the parsers of proto/sip.h and proto/msrp.h on a worker's thread. Views borrow from the
// text they were made over, texts are copied. No allocation, no state; work is linear in the text.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "proto/messenger.h"

namespace chatgate::proto::sip {

// Fields up to an empty line or the end. Values keep the line ends they were folded at.
class Fields {
 public:
  explicit Fields(std::string_view text) : rest_(text) {}

  // The next line that has a colon; false where there is none.
  bool next();
  std::string_view name() const { return name_; }
  std::string_view value() const { return value_; }
  // What stands behind the empty line.
  std::string_view rest() const { return rest_; }

 private:
  std::string_view take_line();

  std::string_view rest_;
  std::string_view name_;
  std::string_view value_;
};

// Behind the first empty line; npos where there is none. Looks from `from` on.
std::size_t find_head_end(std::string_view text, std::size_t from);

// 'name=value' or 'name="value"' among words that commas, semicolons, blanks or angle brackets
// part; empty where the name stands alone, nothing where it is not there. `name` is in lower case.
std::optional<std::string_view> parameter(std::string_view value, std::string_view name);

// Whether one of the words that commas and blanks part is `word`, which is in lower case.
bool has_word(std::string_view value, std::string_view word);

// Of a field such as From: '"Alice" <sip:alice@example.com;transport=tcp>;tag=1' gives
// sip:alice@example.com;transport=tcp.
std::string_view uri_of(std::string_view value);

// "alice@example.com" of a URI of sip, sips, tel, im, pres, xmpp, mailto or msrp, without password,
// port and parameters; a number of tel alone. Empties `to` where no user is named.
void assign_user(ShortText& to, std::string_view uri);

// Whether `text` is in `where`, in any case of its letters; `text` is in lower case.
bool contains(std::string_view where, std::string_view text);

}  // namespace chatgate::proto::sip
