// The input is a DNS message without UDP header: what comes out is as long, reads as before but for
// the parameter, and has none left; or it is unchanged.
#include "enforce/dns_strip.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "enforce/dns_answer.h"
#include "proto/dns_response.h"

#include "check.h"

namespace chatgate::enforce {
namespace {

using proto::dns::DnsBinding;
using proto::dns::DnsResponse;

bool same(const std::optional<DnsBinding>& before, const std::optional<DnsBinding>& after) {
  if (before.has_value() != after.has_value()) return false;
  if (!before) return true;
  return before->priority == after->priority && before->port == after->port &&
         std::ranges::equal(before->alpn, after->alpn) &&
         std::ranges::equal(before->ipv4hint, after->ipv4hint) &&
         std::ranges::equal(before->ipv6hint, after->ipv6hint);
}

void check_same_but_for_keys(Bytes before, Bytes after) {
  static DnsResponse was, is;
  const bool parsed = proto::dns::parse_dns_response(before, was);
  FUZZ_CHECK(proto::dns::parse_dns_response(after, is) == parsed);
  if (!parsed) return;
  FUZZ_CHECK(was.record_count == is.record_count);
  FUZZ_CHECK(was.head.question_hash == is.head.question_hash);
  for (std::size_t i = 0; i < was.record_count; ++i) {
    const auto& first = was.records[i];
    const auto& second = is.records[i];
    FUZZ_CHECK(first.owner_hash == second.owner_hash);
    FUZZ_CHECK(first.header.type == second.header.type && first.header.ttl == second.header.ttl);
    const auto binding = binding_of(after, second);
    FUZZ_CHECK(!binding || !binding->ech);
    FUZZ_CHECK(same(binding_of(before, first), binding));
  }
}

void check_replaced(Bytes message) {
  std::vector<std::uint8_t> buffer(message.size() + kDnsAnswerGrowth);
  const Bytes answer = replace_dns_answer(DnsAnswerKind::nodata, message, buffer);
  if (answer.empty()) return;
  const auto asked = proto::dns::parse_dns_response_head(message);
  static DnsResponse parsed;
  FUZZ_CHECK(proto::dns::parse_dns_response(answer, parsed));
  FUZZ_CHECK(parsed.head.id == asked->id && parsed.record_count == 0 && parsed.code() == 0);
  FUZZ_CHECK(parsed.head.question_hash == asked->question_hash);
  FUZZ_CHECK(proto::dns::parse_dns_response_head(answer)->edns == asked->edns);
}

void check(Bytes message) {
  std::vector<std::uint8_t> text(message.begin(), message.end());
  const DnsStripped outcome = strip_ech(text);
  if (outcome == DnsStripped::stripped) {
    check_same_but_for_keys(message, text);
    std::vector<std::uint8_t> again = text;
    FUZZ_CHECK(strip_ech(again) == DnsStripped::nothing);
    FUZZ_CHECK((text[3] & 0x20) == 0);
  } else {
    FUZZ_CHECK(std::ranges::equal(message, text));
  }
  check_replaced(message);
}

}  // namespace
}  // namespace chatgate::enforce

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chatgate::enforce::check({data, size});
  return 0;
}
