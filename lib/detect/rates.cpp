#include "detect/rates.h"

#include <algorithm>

namespace chatgate::detect {
namespace {

TrackedTable::Key key_of(const Rule& rule, RateTrack track, const Subject& subject) {
  TrackedTable::Key key;
  key.what = std::uint64_t{rule.gid} << 32 | rule.sid;
  if (track == RateTrack::by_source || track == RateTrack::by_both) key.first = subject.source;
  if (track == RateTrack::by_destination || track == RateTrack::by_both) {
    key.second = subject.destination;
  }
  return key;
}

// A bit belongs to an address, whichever end it has when the bit is set and when it is asked for.
TrackedTable::Key key_of(std::uint64_t name, XbitTrack track, const Subject& subject) {
  TrackedTable::Key key;
  key.what = name;
  switch (track) {
    case XbitTrack::source: key.first = subject.source; break;
    case XbitTrack::destination: key.first = subject.destination; break;
    case XbitTrack::pair:  // the same whoever speaks
      key.first = std::min(subject.source, subject.destination);
      key.second = std::max(subject.source, subject.destination);
      break;
  }
  return key;
}

// Counts in an interval that begins with its first event; false where one begins now.
bool within(TrackedTable::Entry& entry, std::uint32_t seconds, Time now) {
  if (entry.count != 0 || entry.since != Time()) {
    if (now.nanoseconds - entry.since.nanoseconds < from_seconds(seconds).nanoseconds) return true;
  }
  entry.since = now;
  return false;
}

}  // namespace

Rates::Rates(std::uint32_t entries, const KeyedHash& hash)
    : filters_(entries, hash), thresholds_(entries, hash), xbits_(entries, hash) {}

bool Rates::passes(const Rule& rule, const DetectionFilter& filter, const Subject& subject) {
  const TrackedTable::Key key = key_of(rule, filter.track, subject);
  const TrackedTable::Entry* known = filters_.find(key);
  const Time last = known == nullptr ? Time() : known->used;
  TrackedTable::Entry& entry = filters_.take(key, subject.now);
  const std::uint32_t before = entry.count;
  if (within(entry, filter.seconds, subject.now)) {
    ++entry.count;
  } else {
    const bool idle =
        subject.now.nanoseconds - last.nanoseconds > from_seconds(filter.seconds).nanoseconds;
    entry.previous = idle ? 0 : before;
    entry.count = 1;
  }
  return entry.count > filter.count || entry.previous > filter.count;
}

bool Rates::due(const Rule& rule, const Threshold& threshold, const Subject& subject) {
  TrackedTable::Entry& entry =
      thresholds_.take(key_of(rule, threshold.track, subject), subject.now);
  entry.count = within(entry, threshold.seconds, subject.now) ? entry.count + 1 : 1;
  switch (threshold.kind) {
    case ThresholdKind::limit: return entry.count <= threshold.count;
    case ThresholdKind::both: return entry.count == threshold.count;
    case ThresholdKind::threshold: break;
  }
  if (entry.count < threshold.count) return false;
  entry.count = 0;
  entry.since = subject.now;
  return true;
}

bool Rates::is_set(std::uint64_t name, XbitTrack track, const Subject& subject) {
  const TrackedTable::Entry* entry = xbits_.find(key_of(name, track, subject));
  return entry != nullptr && subject.now < entry->since;
}

void Rates::apply(const Xbit& xbit, std::uint64_t name, const Subject& subject) {
  const bool set = xbit.operation == XbitOperation::set ||
                   (xbit.operation == XbitOperation::toggle && !is_set(name, xbit.track, subject));
  const TrackedTable::Key key = key_of(name, xbit.track, subject);
  if (set) {
    xbits_.take(key, subject.now).since =
        Time{subject.now.nanoseconds + from_seconds(xbit.expire_seconds).nanoseconds};
  } else if (TrackedTable::Entry* entry = xbits_.find(key)) {
    entry->since = Time();
  }
}

}  // namespace chatgate::detect
