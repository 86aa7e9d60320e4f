#include "tunnel.h"

#include <algorithm>
#include <array>

#include "net/checksum.h"

namespace chatgate::test {
namespace {

using net::Encapsulation;

constexpr std::size_t kEthernet = 14;
constexpr const char* kTeredoNet = "20010000";

std::uint16_t type_of(const Octets& frame) {
  return load_be16(&frame[12]);
}

void swap_fields(std::uint8_t* first, std::size_t size) {
  std::swap_ranges(first, first + size, first + size);
}

// Outer addresses, and the ports of Teredo, the other way round. No checksum changes.
void turn(Octets& frame, Encapsulation kind) {
  const bool v6 = type_of(frame) == 0x86dd;
  swap_fields(&frame[kEthernet + (v6 ? 8u : 12u)], v6 ? 16 : 4);
  if (kind == Encapsulation::teredo) swap_fields(&frame[kEthernet + 20], 2);
}

std::vector<std::uint32_t> labels(std::uint32_t variant, net::Side side) {
  std::vector<std::uint32_t> out;
  const std::uint32_t count = 1 + (side == net::Side::inside ? variant : variant / 4) % 4;
  const std::uint32_t first = side == net::Side::inside ? 100 : 5000;
  for (std::uint32_t i = 0; i < count; ++i) out.push_back(first + variant % 1000 + i);
  return out;
}

Gtp gtp(std::uint32_t variant, net::Side side) {
  Gtp out;
  out.endpoint = (side == net::Side::inside ? 0x11000000 : 0x22000000) + variant % 100000;
  constexpr std::array<std::uint8_t, 3> kFlags = {0x30, 0x32, 0x34};
  out.flags = kFlags[variant % kFlags.size()];
  if (out.flags == 0x32) out.optional = from_hex("00010000");
  if (out.flags == 0x34) out.optional = from_hex("00000085 01091285 0200000000000000");
  return out;
}

Gre gre(std::uint32_t variant) {
  Gre out;
  out.checksum = (variant & 1) != 0;
  if ((variant & 2) != 0) out.key = variant;
  if ((variant & 4) != 0) out.sequence = 7;
  out.ethernet = (variant & 8) != 0;
  return out;
}

Octets teredo_headers(std::uint32_t variant) {
  switch (variant % 3) {
    case 0: return {};
    case 1: return from_hex("0000 1234 01020304");
    default: return from_hex("0001 02 01 aabb cc 0102030405060708 00 0000 1234 01020304");
  }
}

Octets apply(const Layer& layer, const Octets& frame, net::Side side) {
  Octets out;
  switch (layer.kind) {
    case Encapsulation::pppoe: return in_pppoe(frame, (layer.variant & 1) != 0);
    case Encapsulation::mpls: return in_mpls(frame, labels(layer.variant, side));
    case Encapsulation::gre: out = in_gre(frame, gre(layer.variant), layer.outer); break;
    case Encapsulation::ip_in_ip: out = in_ip(frame, layer.outer); break;
    case Encapsulation::gtp_u: out = in_gtp(frame, gtp(layer.variant, side), layer.outer); break;
    case Encapsulation::vxlan:
      out = in_vxlan(frame, {layer.variant & 0xffffff, 0x08000000}, layer.outer);
      break;
    case Encapsulation::teredo: out = in_teredo(frame, teredo_headers(layer.variant)); break;
  }
  if (side == net::Side::outside) turn(out, layer.kind);
  return out;
}

std::vector<Octets> fragmented4(const Octets& whole, std::vector<std::size_t> ends,
                                std::uint32_t identification, std::size_t reach) {
  const std::size_t headers = kEthernet + (whole[kEthernet] & 0x0fu) * 4u;
  ends.push_back(whole.size() - headers);
  std::vector<Octets> out;
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    const bool last = end == ends.back();
    Octets frame(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(headers));
    frame.insert(frame.end(), whole.begin() + static_cast<std::ptrdiff_t>(headers + begin),
                 whole.begin() + static_cast<std::ptrdiff_t>(headers + end + (last ? 0 : reach)));
    std::uint8_t* ip = &frame[kEthernet];
    store_be16(ip + 2, static_cast<std::uint16_t>(frame.size() - kEthernet));
    store_be16(ip + 4, static_cast<std::uint16_t>(identification));
    store_be16(ip + 6, static_cast<std::uint16_t>(begin / 8 | (last ? 0 : 0x2000)));
    store_be16(ip + 10, 0);
    store_be16(ip + 10, net::checksum_fold(net::checksum_add(Bytes(ip, headers - kEthernet))));
    out.push_back(std::move(frame));
    begin = end;
  }
  return out;
}

std::vector<Octets> fragmented6(const Octets& whole, std::vector<std::size_t> ends,
                                std::uint32_t identification, std::size_t reach) {
  std::size_t next_at = kEthernet + 6, headers = kEthernet + 40;
  if (whole[next_at] == 0) {  // hop-by-hop
    next_at = headers;
    headers += (whole[headers + 1] + 1u) * 8;
  }
  ends.push_back(whole.size() - headers);
  std::vector<Octets> out;
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    const bool last = end == ends.back();
    Octets frame(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(headers));
    Octets header = {whole[next_at], 0, 0, 0, 0, 0, 0, 0};
    store_be16(&header[2], static_cast<std::uint16_t>(begin | (last ? 0 : 1)));
    store_be32(&header[4], identification);
    frame[next_at] = 44;
    frame.insert(frame.end(), header.begin(), header.end());
    frame.insert(frame.end(), whole.begin() + static_cast<std::ptrdiff_t>(headers + begin),
                 whole.begin() + static_cast<std::ptrdiff_t>(headers + end + (last ? 0 : reach)));
    store_be16(&frame[kEthernet + 4], static_cast<std::uint16_t>(frame.size() - kEthernet - 40));
    out.push_back(std::move(frame));
    begin = end;
  }
  return out;
}

const char* name_of(Encapsulation kind) {
  constexpr std::array<const char*, 7> kNames = {"pppoe", "mpls",  "gre",   "ip-in-ip",
                                                 "gtp-u", "vxlan", "teredo"};
  return kNames[static_cast<std::size_t>(kind)];
}

}  // namespace

std::vector<Octets> fragmented(const Octets& frame, const std::vector<std::size_t>& cuts,
                               std::uint32_t identification, std::size_t reach) {
  return type_of(frame) == 0x86dd ? fragmented6(frame, cuts, identification, reach)
                                  : fragmented4(frame, cuts, identification, reach);
}

bool Layer::can_hold(const Octets& frame) const {
  const std::uint16_t type = type_of(frame);
  if (kind == Encapsulation::teredo) {
    const Octets net = from_hex(kTeredoNet);
    return type == 0x86dd && std::equal(net.begin(), net.end(), &frame[kEthernet + 8]);
  }
  const bool ethernet =
      kind == Encapsulation::vxlan || (kind == Encapsulation::gre && (variant & 8) != 0);
  return ethernet || type == 0x0800 || type == 0x86dd;
}

bool Layer::one_way() const {
  return kind == Encapsulation::mpls || kind == Encapsulation::gtp_u;
}

bool Tunnel::one_way() const {
  return std::any_of(layers_.begin(), layers_.end(), [](const Layer& l) { return l.one_way(); });
}

bool Tunnel::for_teredo() const {
  return !layers_.empty() && layers_.front().kind == Encapsulation::teredo;
}

std::string Tunnel::to_string() const {
  std::string text;
  for (const Layer& layer : layers_) {
    text = std::string(name_of(layer.kind)) + (layer.outer == Outer::v6 ? "/v6" : "") + "#" +
           std::to_string(layer.variant) + (text.empty() ? "" : " > ") + text;
  }
  return text.empty() ? "nothing" : text;
}

Octets Tunnel::wrap(const Octets& inner, net::Side side) const {
  Octets out = inner;
  for (const Layer& layer : layers_) out = apply(layer, out, side);
  for (std::size_t i = tags_.size(); i-- > 0;) {
    const Octets tag = {static_cast<std::uint8_t>(tags_[i] >> 8),
                        static_cast<std::uint8_t>(tags_[i]), 0, static_cast<std::uint8_t>(5 + i)};
    out.insert(out.begin() + 12, tag.begin(), tag.end());
  }
  return out;
}

std::vector<Octets> Tunnel::enter(const Octets& inner, std::size_t cut) {
  const Octets outer = wrap(inner, net::Side::inside);
  const std::uint16_t type = type_of(outer);
  std::vector<Octets> frames = {outer};
  const std::size_t carried = outer.size() - kEthernet - (type == 0x86dd ? 40 : 20);
  if (!layers_.empty() && cut != 0 && cut < carried && (type == 0x0800 || type == 0x86dd)) {
    frames = fragmented(outer, {cut}, ++identification_);
  }
  const auto train = std::make_shared<Train>();
  train->inner = inner;
  if (frames.size() > 1) train->missing.insert(frames.begin(), frames.end());
  for (const Octets& frame : frames) sent_[frame] = train;
  return frames;
}

std::optional<Octets> Tunnel::leave(const Octets& outer) {
  const auto found = sent_.find(outer);
  if (found == sent_.end()) {
    ++strange_;
    return std::nullopt;
  }
  Train& train = *found->second;
  if (train.missing.empty()) return train.inner;
  train.missing.erase(outer);
  if (!train.missing.empty()) return std::nullopt;
  // A train that has arrived is not taken again: its identification is spent.
  sent_.erase(found);
  return train.inner;
}

}  // namespace chatgate::test
