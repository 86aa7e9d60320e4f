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

void check_answer(Bytes query) {
  std::vector<std::uint8_t> buffer(query.size() + kDnsAnswerGrowth);
  const Bytes answer = answer_dns(DnsAnswerKind::nxdomain, query, buffer);
  if (answer.empty()) return;

  const auto parsed = proto::dns::parse_dns_query(query);
  FUZZ_CHECK(parsed.has_value() && parsed->question_count > 0);
  FUZZ_CHECK(std::equal(answer.begin(), answer.begin() + 2, query.begin()));
  FUZZ_CHECK(answer.size() == parsed->questions_end + (parsed->edns ? kDnsAnswerGrowth : 0));
  FUZZ_CHECK(
      std::equal(query.begin() + 12, query.begin() + parsed->questions_end, answer.begin() + 12));
  FUZZ_CHECK(load_be16(&answer[4]) == parsed->question_count);
  FUZZ_CHECK(load_be16(&answer[6]) == 0 && load_be16(&answer[8]) == 0);
  FUZZ_CHECK(load_be16(&answer[10]) == (parsed->edns ? 1 : 0));

  // Read back as if it were a query it has the same questions, and OPT where it belongs.
  std::vector<std::uint8_t> read_back(answer.begin(), answer.end());
  FUZZ_CHECK((read_back[2] & 0x80) != 0 && (read_back[3] & 0x0f) == 3);
  read_back[2] &= 0x7f;
  const auto again = proto::dns::parse_dns_query(read_back);
  FUZZ_CHECK(again.has_value() && again->self_contained);
  FUZZ_CHECK(again->questions_end == parsed->questions_end);
  FUZZ_CHECK(again->edns == parsed->edns && again->dnssec_ok == parsed->dnssec_ok);

  std::vector<std::uint8_t> exact(answer.size());
  FUZZ_CHECK(answer_dns(DnsAnswerKind::nxdomain, query, exact).size() == exact.size());
  std::vector<std::uint8_t> small(answer.size() - 1);
  FUZZ_CHECK(answer_dns(DnsAnswerKind::nxdomain, query, small).empty());
}

}  // namespace
}  // namespace chatgate::enforce

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chatgate::enforce::check_answer({data, size});
  return 0;
}
