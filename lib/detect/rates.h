// What rules remember beyond a flow: how often they matched (detection_filter, threshold), and bits
// of addresses (xbits).
//
// Keyed by gid and sid or by the bit's name, so that it outlives a reload of the rules. Fixed
// tables that forget what has been idle longest (tracked_table.h). One worker's: each counts what
// it sees itself. Meaning of the options: Snort 2 manual, sections 3.7.10 and 3.8; xbits: Suricata
// user guide.
#pragma once

#include <cstdint>

#include "base/keyed_hash.h"
#include "detect/rule.h"
#include "detect/subject.h"
#include "detect/tracked_table.h"

namespace chatgate::detect {

class Rates {
 public:
  // `entries` of each table.
  Rates(std::uint32_t entries, const KeyedHash& hash);

  // Counts a match. True from the match after `count` within `seconds` on; also while the interval
  // before this one, if it has just ended, had more than `count` (as Snort 2 does).
  bool passes(const Rule& rule, const DetectionFilter& filter, const Subject& subject);
  // Counts an alert. True where it is to be given.
  bool due(const Rule& rule, const Threshold& threshold, const Subject& subject);

  // `name` is the hash of the bit's name (name_hash). An xbit that was never set is not set.
  bool is_set(std::uint64_t name, XbitTrack track, const Subject& subject);
  void apply(const Xbit& xbit, std::uint64_t name, const Subject& subject);

  std::size_t memory() const { return filters_.memory() + thresholds_.memory() + xbits_.memory(); }

 private:
  TrackedTable filters_;
  TrackedTable thresholds_;
  TrackedTable xbits_;
};

}  // namespace chatgate::detect
