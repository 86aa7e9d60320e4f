// Fragments of IPv4 and IPv6 datagrams, held until their datagram can be judged as one packet.
//
// A worker gives every fragment to `add`. While the datagram has holes, the frame is copied and
// held; the caller sends nothing. When the last hole closes, `add` answers `complete`: `whole` is
// the datagram as one packet without link header, and `for_each_frame` lists the frames in the
// order in which they came. The caller judges the packet, emits the frames unchanged or drops them,
// and says which with `release_forwarded` or `release_dropped`:
//
//   (add -> held | atomic | dropped)* add -> complete, whole, for_each_frame, release_*
//
// Why hold everything: an endpoint can do nothing with an incomplete datagram (RFC 791 section 3.2,
// RFC 8200 section 4.5), so holding costs only the time between the first and the last fragment,
// and no fragment of a datagram that would be blocked has left before the verdict. Because frames
// leave only as a complete set without contradictions, the rule by which an endpoint resolves
// overlaps (first, last, BSD, Linux, Windows) makes no difference.
//
// Rules, each with its FragmentLoss:
//  * Overlap. IPv4: bytes given twice must be equal, or the whole datagram is refused. IPv6: every
//    overlap refuses the datagram (RFC 5722), but for an exact copy of a held fragment, which may
//    come from the network (RFC 8200 section 4.5). A copy that adds no byte is dropped and counted.
//  * A fragment that is not the last and no multiple of eight, one that ends beyond the largest
//    datagram, a first one that cuts the header chain short (RFC 1858, RFC 7112), ends that
//    disagree and a fragment header within the datagram refuse the datagram. As in Linux, the chain
//    ends with the fixed part of the TCP header: the reassembled packet is judged, options and all.
//  * Refused means: its frames are dropped, and what else comes for its key is dropped until the
//    timeout. That is politeness to the memory and no defence: nothing of it has left.
//  * After a datagram was forwarded, what comes for its key is dropped for `remember_seconds`. Else
//    a sender who knows that the endpoint has missed a part (by hop limit, by size) could send
//    other bytes under the same identification and have the endpoint join the two; hence the time,
//    a little more than the thirty to sixty seconds for which endpoints keep a part. A late copy
//    dies by it too; nobody misses it. A sender that counts its identifications up loses nothing
//    when its 16 bits wrap, because `remembered` is a quarter of them. The price: a sender of that
//    many fragmented datagrams within the time pushes its own earlier ones out (`forgotten_early`).
//  * A fragment that is the whole datagram (offset 0, no more; RFC 6946) is not touched, and does
//    not touch held ones of the same key.
//
// The key of IPv6 does not contain the protocol: endpoints take it from the first fragment alone
// (RFC 8200 section 4.5), and so does `whole`. Either key contains the side: frames of one datagram
// that leave by different sides would reach nobody as what was judged.
//
// Limits: memory is taken in the constructor. A source that has more frames or datagrams waiting
// than its share loses its own oldest; a full cache loses the oldest of all; a datagram with too
// many fragments is refused. A datagram lives `timeout_seconds` from its first fragment: far
// shorter than in endpoints, because memory is scarcer here, and hundreds of times longer than a
// train of fragments takes. Work per fragment is bounded by `datagram_frames`, a chain of sixteen
// in the tables, and its own bytes. The tables are keyed, so that none can aim collisions.
//
// A gateway that only watches forwards each frame when it comes, and does not ask the cache.
//
// Threads: one worker's. Input bytes are borrowed for the call; output views are of the cache's own
// memory, `whole` until the next `add`, frames until the release.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>
#include <vector>

#include "base/address.h"
#include "base/keyed_hash.h"
#include "base/strong_id.h"
#include "base/time.h"
#include "net/packet_view.h"

namespace chatgate::net {

// What makes two fragments parts of one datagram.
struct FragmentKey {
  IpAddress source;
  IpAddress destination;
  std::uint32_t id = 0;
  std::uint32_t encapsulation = 0;      // the caller's number for the tunnel around; 0: none
  std::array<std::uint16_t, 2> vlan{};  // outermost first
  std::uint8_t protocol = 0;            // IPv6: Next Header of this fragment's fragment header
  std::uint8_t ip_version = 0;          // 4 or 6
  PairId pair{0};
  Side side = Side::inside;

  bool operator==(const FragmentKey& other) const {
    return std::memcmp(this, &other, sizeof *this) == 0;
  }
};
static_assert(sizeof(FragmentKey) == sizeof(KeyedHash::Words) &&
                  std::has_unique_object_representations_v<FragmentKey>,
              "the key is compared and hashed as plain words");

struct Fragment {
  FragmentKey key;
  std::uint16_t offset = 0;  // in bytes
  bool more = false;
  std::uint8_t hop_limit = 64;
  // What counts into the datagram's 16-bit length besides the payload. IPv4: the header. IPv6: the
  // extension headers before the fragment header.
  std::uint16_t header_size = 0;
  // Where the bytes of the datagram stand in the frame.
  std::uint16_t payload = 0;
  std::uint16_t payload_size = 0;
  PacketView packet;
};

enum class FragmentOutcome : std::uint8_t {
  held,      // copied; the frame is not to be sent
  complete,  // copied, and the datagram has no hole any more
  atomic,    // no part of anything: treat the packet as one without fragment header
  dropped,   // not copied; drop the frame
};

// Why a frame was lost: the one just added, or held ones that went with it or with time.
enum class FragmentLoss : std::uint8_t {
  none,
  cut_short,       // a capture does not have all its bytes
  empty,           // no payload
  odd_size,        // not the last, and no multiple of eight
  too_long,        // ends beyond the largest datagram
  tiny_first,      // the first fragment cuts the header chain short
  nested,          // a fragment header within the fragmented datagram
  overlap,         // contradicts bytes that are held, or (IPv6) overlaps at all
  end_conflict,    // two ends, or bytes beyond the end
  duplicate,       // adds no byte to what is held
  refused,         // its datagram was refused or judged to be dropped before
  id_reused,       // its datagram is complete, perhaps forwarded already
  verdict,         // the caller judged the datagram to be dropped
  timed_out,       // the datagram had holes to the end
  evicted,         // the oldest, to make room
  source_share,    // the oldest of a source that has more waiting than its share
  too_many,        // a datagram of more fragments than are kept for one
  frame_too_long,  // longer than the room for a frame
  no_room,         // nothing could be evicted
};
constexpr std::size_t kFragmentLosses = static_cast<std::size_t>(FragmentLoss::no_room) + 1;

struct FragmentLimits {
  std::uint32_t datagrams = 1024;
  std::uint32_t frames = 4096;
  std::uint32_t frame_bytes = 2048;  // room for each frame, at most 65535
  std::uint32_t datagram_frames = 64;
  std::uint32_t source_datagrams = 64;
  std::uint32_t source_frames = 256;
  std::uint32_t remembered = 16384;  // keys of forwarded datagrams, and as many of refused ones
  std::uint32_t timeout_seconds = 2;
  std::uint32_t remember_seconds = 62;
};

using DatagramId = StrongId<struct FragmentedDatagramTag, std::uint32_t>;

class FragmentCache {
 public:
  struct Added {
    FragmentOutcome outcome = FragmentOutcome::dropped;
    FragmentLoss loss = FragmentLoss::none;  // where dropped
    DatagramId datagram;                     // where complete; until its release
  };

  // Frames, but where it says otherwise. What was added is held, forwarded or lost.
  struct Counters {
    std::uint64_t added = 0;  // without those that were `atomic`
    std::uint64_t forwarded = 0;
    std::array<std::uint64_t, kFragmentLosses> lost{};
    std::uint64_t completed = 0;        // datagrams
    std::uint64_t forgotten_early = 0;  // keys pushed out of a memory before their time
    std::uint64_t steps = 0;            // entries looked at, for the bound on work
  };

  struct InUse {
    std::uint32_t datagrams = 0;
    std::uint32_t frames = 0;
    std::uint32_t sources = 0;
  };

  explicit FragmentCache(const FragmentLimits& limits, const KeyedHash& hash = KeyedHash());

  // What a fragment of another datagram meets where the cache is full.
  enum class WhenFull : std::uint8_t { evict_oldest, refuse_newest };

  Added add(const Fragment& fragment, Tick now, WhenFull when_full = WhenFull::evict_oldest);

  // The datagram that the last `add` completed, as a raw IP packet: a plain header without options
  // made from the key and the first fragment, then all of the payload. Side, pair, time and number
  // are those of the fragment that completed it.
  const PacketView& whole() const { return whole_; }

  // Calls `visit(const PacketView&)` for the frames of a complete datagram in the order they came.
  template <typename Visit>
  void for_each_frame(DatagramId datagram, Visit&& visit) const {
    for (std::uint32_t at = datagrams_[datagram.value()].first_arrived; at != kNone;
         at = frames_[at].next_arrived) {
      visit(frames_[at].packet);
    }
  }

  void release_forwarded(DatagramId datagram, Tick now);
  void release_dropped(DatagramId datagram, Tick now);

  // Drops datagrams past their time, at most `limit`; true where more are due. To be called about
  // once a burst; `add` does not depend on it.
  bool expire(Tick now, std::size_t limit);

  const Counters& counters() const { return counters_; }
  InUse in_use() const { return in_use_; }
  // Bytes taken, all in all.
  std::size_t memory() const;

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  static constexpr std::uint32_t kMaxChain = 16;

  // Keys that were decided a moment ago, as 32-bit tags in sets of eight, a cache line each. A set
  // that is full forgets its oldest. A stranger is taken for a known key once in some 10^8 times.
  class KeyMemory {
   public:
    KeyMemory(std::uint32_t capacity, std::uint32_t ticks);
    bool holds(std::uint64_t hash, Tick now) const;
    // False where a key was forgotten for it before its time.
    bool insert(std::uint64_t hash, Tick now);
    // Clears what is past its time in the next set, so that nothing outlives the wrap of ticks.
    void sweep(Tick now);
    std::size_t memory() const { return sets_.size() * sizeof(Set); }

   private:
    static constexpr std::size_t kWays = 8;
    struct alignas(64) Set {
      std::array<std::uint32_t, kWays> tags{};  // 0: free
      std::array<Tick, kWays> since{};
    };
    std::size_t set_of(std::uint64_t hash) const {
      return static_cast<std::size_t>((hash >> 32) * sets_.size() >> 32);
    }
    static std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash) | 1; }

    std::vector<Set> sets_;
    std::uint32_t ticks_;
    std::size_t hand_ = 0;
  };

  struct Link {
    std::uint32_t previous = kNone;
    std::uint32_t next = kNone;
  };
  struct List {
    std::uint32_t first = kNone;
    std::uint32_t last = kNone;
  };

  struct Frame {
    PacketView packet;
    std::uint32_t begin = 0;  // of its payload in the datagram
    std::uint32_t end = 0;
    std::uint32_t next_arrived = kNone;
    std::uint32_t next_by_offset = kNone;
    std::uint16_t payload = 0;

    const std::uint8_t* bytes_at(std::uint32_t position) const {
      return packet.bytes.data() + payload + (position - begin);
    }
  };

  struct Datagram {
    FragmentKey key;
    std::uint64_t hash = 0;
    std::uint32_t chained = kNone;  // next of the same bucket, or next free
    std::uint32_t source = kNone;
    Link by_age;  // those with holes, oldest first: of all, and of the same source
    Link of_source;
    std::uint32_t first_arrived = kNone;
    std::uint32_t last_arrived = kNone;
    std::uint32_t lowest = kNone;  // by offset
    std::uint32_t highest = kNone;
    std::uint32_t frames = 0;
    std::uint32_t covered = 0;   // bytes
    std::uint32_t reach = 0;     // the highest end
    std::uint32_t more_end = 0;  // the highest end after which more must follow
    std::uint32_t total = 0;     // 0: the last fragment has not come
    Tick since;
    std::uint16_t header_size = 0;  // the largest
    std::uint8_t protocol = 0;      // of the first fragment, as the next
    std::uint8_t hop_limit = 0;
    bool complete = false;
  };

  // An address on its wire, with what it has waiting.
  struct Source {
    FragmentKey key;  // only address, tags, pair and tunnel are set
    std::uint64_t hash = 0;
    std::uint32_t chained = kNone;
    std::uint32_t datagrams = 0;
    std::uint32_t frames = 0;
    List waiting;
  };

  // Where a fragment fits among those held.
  struct Place {
    std::uint32_t after = kNone;  // the frame that it follows by offset
    std::uint32_t fresh = 0;      // bytes not covered before
    FragmentLoss loss = FragmentLoss::none;
  };

  std::uint64_t hash_of(const FragmentKey& key) const;
  template <typename Record>
  std::uint32_t find(const std::vector<std::uint32_t>& buckets, const std::vector<Record>& records,
                     const FragmentKey& key, std::uint64_t hash, std::uint32_t& chain);
  template <typename Record>
  static void unchain(std::vector<std::uint32_t>& buckets, std::vector<Record>& records,
                      std::uint32_t index);
  void append(List& list, Link Datagram::*link, std::uint32_t index);
  void remove(List& list, Link Datagram::*link, std::uint32_t index);

  FragmentLoss fault(const Fragment& fragment) const;
  Added drop(FragmentLoss loss);
  Added refuse(std::uint32_t datagram, std::uint64_t hash, FragmentLoss loss, Tick now);
  std::uint32_t open(const FragmentKey& key, std::uint64_t hash, Tick now);
  std::uint32_t open_source(const FragmentKey& key, std::uint64_t hash);
  bool past_its_time(const Datagram& datagram, Tick now) const;
  static FragmentLoss fault_of_ends(const Datagram& datagram, const Fragment& fragment);
  Place place(const Datagram& datagram, const Fragment& fragment);
  FragmentLoss make_room(std::uint32_t datagram);
  void store(std::uint32_t datagram, const Fragment& fragment, const Place& place);
  void assemble(const Datagram& datagram, const PacketView& last);
  void write_header(const Datagram& datagram, std::uint8_t* end);

  void lose(std::uint32_t datagram, FragmentLoss loss);
  void unfile(std::uint32_t datagram);
  void free(std::uint32_t datagram);
  void remember(KeyMemory& memory, std::uint64_t hash, Tick now);

  FragmentLimits limits_;
  KeyedHash hash_;
  std::uint32_t timeout_;
  std::vector<std::uint32_t> buckets_;
  std::vector<std::uint32_t> source_buckets_;
  std::vector<Datagram> datagrams_;
  std::vector<Source> sources_;
  std::vector<Frame> frames_;
  std::unique_ptr<std::uint8_t[]> bytes_;    // frame_bytes for each frame
  std::unique_ptr<std::uint8_t[]> scratch_;  // the datagram that was completed last
  std::uint32_t free_datagram_ = kNone;
  std::uint32_t free_source_ = kNone;
  std::uint32_t free_frame_ = kNone;
  List by_age_;
  KeyMemory forwarded_;
  KeyMemory refused_;
  Tick swept_;
  PacketView whole_;
  Counters counters_;
  InUse in_use_;
};

}  // namespace chatgate::net
