#include "proto/dns_form.h"

#include "proto/dns_wire.h"

namespace chatgate::proto::dns {
namespace {

constexpr std::uint16_t kZ = 0x0040;
constexpr std::size_t kTypeAndClass = 4;

bool has_sound_header(const Header& header) {
  if (!header.opcode_is_known() || (header.flags & kZ) != 0) return false;
  if (header.opcode() != 0) return true;
  if (header.questions > 1) return false;
  return header.is_response() || ((header.flags & flag::kResponseCode) == 0 &&
                                  header.answers == 0 && header.authorities <= 1);
}

}  // namespace

bool is_well_formed(Bytes message) {
  if (message.size() < kHeaderSize) return false;
  const Header header(message);
  if (!has_sound_header(header)) return false;
  const bool may_be_cut = header.is_response() && (header.flags & flag::kTruncated) != 0;
  std::size_t at = kHeaderSize;
  const unsigned questions = header.questions;
  for (unsigned i = 0; i < questions + header.records(); ++i) {
    NameText name;
    const NameEnd owner = read_name(message, at, name);
    if (owner.status == NameStatus::broken) return false;
    if (owner.status == NameStatus::cut) return may_be_cut;
    if (i < questions) {
      at = owner.end + kTypeAndClass;
    } else {
      const auto record = read_record_header(message, owner.end);
      if (!record) return may_be_cut;
      at = record->end();
    }
    if (at > message.size()) return may_be_cut;
  }
  return at == message.size();
}

}  // namespace chatgate::proto::dns
