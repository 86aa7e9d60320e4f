#include "io/dpdk/link_mirror.h"

namespace chatgate::io {
namespace {

constexpr std::size_t index(net::Side side) {
  return static_cast<std::size_t>(side);
}

}  // namespace

bool LinkMirror::look(Port& port, Time now, bool up) {
  if (up == port.up || (!up && now < port.settle_until)) {
    port.differs = false;
    return false;
  }
  if (!port.differs) {
    port.differs = true;
    port.changed = now;
  }
  if (now.nanoseconds - port.changed.nanoseconds < kHold) return false;
  port.up = up;
  port.differs = false;
  return true;
}

std::optional<LinkMirror::Action> LinkMirror::observe(Time now, bool inside_up, bool outside_up) {
  const std::array<bool, 2> up{inside_up, outside_up};
  if (!started_) {
    started_ = true;
    for (Port& port : ports_) port.settle_until = Time{now.nanoseconds + kSettle};
  }
  if (held_) {
    const net::Side cause = net::other(*held_);
    if (!look(ports_[index(cause)], now, up[index(cause)]) || !ports_[index(cause)].up) return {};
    const net::Side released = *held_;
    held_.reset();
    Port& port = ports_[index(released)];
    port.differs = false;
    port.up = true;
    port.settle_until = Time{now.nanoseconds + kSettle};
    return Action{released, true};
  }
  for (const net::Side side : {net::Side::inside, net::Side::outside}) {
    Port& port = ports_[index(side)];
    if (up[index(side)]) port.settle_until = Time{};
    if (!look(port, now, up[index(side)]) || port.up) continue;
    held_ = net::other(side);
    return Action{*held_, false};
  }
  return {};
}

}  // namespace chatgate::io
