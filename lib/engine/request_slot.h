// Where a request to a worker waits for it, and stays until the worker gives it back.
//
// Whoever asks (the control thread, or a tool that drives a worker itself) owns the request and its
// memory, posts it, and lets it live until it is done or the worker has ended. The worker looks for
// it with each burst or tick. One request at a time; nothing is locked or allocated.
#pragma once

#include <atomic>

namespace chatgate::engine {

// What all requests have in common.
class PostedRequest {
 public:
  PostedRequest() = default;
  PostedRequest(const PostedRequest&) = delete;
  PostedRequest& operator=(const PostedRequest&) = delete;

  // Asker: the worker has given it back, and will not touch it again. Not done before it was
  // posted.
  bool is_done() const { return done_.load(std::memory_order_acquire); }

 private:
  template <typename Request>
  friend class RequestSlot;

  std::atomic<bool> done_{false};
};

template <typename Request>
class RequestSlot {
 public:
  // Asker. False while another request is there. A request that is done may be posted again.
  bool post(Request& request) {
    request.done_.store(false, std::memory_order_relaxed);
    Request* expected = nullptr;
    return request_.compare_exchange_strong(expected, &request, std::memory_order_release);
  }

  // Worker. Null where there is none.
  Request* pending() const { return request_.load(std::memory_order_acquire); }
  void finish() {
    Request* request = request_.load(std::memory_order_relaxed);
    request_.store(nullptr, std::memory_order_relaxed);
    request->done_.store(true, std::memory_order_release);
  }

 private:
  std::atomic<Request*> request_{nullptr};
};

}  // namespace chatgate::engine
