#include "control/trace_control.h"

#include <boost/asio/post.hpp>

namespace chatgate::control {
namespace {

std::vector<engine::RequestSlot<engine::TraceRequest>*> slots_of(
    const std::vector<engine::Mailbox*>& mailboxes) {
  std::vector<engine::RequestSlot<engine::TraceRequest>*> slots;
  for (engine::Mailbox* mailbox : mailboxes) slots.push_back(&mailbox->trace);
  return slots;
}

}  // namespace

TraceControl::TraceControl(boost::asio::io_context& io,
                           const std::vector<engine::Mailbox*>& mailboxes,
                           std::chrono::milliseconds patience)
    : io_(io), requests_(io, slots_of(mailboxes), patience) {}

void TraceControl::start(const engine::TraceFilter& filter, std::uint32_t packets,
                         std::function<void(std::size_t)> callback) {
  if (requests_.busy()) {  // another caller's, which is not yet with all workers
    boost::asio::post(io_, [callback = std::move(callback)] { callback(0); });
    return;
  }
  requests_.renew(filter, packets);
  wanted_ = packets;
  requests_.post(std::move(callback));
}

std::vector<std::span<const engine::TraceEntry>> TraceControl::published() const {
  std::vector<std::span<const engine::TraceEntry>> all;
  for (const auto& request : requests_.all()) all.push_back(request->published());
  return all;
}

}  // namespace chatgate::control
