// Copies a lost link from one side of a bridged pair to the other.
//
// A wire that is cut is dark at both ends; a gateway in the middle must not hide that, or routing
// protocols and bonds on either side wait for a timeout. When the link of one port is lost for
// kHold, its partner's is taken down too ("held"), and up again kHold after the first is back.
//
// While a port is held its own link says nothing, so it is not looked at; after its release, and at
// start, it is given kSettle to come up before a missing link counts as lost.
//
// A state machine without clock or device; one for each pair, on the control thread.
#pragma once

#include <array>
#include <optional>

#include "base/time.h"
#include "net/packet_view.h"

namespace chatgate::io {

class LinkMirror {
 public:
  static constexpr std::uint64_t kHold = 200'000'000;      // ns
  static constexpr std::uint64_t kSettle = 5'000'000'000;  // ns

  struct Action {
    net::Side side = net::Side::inside;  // the port to change
    bool up = false;
  };

  // The links as they are at `now`; what has to be done, if anything.
  std::optional<Action> observe(Time now, bool inside_up, bool outside_up);

  // The side that is held down now.
  std::optional<net::Side> held() const { return held_; }

 private:
  struct Port {
    bool up = true;  // as last believed
    Time changed;    // since when it has looked otherwise than believed
    bool differs = false;
    Time settle_until;
  };
  // Debounced view of one port; true where the belief changed.
  bool look(Port& port, Time now, bool up);

  bool started_ = false;
  std::array<Port, 2> ports_{};
  std::optional<net::Side> held_;
};

}  // namespace chatgate::io
