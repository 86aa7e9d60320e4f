#include "replay/offload.h"

#include <algorithm>
#include <string_view>

#include "net/checksum.h"
#include "net/validity.h"

namespace chatgate::replay {
namespace {

constexpr std::uint8_t kIpHeader = 0;
constexpr std::size_t kTcpChecksum = 16;
constexpr std::size_t kUdpChecksum = 6;

// Whether the field holds what a stack leaves there for its device to complete: the sum over the
// pseudo header, with the length or, for segments that the device cuts up, without it.
bool holds_partial_sum(const net::PacketView& packet, const net::Layers& layers) {
  const bool tcp = layers.protocol == net::kTcp;
  const std::size_t at = layers.transport + (tcp ? kTcpChecksum : kUdpChecksum);
  if (at + 2 > packet.bytes.size()) return false;
  const std::uint16_t field = load_be16(&packet.bytes[at]);
  const auto length = static_cast<std::uint32_t>(layers.payload - layers.transport +
                                                 layers.payload_size + layers.payload_missing);
  for (const std::uint32_t counted : {length, 0u}) {
    const std::uint64_t sum = net::pseudo_header_sum(
        layers.source, layers.destination, layers.ip_version == 4, layers.protocol, counted);
    if (field == static_cast<std::uint16_t>(~net::checksum_fold(sum))) return true;
  }
  return false;
}

}  // namespace

std::size_t OffloadedSenders::SenderHash::operator()(const Sender& sender) const {
  const std::string_view text(reinterpret_cast<const char*>(sender.address.bytes.data()),
                              sender.address.bytes.size());
  return std::hash<std::string_view>{}(text) + sender.protocol;
}

OffloadedSenders::OffloadedSenders(std::span<const net::PacketView> packets) {
  for (const net::PacketView& packet : packets) look(packet);
  finish();
}

OffloadedSenders::OffloadedSenders(io::CaptureReader& reader) {
  net::PacketView packet;
  while (reader.next(packet) == io::CaptureReader::Next::packet) look(packet);
  finish();
}

void OffloadedSenders::finish() {
  std::erase_if(all_wrong_, [](const auto& sender) { return !sender.second; });
  headers_unfilled_ = std::any_of(all_wrong_.begin(), all_wrong_.end(), [](const auto& sender) {
    return sender.first.protocol == kIpHeader;
  });
}

void OffloadedSenders::note(const Sender& sender, bool wrong) {
  const auto [known, fresh] = all_wrong_.try_emplace(sender, wrong);
  if (!fresh && !wrong) known->second = false;
}

void OffloadedSenders::look(const net::PacketView& packet) {
  net::Layers layers;
  net::decode(packet, layers);
  if (layers.outcome != net::Decoded::transport) return;
  if (layers.ip_version == 4) {
    note({layers.source, kIpHeader}, !net::ip_checksum_right(packet, layers));
  }
  // What a capture cut says nothing.
  if (packet.truncated()) return;
  const bool wrong = !net::transport_checksum_right(packet, layers);
  note({layers.source, layers.protocol}, wrong);
  partial_sums_ |= wrong && holds_partial_sum(packet, layers);
}

bool OffloadedSenders::vouch_for(const net::PacketView& packet) const {
  if (all_wrong_.empty() && !partial_sums_) return false;
  net::Layers layers;
  net::decode(packet, layers);
  if (layers.outcome != net::Decoded::transport) return false;
  return all_wrong_.contains(Sender{layers.source, layers.protocol}) ||
         (partial_sums_ && holds_partial_sum(packet, layers));
}

}  // namespace chatgate::replay
