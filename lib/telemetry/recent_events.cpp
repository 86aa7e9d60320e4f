#include "telemetry/recent_events.h"

#include <algorithm>

namespace chatgate::telemetry {

RecentEvents::RecentEvents(std::size_t lines) {
  for (Ring& ring : rings_) ring.lines.resize(std::max<std::size_t>(lines, 1));
}

void RecentEvents::add(std::string_view line, bool blocked) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.size() > kLongest) return;
  const std::lock_guard lock(mutex_);
  for (std::size_t kind = 0; kind < (blocked ? 2u : 1u); ++kind) {
    Ring& ring = rings_[kind];
    ring.lines[ring.next % ring.lines.size()] = line;
    ++ring.next;  // only where there was memory for it
  }
}

RecentEvents::Page RecentEvents::read(const Ring& ring, std::uint64_t from,
                                      std::size_t most) const {
  const std::uint64_t oldest = ring.next - std::min<std::uint64_t>(ring.next, ring.lines.size());
  Page page;
  page.missed = oldest > from ? oldest - from : 0;
  page.next = std::max(from, oldest);
  while (page.next < ring.next && page.lines.size() < most) {
    page.lines.push_back(ring.lines[page.next++ % ring.lines.size()]);
  }
  return page;
}

RecentEvents::Page RecentEvents::since(Kind kind, std::uint64_t from, std::size_t most) const {
  const std::lock_guard lock(mutex_);
  return read(ring(kind), from, most);
}

RecentEvents::Page RecentEvents::last(Kind kind, std::size_t most) const {
  const std::lock_guard lock(mutex_);
  const std::uint64_t next = ring(kind).next;
  Page page = read(ring(kind), next - std::min<std::uint64_t>(next, most), most);
  page.missed = 0;
  return page;
}

std::uint64_t RecentEvents::count(Kind kind) const {
  const std::lock_guard lock(mutex_);
  return ring(kind).next;
}

}  // namespace chatgate::telemetry
