// The reassembler beside a model that knows nothing of buffers, ranges or the wrap-around: a map of
// bytes by their place. The first byte sizes the pool; then the input is a list of steps, four
// bytes each, some followed by their payload:
//  0  bits 0-1 what is done: 0 a segment whose payload follows, 1 a segment of the one text,
//     2 the same, sixteen times as far and long, 3 what bits 2-3 say: 0 consume, 1 acknowledge,
//     2 ask whether a segment of the text contradicts, 3 release and start anew;
//     bit 4: of what a segment brought, half is consumed before the rest is kept
//  1  how far from the view's start, signed; bytes to consume or acknowledge
//  2  adds to it in steps of 64
//  3  size of the payload
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "stream/tcp_stream.h"

#include "check.h"

namespace chatgate::stream {
namespace {

constexpr std::uint32_t kFirst = 0xffffff00;  // sequence numbers wrap soon

std::uint8_t text_at(std::int64_t place) {
  return static_cast<std::uint8_t>(place * 31 ^ place >> 8);
}

class Model {
 public:
  std::int64_t base() const { return base_; }
  std::int64_t end() const { return end_; }
  std::int64_t acknowledged() const { return std::max(acknowledged_, base_); }
  bool has_holes() const { return bytes_.upper_bound(end_ - 1) != bytes_.end(); }

  std::vector<std::uint8_t> view() const {
    std::vector<std::uint8_t> view;
    for (std::int64_t place = base_; place < end_; ++place) view.push_back(bytes_.at(place));
    return view;
  }

  // Whether what has been seen and not acknowledged differs.
  bool contradicted_by(std::int64_t place, Bytes payload) const {
    for (const std::uint8_t byte : payload) {
      const auto seen = bytes_.find(place);
      if (seen != bytes_.end() && place >= acknowledged() && seen->second != byte) return true;
      ++place;
    }
    return false;
  }

  Added add(std::int64_t place, Bytes payload) {
    if (place < base_) {
      payload = payload.subspan(
          std::min<std::size_t>(static_cast<std::size_t>(base_ - place), payload.size()));
      place = base_;
    }
    if (payload.empty()) return Added::nothing_new;
    const std::int64_t end = place + static_cast<std::int64_t>(payload.size());
    if (end - base_ > TcpStream::kMaxAhead) return Added::beyond_limit;
    if (contradicted_by(place, payload)) return Added::conflict;
    Model next = *this;
    for (std::size_t i = 0; i < payload.size(); ++i) {
      next.bytes_.emplace(place + static_cast<std::int64_t>(i), payload[i]);
    }
    if (next.bytes_.size() == bytes_.size()) return Added::nothing_new;
    next.grow();
    if (place > end_ && next.ranges() > TcpStream::kMaxRanges) return Added::beyond_limit;
    const bool grown = next.end_ > end_;
    *this = std::move(next);
    return grown ? Added::grown : Added::held;
  }

  void acknowledge(std::int64_t place) {
    acknowledged_ = std::max(acknowledged(), std::min(place, end_));
  }

  void consume(std::uint32_t count) {
    base_ += count;
    bytes_.erase(bytes_.begin(), bytes_.lower_bound(base_));
    end_ = std::max(end_, base_);
    grow();
  }

 private:
  void grow() {
    while (bytes_.contains(end_)) ++end_;
  }
  // Beyond the view.
  std::size_t ranges() const {
    std::size_t count = 0;
    std::int64_t last = end_;
    for (auto at = bytes_.lower_bound(end_); at != bytes_.end(); ++at) {
      count += at->first != last + 1 || count == 0 ? 1 : 0;
      last = at->first;
    }
    return count;
  }

  std::map<std::int64_t, std::uint8_t> bytes_;  // seen and not consumed, by place
  std::int64_t base_ = 0, end_ = 0, acknowledged_ = 0;
};

std::uint32_t sequence_of(std::int64_t place) {
  return static_cast<std::uint32_t>(kFirst + place);
}

class Run {
 public:
  explicit Run(std::uint8_t streams) : pool_(streams) { stream_.start(kFirst); }

  void feed(Bytes input) {
    for (int steps = 0; input.size() >= 4 && steps < 200; ++steps) {
      input = input.subspan(4 + step(input));
      check();
    }
    stream_.release(pool_);
  }

 private:
  // Bytes of payload that it took from the input.
  std::size_t step(Bytes input) {
    const int kind = input[0] & 3;
    const int scale = kind == 2 ? 16 : 1;
    const std::int64_t place =
        model_.base() + std::int64_t{static_cast<std::int8_t>(input[1]) + 64 * input[2]} * scale;
    const std::size_t size = std::size_t{input[3]} * static_cast<std::size_t>(scale);
    if (kind == 0) {
      const Bytes payload = input.subspan(4, std::min<std::size_t>(size, input.size() - 4));
      add(place, payload, (input[0] & 16) != 0);
      return payload.size();
    }
    std::vector<std::uint8_t> text(size);
    for (std::size_t i = 0; i < size; ++i) text[i] = text_at(place + static_cast<std::int64_t>(i));
    if (kind != 3) {
      add(place, text, (input[0] & 16) != 0);
      return 0;
    }
    const std::uint32_t count = input[1] + 64u * input[2];
    switch (input[0] >> 2 & 3) {
      case 0:
        stream_.consume(count, pool_);
        model_.consume(count);
        break;
      case 1:
        stream_.acknowledge(sequence_of(place));
        model_.acknowledge(place);
        break;
      case 2:
        FUZZ_CHECK(stream_.contradicts(sequence_of(place), text, pool_) ==
                   model_.contradicted_by(place, text));
        break;
      default: start_anew();
    }
    return 0;
  }

  void add(std::int64_t place, Bytes payload, bool consume) {
    Model next = model_;
    const Added expected = next.add(place, payload);
    const Added added = stream_.add(sequence_of(place), payload, pool_);
    if (added == Added::no_memory) return;  // and nothing has changed
    FUZZ_CHECK(added == expected);
    model_ = std::move(next);
    FUZZ_CHECK(std::ranges::equal(stream_.view(pool_), model_.view()));
    if (consume && added == Added::grown) {
      const std::uint32_t half = (stream_.contiguous() + 1) / 2;
      stream_.consume(half, pool_);
      model_.consume(half);
    }
    if (!stream_.keep(pool_)) start_anew();
  }

  void start_anew() {
    stream_.release(pool_);
    stream_ = {};
    stream_.start(kFirst);
    model_ = {};
  }

  void check() const {
    FUZZ_CHECK(std::ranges::equal(stream_.view(pool_), model_.view()));
    FUZZ_CHECK(stream_.contiguous() == model_.end() - model_.base());
    FUZZ_CHECK(stream_.next_sequence() == sequence_of(model_.end()));
    FUZZ_CHECK(stream_.acknowledged() == model_.acknowledged() - model_.base());
    FUZZ_CHECK(stream_.has_holes() == model_.has_holes());
    FUZZ_CHECK(stream_.unacknowledged() == (model_.acknowledged() < model_.end()));
  }

  mutable BufferPool pool_;
  TcpStream stream_;
  Model model_;
};

}  // namespace
}  // namespace chatgate::stream

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  chatgate::stream::Run(data[0]).feed({data + 1, size - 1});
  return 0;
}
