#include "wire_traffic.h"

#include <array>
#include <gtest/gtest.h>
#include <set>
#include <string>

#include "engine/admission.h"
#include "net/decode.h"
#include "net/packet_view.h"

namespace chatgate::bench {
namespace {

net::PacketView view_of(Bytes frame) {
  net::PacketView view;
  view.bytes = frame;
  view.wire_length = static_cast<std::uint32_t>(frame.size());
  return view;
}

std::string ends_of(const net::Layers& layers) {
  return layers.source.to_string() + ":" + std::to_string(layers.source_port) + " " +
         layers.destination.to_string() + ":" + std::to_string(layers.destination_port);
}

TEST(StampedDatagrams, SayWhatWasWritten) {
  constexpr std::uint64_t kSent = 0x123456789abcdef0;
  const StampedDatagrams frames(100, {60, 590, 1514});
  std::set<std::string> flows;
  for (std::uint32_t i = 0; i < 200; ++i) {
    std::vector<std::uint8_t> frame(frames.size(i), StampedDatagrams::kFiller);
    ASSERT_EQ(frame.size(), (std::array{60u, 590u, 1514u}[i % 100 % 3]));
    frames.write(i, {7, i, kSent + i}, frame);
    const auto stamp = StampedDatagrams::read(frame);
    ASSERT_TRUE(stamp.has_value());
    EXPECT_EQ(stamp->trial, 7);
    EXPECT_EQ(stamp->sequence, i);
    EXPECT_EQ(stamp->sent, kSent + i);
    net::Layers layers;
    net::decode(view_of(frame), layers);
    ASSERT_EQ(layers.outcome, net::Decoded::transport);
    EXPECT_EQ(engine::check_sums(view_of(frame), layers), telemetry::Reason::none);
    flows.insert(ends_of(layers));
  }
  EXPECT_EQ(flows.size(), 100u);
}

TEST(StampedDatagrams, OtherFramesAreNotTheirs) {
  const std::vector<std::uint8_t> zeros(60, 0), filler(59, StampedDatagrams::kFiller);
  EXPECT_FALSE(StampedDatagrams::read(zeros).has_value());
  EXPECT_FALSE(StampedDatagrams::read(filler).has_value());
}

TEST(ConnectionScript, EveryFrameIsWholeAndInOrder) {
  const ConnectionScript script("www.example.org");
  std::set<std::string> connections;
  for (const std::uint32_t number : {0u, 1u, 77u, 65536u, 4'000'000u}) {
    std::uint32_t next[] = {0, 0};  // of client and server
    for (unsigned step = 0; step < ConnectionScript::kSteps; ++step) {
      std::vector<std::uint8_t> frame(script.size(step));
      script.write(step, number, number % 4096, frame);
      const auto place = script.read(frame);
      ASSERT_TRUE(place.has_value());
      EXPECT_EQ(place->slot, number % 4096);
      EXPECT_EQ(place->step, step);
      net::Layers layers;
      net::decode(view_of(frame), layers);
      ASSERT_EQ(layers.outcome, net::Decoded::transport) << step;
      EXPECT_EQ(engine::check_sums(view_of(frame), layers), telemetry::Reason::none)
          << number << " " << step;
      const bool client = script.from_client(step);
      EXPECT_EQ(client ? layers.destination_port : layers.source_port, 443);
      std::uint32_t& mine = next[client ? 0 : 1];
      if (!layers.has(net::tcp_flag::syn)) {
        EXPECT_EQ(layers.sequence, mine) << step;
        EXPECT_EQ(layers.acknowledgment, next[client ? 1 : 0]) << step;
      }
      const bool counts = layers.has(net::tcp_flag::syn) || layers.has(net::tcp_flag::fin);
      mine = layers.sequence + layers.payload_size + (counts ? 1 : 0);
      if (step == 0) connections.insert(ends_of(layers));
    }
  }
  EXPECT_EQ(connections.size(), 5u);
}

TEST(ConnectionScript, OtherFramesAreNotItsOwn) {
  const ConnectionScript script("www.example.org");
  std::vector<std::uint8_t> frame(script.size(3));
  script.write(3, 5, 9, frame);
  frame.pop_back();
  EXPECT_FALSE(script.read(frame).has_value());
  EXPECT_FALSE(script.read(std::vector<std::uint8_t>(59, 0)).has_value());
}

}  // namespace
}  // namespace chatgate::bench
