// The input is a DNS query without UDP header.
#include "enforce/dns_answer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "proto/dns.h"

#include "check.h"

namespace chatgate::enforce {
namespace {

constexpr std::size_t kOpt = 17;

int code_of(DnsAnswerKind kind) {
  return kind == DnsAnswerKind::nxdomain ? 3 : kind == DnsAnswerKind::refused ? 5 : 0;
}

void check_answer(const DnsAnswer& kind, Bytes query) {
  std::vector<std::uint8_t> buffer(query.size() + kDnsAnswerGrowth);
  const Bytes answer = answer_dns(kind, query, buffer);
  if (answer.empty()) return;

  const auto parsed = proto::dns::parse_dns_query(query);
  FUZZ_CHECK(parsed.has_value() && parsed->question_count > 0);
  const std::size_t end = parsed->questions_end;
  FUZZ_CHECK(std::equal(answer.begin(), answer.begin() + 2, query.begin()));
  FUZZ_CHECK(answer.size() <= end + kDnsAnswerGrowth - (parsed->edns ? 0 : kOpt));
  FUZZ_CHECK(std::equal(query.begin() + 12, query.begin() + static_cast<std::ptrdiff_t>(end),
                        answer.begin() + 12));
  const unsigned answers = load_be16(&answer[6]), authorities = load_be16(&answer[8]);
  FUZZ_CHECK(load_be16(&answer[4]) == parsed->question_count);
  FUZZ_CHECK(load_be16(&answer[10]) == (parsed->edns ? 1 : 0));
  FUZZ_CHECK((answer[2] & 0x80) != 0 && (answer[3] & 0x0f) == code_of(kind.kind));
  FUZZ_CHECK(code_of(kind.kind) == 0 ? (answers > 0) != (authorities == 1)
                                     : answers + authorities == 0);

  // Read back as if it were a query it has the same questions, and OPT where it belongs, behind all
  // other records.
  std::vector<std::uint8_t> read_back(answer.begin(), answer.end());
  read_back[2] &= 0x7f;
  const auto again = proto::dns::parse_dns_query(read_back);
  FUZZ_CHECK(again.has_value() && again->self_contained);
  FUZZ_CHECK(again->questions_end == end && again->question_hash == parsed->question_hash);
  FUZZ_CHECK(again->edns == parsed->edns && again->dnssec_ok == parsed->dnssec_ok);

  std::vector<std::uint8_t> exact(answer.size());
  FUZZ_CHECK(answer_dns(kind, query, exact).size() == exact.size());
  std::vector<std::uint8_t> small(answer.size() - 1);
  FUZZ_CHECK(answer_dns(kind, query, small).empty());
}

void check_answers(Bytes query) {
  const DnsAnswer address(IpAddress::parse("192.0.2.80"), IpAddress::parse("2001:db8::80"));
  for (const DnsAnswer& kind :
       {DnsAnswer(DnsAnswerKind::nxdomain), DnsAnswer(DnsAnswerKind::refused),
        DnsAnswer(DnsAnswerKind::nodata), address}) {
    check_answer(kind, query);
  }
}

}  // namespace
}  // namespace chatgate::enforce

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chatgate::enforce::check_answers({data, size});
  return 0;
}
