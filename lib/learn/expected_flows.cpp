#include "learn/expected_flows.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstring>

#include "base/sequenced.h"

namespace chatgate::learn {
namespace {

constexpr std::size_t kWays = 4;

std::uint32_t seconds(Time time) {
  return static_cast<std::uint32_t>(time.nanoseconds / 1'000'000'000);
}

struct Record {
  IpAddress address;
  std::uint32_t expires;  // 0: empty
  std::uint16_t port;
  std::uint16_t application;
  std::uint8_t service;
  bool tcp;

  bool is_for(const IpAddress& wanted, std::uint16_t wanted_port, bool wanted_tcp) const {
    return expires != 0 && port == wanted_port && tcp == wanted_tcp && address == wanted;
  }
};

}  // namespace

struct ExpectedFlows::Entry : Sequenced<Record> {};

// Most questions are answered by this alone, which stays in a cache where the table does not.
struct ExpectedFlows::Summary {
  explicit Summary(std::size_t entries)
      : until(std::make_unique<std::atomic<std::uint16_t>[]>(entries / kWays)) {}

  // When the last announcement ends, of those for any port and of those with one; 0: there was
  // none.
  std::array<std::atomic<std::uint32_t>, 2> ends{};
  // The same of each bucket, in the low bits of a second. What ended long ago may look alive once
  // in 2^16 seconds, and costs a look into the bucket.
  std::unique_ptr<std::atomic<std::uint16_t>[]> until;

  static std::size_t kind(std::uint16_t port) { return port == 0 ? 0 : 1; }
  bool none_for(std::uint16_t port, std::uint32_t now) const {
    return ends[kind(port)].load(std::memory_order_acquire) <= now;
  }
  bool none_in(std::size_t entry, std::uint32_t now) const {
    const std::uint16_t ending = until[entry / kWays].load(std::memory_order_acquire);
    const auto left = static_cast<std::uint16_t>(ending - now);
    return left == 0 || left > kLife;
  }
  void add(std::size_t entry, std::uint16_t port, std::uint32_t expires) {
    until[entry / kWays].store(static_cast<std::uint16_t>(expires), std::memory_order_release);
    ends[kind(port)].store(expires, std::memory_order_release);
  }
};

ExpectedFlows::ExpectedFlows(std::uint32_t capacity, const KeyedHash& hash)
    : hash_(hash),
      entries_(std::bit_ceil(std::max<std::size_t>(capacity, kWays))),
      table_(std::make_unique<Entry[]>(entries_)),
      summary_(std::make_unique<Summary>(entries_)) {}

ExpectedFlows::~ExpectedFlows() = default;

bool ExpectedFlows::empty() const {
  return summary_->none_for(0, 0) && summary_->none_for(1, 0);
}

std::size_t ExpectedFlows::bucket(const IpAddress& address, std::uint16_t port, bool tcp) const {
  KeyedHash::Words words{};
  std::memcpy(words.data(), address.bytes.data(), address.bytes.size());
  words[2] = std::uint64_t{port} << 1 | (tcp ? 1 : 0);
  return hash_(words) & (entries_ - 1) & ~(kWays - 1);
}

void ExpectedFlows::expect(const proto::ExpectedFlow& flow, ApplicationId application, Time time) {
  if (flow.address == IpAddress() || !application.valid()) return;
  const std::uint32_t now = seconds(time);
  Record next{};
  next.address = flow.address;
  next.expires = now + kLife;
  next.port = flow.port;
  next.application = application.value();
  next.service = static_cast<std::uint8_t>(flow.service);
  next.tcp = flow.tcp;

  const std::size_t first = bucket(flow.address, flow.port, flow.tcp);
  Entry* const entries = &table_[first];
  Entry* target = nullptr;
  std::uint64_t target_at = 0;
  std::uint32_t soonest = 0xffffffff;
  for (Entry* entry = entries; entry != entries + kWays; ++entry) {
    Record record{};
    std::uint64_t at = 0;
    if (!entry->read(record, at)) continue;
    const bool same = record.is_for(flow.address, flow.port, flow.tcp);
    const std::uint32_t ends = same || record.expires <= now ? 0 : record.expires;
    if (target != nullptr && ends >= soonest) continue;
    target = entry;
    target_at = at;
    soonest = ends;
    if (same) break;
  }
  if (target == nullptr || !target->write(next, target_at)) return;
  summary_->add(first, flow.port, next.expires);
}

std::optional<ExpectedFlows::Found> ExpectedFlows::find_exactly(const IpAddress& address,
                                                                std::uint16_t port, bool tcp,
                                                                std::uint32_t now) const {
  if (summary_->none_for(port, now)) return std::nullopt;
  const std::size_t first = bucket(address, port, tcp);
  if (summary_->none_in(first, now)) return std::nullopt;
  const Entry* const entries = &table_[first];
  for (const Entry* entry = entries; entry != entries + kWays; ++entry) {
    Record record{};
    std::uint64_t at = 0;
    if (!entry->read(record, at) || record.expires <= now) continue;
    if (!record.is_for(address, port, tcp)) continue;
    return Found{ApplicationId(record.application), static_cast<proto::Service>(record.service)};
  }
  return std::nullopt;
}

std::optional<ExpectedFlows::Found> ExpectedFlows::find(const IpAddress& address,
                                                        std::uint16_t port, bool tcp,
                                                        Time time) const {
  const std::uint32_t now = seconds(time);
  const auto found = find_exactly(address, port, tcp, now);
  return found ? found : find_exactly(address, 0, tcp, now);
}

std::size_t ExpectedFlows::memory() const {
  return sizeof *this + sizeof(Summary) + entries_ * sizeof(Entry) +
         entries_ / kWays * sizeof(std::uint16_t);
}

}  // namespace chatgate::learn
