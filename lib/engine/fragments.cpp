// IP fragments: held until their datagram is whole, judged as one packet, sent on as they came.

#include "engine/pipeline.h"
#include "net/validity.h"

namespace chatgate::engine {
namespace {

using net::FragmentLoss;
using telemetry::Reason;

Reason reason_of(FragmentLoss loss) {
  switch (loss) {
    case FragmentLoss::none:
    case FragmentLoss::verdict: return Reason::none;  // counted with the datagram's own reason
    case FragmentLoss::cut_short:
    case FragmentLoss::empty:
    case FragmentLoss::odd_size:
    case FragmentLoss::too_long:
    case FragmentLoss::tiny_first:
    case FragmentLoss::nested:
    case FragmentLoss::frame_too_long: return Reason::fragment_malformed;
    case FragmentLoss::overlap:
    case FragmentLoss::end_conflict: return Reason::fragment_overlap;
    case FragmentLoss::duplicate:
    case FragmentLoss::id_reused: return Reason::fragment_duplicate;
    case FragmentLoss::refused: return Reason::fragment_refused;
    case FragmentLoss::timed_out: return Reason::fragment_timeout;
    case FragmentLoss::evicted:
    case FragmentLoss::source_share:
    case FragmentLoss::too_many:
    case FragmentLoss::no_room: return Reason::fragment_room;
  }
  return Reason::none;
}

// Whether the datagram may turn out to be TCP or UDP. IPv6 can have extension headers within the
// fragmented part, and a fragment that is not the first does not say what they lead to.
bool may_hold_transport(const net::Layers& layers) {
  constexpr std::uint8_t kMayHoldIp[] = {4, 41, 47};  // IP in IP, GRE
  return layers.ip_version == 6 || layers.protocol == net::kTcp || layers.protocol == net::kUdp ||
         std::find(std::begin(kMayHoldIp), std::end(kMayHoldIp), layers.protocol) !=
             std::end(kMayHoldIp);
}

net::Fragment fragment_of(const net::PacketView& frame, const net::Layers& layers) {
  net::Fragment fragment;
  fragment.key.source = layers.source;
  fragment.key.destination = layers.destination;
  fragment.key.id = layers.fragment_id;
  fragment.key.encapsulation = layers.tunnel_id;
  fragment.key.vlan = layers.vlan;
  fragment.key.protocol = layers.protocol;
  fragment.key.ip_version = layers.ip_version;
  fragment.key.pair = frame.pair;
  fragment.key.side = frame.side;
  fragment.offset = layers.fragment_offset;
  fragment.more = layers.fragment_more;
  fragment.hop_limit = frame.bytes[layers.network + (layers.ip_version == 4 ? 8u : 7u)];
  fragment.header_size =
      static_cast<std::uint16_t>(layers.ip_version == 4 ? layers.payload - layers.network
                                                        : layers.payload - layers.network - 40 - 8);
  fragment.payload = layers.payload;
  // What a capture cut is missing all the same.
  fragment.payload_size = static_cast<std::uint16_t>(layers.payload_size + layers.payload_missing);
  fragment.packet = frame;
  return fragment;
}

}  // namespace

void Pipeline::hold_fragment(Packet& packet) {
  counters_.add(Counter::fragments);
  const bool for_rules =
      snapshot_->signatures != nullptr && ip_protocol::is_icmp(packet.layers.protocol);
  if (!for_rules && !may_hold_transport(packet.layers)) {
    access_on_other(packet);
    return;
  }
  if (snapshot_->mode() == policy::Mode::monitor) return;
  if (!net::ip_checksum_right(*packet.view, packet.layers) && config_.verify_checksums) {
    drop(packet, Reason::ip_checksum);
    return;
  }
  using WhenFull = net::FragmentCache::WhenFull;
  const bool open = controls().fragments == policy::OnExhaustion::open;
  const net::FragmentCache::Added added =
      fragments_.add(fragment_of(*packet.view, packet.layers), tick_,
                     open ? WhenFull::refuse_newest : WhenFull::evict_oldest);
  result_->dispositions[packet.position] = {false, Reason::fragment_held};
  switch (added.outcome) {
    case net::FragmentOutcome::held: break;
    case net::FragmentOutcome::atomic: result_->dispositions[packet.position] = {}; return;
    case net::FragmentOutcome::complete: judge_datagram(packet, added.datagram); break;
    case net::FragmentOutcome::dropped:
      result_->dispositions[packet.position].reason = reason_of(added.loss);
      if (added.loss == FragmentLoss::no_room && open) {
        result_->dispositions[packet.position].forward = true;
        // Not lost after all.
        counters_.add(Reason::fragment_room);
        ++fragments_counted_.lost[static_cast<std::size_t>(FragmentLoss::no_room)];
      }
      break;
  }
  // The frame itself, where it ends here, is counted with its burst.
  const Disposition& fate = result_->dispositions[packet.position];
  count_fragments(!fate.forward && fate.reason != Reason::fragment_held ? 1 : 0);
}

// The datagram goes the way of any packet; its fragments share its fate.
void Pipeline::judge_datagram(Packet& last, net::DatagramId datagram) {
  whole_ = Packet{};
  judged_ = &whole_;
  whole_.view = &fragments_.whole();
  whole_.position = last.position;
  net::decode(*whole_.view, whole_.layers, controls().look_through, last.layers.tunnel_id);
  whole_.layers.vlan = last.layers.vlan;
  whole_.layers.tag_count = last.layers.tag_count;
  // Answers go by the link and the encapsulation of the fragment, with the datagram's numbers.
  whole_layers_ = whole_.layers;
  whole_layers_.network = last.layers.network;
  whole_layers_.encapsulation_count = last.layers.encapsulation_count;
  whole_layers_.encapsulation = last.layers.encapsulation;
  whole_.frame = last.frame;
  whole_.frame_layers = &whole_layers_;

  Disposition& disposition = result_->dispositions[last.position];
  disposition = {};
  if (whole_.layers.outcome == net::Decoded::transport) {
    flow::make_key(whole_.layers, whole_.view->pair, whole_.key);
    whole_.hash = flow::hash_key(config_.hash, whole_.key.key);
    find_flow(whole_);
    meet_flow(whole_);
  } else if (whole_.layers.outcome == net::Decoded::not_transport) {
    if (!access_on_other(whole_)) rules_on_other(whole_);
  } else if (whole_.layers.outcome == net::Decoded::fragment) {
    // Fragments within fragments: no path needs both.
    drop(whole_, Reason::fragment_malformed);
  } else if (whole_.layers.outcome == net::Decoded::header_chain) {
    drop(whole_, Reason::header_chain);
  }
  const bool forward = disposition.forward;
  disposition.forward = false;
  if (!forward) {
    fragments_.release_dropped(datagram, tick_);
    return;
  }
  disposition.reason = Reason::fragment_held;
  fragments_.for_each_frame(datagram, [&](const net::PacketView& frame) {
    released_.push_back({last.position, frame});
  });
  sent_.push_back(datagram);
}

// What was released with the last burst has been sent.
void Pipeline::release_sent() {
  for (const net::DatagramId datagram : sent_) fragments_.release_forwarded(datagram, tick_);
  sent_.clear();
  released_.clear();
}

// Fragments that were lost since the last call, held ones that went with them or with time
// included. `in_burst` of them are among the frames of the burst that is being worked on.
void Pipeline::count_fragments(std::uint64_t in_burst) {
  std::uint64_t all = 0;
  const net::FragmentCache::Counters& now = fragments_.counters();
  for (std::size_t i = 1; i < net::kFragmentLosses; ++i) {
    const std::uint64_t lost = now.lost[i] - fragments_counted_.lost[i];
    if (lost == 0) continue;
    const Reason reason = reason_of(static_cast<FragmentLoss>(i));
    if (reason != Reason::none) counters_.add(reason, lost);
    all += lost;
  }
  if (all > in_burst) counters_.add(Counter::dropped, all - in_burst);
  fragments_counted_ = now;
}

}  // namespace chatgate::engine
