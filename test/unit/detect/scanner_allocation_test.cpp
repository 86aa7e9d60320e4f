// Scanning takes nothing from the heap, whatever it meets.
#include <gtest/gtest.h>

#include "allocation_count.h"
#include "scan.h"

namespace chatgate::detect {
namespace {

TEST(Allocation, NoneInAScan) {
  std::string rules =
      rule(1, R"(flowbits:set,a; content:"abc";)") +
      rule(2, R"(flowbits:isset,a; content:"c"; pcre:"/c(d+)e/";)") +
      rule(3, R"(content:"x"; xbits:set,b,track ip_pair,expire 5;)") +
      rule(4, R"(content:"y"; threshold:type both,track by_both,count 2,seconds 5;)") +
      rule(5, R"(content:"y"; detection_filter:track by_dst,count 2,seconds 5;)") +
      rule(6, R"(pcre:"/[0-9]+/";)") + rule(7, R"(http.uri; to_lowercase; content:"/chat";)");
  for (std::uint32_t sid = 100; sid < 1500; ++sid)
    rules += rule(sid, R"(content:"z"; isdataat:9000;)");
  Diagnostics findings;
  const auto signatures = compile(rules, findings);
  Scanner scanner(WorkerId(0), Scanner::Limits());
  FlowMemory flow;
  std::string text;
  for (int i = 0; i < 100; ++i) text += "abcddde x y z 123 /CHAT";
  std::size_t hit_count = 0;
  const std::size_t before = allocation_count();
  for (std::uint32_t round = 0; round < 5; ++round) {
    LookState state;
    for (std::size_t size = 1; size <= text.size(); size += 7) {
      Hits hits;
      Buffers buffers;
      buffers.set(Buffer::payload, as_bytes(text).first(size), false);
      if (size > 500) buffers.set(Buffer::http_uri, as_bytes("/Chat/send"));
      Subject subject = client_of(80);
      subject.source_port = static_cast<std::uint16_t>(round);
      subject.now = from_seconds(1'000'000 + round);
      scanner.scan(*signatures, subject, buffers, state, &flow, hits);
      hit_count += hits.count;
      scanner.concerns(*signatures, subject);
    }
  }
  EXPECT_EQ(allocation_count(), before);
  EXPECT_GT(hit_count, 10u);
  EXPECT_GT(scanner.dropped(), 0u);
}

}  // namespace
}  // namespace chatgate::detect
