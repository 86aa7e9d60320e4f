#include "enforce/dns_answer.h"

#include <algorithm>
#include <array>

#include "proto/dns.h"

namespace chatgate::enforce {
namespace {

using proto::dns::DnsQuery;
namespace flag = proto::dns::flag;
namespace type = proto::dns::type;

constexpr std::uint16_t kExtendedErrorOption = 15;   // RFC 8914 section 2
constexpr std::uint16_t kExtendedErrorBlocked = 15;  // RFC 8914 section 4.16
constexpr std::uint16_t kUdpSize = 1232;             // that we would take; DNS flag day 2020
constexpr std::uint16_t kDnssecOk = 0x8000;

constexpr std::size_t kRecordHeader = 12;  // with a pointer for the owner
constexpr std::size_t kAddress4 = kRecordHeader + 4;
constexpr std::size_t kAddress6 = kRecordHeader + 16;
constexpr std::size_t kOpt = 17;
// MNAME and RNAME are the root: nobody is to be asked or written to.
constexpr std::size_t kSoa = kRecordHeader + 2 + 5 * 4;
static_assert(kDnsAnswerGrowth == kAddress4 + kAddress6 + kOpt);
static_assert(kSoa <= kAddress4 + kAddress6);

std::uint16_t response_code(DnsAnswerKind kind) {
  switch (kind) {
    case DnsAnswerKind::nxdomain: return 3;
    case DnsAnswerKind::refused: return 5;
    case DnsAnswerKind::nodata:
    case DnsAnswerKind::address: return 0;
  }
  return 3;
}

// Appends records to a message that ends with its questions. The caller has made sure of the room.
class Writer {
 public:
  Writer(MutableBytes buffer, std::size_t at, std::uint16_t record_class)
      : buffer_(buffer), at_(at), class_(record_class) {}

  // `data` begins `from` bytes into the 16 of the address.
  void add_address(std::uint16_t record_type, const IpAddress& address, std::size_t from) {
    const std::size_t size = address.bytes.size() - from;
    begin(record_type, size);
    std::copy_n(address.bytes.begin() + static_cast<std::ptrdiff_t>(from), size,
                buffer_.begin() + static_cast<std::ptrdiff_t>(at_));
    at_ += size;
  }

  // RFC 1035 section 3.3.13.
  void add_soa() {
    begin(type::kSoa, kSoa - kRecordHeader);
    constexpr std::uint32_t kFields[] = {1,      // serial
                                         3600,   // refresh, of which nobody makes use
                                         600,    // retry
                                         86400,  // expire
                                         kDnsAnswerTtl};
    store_be16(&buffer_[at_], 0);
    at_ += 2;
    for (const std::uint32_t field : kFields) {
      store_be32(&buffer_[at_], field);
      at_ += 4;
    }
  }

  // RFC 6891 section 6.1.2.
  void add_opt(bool dnssec_ok) {
    std::array<std::uint8_t, kOpt> record{};  // begins with the root as owner
    store_be16(&record[1], type::kOpt);
    store_be16(&record[3], kUdpSize);
    store_be16(&record[7], dnssec_ok ? kDnssecOk : std::uint16_t{0});  // version 0 before it
    store_be16(&record[9], 6);                                         // RDLENGTH
    store_be16(&record[11], kExtendedErrorOption);
    store_be16(&record[13], 2);
    store_be16(&record[15], kExtendedErrorBlocked);
    std::copy(record.begin(), record.end(), buffer_.begin() + static_cast<std::ptrdiff_t>(at_));
    at_ += record.size();
  }

  std::size_t size() const { return at_; }

 private:
  void begin(std::uint16_t record_type, std::size_t data_size) {
    constexpr std::uint16_t kFirstQuestion = 0xc000 | proto::dns::kHeaderSize;  // a pointer
    store_be16(&buffer_[at_], kFirstQuestion);
    store_be16(&buffer_[at_ + 2], record_type);
    store_be16(&buffer_[at_ + 4], class_);
    store_be32(&buffer_[at_ + 6], kDnsAnswerTtl);
    store_be16(&buffer_[at_ + 10], static_cast<std::uint16_t>(data_size));
    at_ += kRecordHeader;
  }

  MutableBytes buffer_;
  std::size_t at_;
  std::uint16_t class_;
};

// Which records an answer has.
struct Content {
  bool ipv4 = false;
  bool ipv6 = false;
  bool soa = false;

  Content(const DnsAnswer& answer, const DnsQuery& question) {
    const bool any = question.first_type == type::kAny;
    if (answer.kind == DnsAnswerKind::address &&
        question.first_class == proto::dns::kClassInternet) {
      ipv4 = answer.ipv4.has_value() && (any || question.first_type == type::kA);
      ipv6 = answer.ipv6.has_value() && (any || question.first_type == type::kAaaa);
    }
    soa = response_code(answer.kind) == 0 && !ipv4 && !ipv6;
  }

  std::size_t size() const {
    return (ipv4 ? kAddress4 : 0) + (ipv6 ? kAddress6 : 0) + (soa ? kSoa : 0);
  }
};

Bytes write_answer(const DnsAnswer& answer, const std::optional<DnsQuery>& question, Bytes message,
                   MutableBytes buffer) {
  if (!question || question->question_count == 0 || !question->self_contained) return {};
  const Content content(answer, *question);
  const std::size_t size = question->questions_end + content.size() + (question->edns ? kOpt : 0);
  if (size > buffer.size()) return {};

  std::copy_n(message.begin(), question->questions_end, buffer.begin());
  const auto kept = static_cast<std::uint16_t>(question->flags &
                                               (flag::kRecursionDesired | flag::kCheckingDisabled));
  store_be16(&buffer[2], static_cast<std::uint16_t>(flag::kResponse | flag::kRecursionAvailable |
                                                    kept | response_code(answer.kind)));
  store_be16(&buffer[6], static_cast<std::uint16_t>(content.ipv4 + content.ipv6));  // ANCOUNT
  store_be16(&buffer[8], static_cast<std::uint16_t>(content.soa));                  // NSCOUNT
  store_be16(&buffer[10], static_cast<std::uint16_t>(question->edns));              // ARCOUNT

  // Of a question for any class the records are of class IN.
  const std::uint16_t record_class =
      question->first_class == 255 ? proto::dns::kClassInternet : question->first_class;
  Writer writer(buffer, question->questions_end, record_class);
  if (content.ipv4) writer.add_address(type::kA, *answer.ipv4, 12);
  if (content.ipv6) writer.add_address(type::kAaaa, *answer.ipv6, 0);
  if (content.soa) writer.add_soa();
  if (question->edns) writer.add_opt(question->dnssec_ok);
  return buffer.first(writer.size());
}

}  // namespace

Bytes answer_dns(const DnsAnswer& answer, Bytes query, MutableBytes buffer) {
  return write_answer(answer, proto::dns::parse_dns_query(query), query, buffer);
}

Bytes replace_dns_answer(const DnsAnswer& answer, Bytes response, MutableBytes buffer) {
  return write_answer(answer, proto::dns::parse_dns_response_head(response), response, buffer);
}

}  // namespace chatgate::enforce
