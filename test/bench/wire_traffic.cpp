#include "wire_traffic.h"

#include <algorithm>
#include <cstring>

#include "net/checksum.h"
#include "net/decode.h"

#include "flow_ends.h"
#include "synth/frames.h"

namespace chatgate::bench {
namespace {

namespace flag = net::tcp_flag;

constexpr std::size_t kIp = 14, kTransport = kIp + 20;
constexpr std::uint8_t kMark = StampedDatagrams::kFiller;
constexpr std::size_t kStamp = kTransport + 8;  // two bytes of mark, then the stamp

template <typename Number>
void put(MutableBytes out, std::size_t at, Number number) {
  std::memcpy(&out[at], &number, sizeof number);
}

template <typename Number>
Number get(Bytes bytes, std::size_t at) {
  Number number{};
  std::memcpy(&number, &bytes[at], sizeof number);
  return number;
}

void put_big16(MutableBytes out, std::size_t at, std::uint32_t value) {
  out[at] = static_cast<std::uint8_t>(value >> 8);
  out[at + 1] = static_cast<std::uint8_t>(value);
}

void put_big32(MutableBytes out, std::size_t at, std::uint32_t value) {
  put_big16(out, at, value >> 16);
  put_big16(out, at + 2, value & 0xffff);
}

std::uint32_t big16(Bytes bytes, std::size_t at) {
  return std::uint32_t{bytes[at]} << 8 | bytes[at + 1];
}

// Sums of 16-bit words that were part of a checksum of zeros (RFC 1624).
void add_to_checksum(MutableBytes out, std::size_t at, std::uint32_t words) {
  std::uint32_t sum = (~big16(out, at) & 0xffff) + words;
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  put_big16(out, at, ~sum & 0xffff);
}

}  // namespace

StampedDatagrams::StampedDatagrams(std::uint32_t flows, const std::vector<std::uint32_t>& sizes)
    : headers_(flows) {
  constexpr std::uint16_t kNobodysPort = 47111;
  for (std::uint32_t i = 0; i < flows; ++i) {
    const FlowEnds ends = ends_of(i);
    Header& header = headers_[i];
    header.size = sizes[i % sizes.size()];
    synth::Octets frame = synth::Frame()
                              .v4(text_of(ends.client), text_of(ends.server))
                              .udp(ends.client_port, kNobodysPort)
                              .payload(synth::Octets(header.size - kHeaders, kFiller))
                              .build();
    put_big16(frame, kTransport + 6, 0);  // no checksum of its own, which UDP over IPv4 allows
    std::copy_n(frame.begin(), kHeaders, header.bytes.begin());
  }
}

void StampedDatagrams::write(std::uint32_t i, const Stamp& stamp, MutableBytes out) const {
  std::memcpy(out.data(), headers_[i % headers_.size()].bytes.data(), kHeaders);
  out[kStamp] = out[kStamp + 1] = kMark;
  put(out, kStamp + 2, stamp.trial);
  put(out, kStamp + 4, stamp.sequence);
  put(out, kStamp + 8, stamp.sent);
}

std::optional<Stamp> StampedDatagrams::read(Bytes frame) {
  if (frame.size() < kLeast || frame[kStamp] != kMark || frame[kStamp + 1] != kMark) {
    return std::nullopt;
  }
  return Stamp{get<std::uint16_t>(frame, kStamp + 2), get<std::uint32_t>(frame, kStamp + 4),
               get<std::uint64_t>(frame, kStamp + 8)};
}

ConnectionScript::ConnectionScript(const std::string& name) {
  const auto record = [](std::uint8_t type, std::size_t size, std::uint8_t filler) {
    synth::Octets bytes = {type, 3, 3};
    synth::put16(bytes, size);
    bytes.resize(5 + size, filler);
    return bytes;
  };
  synth::Octets hello = synth::client_hello(name);
  if (hello.size() < 517) hello = synth::client_hello(name, 517 - hello.size());
  synth::Octets answer = record(22, 90, 0x22);
  const std::uint8_t server_hello[] = {2, 0, 0, 86, 3, 3};
  std::copy(std::begin(server_hello), std::end(server_hello), answer.begin() + 5);

  std::uint32_t next[] = {1000, 5000};  // sequence numbers of client and server
  std::size_t count = 0;
  const auto add = [&](bool client, std::uint8_t flags, const synth::Octets& payload = {}) {
    synth::Frame frame = synth::Frame().v4("0.0.0.0", "0.0.0.0");
    frame.tcp(client ? 0 : 443, client ? 443 : 0, flags).seq(next[client ? 0 : 1]);
    if (count != 0) frame.ack(next[client ? 1 : 0]);
    steps_[count++] = {frame.payload(payload).build(), client};
    const bool counts = (flags & (flag::syn | flag::fin)) != 0;
    next[client ? 0 : 1] += static_cast<std::uint32_t>(payload.size()) + (counts ? 1 : 0);
  };
  constexpr std::uint8_t kPush = flag::psh | flag::ack;
  add(true, flag::syn);
  add(false, flag::syn);
  add(true, flag::ack);
  add(true, kPush, hello);
  add(false, kPush, answer);
  add(true, kPush, record(23, 256, 0x33));
  add(false, kPush, record(23, 1024, 0x44));
  add(true, flag::ack);
  add(true, flag::fin | flag::ack);
  add(false, flag::fin | flag::ack);
  add(true, flag::ack);
  for (Step& step : steps_) {
    step.bytes.resize(std::max<std::size_t>(step.bytes.size(), 60));
    add_to_checksum(step.bytes, kIp + 10, ~big16(step.bytes, kIp + 4) & 0xffff);
    put_big16(step.bytes, kIp + 4, 0);
  }
}

void ConnectionScript::write(unsigned step, std::uint32_t number, std::uint32_t slot,
                             MutableBytes out) const {
  const Step& made = steps_[step];
  std::memcpy(out.data(), made.bytes.data(), made.bytes.size());
  const FlowEnds ends = ends_of(number);
  const std::uint32_t id = slot << 4 | step;
  put_big16(out, kIp + 4, id);
  put_big32(out, kIp + 12, made.from_client ? ends.client : ends.server);
  put_big32(out, kIp + 16, made.from_client ? ends.server : ends.client);
  put_big16(out, kTransport + (made.from_client ? 0 : 2), ends.client_port);
  const std::uint32_t addresses =
      (ends.client >> 16) + (ends.client & 0xffff) + (ends.server >> 16) + (ends.server & 0xffff);
  add_to_checksum(out, kIp + 10, addresses + id);
  add_to_checksum(out, kTransport + 16, addresses + ends.client_port);
}

std::optional<ConnectionScript::Place> ConnectionScript::read(Bytes frame) const {
  if (frame.size() < 60) return std::nullopt;
  const std::uint32_t id = big16(frame, kIp + 4);
  const Place place{id >> 4, id & 15};
  if (place.step >= kSteps || frame.size() != steps_[place.step].bytes.size()) return std::nullopt;
  return place;
}

}  // namespace chatgate::bench
