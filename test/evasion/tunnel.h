// What a session's frames travel in: encapsulations of lib/net/encapsulation.h, up to a few nested,
// and the far end that takes them off again.
//
// The far end unpacks what it was sent, whatever a decoder thinks of it: it knows each frame by its
// bytes. A frame that comes out of the gateway and never went in is `strange`.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "net/encapsulation.h"
#include "net/packet_view.h"

#include "encapsulate.h"

namespace chatgate::test {

// One encapsulation; `variant` chooses among its forms (labels, optional fields, identifiers).
struct Layer {
  net::Encapsulation kind = net::Encapsulation::pppoe;
  Outer outer = Outer::v4;
  std::uint32_t variant = 0;

  // Whether this packs `frame`, which may be packed already, or an IP packet of version six.
  bool can_hold(const Octets& frame) const;
  // Whether the way back has identifiers of its own, so that no packet tells them of the other way.
  bool one_way() const;
};

class Tunnel {
 public:
  Tunnel() = default;
  // Layers innermost first, then tags outside of all by their Ethernet types, outermost first.
  explicit Tunnel(std::vector<Layer> layers, std::vector<std::uint16_t> tags = {})
      : layers_(std::move(layers)), tags_(std::move(tags)) {}

  bool empty() const { return layers_.empty() && tags_.empty(); }
  const std::vector<Layer>& layers() const { return layers_; }
  bool one_way() const;
  // Its innermost is Teredo, which only holds packets of addresses under 2001::/32.
  bool for_teredo() const;
  std::string to_string() const;

  // `inner` as it goes from `side`.
  Octets wrap(const Octets& inner, net::Side side) const;

  // The same on its way from the client, remembered for `leave`; in two IP fragments of the
  // outermost carrier where `cut` is not 0 and there is a carrier to cut.
  std::vector<Octets> enter(const Octets& inner, std::size_t cut = 0);
  // What the far end unpacks once `outer` has come; nothing while fragments are missing.
  std::optional<Octets> leave(const Octets& outer);
  std::size_t strange() const { return strange_; }

 private:
  struct Train {
    Octets inner;
    std::set<Octets> missing;
  };

  std::vector<Layer> layers_;
  std::vector<std::uint16_t> tags_;
  std::map<Octets, std::shared_ptr<Train>> sent_;
  std::uint16_t identification_ = 0;
  std::size_t strange_ = 0;
};

// The IP packet of `frame`, of either version, cut into fragments at these offsets of what can be
// cut: for IPv6 that is what follows a hop-by-hop header (RFC 8200 section 4.5). Each but the last
// repeats `reach` bytes of the next.
std::vector<Octets> fragmented(const Octets& frame, const std::vector<std::size_t>& cuts,
                               std::uint32_t identification, std::size_t reach = 0);

}  // namespace chatgate::test
