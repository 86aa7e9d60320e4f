#include "learn/skype_nodes.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/sequenced.h"

namespace chatgate::learn {
namespace {

constexpr std::size_t kWays = 4;

struct Record {
  IpAddress address;
  std::uint32_t seen;  // seconds
  std::uint32_t peer;  // of the last datagram, hashed
  std::uint16_t port;
  std::uint16_t number;
  std::uint8_t in_a_row;  // 0: empty
};

KeyedHash::Words words_of(const IpAddress& address, std::uint64_t more) {
  KeyedHash::Words words{};
  std::memcpy(words.data(), address.bytes.data(), address.bytes.size());
  words[2] = more;
  return words;
}

// Seconds; 0 where another worker, whose clock is a moment ahead, has written last.
std::uint32_t silence_of(const Record& record, std::uint32_t now) {
  return now > record.seen ? now - record.seen : 0;
}

// The record after one more datagram.
Record counted(const Record& before, std::uint32_t peer, std::uint16_t number, std::uint32_t now) {
  Record next = before;
  const auto step = static_cast<std::uint16_t>(number - before.number);
  const bool known = before.in_a_row >= SkypeNodes::kProof;
  if (silence_of(before, now) > (known ? SkypeNodes::kLife : SkypeNodes::kMaxSilence)) {
    next.in_a_row = 1;
  } else if (!known && peer != before.peer) {
    const bool goes_on = step != 0 && step <= SkypeNodes::kWindow;
    next.in_a_row = goes_on ? static_cast<std::uint8_t>(before.in_a_row + 1) : 1;
  }
  next.seen = std::max(now, before.seen);
  next.peer = peer;
  next.number = number;
  return next;
}

}  // namespace

struct SkypeNodes::Entry : Sequenced<Record> {};

SkypeNodes::SkypeNodes(std::uint32_t capacity, const KeyedHash& hash)
    : hash_(hash),
      entries_(std::bit_ceil(std::max<std::size_t>(capacity, kWays))),
      table_(std::make_unique<Entry[]>(entries_)) {}

SkypeNodes::~SkypeNodes() = default;

bool SkypeNodes::saw(const Endpoint& sender, const IpAddress& peer, std::uint16_t number,
                     Time time) {
  const auto now = static_cast<std::uint32_t>(time.nanoseconds / 1'000'000'000);
  const auto peer_hash = static_cast<std::uint32_t>(hash_(words_of(peer, 0)));
  Entry* const bucket =
      &table_[hash_(words_of(sender.address, sender.port)) & (entries_ - 1) & ~(kWays - 1)];
  Entry* target = nullptr;
  std::uint64_t target_at = 0;
  Record next{sender.address, now, peer_hash, sender.port, number, 1};
  std::uint32_t silent_longest = 0;
  for (Entry* entry = bucket; entry != bucket + kWays; ++entry) {
    Record record{};
    std::uint64_t at = 0;
    if (!entry->read(record, at)) continue;
    if (record.in_a_row != 0 && record.port == sender.port && record.address == sender.address) {
      next = counted(record, peer_hash, number, now);
      target = entry;
      target_at = at;
      break;
    }
    const std::uint32_t silence = record.in_a_row == 0 ? 0xffffffff : silence_of(record, now);
    if (target != nullptr && silence <= silent_longest) continue;
    target = entry;
    target_at = at;
    silent_longest = silence;
  }
  if (target != nullptr) target->write(next, target_at);
  return next.in_a_row >= kProof;
}

std::size_t SkypeNodes::memory() const {
  return sizeof *this + entries_ * sizeof(Entry);
}

}  // namespace chatgate::learn
