// Which application an address serves, as DNS answers told: one table for all workers.
//
// Names that mean no application are kept too, because an address that also serves them must never
// decide: such an entry is `shared` for as long as both claims live. The same table, seen by name,
// is what `show dns-cache` prints.
//
// Memory is taken once, at construction. An entry lives for its record's TTL, at least kMinLife and
// at most kMaxLife seconds. An address has kWays places that it may be in, chosen by a keyed hash,
// so that nobody can aim at another's. A new entry takes, in this order, an empty or expired place,
// that of the unclassified entry that expires first, that of the classified one that expires first;
// an unclassified one never takes the place of a classified one that lives.
//
// Threads: every function may be called from any thread at any time, and none waits. Each place has
// a sequence number that is odd while its one writer is at work (a seqlock). A writer that loses
// the race for a place gives up: what it had to say comes with the next answer again. A reader that
// meets a writer tries again a few times and then takes the place for empty. Time is
// an argument, in any order. Workers call `learn` and `find`, control the others.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "base/address.h"
#include "base/keyed_hash.h"
#include "base/strong_id.h"
#include "base/table_allocator.h"
#include "base/time.h"
#include "catalog/catalogue.h"
#include "catalog/ids.h"

namespace chatgate::learn {

// What an answer says of an address.
struct ServerClaim {
  ApplicationId application;  // none: the name means no application
  catalog::Service service = catalog::Service::any;
  // The address serves others too, as the catalogue knows of the name that it belongs to.
  bool shared = false;
  std::string_view name;         // that decided, in the form of proto::HostName
  std::uint32_t ttl = 0;         // seconds, as in the record
  std::uint32_t generation = 0;  // of the snapshot whose catalogue classified the name
};

struct LearnedServer {
  static constexpr std::size_t kMaxName = 64;

  IpAddress address;
  ApplicationId application;  // none: innocent
  catalog::Service service = catalog::Service::any;
  // Another application's or an innocent name has this address too: it decides nothing by itself.
  bool shared = false;
  std::uint32_t generation = 0;
  std::uint32_t learned = 0;  // seconds since the epoch, when it was last heard of
  std::uint32_t expires = 0;  // seconds since the epoch, of this claim
  std::uint64_t name_hash = 0;
  std::uint8_t name_length = 0;  // of the whole name
  std::array<char, kMaxName> name_text{};

  // The name's first kMaxName characters.
  std::string_view name() const {
    return {name_text.data(), name_length < kMaxName ? name_length : kMaxName};
  }
  bool name_is_whole() const { return name_length <= kMaxName; }
  // Whether the address alone tells the application.
  bool decisive() const { return application.valid() && !shared; }
};

class LearnedServers {
 public:
  static constexpr std::size_t kWays = 8;
  static constexpr std::uint32_t kMinLife = 60;  // clients use addresses beyond short TTLs
  static constexpr std::uint32_t kMaxLife = 24 * 3600;
  static constexpr std::uint32_t kUsualCapacity = 65536;

  // How many addresses it holds, rounded up to a power of two; 129 bytes each.
  explicit LearnedServers(std::uint32_t capacity = kUsualCapacity,
                          const KeyedHash& hash = KeyedHash());
  ~LearnedServers();
  LearnedServers(const LearnedServers&) = delete;
  LearnedServers& operator=(const LearnedServers&) = delete;

  enum class Outcome : std::uint8_t {
    added,      // the address was not known
    refreshed,  // it was
    refused,    // all its places are taken by what is worth more
    lost,       // another thread was writing
  };

  Outcome learn(const IpAddress& address, const ServerClaim& claim, Time now);

  // Whether the address has a live entry, so that `learn` would only refresh it.
  bool knows(const IpAddress& address, Time now) const { return find(address, now).has_value(); }

  // What is known of the address. Where several claims live, that of an application.
  std::optional<LearnedServer> find(const IpAddress& address, Time now) const;

  // Forgets everything that was learned up to now.
  void forget_all() { epoch_.fetch_add(1, std::memory_order_acq_rel); }

  // Calls `visit` for each live claim, in no order. What changes meanwhile may be seen or not.
  void for_each(Time now, const std::function<void(const LearnedServer&)>& visit) const;

  std::size_t capacity() const { return places_; }
  std::size_t memory() const;
  // Live entries that had to go before their time.
  std::uint64_t evicted() const { return evicted_.load(std::memory_order_relaxed); }

 private:
  struct Record;
  struct Place;

  // Where an address may stand: the first of its places, and what its tags look like.
  struct Home {
    std::size_t first;
    std::uint8_t tag;
  };
  Home home(const IpAddress& address) const;

  const KeyedHash hash_;
  const std::size_t places_;
  Table<Place> table_;
  // A byte of hash for each place, those of a bucket side by side, so that most questions about
  // addresses that nobody told of are answered without the places. Of two writers at one place the
  // tag of the wrong one may stay: the entry is not found then until its next answer.
  const std::unique_ptr<std::atomic<std::uint8_t>[]> tags_;
  std::atomic<std::uint32_t> epoch_{1};
  std::atomic<std::uint64_t> evicted_{0};
};

// Whether what is known of an address may judge a connection to a port of it. Resolvers that are
// reached over HTTPS answer plain DNS at the same address, and that is judged by its questions.
constexpr bool judges_port(std::uint16_t server_port) {
  constexpr std::uint16_t kPlainDns = 53;
  return server_port != kPlainDns;
}

// What `server` means under the catalogue of `generation`. A name's classification may change with
// a reload: an entry of another generation is classified anew by its name, and one whose name did
// not fit is not known until it is learned again. `classify` takes a name and returns a
// catalog::NameMatch.
template <typename Classify>
catalog::NameMatch current_application(const LearnedServer& server, std::uint32_t generation,
                                       Classify&& classify) {
  if (server.generation == generation) {
    return {server.application, server.service, !server.shared};
  }
  if (!server.name_is_whole()) return {};
  catalog::NameMatch match = classify(server.name());
  if (server.shared) match.exclusive = false;
  return match;
}

}  // namespace chatgate::learn
