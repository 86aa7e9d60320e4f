// The input is a DNS message without UDP header, believed to be an answer: reading it, following
// its names and learning from it are safe and bounded, and what was learned was in it.
#include "proto/dns_response.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "check.h"
#include "learn/answers.h"

namespace chatgate::learn {
namespace {

constexpr ApplicationId kApplication{7};
const Time kNow = from_seconds(1'795'000'000);

bool occurs(Bytes message, const IpAddress& address) {
  const auto begin = address.bytes.begin() + (address.is_v4() ? 12 : 0);
  return std::search(message.begin(), message.end(), begin, address.bytes.end()) != message.end();
}

void check_records(Bytes message, const proto::dns::DnsResponse& response) {
  FUZZ_CHECK(response.record_count <= response.records.size());
  FUZZ_CHECK(response.head.question_count > 0);
  for (const auto& record : response.all()) {
    FUZZ_CHECK(record.header.end() <= message.size());
    FUZZ_CHECK(record.owner_at >= response.head.questions_end);
    FUZZ_CHECK(record.owner_hash == proto::dns::name_hash_at(message, record.owner_at));
    const auto address = proto::dns::address_of(message, record);
    const auto target = proto::dns::target_of(message, record);
    const auto binding = proto::dns::binding_of(message, record);
    FUZZ_CHECK(!address || (!target && !binding));
    if (target) FUZZ_CHECK(*target < message.size());
    if (proto::dns::service_of(message, record)) FUZZ_CHECK(target.has_value());
    if (binding) {
      FUZZ_CHECK(binding->ipv4hint.size() % 4 == 0 && binding->ipv6hint.size() % 16 == 0);
      binding->speaks("h3");
    }
  }
}

void check(Bytes message) {
  proto::dns::DnsResponse response;
  if (!proto::dns::parse_dns_response(message, response)) return;
  check_records(message, response);

  unsigned asked = 0;
  const AnswerNames names(message, response, [&](std::string_view name) {
    ++asked;
    catalog::NameMatch match;
    if (!name.empty() && name.size() % 3 == 0) match = {kApplication, catalog::Service::any, true};
    return match;
  });
  FUZZ_CHECK(asked == names.all().size() && asked <= AnswerNames::kMaxNames);
  const auto* hidden = names.hidden();
  FUZZ_CHECK(hidden == nullptr || hidden->own.application == kApplication);

  static LearnedServers table(64, KeyedHash(1));
  table.forget_all();
  LearnQuota quota(1, KeyedHash(1));
  Lesson lesson;
  lesson.now = kNow;
  const Taught taught = teach(names, lesson, table, quota);
  FUZZ_CHECK(taught.added + taught.refreshed + taught.refused <= kMaxAddresses);
  table.for_each(kNow, [&](const LearnedServer& server) {
    FUZZ_CHECK(occurs(message, server.address));
    FUZZ_CHECK(!server.application.valid() || server.application == kApplication);
  });
}

}  // namespace
}  // namespace chatgate::learn

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chatgate::learn::check({data, size});
  return 0;
}
