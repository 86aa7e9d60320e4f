#include "enforce/dns_strip.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "proto/dns.h"
#include "proto/dns_response.h"

namespace chatgate::enforce {
namespace {

using namespace proto::dns;

constexpr std::size_t kQuestionFields = 4;  // type and class
constexpr std::size_t kPriority = 2;
constexpr std::size_t kParameterHeader = 4;  // key and length
constexpr std::size_t kMaxBindings = 64;     // records with "ech" in one message

// Where a record has its parameter, all positions from the start of the message.
struct Binding {
  std::uint32_t end = 0;        // of the record
  std::uint32_t ech_at = 0;     // of the parameter's key
  std::uint16_t ech_size = 0;   // of its value
  std::uint16_t last_key = 0;   // of the record
  std::uint32_t mandatory = 0;  // of the list's first key; 0: none
  std::uint16_t mandatory_size = 0;

  bool has_ech() const { return ech_at != 0; }
  // Up to the end of the record bytes change.
  std::uint32_t moved_from() const { return mandatory != 0 ? std::min(mandatory, ech_at) : ech_at; }
  // The first key left to private use that comes after all others.
  std::uint32_t new_key() const {
    return std::max<std::uint32_t>(svc_key::kPrivateFirst, last_key + 1u);
  }
};

// A list of keys, each greater than the one before (RFC 9460 section 8).
bool is_ascending(Bytes list) {
  for (std::size_t i = 2; i + 2 <= list.size(); i += 2) {
    if (load_be16(&list[i]) <= load_be16(&list[i - 2])) return false;
  }
  return list.size() % 2 == 0;
}

// Whether the record's data hold "ech" at all, however broken the rest: the check for what must not
// be passed on. Parameters follow each other by their lengths, in whatever order.
std::optional<Binding> read_binding(Bytes message, const RecordHeader& record, bool& in_order) {
  const Bytes data = message.first(record.end());
  in_order = true;
  Binding binding;
  binding.end = record.end();
  if (record.data_size < kPriority) return std::nullopt;
  const auto name_end = skip_name(data, record.data_at + kPriority);
  if (!name_end) return std::nullopt;
  std::size_t at = *name_end;
  int last = -1;
  while (at < data.size()) {
    if (data.size() - at < kParameterHeader) return std::nullopt;
    const std::uint16_t key = load_be16(&data[at]);
    const std::uint16_t size = load_be16(&data[at + 2]);
    if (size > data.size() - at - kParameterHeader) return std::nullopt;
    if (key <= last) in_order = false;
    last = key;
    if (key == svc_key::kEch) {
      binding.ech_at = static_cast<std::uint32_t>(at);
      binding.ech_size = size;
    } else if (key == svc_key::kMandatory) {
      binding.mandatory = static_cast<std::uint32_t>(at + kParameterHeader);
      binding.mandatory_size = size;
      if (!is_ascending(data.subspan(at + kParameterHeader, size))) in_order = false;
    }
    at += kParameterHeader + size;
  }
  binding.last_key = static_cast<std::uint16_t>(std::max(last, 0));
  return binding;
}

void strip_mandatory(MutableBytes message, const Binding& binding) {
  std::uint8_t* list = message.data() + binding.mandatory;
  const std::size_t size = binding.mandatory_size;
  for (std::size_t i = 0; i + 2 <= size; i += 2) {
    if (load_be16(list + i) != svc_key::kEch) continue;
    std::memmove(list + i, list + i + 2, size - i - 2);
    store_be16(list + size - 2, static_cast<std::uint16_t>(binding.new_key()));
    return;
  }
}

void strip_record(MutableBytes message, const Binding& binding) {
  const std::size_t whole = kParameterHeader + binding.ech_size;
  std::uint8_t* at = message.data() + binding.ech_at;
  const std::size_t behind = binding.end - binding.ech_at - whole;
  std::memmove(at, at + whole, behind);
  at += behind;
  store_be16(at, static_cast<std::uint16_t>(binding.new_key()));
  store_be16(at + 2, binding.ech_size);
  std::memset(at + kParameterHeader, 0, binding.ech_size);
  if (binding.mandatory != 0) strip_mandatory(message, binding);
}

class Finder {
 public:
  explicit Finder(Bytes message) : message_(message) {}

  // False where the message cannot be followed, or cannot be stripped.
  bool find(const DnsQuery& head) {
    const Header header(message_);
    std::size_t at = head.questions_end;
    const unsigned count = header.records();
    for (unsigned i = 0; i < count; ++i) {
      if (i == kMaxStripRecords) return empty() && !asks_for_bindings(head);
      const auto owner_end = skip_name(message_, at);
      if (!owner_end) return false;
      const auto record = read_record_header(message_, *owner_end);
      if (!record) return false;
      at = record->end();
      const bool binding = record->type == type::kHttps || record->type == type::kSvcb;
      if (binding && !look_at(*record)) return false;
    }
    return !points_into_parameters(head);
  }

  const Binding* begin() const { return found_.data(); }
  const Binding* end() const { return found_.data() + count_; }
  bool empty() const { return count_ == 0; }

 private:
  static bool asks_for_bindings(const DnsQuery& head) {
    return head.question_count > 1 || head.first_type == type::kHttps ||
           head.first_type == type::kSvcb || head.first_type == type::kAny;
  }

  bool look_at(const RecordHeader& record) {
    bool in_order = true;
    const auto binding = read_binding(message_, record, in_order);
    if (!binding) return false;
    if (!binding->has_ech()) return true;
    if (!in_order || binding->new_key() > svc_key::kPrivateLast || count_ == found_.size()) {
      return false;
    }
    found_[count_++] = *binding;
    return true;
  }

  // Whether any of `size` bytes from `position` on will be moved or overwritten.
  bool is_moved(std::size_t position, std::size_t size) const {
    if (position < kHeaderSize) return true;  // flags change
    // The first record that ends behind the position; they are in the order of the message.
    const Binding* binding = std::partition_point(
        begin(), end(), [&](const Binding& each) { return each.end <= position; });
    return binding != end() && position + size > binding->moved_from();
  }

  // Whether the name of a question or the owner of a record is read from bytes that will change: no
  // server writes that, but names must not change.
  bool points_into_parameters(const DnsQuery& head) const {
    if (empty()) return false;
    std::size_t at = kHeaderSize;
    while (at < head.questions_end) {
      const auto name_end = skip_name(message_, at);
      if (!name_end || leads_into_moved(at)) return true;
      at = *name_end + kQuestionFields;
    }
    const unsigned count = Header(message_).records();  // at most kMaxStripRecords: see find
    for (unsigned i = 0; i < count; ++i) {
      const auto owner_end = skip_name(message_, at);
      if (!owner_end || leads_into_moved(at)) return true;
      const auto record = read_record_header(message_, *owner_end);
      if (!record) return true;
      at = record->end();
    }
    return false;
  }

  bool leads_into_moved(std::size_t at) const {
    std::size_t encoded = 0;
    for (unsigned pointers = 0; pointers < kMaxOwnerPointers && encoded <= kMaxName;) {
      if (at >= message_.size()) return true;
      const std::uint8_t length = message_[at];
      if ((length & 0xc0) == 0xc0) {
        if (at + 2 > message_.size() || is_moved(at, 2)) return true;
        at = load_be16(&message_[at]) & 0x3fff;
        ++pointers;
        continue;
      }
      if (length > 63 || is_moved(at, 1u + length)) return true;
      if (length == 0) return false;
      at += 1u + length;
      encoded += 1u + length;
    }
    return true;
  }

  static constexpr unsigned kMaxOwnerPointers = 16;

  Bytes message_;
  std::size_t count_ = 0;
  std::array<Binding, kMaxBindings> found_;
};

}  // namespace

DnsStripped strip_ech(MutableBytes message) {
  if (message.size() < kHeaderSize) return DnsStripped::nothing;
  const Header header(message);
  if (!header.is_standard_response()) return DnsStripped::nothing;
  const std::optional<DnsQuery> head = parse_dns_response_head(message);
  if (!head) return DnsStripped::impossible;
  Finder finder(message);
  if (!finder.find(*head)) return DnsStripped::impossible;
  if (finder.empty()) return DnsStripped::nothing;
  for (const Binding& binding : finder) strip_record(message, binding);
  store_be16(&message[2], static_cast<std::uint16_t>(header.flags & ~flag::kAuthenticData));
  return DnsStripped::stripped;
}

}  // namespace chatgate::enforce
