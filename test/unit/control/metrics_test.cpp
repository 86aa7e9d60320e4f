// Metrics as text: every counter stands there with its help, and names cannot break a line.
#include "control/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_gateway.h"

namespace chatgate::control {
namespace {

using telemetry::Counter;
using telemetry::Reason;
using ::testing::HasSubstr;
using ::testing::Not;

struct Metrics {
  control::testing::FakeGateway gateway;
  CounterView view{gateway.counters(), 1};

  std::string text(const telemetry::EventWriter* events = nullptr) const {
    return metrics_text({gateway, view, events, from_seconds(1'795'000'000)});
  }
};

TEST(Metrics, EveryCounterHasItsHelpAndASampleAWorker) {
  Metrics metrics;
  const std::string text = metrics.text();
  for (const telemetry::CounterInfo& info : telemetry::counters()) {
    std::string name = "chatgate_" + std::string(info.word);
    std::replace(name.begin(), name.end(), '-', '_');
    if (!info.word.ends_with("-active")) name += "_total";
    EXPECT_THAT(text, HasSubstr("# HELP " + name + " " + std::string(info.help) + "\n"));
    EXPECT_THAT(text, HasSubstr("\n" + name + "{worker=\"0\"} "));
    EXPECT_THAT(text, HasSubstr("\n" + name + "{worker=\"1\"} "));
  }
  for (const telemetry::ReasonInfo& info : telemetry::reasons()) {
    if (info.word == "none") continue;
    EXPECT_THAT(text, HasSubstr("reason=\"" + std::string(info.word) + "\"} 0\n"));
  }
}

TEST(Metrics, FiguresAreThoseOfTheWorkersWhateverWasCleared) {
  Metrics metrics;
  metrics.gateway.worker(0).add(Counter::packets, 40);
  metrics.gateway.worker(1).add(Counter::packets, 2);
  metrics.gateway.worker(1).set(Counter::flows_active, 7);
  metrics.gateway.worker(1).add(Reason::policy_reset, 3);
  metrics.gateway.worker(0).add_application(control::testing::kWhatsapp.value(),
                                            catalog::Evidence::tls_sni, true);
  metrics.gateway.worker(1).add_application(control::testing::kWhatsapp.value(),
                                            catalog::Evidence::tls_sni, true);
  metrics.gateway.worker(1).add_rule(1, RuleId(1));
  metrics.gateway.worker(0).add_rule(1, RuleId());
  const std::string hits = metrics.text();
  metrics.view.clear(from_seconds(2), 0);
  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("chatgate_packets_total{worker=\"0\"} 40\n"));
  EXPECT_THAT(text, HasSubstr("chatgate_packets_total{worker=\"1\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE chatgate_flows_active gauge\n"));
  EXPECT_THAT(text, HasSubstr("chatgate_flows_active{worker=\"1\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("chatgate_reasons_total{worker=\"1\",reason=\"policy-reset\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("{application=\"whatsapp\",category=\"mobile-messenger\","
                              "verdict=\"blocked\"} 2\n"));
  EXPECT_THAT(hits, HasSubstr("chatgate_rule_hits_total{position=\"2\",rule=\"no public IM\","
                              "action=\"reset\"} 1\n"));
  EXPECT_THAT(hits, HasSubstr("{position=\"0\",rule=\"default\",action=\"allow\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("process_start_time_seconds 1795000000\n"));
  EXPECT_THAT(text, Not(HasSubstr("event_sink")));
}

TEST(Metrics, SinksSayWhatTheyLost) {
  Metrics metrics;
  Diagnostics findings;
  std::vector<std::unique_ptr<telemetry::Sink>> sinks;
  sinks.push_back(telemetry::open_sink(
      *telemetry::parse_sink("unix:/nonexistent/\"a\\b\"\n\xff", "--events", findings), findings));
  telemetry::EventWriter writer({}, std::move(sinks));
  writer.write_line("{}");
  writer.drain_once();
  const std::string text = metrics.text(&writer);
  const std::string sink = R"({number="1",sink="unix:/nonexistent/\"a\\b\"\\x0a\\xff",result=)";
  EXPECT_THAT(text, HasSubstr("chatgate_event_sink_lines_total" + sink + "\"lost\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("chatgate_event_sink_lines_total" + sink + "\"written\"} 0\n"));
}

TEST(Metrics, AWorkerThatDoesNotMoveIsNotHealthy) {
  control::testing::FakeGateway gateway;
  EXPECT_FALSE(is_healthy(gateway));
  gateway.second_moves = true;
  EXPECT_TRUE(is_healthy(gateway));
}

}  // namespace
}  // namespace chatgate::control
