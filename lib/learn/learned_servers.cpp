#include "learn/learned_servers.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/sequenced.h"
#include "proto/dns_wire.h"

namespace chatgate::learn {
namespace {

std::uint32_t seconds(Time time) {
  return static_cast<std::uint32_t>(time.nanoseconds / 1'000'000'000);
}

}  // namespace

// What a place holds, as it is copied in and out.
struct LearnedServers::Record {
  IpAddress address;
  std::uint64_t name_hash;
  std::uint32_t epoch;  // 0: empty; of another epoch: forgotten
  std::uint32_t expires;
  std::uint32_t other_expires;  // until when another claim on the address lives
  std::uint32_t learned;
  std::uint32_t generation;
  std::uint16_t application;
  std::uint8_t service;
  std::uint8_t name_length;
  std::array<char, LearnedServer::kMaxName> name;

  bool alive(std::uint32_t current, std::uint32_t now) const {
    return epoch == current && (expires > now || other_expires > now);
  }
  bool classified() const { return ApplicationId(application).valid(); }
  // Where the claim has ended, but another on the same address lives: nameless and innocent, for as
  // long as that.
  void drop_expired_claim(std::uint32_t now) {
    if (expires > now) return;
    expires = other_expires;
    application = ApplicationId::none().value();
    service = static_cast<std::uint8_t>(catalog::Service::any);
    name_hash = 0;
    name_length = 0;
  }
  LearnedServer view(std::uint32_t now) const {
    LearnedServer server;
    server.address = address;
    server.application = ApplicationId(application);
    server.service = static_cast<catalog::Service>(service);
    server.shared = other_expires > now;
    server.generation = generation;
    server.learned = learned;
    server.expires = expires;
    server.name_hash = name_hash;
    server.name_length = name_length;
    server.name_text = name;
    return server;
  }
  Record with(const ServerClaim& claim, std::uint32_t now, std::uint32_t until) const;
  void tell(const ServerClaim& claim, std::uint32_t now, std::uint32_t until) {
    name_hash = proto::dns::hash_of_name(claim.name);
    expires = until;
    learned = now;
    generation = claim.generation;
    application = claim.application.value();
    service = static_cast<std::uint8_t>(claim.service);
    name_length = static_cast<std::uint8_t>(std::min<std::size_t>(claim.name.size(), 255));
    name = {};
    std::copy_n(claim.name.begin(), std::min(claim.name.size(), name.size()), name.begin());
  }
};

// Two cache lines.
struct LearnedServers::Place : Sequenced<Record> {
  // Only the address; cheap for most places.
  bool holds(const IpAddress& address) const {
    std::uint64_t halves[2];
    std::memcpy(halves, address.bytes.data(), sizeof halves);
    return words[0].load(std::memory_order_acquire) == halves[0] &&
           words[1].load(std::memory_order_acquire) == halves[1];
  }
};

LearnedServers::LearnedServers(std::uint32_t capacity, const KeyedHash& hash)
    : hash_(hash),
      places_(std::bit_ceil(std::max<std::size_t>(capacity, kWays))),
      table_(places_),
      tags_(std::make_unique<std::atomic<std::uint8_t>[]>(places_)) {
  static_assert(sizeof(Place) == 128);
}

LearnedServers::~LearnedServers() = default;

LearnedServers::Home LearnedServers::home(const IpAddress& address) const {
  KeyedHash::Words words{};
  std::memcpy(words.data(), address.bytes.data(), address.bytes.size());
  const std::uint64_t hash = hash_(words);
  return {hash & (places_ - 1) & ~(kWays - 1), static_cast<std::uint8_t>(hash >> 56 | 1)};
}

// The entry `old` of an address after one claim more.
LearnedServers::Record LearnedServers::Record::with(const ServerClaim& claim, std::uint32_t now,
                                                    std::uint32_t until) const {
  Record next = *this;
  const bool same_application = application == claim.application.value();
  if (!same_application && classified()) {  // the first to come stays, the other is noted
    next.other_expires = std::max(other_expires, until);
    return next;
  }
  // Two innocent names share an address too: a reload may make one of them an application's.
  const bool another =
      !same_application || (!classified() && proto::dns::hash_of_name(claim.name) != name_hash);
  if (another) next.other_expires = std::max(other_expires, expires);
  if (claim.shared) next.other_expires = std::max(next.other_expires, until);
  next.tell(claim, now, same_application ? std::max(until, expires) : until);
  return next;
}

LearnedServers::Outcome LearnedServers::learn(const IpAddress& address, const ServerClaim& claim,
                                              Time time) {
  const std::uint32_t now = seconds(time);
  const std::uint32_t until = now + std::clamp(claim.ttl, kMinLife, kMaxLife);
  const std::uint32_t epoch = epoch_.load(std::memory_order_acquire);
  constexpr std::uint64_t kDead = 0, kClassified = std::uint64_t{1} << 40;

  Place* target = nullptr;
  std::uint64_t target_at = 0;
  Record old{};
  bool known = false;
  std::uint64_t least = ~std::uint64_t{0};  // what writing over a place loses
  const Home home = this->home(address);
  Place* const places = &table_[home.first];
  const auto consider = [&](Place* place) {
    Record record{};
    std::uint64_t at = 0;
    if (!place->read(record, at)) return;
    std::uint64_t loss = kDead;
    if (record.alive(epoch, now)) {
      record.drop_expired_claim(now);
      known = record.address == address;
      loss = (record.classified() ? kClassified : 0) + (record.expires - now);
    }
    const bool takes = loss < least && (loss < kClassified || claim.application.valid());
    if (!known && !takes) return;
    target = place;
    target_at = at;
    old = record;
    least = loss;
  };
  // Mostly the address is known, and its tag tells where it stands.
  for (std::size_t i = 0; i < kWays && !known; ++i) {
    const bool likely = tags_[home.first + i].load(std::memory_order_acquire) == home.tag;
    if (likely && places[i].holds(address)) consider(&places[i]);
  }
  for (std::size_t i = 0; i < kWays && !known; ++i) consider(&places[i]);
  if (target == nullptr) return Outcome::refused;

  if (!known) {
    old = {};
    old.address = address;
    old.epoch = epoch;
    old.application = claim.application.value();
    old.name_hash = proto::dns::hash_of_name(claim.name);
  }
  if (!target->write(old.with(claim, now, until), target_at)) return Outcome::lost;
  tags_[static_cast<std::size_t>(target - table_.data())].store(home.tag,
                                                                std::memory_order_release);
  if (known) return Outcome::refreshed;
  if (least != kDead) evicted_.fetch_add(1, std::memory_order_relaxed);
  return Outcome::added;
}

std::optional<LearnedServer> LearnedServers::find(const IpAddress& address, Time time) const {
  const Home home = this->home(address);
  const std::uint32_t now = seconds(time);
  const std::uint32_t epoch = epoch_.load(std::memory_order_acquire);
  std::optional<LearnedServer> result;
  // Two threads may have added the same address at once, to two places.
  for (std::size_t i = home.first; i < home.first + kWays; ++i) {
    if (tags_[i].load(std::memory_order_acquire) != home.tag) continue;
    const Place* place = &table_[i];
    if (!place->holds(address)) continue;
    Record record;
    std::uint64_t at = 0;
    if (!place->read(record, at)) continue;
    if (record.address != address || !record.alive(epoch, now)) continue;
    record.drop_expired_claim(now);
    const LearnedServer server = record.view(now);
    if (!result) {
      result = server;
      continue;
    }
    const bool differ = server.application != result->application;
    const bool shared = result->shared || server.shared || differ;
    if (server.application.valid() && !result->application.valid()) result = server;
    result->shared = shared;
  }
  return result;
}

void LearnedServers::for_each(Time time,
                              const std::function<void(const LearnedServer&)>& visit) const {
  const std::uint32_t now = seconds(time);
  const std::uint32_t epoch = epoch_.load(std::memory_order_acquire);
  for (std::size_t i = 0; i < places_; ++i) {
    Record record;
    std::uint64_t at = 0;
    if (!table_[i].read(record, at) || !record.alive(epoch, now)) continue;
    if (record.expires > now) visit(record.view(now));
  }
}

std::size_t LearnedServers::memory() const {
  return sizeof *this + places_ * (sizeof(Place) + sizeof(std::uint8_t));
}

}  // namespace chatgate::learn
