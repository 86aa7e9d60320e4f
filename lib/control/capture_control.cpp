#include "control/capture_control.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <new>

namespace chatgate::control {

CaptureControl::CaptureControl(boost::asio::io_context& io,
                               const std::vector<engine::Mailbox*>& mailboxes,
                               std::chrono::milliseconds patience)
    : io_(io) {
  for (std::size_t place = 0; place < captures_.size(); ++place) {
    std::vector<engine::RequestSlot<engine::CaptureRequest>*> slots;
    for (engine::Mailbox* mailbox : mailboxes) slots.push_back(&mailbox->captures[place]);
    captures_[place] = std::make_unique<Capture>(io, std::move(slots), patience);
  }
}

const CaptureControl::Capture* CaptureControl::place_of(std::string_view name) const {
  for (const auto& capture : captures_) {
    if (capture->settings.name == name) return capture.get();
  }
  return nullptr;
}

CaptureControl::Capture* CaptureControl::place_of(std::string_view name) {
  return const_cast<Capture*>(std::as_const(*this).place_of(name));
}

std::vector<std::string_view> CaptureControl::names() const {
  std::vector<std::string_view> list;
  for (const auto& capture : captures_) {
    if (!capture->settings.name.empty()) list.push_back(capture->settings.name);
  }
  return list;
}

const CaptureControl::Settings* CaptureControl::find(std::string_view name) const {
  const Capture* capture = name.empty() ? nullptr : place_of(name);
  return capture == nullptr ? nullptr : &capture->settings;
}

CaptureControl::Figures CaptureControl::figures(std::string_view name) const {
  const Capture& capture = *place_of(name);
  Figures figures;
  figures.running = capture.requests.running() && !capture.stopped;
  figures.stopped = capture.stopped;
  for (const auto& request : capture.requests.all()) {
    figures.frames += request->kept();
    figures.bytes += request->kept_bytes();
    figures.matched += request->matched();
    figures.full = figures.full || request->full();
  }
  return figures;
}

bool CaptureControl::start(const Settings& settings, Workers callback) {
  Capture* capture = place_of("");
  if (capture == nullptr || capture->requests.busy()) return false;
  Settings kept = settings;
  capture->requests.renew(settings.filter, settings.room);
  capture->requests.post(std::move(callback));
  // Whatever takes memory is done: it is there as a whole, or not.
  capture->settings = std::move(kept);
  capture->stopped = false;
  return true;
}

bool CaptureControl::stop(std::string_view name) {
  Capture& capture = *place_of(name);
  if (capture.requests.busy()) return false;
  capture.stopped = true;
  capture.requests.stop();
  return true;
}

bool CaptureControl::remove(std::string_view name) {
  Capture& capture = *place_of(name);
  if (capture.requests.busy()) return false;
  capture.requests.drop();
  capture.settings = {};
  return true;
}

bool CaptureControl::clear(std::string_view name, Workers callback) {
  Capture& capture = *place_of(name);
  if (capture.requests.busy()) return false;
  if (capture.stopped) {
    capture.requests.drop();
    boost::asio::post(io_, [callback = std::move(callback)] { callback(0); });
    return true;
  }
  capture.requests.renew(capture.settings.filter, capture.settings.room);
  capture.requests.post(std::move(callback));
  return true;
}

CaptureControl::Frames CaptureControl::frames_of(const Capture& capture) {
  Frames frames;
  for (const auto& request : capture.requests.all()) {
    if (!request->readable()) continue;
    request->for_each([&](const engine::CapturedFrame& about, Bytes bytes) {
      frames.push_back({about, {bytes.begin(), bytes.end()}});
    });
  }
  std::stable_sort(frames.begin(), frames.end(), [](const CopiedFrame& a, const CopiedFrame& b) {
    return a.about.time < b.about.time;
  });
  return frames;
}

bool CaptureControl::read(std::string_view name, Read callback) {
  Capture& capture = *place_of(name);
  if (capture.requests.busy()) return false;
  if (!capture.settings.room.circular) {
    boost::asio::post(
        io_, [frames = frames_of(capture), callback = std::move(callback)] { callback(&frames); });
    return true;
  }
  // In this order, as there may be no memory for the callback: then the capture just goes on.
  capture.requests.wait_until_back(
      [&capture, callback = std::move(callback)] { read_circular(capture, callback); });
  capture.requests.stop();
  return true;
}

// No worker fills the capture. Nobody is there to catch what is thrown here.
void CaptureControl::read_circular(Capture& capture, const Read& callback) {
  std::shared_ptr<const Frames> frames;
  std::function<void(std::size_t)> then = [](std::size_t) {};
  try {
    frames = std::make_shared<const Frames>(frames_of(capture));
    then = [frames, callback](std::size_t) { callback(frames.get()); };
  } catch (const std::bad_alloc&) {
    frames.reset();
  }
  if (capture.stopped) return callback(frames.get());
  capture.requests.resume();
  capture.requests.post(std::move(then));
  if (frames == nullptr) callback(nullptr);
}

}  // namespace chatgate::control
