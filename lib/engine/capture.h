// Frames of chosen flows, copied as they are with what became of them.
//
// For `chatgatectl capture`. Whoever asks (the control thread) owns a CaptureRequest with all the
// memory that the capture may take, and posts it in a slot of the worker's mailbox. The worker
// copies each frame that matches behind a record of its fate, frames that it made itself included;
// nothing is allocated or locked on the way, and without a capture a packet costs one comparison.
//
// The buffer either holds the first frames, until there is no room for the next one and the capture
// ends, or the last ones (`circular`). What is in the first kind may be read while the worker goes
// on; the second only while the worker does not have it.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "catalog/ids.h"
#include "engine/packet_filter.h"
#include "engine/request_slot.h"
#include "net/packet_view.h"
#include "policy/verdict.h"
#include "telemetry/reason.h"

namespace chatgate::engine {

// That a worker can fill at once.
constexpr std::size_t kMostCaptures = 4;

struct CaptureFilter : PacketFilter {
  std::uint64_t flow_id = 0;  // as in events; 0: any
  ApplicationId application;  // that the flow or question was recognised as; none: any
  // Frames that came in by this side, that go out by it, or that were made for it.
  std::optional<net::Side> seen_at;
  bool blocked_only = false;  // of blocked flows, and frames that were not sent on
};

enum class Fate : std::uint8_t {
  forwarded,
  dropped,
  held,    // a fragment that waits for the rest of its datagram
  forged,  // made by the gateway
};

std::string_view to_string(Fate fate);

// What stands before the bytes of each frame.
struct CapturedFrame {
  Time time;
  std::uint32_t wire_length = 0;
  std::uint32_t size = 0;  // bytes that were kept
  net::LinkType link = net::LinkType::ethernet;
  net::Side side = net::Side::inside;  // where it was seen
  bool outbound = false;               // it went out there, and did not come in
  PairId pair{0};

  Fate fate = Fate::forwarded;
  telemetry::Reason reason = telemetry::Reason::none;
  std::uint16_t forged = 0;      // frames that were made because of it
  std::uint32_t generation = 0;  // of the snapshot that numbers the rule
  std::uint64_t flow_id = 0;     // 0: of no flow
  bool decided = false;          // there is a verdict: the four below
  bool monitored = false;        // ... which only says what would have been done
  catalog::Classification im;
  policy::Action action = policy::Action::allow;
  RuleId rule;

  // Where the frame could be read so far; the protocol is 0 where it is not IP.
  std::uint8_t protocol = 0;
  IpAddress source, destination;
  std::uint16_t source_port = 0, destination_port = 0;
};
static_assert(std::is_trivially_copyable_v<CapturedFrame>);

class CaptureRequest : public PostedRequest {
 public:
  static constexpr std::uint32_t kMostSnap = 65535;

  struct Room {
    std::uint32_t bytes = 512 * 1024;  // for frames and their records
    std::uint32_t snap = kMostSnap;    // bytes of a frame that are kept
    bool circular = false;             // the last frames are kept, not the first
  };

  CaptureRequest(const CaptureFilter& filter, const Room& room)
      : filter_(filter), room_(room), buffer_(room.bytes) {}

  // Asker.
  void stop() { stopped_.store(true, std::memory_order_relaxed); }
  bool full() const { return full_.load(std::memory_order_relaxed); }
  // Asker: as far as they go while the worker goes on. Frames that are kept, their bytes, and those
  // that matched.
  std::uint64_t kept() const { return kept_.load(std::memory_order_relaxed); }
  std::uint64_t kept_bytes() const { return kept_bytes_.load(std::memory_order_relaxed); }
  std::uint64_t matched() const { return matched_.load(std::memory_order_relaxed); }

  // Asker: makes a request that is done ready to be posted again, with what it holds.
  void resume() { stopped_.store(false, std::memory_order_relaxed); }

  // Asker: whether `for_each` may be called now.
  bool readable() const { return !room_.circular || is_done(); }
  // Asker: `visit(const CapturedFrame&, Bytes)` for every frame, oldest first.
  template <typename Visit>
  void for_each(Visit visit) const {
    const std::uint64_t count = kept_.load(std::memory_order_acquire);
    std::size_t at = begin_;
    for (std::uint64_t i = 0; i < count; ++i) {
      if (wrapped_ && at == wrap_) at = 0;
      const CapturedFrame frame = read(at);
      visit(frame, Bytes(buffer_).subspan(at + sizeof(CapturedFrame), frame.size));
      at += taken(frame.size);
    }
  }

 private:
  friend class Pipeline;

  static std::size_t taken(std::uint32_t size) { return sizeof(CapturedFrame) + size; }
  CapturedFrame read(std::size_t at) const {
    CapturedFrame frame;
    std::memcpy(&frame, buffer_.data() + at, sizeof frame);
    return frame;
  }

  // Worker. False where the capture is full, and ends.
  bool keep(CapturedFrame frame, Bytes bytes);
  std::optional<std::size_t> place(std::size_t need);
  void forget_oldest();

  const CaptureFilter filter_;
  const Room room_;
  std::vector<std::uint8_t> buffer_;
  // Frames lie from `begin_` to `end_`; where `wrapped_`, to `wrap_` and from the start to `end_`.
  // Only a circular capture ever changes more than `end_`.
  std::size_t begin_ = 0, end_ = 0, wrap_ = 0;
  bool wrapped_ = false;
  std::atomic<std::uint64_t> kept_{0}, kept_bytes_{0}, matched_{0};
  std::atomic<bool> stopped_{false}, full_{false};
};

}  // namespace chatgate::engine
