// Parts of the OSCAR parser (proto/oscar.h) that its files share: TLVs, accounts, capabilities, and
// the readers of what a FLAP frame carries.
//
// Called by oscar*.cpp only. All bytes are borrowed for the call; what does not fit ends the
// reading and leaves what was found by then.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/cursor.h"
#include "proto/facts.h"
#include "proto/messenger.h"

namespace chatgate::proto::oscar {

constexpr std::uint16_t kDefaultPort = 5190;
constexpr std::uint8_t kFlapMark = 0x2a;
constexpr std::size_t kFlapHeader = 6;

// Whose log-in it is: AIM's and ICQ's users are on the same servers, ICQ's names are numbers.
enum class Account : std::uint8_t { unknown, aim, icq };

Account account_of(std::string_view screen_name);
// AIM where nothing tells.
constexpr std::string_view application_of(Account account) {
  return account == Account::icq ? "icq" : "aim";
}
// Of a message on which no name has stood yet.
inline void assume(Messenger& messenger) {
  messenger.assumed = true;
  messenger.alternative = application_of(Account::icq);
}

// Type, length and value, one behind the other.
class Tlvs {
 public:
  explicit Tlvs(Bytes bytes) : cursor_(bytes) {}

  // False at the end, and where the next does not fit.
  bool next() {
    if (cursor_.at_end()) return false;
    type_ = cursor_.be16();
    value_ = cursor_.take(cursor_.be16());
    return cursor_.ok();
  }
  std::uint16_t type() const { return type_; }
  Bytes value() const { return value_; }
  std::string_view text() const { return as_text(value_); }
  std::uint16_t number() const { return value_.size() >= 2 ? load_be16(value_.data()) : 0; }

 private:
  Cursor cursor_;
  std::uint16_t type_ = 0;
  Bytes value_;
};

inline Bytes find_tlv(Bytes bytes, std::uint16_t type) {
  Tlvs tlvs(bytes);
  while (tlvs.next()) {
    if (tlvs.type() == type) return tlvs.value();
  }
  return {};
}

// What a capability is for, by its UUID: `other` where it is not known.
constexpr std::size_t kUuid = 16;
Service service_of_capability(Bytes uuid);

// TLVs of a log-in, either way: screen name, client, and where a log-in leads on to.
void read_login(Bytes tlvs, Messenger& messenger, Account& account);
// What a FLAP frame carries, or the beginning of it.
void read_frame(std::uint8_t channel, Bytes body, Facts& facts, Account& account);
// A SNAC with its header (channel 2).
void read_snac(Bytes snac, Messenger& messenger, Account& account);
// ICBM, family 4, behind the header.
void read_icbm(std::uint16_t subtype, Bytes body, Messenger& messenger);
// A line of TOC.
void read_toc(std::string_view line, Messenger& messenger, Account& account);

}  // namespace chatgate::proto::oscar
