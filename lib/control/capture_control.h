// The running gateway's captures: by name, posted to all workers, read at any time.
//
// Control thread only; the frames are in memory that this owns and workers fill
// (engine/capture.h). A capture takes its room once for each worker, since a flow is one worker's.
// Requests that a worker still holds are kept: destroy this only after the workers have stopped.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "control/worker_requests.h"
#include "engine/mailbox.h"

namespace chatgate::control {

// One frame out of a capture, with its bytes.
struct CopiedFrame {
  engine::CapturedFrame about;
  std::vector<std::uint8_t> bytes;
};

class CaptureControl {
 public:
  static constexpr std::size_t kLongestName = 32;
  static constexpr std::uint32_t kLeastRoom = 1534, kMostRoom = 33'554'432;  // bytes, as on an ASA
  static constexpr std::uint32_t kLeastSnap = 64;

  struct Settings {
    std::string name;
    engine::CaptureFilter filter;
    engine::CaptureRequest::Room room;
    std::string match;  // the filter as a person wrote it, for `show capture`
  };
  struct Figures {
    std::uint64_t frames = 0, bytes = 0, matched = 0;
    bool running = false;
    bool full = false;     // of some worker
    bool stopped = false;  // by command
  };
  using Workers = std::function<void(std::size_t workers)>;  // that took it
  using Frames = std::vector<CopiedFrame>;

  CaptureControl(boost::asio::io_context& io, const std::vector<engine::Mailbox*>& mailboxes,
                 std::chrono::milliseconds patience);

  // Of the captures there are.
  std::vector<std::string_view> names() const;
  const Settings* find(std::string_view name) const;
  Figures figures(std::string_view name) const;

  // False, and no call back, where as many captures run as there can be, or workers have not yet
  // given back what was in the last free place. The name must be free.
  bool start(const Settings& settings, Workers callback);
  // These take the name of a capture there is.
  // False where the capture is busy: just being started, emptied or read.
  bool stop(std::string_view name);
  bool remove(std::string_view name);
  // Forgets its frames; one that was not stopped goes on.
  bool clear(std::string_view name, Workers callback);
  // Its frames by time, null where there is no memory for them. A circular capture pauses while it
  // is read, some milliseconds.
  using Read = std::function<void(const Frames* frames)>;
  bool read(std::string_view name, Read callback);

 private:
  struct Capture {
    Capture(boost::asio::io_context& io,
            std::vector<engine::RequestSlot<engine::CaptureRequest>*> slots,
            std::chrono::milliseconds patience)
        : requests(io, std::move(slots), patience) {}

    Settings settings;  // no name: the place is free
    bool stopped = false;
    WorkerRequests<engine::CaptureRequest> requests;
  };

  Capture* place_of(std::string_view name);
  const Capture* place_of(std::string_view name) const;
  static Frames frames_of(const Capture& capture);
  static void read_circular(Capture& capture, const Read& callback);

  boost::asio::io_context& io_;
  std::array<std::unique_ptr<Capture>, engine::kMostCaptures> captures_;
};

}  // namespace chatgate::control
