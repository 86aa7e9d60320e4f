#include "net/fragment_cache.h"

#include <algorithm>
#include <bit>
#include <cassert>

#include "net/checksum.h"
#include "net/decode.h"
#include "net/headers.h"

namespace chatgate::net {
namespace {

constexpr std::uint32_t kMaxLength = 0xffff;
constexpr std::uint32_t kIpv4Header = 20;
constexpr std::uint32_t kIpv6Header = 40;

constexpr std::size_t kMaxIpv6Extensions = 8;

// Whether the first fragment holds all headers up to the ports and flags.
FragmentLoss fault_of_first(std::uint8_t ip_version, std::uint8_t next, Bytes payload) {
  std::size_t at = 0;
  if (ip_version == 6) {
    for (std::size_t walked = 0; is_ipv6_extension(next); ++walked) {
      if (walked == kMaxIpv6Extensions || payload.size() - at < 8) return FragmentLoss::tiny_first;
      const std::size_t size = ipv6_extension_size(next, &payload[at]);
      next = payload[at];
      if (size > payload.size() - at) return FragmentLoss::tiny_first;
      at += size;
    }
    if (next == kIpv6Fragment) return FragmentLoss::nested;
  }
  const std::size_t needed = next == kTcp ? 20 : next == kUdp ? 8 : 0;
  return payload.size() - at < needed ? FragmentLoss::tiny_first : FragmentLoss::none;
}

// What the header takes of the 65535 bytes that a datagram may have. What `whole` shows of IPv6 has
// its fixed header within them too, so that the payload is up to forty bytes shorter than in
// RFC 8200: positions in a packet have 16 bits.
std::uint32_t length_before(std::uint8_t ip_version, std::uint16_t header_size) {
  return ip_version == 6 ? header_size + kIpv6Header
                         : std::max<std::uint32_t>(header_size, kIpv4Header);
}

FragmentLimits usable(FragmentLimits limits) {
  limits.datagrams = std::max<std::uint32_t>(limits.datagrams, 1);
  limits.frames = std::max<std::uint32_t>(limits.frames, 2);
  limits.frame_bytes = std::clamp<std::uint32_t>(limits.frame_bytes, 64, kMaxLength);
  limits.datagram_frames = std::max<std::uint32_t>(limits.datagram_frames, 2);
  limits.source_datagrams = std::max<std::uint32_t>(limits.source_datagrams, 1);
  limits.source_frames = std::max<std::uint32_t>(limits.source_frames, 2);
  limits.timeout_seconds = std::max<std::uint32_t>(limits.timeout_seconds, 1);
  return limits;
}

FragmentKey identity_of(FragmentKey key) {
  if (key.ip_version == 6) key.protocol = 0;
  return key;
}

FragmentKey source_of(const FragmentKey& datagram) {
  FragmentKey key = datagram;
  key.destination = IpAddress();
  key.id = 0;
  key.protocol = 0;
  return key;
}

}  // namespace

FragmentCache::KeyMemory::KeyMemory(std::uint32_t capacity, std::uint32_t ticks)
    : sets_(std::max<std::size_t>((std::size_t{capacity} + kWays - 1) / kWays, 1)), ticks_(ticks) {}

bool FragmentCache::KeyMemory::holds(std::uint64_t hash, Tick now) const {
  const Set& set = sets_[set_of(hash)];
  const std::uint32_t wanted = tag_of(hash);
  for (std::size_t way = 0; way < kWays; ++way) {
    if (set.tags[way] == wanted && now.since(set.since[way]) < ticks_) return true;
  }
  return false;
}

bool FragmentCache::KeyMemory::insert(std::uint64_t hash, Tick now) {
  Set& set = sets_[set_of(hash)];
  std::size_t victim = 0;
  bool room = false;
  for (std::size_t way = 0; way < kWays && !room; ++way) {
    const std::uint32_t age = now.since(set.since[way]);
    room = set.tags[way] == 0 || age >= ticks_;
    if (room || age > now.since(set.since[victim])) victim = way;
  }
  set.tags[victim] = tag_of(hash);
  set.since[victim] = now;
  return room;
}

void FragmentCache::KeyMemory::sweep(Tick now) {
  Set& set = sets_[hand_];
  hand_ = hand_ + 1 == sets_.size() ? 0 : hand_ + 1;
  for (std::size_t way = 0; way < kWays; ++way) {
    if (now.since(set.since[way]) >= ticks_) set.tags[way] = 0;
  }
}

FragmentCache::FragmentCache(const FragmentLimits& limits, const KeyedHash& hash)
    : limits_(usable(limits)),
      hash_(hash),
      timeout_(Tick::from_seconds(limits_.timeout_seconds)),
      buckets_(std::bit_ceil(std::size_t{limits_.datagrams} * 2), kNone),
      source_buckets_(buckets_.size(), kNone),
      datagrams_(limits_.datagrams),
      sources_(limits_.datagrams),
      frames_(limits_.frames),
      // Not value-initialised: pages are touched when they are first used.
      bytes_(new std::uint8_t[std::size_t{limits_.frames} * limits_.frame_bytes]),
      scratch_(new std::uint8_t[kIpv6Header + kMaxLength]),
      forwarded_(limits_.remembered, Tick::from_seconds(limits_.remember_seconds)),
      refused_(limits_.remembered, timeout_) {
  for (std::uint32_t i = limits_.datagrams; i-- > 0;) {
    datagrams_[i].chained = free_datagram_;
    sources_[i].chained = free_source_;
    free_datagram_ = free_source_ = i;
  }
  for (std::uint32_t i = limits_.frames; i-- > 0;) {
    frames_[i].next_arrived = free_frame_;
    free_frame_ = i;
  }
}

std::size_t FragmentCache::memory() const {
  return sizeof *this + (buckets_.size() + source_buckets_.size()) * sizeof(std::uint32_t) +
         datagrams_.size() * sizeof(Datagram) + sources_.size() * sizeof(Source) +
         frames_.size() * (sizeof(Frame) + limits_.frame_bytes) + kIpv6Header + kMaxLength +
         forwarded_.memory() + refused_.memory();
}

// Tables and lists.

std::uint64_t FragmentCache::hash_of(const FragmentKey& key) const {
  KeyedHash::Words words;
  std::memcpy(words.data(), &key, sizeof key);
  return hash_(words);
}

template <typename Record>
std::uint32_t FragmentCache::find(const std::vector<std::uint32_t>& buckets,
                                  const std::vector<Record>& records, const FragmentKey& key,
                                  std::uint64_t hash, std::uint32_t& chain) {
  chain = 0;
  std::uint32_t at = buckets[hash & (buckets.size() - 1)];
  for (; at != kNone; at = records[at].chained) {
    ++chain;
    ++counters_.steps;
    if (records[at].hash == hash && records[at].key == key) break;
  }
  return at;
}

template <typename Record>
void FragmentCache::unchain(std::vector<std::uint32_t>& buckets, std::vector<Record>& records,
                            std::uint32_t index) {
  std::uint32_t* link = &buckets[records[index].hash & (buckets.size() - 1)];
  while (*link != index) link = &records[*link].chained;
  *link = records[index].chained;
}

void FragmentCache::append(List& list, Link Datagram::*link, std::uint32_t index) {
  (datagrams_[index].*link) = {list.last, kNone};
  (list.last == kNone ? list.first : (datagrams_[list.last].*link).next) = index;
  list.last = index;
}

void FragmentCache::remove(List& list, Link Datagram::*link, std::uint32_t index) {
  const Link own = datagrams_[index].*link;
  (own.previous == kNone ? list.first : (datagrams_[own.previous].*link).next) = own.next;
  (own.next == kNone ? list.last : (datagrams_[own.next].*link).previous) = own.previous;
}

// A fragment's way.

FragmentCache::Added FragmentCache::add(const Fragment& fragment, Tick now, WhenFull when_full) {
  if (fragment.offset == 0 && !fragment.more) return {FragmentOutcome::atomic, {}, {}};
  ++counters_.added;
  if (std::size_t{fragment.payload} + fragment.payload_size > fragment.packet.bytes.size()) {
    return drop(FragmentLoss::cut_short);
  }
  if (fragment.payload_size == 0) return drop(FragmentLoss::empty);

  const FragmentKey key = identity_of(fragment.key);
  const std::uint64_t hash = hash_of(key);
  if (refused_.holds(hash, now)) return drop(FragmentLoss::refused);
  if (forwarded_.holds(hash, now)) return drop(FragmentLoss::id_reused);
  std::uint32_t chain = 0;
  std::uint32_t index = find(buckets_, datagrams_, key, hash, chain);
  if (index != kNone && datagrams_[index].complete) return drop(FragmentLoss::id_reused);
  if (index != kNone && past_its_time(datagrams_[index], now)) {
    lose(index, FragmentLoss::timed_out);
    index = kNone;
  }

  FragmentLoss loss = fault(fragment);
  if (loss != FragmentLoss::none) return refuse(index, hash, loss, now);
  const bool full = free_datagram_ == kNone || free_frame_ == kNone;
  if (index == kNone && full && when_full == WhenFull::refuse_newest) {
    return drop(FragmentLoss::no_room);
  }
  if (index == kNone) index = open(key, hash, now);
  if (index == kNone) return drop(FragmentLoss::no_room);

  loss = fault_of_ends(datagrams_[index], fragment);
  if (loss != FragmentLoss::none) return refuse(index, hash, loss, now);
  const Place fits = place(datagrams_[index], fragment);
  if (fits.loss == FragmentLoss::duplicate) return drop(fits.loss);
  loss = fits.loss != FragmentLoss::none ? fits.loss : make_room(index);
  if (loss != FragmentLoss::none) return refuse(index, hash, loss, now);
  store(index, fragment, fits);

  Datagram& datagram = datagrams_[index];
  if (datagram.total == 0 || datagram.covered != datagram.total) {
    return {FragmentOutcome::held, {}, {}};
  }
  assemble(datagram, fragment.packet);
  unfile(index);
  datagram.complete = true;
  ++counters_.completed;
  return {FragmentOutcome::complete, {}, DatagramId(index)};
}

// What is wrong with a fragment by itself.
FragmentLoss FragmentCache::fault(const Fragment& fragment) const {
  if (fragment.more && fragment.payload_size % 8 != 0) return FragmentLoss::odd_size;
  if (length_before(fragment.key.ip_version, fragment.header_size) + fragment.offset +
          fragment.payload_size >
      kMaxLength) {
    return FragmentLoss::too_long;
  }
  if (fragment.packet.bytes.size() > limits_.frame_bytes) return FragmentLoss::frame_too_long;
  if (fragment.offset != 0) return FragmentLoss::none;
  return fault_of_first(fragment.key.ip_version, fragment.key.protocol,
                        fragment.packet.bytes.subspan(fragment.payload, fragment.payload_size));
}

FragmentCache::Added FragmentCache::drop(FragmentLoss loss) {
  ++counters_.lost[static_cast<std::size_t>(loss)];
  return {FragmentOutcome::dropped, loss, {}};
}

FragmentCache::Added FragmentCache::refuse(std::uint32_t datagram, std::uint64_t hash,
                                           FragmentLoss loss, Tick now) {
  if (datagram != kNone) lose(datagram, loss);
  remember(refused_, hash, now);
  return drop(loss);
}

bool FragmentCache::past_its_time(const Datagram& datagram, Tick now) const {
  return now.since(datagram.since) >= timeout_;
}

FragmentLoss FragmentCache::fault_of_ends(const Datagram& datagram, const Fragment& fragment) {
  const std::uint32_t end = std::uint32_t{fragment.offset} + fragment.payload_size;
  const bool agree =
      fragment.more ? datagram.total == 0 || end < datagram.total
                    : end > datagram.more_end && (datagram.total == 0 || end == datagram.total);
  if (!agree) return FragmentLoss::end_conflict;
  // Endpoints count the header of one fragment only, and differ in which.
  const std::uint32_t before =
      length_before(fragment.key.ip_version, std::max(fragment.header_size, datagram.header_size));
  return before + std::max(end, datagram.reach) > kMaxLength ? FragmentLoss::too_long
                                                             : FragmentLoss::none;
}

FragmentCache::Place FragmentCache::place(const Datagram& datagram, const Fragment& fragment) {
  const std::uint32_t begin = fragment.offset;
  const std::uint32_t end = begin + fragment.payload_size;
  if (begin >= datagram.reach) return {datagram.highest, end - begin, FragmentLoss::none};

  // Every byte is compared with one that is held at most once: held ones agree with each other.
  const std::uint8_t* bytes = fragment.packet.bytes.data() + fragment.payload;
  Place found;
  std::uint32_t position = begin;
  bool overlaps = false;
  bool copy = false;
  for (std::uint32_t at = datagram.lowest; at != kNone; at = frames_[at].next_by_offset) {
    const Frame& held = frames_[at];
    ++counters_.steps;
    if (held.begin >= end) break;
    if (held.begin <= begin) found.after = at;
    if (held.end <= position) continue;
    const std::uint32_t from = std::max(position, held.begin);
    const std::uint32_t to = std::min(held.end, end);
    if (std::memcmp(held.bytes_at(from), bytes + (from - begin), to - from) != 0) {
      found.loss = FragmentLoss::overlap;
      return found;
    }
    overlaps = true;
    copy = copy || (held.begin == begin && held.end == end);
    found.fresh += from - position;
    position = to;
  }
  found.fresh += end - position;
  if (datagram.key.ip_version == 6 && overlaps && !copy) found.loss = FragmentLoss::overlap;
  if (found.loss == FragmentLoss::none && found.fresh == 0) found.loss = FragmentLoss::duplicate;
  return found;
}

// A frame for `datagram`, at the cost of older datagrams where it must be.
FragmentLoss FragmentCache::make_room(std::uint32_t index) {
  const Datagram& datagram = datagrams_[index];
  if (datagram.frames >= limits_.datagram_frames) return FragmentLoss::too_many;
  const Source& source = sources_[datagram.source];
  if (source.frames >= limits_.source_frames) {
    std::uint32_t oldest = source.waiting.first;
    if (oldest == index) oldest = datagram.of_source.next;
    if (oldest == kNone) return FragmentLoss::source_share;
    lose(oldest, FragmentLoss::source_share);
  }
  if (free_frame_ == kNone) {
    std::uint32_t oldest = by_age_.first;
    if (oldest == index) oldest = datagram.by_age.next;
    if (oldest == kNone) return FragmentLoss::no_room;
    lose(oldest, FragmentLoss::evicted);
  }
  return FragmentLoss::none;
}

std::uint32_t FragmentCache::open(const FragmentKey& key, std::uint64_t hash, Tick now) {
  const FragmentKey source_key = source_of(key);
  const std::uint64_t source_hash = hash_of(source_key);
  std::uint32_t chain = 0;
  std::uint32_t source = find(source_buckets_, sources_, source_key, source_hash, chain);
  if (source != kNone && sources_[source].datagrams >= limits_.source_datagrams) {
    const std::uint32_t oldest = sources_[source].waiting.first;
    if (oldest == kNone) return kNone;
    lose(oldest, FragmentLoss::source_share);
  }
  if (free_datagram_ == kNone) {
    if (by_age_.first == kNone) return kNone;
    lose(by_age_.first, FragmentLoss::evicted);
  }
  if (find(buckets_, datagrams_, key, hash, chain) != kNone || chain >= kMaxChain) return kNone;
  // Looked up again: what was lost may have been all that this source had.
  source = open_source(source_key, source_hash);
  if (source == kNone) return kNone;

  const std::uint32_t index = free_datagram_;
  Datagram& datagram = datagrams_[index];
  free_datagram_ = datagram.chained;
  datagram = Datagram{};
  datagram.key = key;
  datagram.hash = hash;
  datagram.since = now;
  datagram.source = source;
  std::uint32_t& bucket = buckets_[hash & (buckets_.size() - 1)];
  datagram.chained = bucket;
  bucket = index;
  append(by_age_, &Datagram::by_age, index);
  append(sources_[source].waiting, &Datagram::of_source, index);
  ++sources_[source].datagrams;
  ++in_use_.datagrams;
  return index;
}

// There are as many sources as datagrams, so one is free.
std::uint32_t FragmentCache::open_source(const FragmentKey& key, std::uint64_t hash) {
  std::uint32_t chain = 0;
  const std::uint32_t known = find(source_buckets_, sources_, key, hash, chain);
  if (known != kNone) return known;
  if (chain >= kMaxChain) return kNone;
  const std::uint32_t index = free_source_;
  Source& source = sources_[index];
  free_source_ = source.chained;
  source = Source{};
  source.key = key;
  source.hash = hash;
  std::uint32_t& bucket = source_buckets_[hash & (source_buckets_.size() - 1)];
  source.chained = bucket;
  bucket = index;
  ++in_use_.sources;
  return index;
}

void FragmentCache::store(std::uint32_t index, const Fragment& fragment, const Place& place) {
  Datagram& datagram = datagrams_[index];
  const std::uint32_t slot = free_frame_;
  Frame& frame = frames_[slot];
  free_frame_ = frame.next_arrived;
  std::uint8_t* memory = bytes_.get() + std::size_t{slot} * limits_.frame_bytes;
  const Bytes bytes = fragment.packet.bytes;
  std::memcpy(memory, bytes.data(), bytes.size());

  frame.packet = fragment.packet;
  frame.packet.bytes = {memory, bytes.size()};
  frame.begin = fragment.offset;
  frame.end = frame.begin + fragment.payload_size;
  frame.payload = fragment.payload;
  frame.next_arrived = kNone;
  (datagram.last_arrived == kNone ? datagram.first_arrived
                                  : frames_[datagram.last_arrived].next_arrived) = slot;
  datagram.last_arrived = slot;
  std::uint32_t& before =
      place.after == kNone ? datagram.lowest : frames_[place.after].next_by_offset;
  frame.next_by_offset = before;
  before = slot;
  if (frame.next_by_offset == kNone) datagram.highest = slot;

  datagram.covered += place.fresh;
  datagram.reach = std::max(datagram.reach, frame.end);
  if (fragment.more) {
    datagram.more_end = std::max(datagram.more_end, frame.end);
  } else {
    datagram.total = frame.end;
  }
  datagram.header_size = std::max(datagram.header_size, fragment.header_size);
  if (fragment.offset == 0) {
    datagram.protocol = fragment.key.protocol;
    datagram.hop_limit = fragment.hop_limit;
  }
  ++datagram.frames;
  ++sources_[datagram.source].frames;
  ++in_use_.frames;
}

void FragmentCache::assemble(const Datagram& datagram, const PacketView& last) {
  std::uint8_t* payload = scratch_.get() + kIpv6Header;
  for (std::uint32_t at = datagram.lowest; at != kNone; at = frames_[at].next_by_offset) {
    const Frame& frame = frames_[at];
    std::memcpy(payload + frame.begin, frame.bytes_at(frame.begin), frame.end - frame.begin);
  }
  write_header(datagram, payload);
  const std::uint32_t header = datagram.key.ip_version == 6 ? kIpv6Header : kIpv4Header;
  whole_ = last;
  whole_.bytes = {payload - header, header + datagram.total};
  whole_.wire_length = header + datagram.total;
  whole_.link = LinkType::raw_ip;
  whole_.transport_checksum = ChecksumStatus::unknown;
}

// The header of `whole`, so that it ends where the payload begins.
void FragmentCache::write_header(const Datagram& datagram, std::uint8_t* end) {
  const FragmentKey& key = datagram.key;
  if (key.ip_version == 6) {
    std::uint8_t* header = end - kIpv6Header;
    std::memset(header, 0, 8);
    header[0] = 0x60;
    store_be16(header + 4, static_cast<std::uint16_t>(datagram.total));
    header[6] = datagram.protocol;
    header[7] = datagram.hop_limit;
    std::memcpy(header + 8, key.source.bytes.data(), 16);
    std::memcpy(header + 24, key.destination.bytes.data(), 16);
    return;
  }
  std::uint8_t* header = end - kIpv4Header;
  std::memset(header, 0, kIpv4Header);
  header[0] = 0x45;
  store_be16(header + 2, static_cast<std::uint16_t>(kIpv4Header + datagram.total));
  header[8] = datagram.hop_limit;
  header[9] = datagram.protocol;
  std::memcpy(header + 12, key.source.bytes.data() + 12, 4);
  std::memcpy(header + 16, key.destination.bytes.data() + 12, 4);
  store_be16(header + 10, checksum_fold(checksum_add({header, kIpv4Header})));
}

// The end of a datagram.

void FragmentCache::release_forwarded(DatagramId datagram, Tick now) {
  const Datagram& record = datagrams_[datagram.value()];
  assert(record.complete);
  counters_.forwarded += record.frames;
  remember(forwarded_, record.hash, now);
  free(datagram.value());
}

void FragmentCache::release_dropped(DatagramId datagram, Tick now) {
  const Datagram& record = datagrams_[datagram.value()];
  assert(record.complete);
  counters_.lost[static_cast<std::size_t>(FragmentLoss::verdict)] += record.frames;
  remember(refused_, record.hash, now);
  free(datagram.value());
}

bool FragmentCache::expire(Tick now, std::size_t limit) {
  if (swept_ != now) {
    swept_ = now;
    forwarded_.sweep(now);
    refused_.sweep(now);
  }
  while (by_age_.first != kNone && past_its_time(datagrams_[by_age_.first], now)) {
    if (limit-- == 0) return true;
    lose(by_age_.first, FragmentLoss::timed_out);
  }
  return false;
}

void FragmentCache::remember(KeyMemory& memory, std::uint64_t hash, Tick now) {
  if (!memory.insert(hash, now)) ++counters_.forgotten_early;
}

void FragmentCache::lose(std::uint32_t datagram, FragmentLoss loss) {
  counters_.lost[static_cast<std::size_t>(loss)] += datagrams_[datagram].frames;
  unfile(datagram);
  free(datagram);
}

void FragmentCache::unfile(std::uint32_t datagram) {
  remove(by_age_, &Datagram::by_age, datagram);
  remove(sources_[datagrams_[datagram].source].waiting, &Datagram::of_source, datagram);
}

void FragmentCache::free(std::uint32_t index) {
  Datagram& datagram = datagrams_[index];
  if (datagram.last_arrived != kNone) {
    frames_[datagram.last_arrived].next_arrived = free_frame_;
    free_frame_ = datagram.first_arrived;
  }
  in_use_.frames -= datagram.frames;
  --in_use_.datagrams;
  Source& source = sources_[datagram.source];
  source.frames -= datagram.frames;
  if (--source.datagrams == 0) {
    unchain(source_buckets_, sources_, datagram.source);
    source.chained = free_source_;
    free_source_ = datagram.source;
    --in_use_.sources;
  }
  unchain(buckets_, datagrams_, index);
  datagram.complete = false;
  datagram.chained = free_datagram_;
  free_datagram_ = index;
}

}  // namespace chatgate::net
