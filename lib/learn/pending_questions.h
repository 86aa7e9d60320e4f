// Which DNS questions wait for their answer, so that only such an answer is believed.
//
// An answer counts where it comes from the address and port that were asked, to the address and
// port that asked, with the same id, repeating the same questions, within kPatience (RFC 5452
// section 9.1). The first that does is the answer; a second one, and anything nobody asked for,
// teaches nothing.
//
// Fixed memory, taken once; each question has one place, chosen by a keyed hash of those facts, and
// a later one takes it from an earlier one that still waits: its answer then teaches nothing. One
// object a worker, used on its thread only; both directions of a flow meet the same worker.
#pragma once

#include <cstdint>
#include <vector>

#include "base/address.h"
#include "base/keyed_hash.h"
#include "base/time.h"

namespace chatgate::learn {

// Who asks whom; the same for the question and for its answer.
struct QuestionKey {
  IpAddress client, resolver;
  std::uint16_t client_port = 0, resolver_port = 0;
  std::uint16_t id = 0;
  bool tcp = false;
};

class PendingQuestions {
 public:
  static constexpr std::uint64_t kPatience = 5'000'000'000;  // nanoseconds, as stub resolvers wait
  static constexpr std::uint32_t kUsualCapacity = 8192;

  explicit PendingQuestions(std::uint32_t capacity = kUsualCapacity,
                            const KeyedHash& hash = KeyedHash());

  // A query was forwarded. `question_hash` is DnsQuery::question_hash.
  void remember(const QuestionKey& key, std::uint64_t question_hash, Time now);

  // A response came; true where it answers a question that waits, which then waits no more. One
  // with other questions is none, and leaves the question waiting.
  bool answered(const QuestionKey& key, std::uint64_t question_hash, Time now);

  std::size_t memory() const { return sizeof *this + places_.capacity() * sizeof(Place); }

 private:
  struct Place {
    std::uint64_t key = 0;       // the keyed hash in full, with which no two questions collide
    std::uint64_t question = 0;  // hash of the questions
    std::uint64_t asked = 0;     // nanoseconds; 0: nothing waits here
  };

  std::uint64_t hash(const QuestionKey& key) const;
  Place& place(std::uint64_t key_hash) { return places_[key_hash & (places_.size() - 1)]; }

  KeyedHash hash_;
  std::vector<Place> places_;
};

}  // namespace chatgate::learn
