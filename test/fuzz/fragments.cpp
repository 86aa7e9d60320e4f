// The input is a list of fragments, four bytes each, some followed by their payload:
//  0  bits 0-1 identification, 2 IPv6, 3 more fragments follow, 4 other bytes, 5 drop when
//  complete,
//     6 another source, 7 the payload follows in the input
//  1  offset in units of eight
//  2  size of the payload
//  3  below 128: next header; else 64 milliseconds pass for each one above, and it is UDP
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "net/decode.h"
#include "net/fragment_cache.h"

#include "check.h"

namespace chatgate::net {
namespace {

FragmentLimits small() {
  FragmentLimits limits;
  limits.datagrams = 4;
  limits.frames = 24;
  limits.frame_bytes = 256;
  limits.datagram_frames = 12;
  limits.source_datagrams = 3;
  limits.source_frames = 16;
  limits.remembered = 64;
  return limits;
}

class Run {
 public:
  void feed(Bytes input) {
    while (input.size() >= 4) input = input.subspan(4 + step(input));
    while (cache_.expire(Tick(Time{now_ + 3'000'000'000}), 1)) {
    }
    FUZZ_CHECK(cache_.in_use().frames == 0 && cache_.in_use().datagrams == 0);
    FUZZ_CHECK(cache_.in_use().sources == 0);
    check_sums();
  }

 private:
  // Bytes of payload that it took from the input.
  std::size_t step(Bytes input) {
    const std::uint8_t bits = input[0];
    const bool own = (bits & 0x80) != 0;
    const std::size_t size = own ? std::min<std::size_t>(input[2], input.size() - 4) : input[2];
    now_ += input[3] < 128 ? 0 : (input[3] - 128) * std::uint64_t{64'000'000};

    Fragment fragment;
    fragment.key.ip_version = (bits & 4) != 0 ? 6 : 4;
    fragment.key.id = bits & 3u;
    fragment.key.source.bytes[15] = bits >> 6 & 1;
    fragment.key.protocol = input[3] < 128 ? input[3] : kUdp;
    fragment.more = (bits & 8) != 0;
    fragment.offset = static_cast<std::uint16_t>(input[1] * 8);
    fragment.header_size = (bits & 4) != 0 ? 0 : 20;
    fragment.payload = 14;
    fragment.payload_size = static_cast<std::uint16_t>(size);
    std::vector<std::uint8_t> frame(14 + size, static_cast<std::uint8_t>(frames_.size()));
    for (std::size_t i = 0; i < size; ++i) {
      frame[14 + i] =
          own ? input[4 + i] : static_cast<std::uint8_t>((fragment.offset + i) * 3 + (bits & 16));
    }
    frames_.push_back(frame);
    fragment.packet.bytes = frame;
    fragment.packet.wire_length = static_cast<std::uint32_t>(frame.size());
    fragment.packet.number = frames_.size();
    add(fragment, (bits & 32) != 0);
    return own ? size : 0;
  }

  void add(const Fragment& fragment, bool drop) {
    const Tick now(Time{now_});
    const auto before = cache_.counters().steps;
    const auto added = cache_.add(fragment, now);
    FUZZ_CHECK(cache_.counters().steps - before <= 12 + 5 * 16);
    FUZZ_CHECK((added.outcome == FragmentOutcome::dropped) == (added.loss != FragmentLoss::none));
    FUZZ_CHECK(cache_.in_use().datagrams <= 4 && cache_.in_use().frames <= 24);
    FUZZ_CHECK(cache_.in_use().sources <= cache_.in_use().datagrams);
    begins_.push_back(fragment.offset);
    if (added.outcome == FragmentOutcome::complete) {
      check_whole(fragment, added.datagram);
      if (drop) {
        cache_.release_dropped(added.datagram, now);
      } else {
        remember(fragment.key);
        cache_.release_forwarded(added.datagram, now);
      }
    }
    check_sums();
  }

  // Every byte of the whole was in a frame, and no frame says otherwise.
  void check_whole(const Fragment& last, DatagramId datagram) {
    const bool v6 = last.key.ip_version == 6;
    const Bytes payload = cache_.whole().bytes.subspan(v6 ? 40 : 20);
    std::vector<bool> covered(payload.size());
    std::uint64_t number = 0;
    cache_.for_each_frame(datagram, [&](const PacketView& frame) {
      FUZZ_CHECK(frame.number > number && frame.number <= frames_.size());
      number = frame.number;
      FUZZ_CHECK(std::ranges::equal(frame.bytes, frames_[number - 1]));
      const std::size_t begin = begins_[number - 1];
      const Bytes part = frame.bytes.subspan(14);
      FUZZ_CHECK(begin + part.size() <= payload.size());
      FUZZ_CHECK(std::ranges::equal(part, payload.subspan(begin, part.size())));
      for (std::size_t i = begin; i < begin + part.size(); ++i) {
        FUZZ_CHECK(!v6 || !covered[i]);
        covered[i] = true;
      }
    });
    FUZZ_CHECK(number == last.packet.number);
    FUZZ_CHECK(std::ranges::all_of(covered, [](bool byte) { return byte; }));
    Layers layers;
    decode(cache_.whole(), layers);
    FUZZ_CHECK(layers.ip_version == last.key.ip_version);
    FUZZ_CHECK(cache_.whole().bytes.size() <= 0xffff);
  }

  // Two datagrams of one key are never forwarded within the time that endpoints keep a part.
  void remember(const FragmentKey& key) {
    const int name = static_cast<int>(key.id) | key.ip_version << 4 | key.source.bytes[15] << 8 |
                     (key.ip_version == 4 ? key.protocol << 9 : 0);
    const auto [known, fresh] = forwarded_.try_emplace(name, now_);
    FUZZ_CHECK(fresh || now_ - known->second >= 60'000'000'000 ||
               cache_.counters().forgotten_early != 0);
    known->second = now_;
  }

  void check_sums() const {
    const auto& counters = cache_.counters();
    std::uint64_t sum = counters.forwarded + cache_.in_use().frames;
    for (const std::uint64_t lost : counters.lost) sum += lost;
    FUZZ_CHECK(sum == counters.added);
  }

  FragmentCache cache_{small(), KeyedHash(1)};
  std::uint64_t now_ = 0;
  std::vector<std::vector<std::uint8_t>> frames_;  // by number from one
  std::vector<std::size_t> begins_;
  std::map<int, std::uint64_t> forwarded_;
};

}  // namespace
}  // namespace chatgate::net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chatgate::net::Run().feed({data, std::min<std::size_t>(size, 16384)});
  return 0;
}
