#include "enforce/dns_answer.h"

#include <algorithm>
#include <array>
#include <optional>

#include "proto/dns.h"

namespace chatgate::enforce {
namespace {

using proto::dns::DnsQuery;
namespace flag = proto::dns::flag;

constexpr std::uint16_t kExtendedErrorOption = 15;   // RFC 8914 section 2
constexpr std::uint16_t kExtendedErrorBlocked = 15;  // RFC 8914 section 4.16
constexpr std::uint16_t kUdpSize = 1232;             // that we would take; DNS flag day 2020
constexpr std::uint16_t kDnssecOk = 0x8000;

std::uint16_t response_code(DnsAnswerKind kind) {
  switch (kind) {
    case DnsAnswerKind::nxdomain: return 3;
  }
  return 3;
}

// RFC 6891 section 6.1.2.
std::array<std::uint8_t, kDnsAnswerGrowth> opt_record(bool dnssec_ok) {
  std::array<std::uint8_t, kDnsAnswerGrowth> record{};  // begins with the root as owner
  store_be16(&record[1], proto::dns::kTypeOpt);
  store_be16(&record[3], kUdpSize);
  store_be16(&record[7], dnssec_ok ? kDnssecOk : std::uint16_t{0});  // version 0 before it
  store_be16(&record[9], 6);                                         // RDLENGTH
  store_be16(&record[11], kExtendedErrorOption);
  store_be16(&record[13], 2);
  store_be16(&record[15], kExtendedErrorBlocked);
  return record;
}

}  // namespace

Bytes answer_dns(DnsAnswerKind kind, Bytes query, MutableBytes buffer) {
  const std::optional<DnsQuery> parsed = proto::dns::parse_dns_query(query);
  if (!parsed || parsed->question_count == 0 || !parsed->self_contained) return {};
  const std::size_t size = parsed->questions_end + (parsed->edns ? kDnsAnswerGrowth : 0);
  if (size > buffer.size()) return {};

  std::copy_n(query.begin(), parsed->questions_end, buffer.begin());
  const auto kept = static_cast<std::uint16_t>(parsed->flags &
                                               (flag::kRecursionDesired | flag::kCheckingDisabled));
  store_be16(&buffer[2], static_cast<std::uint16_t>(flag::kResponse | flag::kRecursionAvailable |
                                                    kept | response_code(kind)));
  store_be16(&buffer[6], 0);                                          // ANCOUNT
  store_be16(&buffer[8], 0);                                          // NSCOUNT
  store_be16(&buffer[10], static_cast<std::uint16_t>(parsed->edns));  // ARCOUNT
  if (parsed->edns) {
    const auto opt = opt_record(parsed->dnssec_ok);
    std::copy(opt.begin(), opt.end(), buffer.begin() + parsed->questions_end);
  }
  return buffer.first(size);
}

}  // namespace chatgate::enforce
