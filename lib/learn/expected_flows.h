// Connections that signalling has announced: the file, the call, the session on another server.
//
// A messenger's message names the address and port where something of its own goes on
// (proto/messenger.h). What then connects to there, or comes from there, is of the same application
// and of the service that was announced, until its own payload says otherwise.
//
// Threads: shared by all workers of a process without locks, as learn/learned_servers.h is: each
// entry is a few words under a sequence number, so a reader sees an entry whole or not at all, and
// of two writers at one place one gives up. Bounded: a bucket that is full forgets what ends first.
// Whoever can make an inside client announce an address can have that address judged as a
// messenger's for kLife seconds, and no longer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/address.h"
#include "base/keyed_hash.h"
#include "base/time.h"
#include "catalog/ids.h"
#include "proto/messenger.h"

namespace chatgate::learn {

class ExpectedFlows {
 public:
  static constexpr std::uint32_t kUsualCapacity = 16384;
  static constexpr std::uint32_t kLife = 120;  // seconds

  ExpectedFlows(std::uint32_t capacity, const KeyedHash& hash);
  ~ExpectedFlows();
  ExpectedFlows(const ExpectedFlows&) = delete;
  ExpectedFlows& operator=(const ExpectedFlows&) = delete;

  // An announcement without an address is passed over.
  void expect(const proto::ExpectedFlow& flow, ApplicationId application, Time now);

  // What was announced for an end of a flow: for the port, else for any port of the address.
  struct Found {
    ApplicationId application;
    proto::Service service = proto::Service::any;
  };
  std::optional<Found> find(const IpAddress& address, std::uint16_t port, bool tcp, Time now) const;

  // Nothing was ever announced: the common case, answered by one load.
  bool empty() const;
  std::size_t memory() const;

 private:
  struct Entry;
  struct Summary;

  std::optional<Found> find_exactly(const IpAddress& address, std::uint16_t port, bool tcp,
                                    std::uint32_t now) const;
  // The first entry of the bucket.
  std::size_t bucket(const IpAddress& address, std::uint16_t port, bool tcp) const;

  const KeyedHash hash_;
  const std::size_t entries_;
  std::unique_ptr<Entry[]> table_;
  std::unique_ptr<Summary> summary_;
};

}  // namespace chatgate::learn
