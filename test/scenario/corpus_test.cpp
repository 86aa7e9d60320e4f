// Every capture of the corpus through the engine, in process: nothing crashes, nothing is lost or
// changed, and what may be forged is exactly what was counted.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "catalog/registry.h"
#include "control/loader.h"
#include "io/pcap/capture_reader.h"
#include "net/decode.h"
#include "policy/verdict.h"
#include "telemetry/counters.h"

#include "replay/replay.h"

namespace chatgate::replay {
namespace {

struct Capture {
  std::string file;
  std::string type;  // the corpus's word: im, mixed, benign or malformed
  std::size_t packets = 0;
};

std::vector<std::string> columns(const std::string& line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  return cells;
}

// Empty where there is no corpus.
std::vector<Capture> corpus() {
  std::vector<Capture> captures;
  std::ifstream table(CHATGATE_CORPUS "/corpus.csv");
  std::string line;
  std::getline(table, line);
  const auto header = columns(line);
  const auto column = [&](const char* name) {
    return static_cast<std::size_t>(std::find(header.begin(), header.end(), name) - header.begin());
  };
  const std::size_t file = column("file"), type = column("class"), packets = column("packets");
  while (std::getline(table, line)) {
    const auto cells = columns(line);
    captures.push_back({cells.at(file), cells.at(type), std::stoul(cells.at(packets))});
  }
  return captures;
}

std::shared_ptr<const engine::Snapshot> load(const std::string& policy) {
  catalog::ApplicationRegistry registry;
  const auto loaded = control::load({policy, CHATGATE_SOURCE "/policy/catalog", 1}, registry);
  for (const Diagnostic& finding : loaded.diagnostics.all()) ADD_FAILURE() << finding.to_string();
  return loaded.snapshot;
}

// The policy in monitor mode.
std::shared_ptr<const engine::Snapshot> monitoring(const engine::Snapshot& snapshot) {
  auto copy = std::make_shared<engine::Snapshot>(snapshot);
  copy->mode_override = policy::Mode::monitor;
  return copy;
}

struct Outcome {
  Summary summary;
  std::vector<std::string> forwarded;
  std::vector<std::string> forged;
  std::map<std::string_view, std::uint64_t> reasons;  // that were given
};

Outcome run(std::span<const net::PacketView> packets,
            std::shared_ptr<const engine::Snapshot> snapshot, unsigned workers) {
  Outcome outcome;
  ReplayOptions options;
  options.workers = workers;
  options.flows = 4096;
  options.inspections = 512;
  options.protocol_events = true;
  options.offloaded = OffloadedSenders(packets);
  Time latest;
  Replay replay(options, std::move(snapshot), {}, [&](const OutputFrame& frame) {
    (frame.forged ? outcome.forged : outcome.forwarded).emplace_back(as_text(frame.bytes));
    latest = std::max(latest, frame.time);
  });
  replay.run(packets, 1);
  replay.finish();
  EXPECT_EQ(replay.events_lost(), 0u);
  outcome.summary = replay.summary();
  for (std::size_t i = 0; i < telemetry::kReasonCount; ++i) {
    const auto reason = static_cast<telemetry::Reason>(i);
    if (const std::uint64_t count = replay.count(reason); count != 0) {
      outcome.reasons[to_string(reason)] = count;
    }
  }
  return outcome;
}

// Whether `part` is `whole` with some packets left out; fragments that were held until they were
// whole may have moved.
bool is_part(std::vector<std::string> part, std::span<const net::PacketView> whole) {
  std::vector<std::string> all;
  for (const net::PacketView& packet : whole) all.emplace_back(as_text(packet.bytes));
  std::sort(part.begin(), part.end());
  std::sort(all.begin(), all.end());
  return std::includes(all.begin(), all.end(), part.begin(), part.end());
}

void expect_sound(const Outcome& outcome, std::span<const net::PacketView> packets) {
  const Summary& summary = outcome.summary;
  EXPECT_EQ(summary.packets, packets.size());
  EXPECT_EQ(summary.forwarded + summary.dropped, summary.packets);
  EXPECT_EQ(summary.forwarded, outcome.forwarded.size());
  EXPECT_EQ(summary.forged, outcome.forged.size());
  EXPECT_TRUE(is_part(outcome.forwarded, packets));
  for (const std::string& frame : outcome.forged) {
    net::PacketView view;
    view.bytes = as_bytes(frame);
    view.wire_length = static_cast<std::uint32_t>(frame.size());
    view.link = packets[0].link;
    net::Layers layers;
    net::decode(view, layers);
    EXPECT_EQ(layers.outcome, net::Decoded::transport);
  }
}

class CorpusReplay : public testing::Test {
 protected:
  void SetUp() override {
    captures_ = corpus();
    if (captures_.empty()) GTEST_SKIP() << "NOT RUN: there is no corpus at " CHATGATE_CORPUS;
    shipped_ = load(CHATGATE_SOURCE "/policy/chatgate.json");
    ASSERT_TRUE(shipped_);
  }

  // Calls `look(capture, packets)` for every capture that can be read, whole or in part.
  template <typename Look>
  void each(Look&& look) {
    std::size_t unreadable = 0;
    for (const Capture& capture : captures_) {
      Diagnostics findings;
      const auto reader =
          io::CaptureReader::open(CHATGATE_CORPUS "/pcaps/" + capture.file, findings);
      if (reader == nullptr) {
        ++unreadable;
        continue;
      }
      const LoadedCapture packets(*reader);
      SCOPED_TRACE(capture.file);
      if (packets.packets().empty()) {
        ++unreadable;
        continue;
      }
      if (packets.complete()) {
        EXPECT_EQ(packets.packets().size(), capture.packets);
      }
      look(capture, packets.packets());
    }
    EXPECT_LT(unreadable, captures_.size() / 50);  // link types that are not read
  }

  std::vector<Capture> captures_;
  std::shared_ptr<const engine::Snapshot> shipped_;
};

TEST_F(CorpusReplay, ShippedPolicyIsSound) {
  std::map<std::string, std::pair<std::size_t, std::size_t>> blocked;  // of how many, by class
  std::map<std::string, std::map<std::string_view, std::size_t>> captures_with;
  each([&](const Capture& capture, std::span<const net::PacketView> packets) {
    const Outcome outcome = run(packets, shipped_, 1);
    expect_sound(outcome, packets);
    auto& [some, all] = blocked[capture.type];
    some += outcome.summary.dropped != 0;
    ++all;
    for (const auto& [reason, count] : outcome.reasons) ++captures_with[capture.type][reason];
  });
  for (const auto& [type, numbers] : blocked) {
    std::cout << "class " << type << ": something was blocked in " << numbers.first << " of "
              << numbers.second << " captures\n";
    for (const auto& [reason, count] : captures_with[type]) {
      std::cout << "  " << reason << " in " << count << "\n";
    }
  }
  EXPECT_GT(blocked["im"].first, 0u);
}

TEST_F(CorpusReplay, ManyWorkersComeToTheSame) {
  each([&](const Capture&, std::span<const net::PacketView> packets) {
    const Outcome one = run(packets, shipped_, 1);
    const Outcome many = run(packets, shipped_, 3);
    EXPECT_EQ(one.forwarded, many.forwarded);
    EXPECT_EQ(one.forged, many.forged);
    EXPECT_EQ(one.summary.alerts, many.summary.alerts);
    EXPECT_EQ(one.summary.flows, many.summary.flows);
  });
}

TEST_F(CorpusReplay, MonitorModeChangesNothing) {
  const auto snapshot = monitoring(*shipped_);
  each([&](const Capture&, std::span<const net::PacketView> packets) {
    const Outcome outcome = run(packets, snapshot, 1);
    EXPECT_EQ(outcome.summary.dropped, 0u);
    EXPECT_EQ(outcome.summary.forged, 0u);
    ASSERT_EQ(outcome.forwarded.size(), packets.size());
    for (std::size_t i = 0; i < packets.size(); ++i) {
      ASSERT_EQ(outcome.forwarded[i], as_text(packets[i].bytes)) << "packet " << i + 1;
    }
  });
}

}  // namespace
}  // namespace chatgate::replay
