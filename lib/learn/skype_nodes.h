// Which endpoints are nodes of Skype's network, by what they send to one peer after another.
//
// A datagram between nodes shows a number and a type in clear, and other traffic has the same type
// in the same place. But a node counts: it sends to all of its peers from one port, and each
// datagram's number is a little higher than that of the one before, to whichever peer that went.
// Four in a row to changing peers are proof; chance or another protocol would have to hit the type
// and a window of 32 numbers in 65,536 each time. (Observed in captures of 2006 to 2014; the type:
// P. Biondi, F. Desclaux, "Silver Needle in the Skype", 2006.)
//
// Threads: shared by all workers of a process without locks, as learn/expected_flows.h is. Bounded:
// a bucket that is full forgets the endpoint that has been silent longest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/address.h"
#include "base/keyed_hash.h"
#include "base/time.h"

namespace chatgate::learn {

class SkypeNodes {
 public:
  static constexpr std::uint32_t kUsualCapacity = 4096;
  static constexpr std::uint8_t kProof = 4;         // datagrams in a row
  static constexpr std::uint16_t kWindow = 32;      // how far a number may go on
  static constexpr std::uint32_t kMaxSilence = 60;  // seconds between two of them
  static constexpr std::uint32_t kLife = 600;  // seconds for which a node is known without another

  struct Endpoint {
    IpAddress address;
    std::uint16_t port = 0;
  };

  SkypeNodes(std::uint32_t capacity, const KeyedHash& hash);
  ~SkypeNodes();
  SkypeNodes(const SkypeNodes&) = delete;
  SkypeNodes& operator=(const SkypeNodes&) = delete;

  // A datagram that may be a node's. True where its sender is known as one, now or already.
  bool saw(const Endpoint& sender, const IpAddress& peer, std::uint16_t number, Time now);

  std::size_t memory() const;

 private:
  struct Entry;

  const KeyedHash hash_;
  const std::size_t entries_;
  std::unique_ptr<Entry[]> table_;
};

}  // namespace chatgate::learn
