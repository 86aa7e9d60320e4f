// A set of up to millions of domain names, asked for one name and all the domains it lies in.
//
// Built once by a NameSet::Builder from a list's file, immutable afterwards. `contains` is for
// workers: no lock, no allocation, at most one probe for each label of the name asked for (and for
// no more labels than the longest entry has). Every hit is verified by comparison, so there are no
// false ones; the hash is keyed, so that nobody outside can make probes long.
//
// Memory: the text, and for each entry two bytes beside it and one and a half slots of eight bytes
// (measured in docs/design/lists.md). At most kMaxText bytes of text. Names are in the form of
// proto::HostName, at most 255 bytes (RFC 1035 section 2.3.4).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/suffix_hash.h"

namespace chatgate::lists {

constexpr std::size_t kMaxName = 255;
constexpr std::size_t kMaxLabels = 128;

// What an entry says of a name; several may stand together.
enum Meaning : std::uint8_t {
  kSelf = 1,      // the name itself is in the set
  kBelow = 2,     // ... and every name below it
  kNotSelf = 4,   // an exception, which wins over everything else that the set says
  kNotBelow = 8,  // ... likewise for the names below
};

// A name with the hashes of its suffixes at label boundaries, the shortest first: made once for all
// sets of a key. Borrows the name. One that is longer than kMaxName has no suffixes.
class HashedName {
 public:
  HashedName(const SuffixHash::Key& key, std::string_view name);

  std::size_t labels() const { return count_; }
  std::uint64_t hash(std::size_t label) const { return hashes_[label]; }
  std::string_view suffix(std::size_t label) const { return name_.substr(starts_[label]); }
  bool is_whole(std::size_t label) const { return starts_[label] == 0; }

 private:
  std::string_view name_;
  std::size_t count_ = 0;
  std::array<std::uint64_t, kMaxLabels> hashes_;
  std::array<std::uint8_t, kMaxLabels> starts_;
};

class NameSet {
 public:
  static constexpr std::size_t kMaxText = ~std::uint32_t{0} - std::size_t{1};

  class Builder {
   public:
    // `room`: as many bytes of names, with kHead for each, at most kMaxText.
    explicit Builder(std::size_t room = kMaxText) : room_(room) {}
    // `meanings` of the same name given twice add up. Nothing where the name is empty or longer
    // than kMaxName. False where there is no more room.
    bool add(std::string_view name, unsigned meanings);
    // The builder is empty afterwards.
    NameSet build(const SuffixHash::Key& key);

   private:
    std::size_t room_;
    std::vector<char> text_;
    std::size_t count_ = 0;
  };

  NameSet() = default;  // empty

  // `name` was hashed with the key of the set.
  bool contains(const HashedName& name) const;

  // Different names, exceptions too.
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // Bytes taken, and those of them that are text.
  std::size_t memory() const;
  std::size_t text_bytes() const { return text_.size() - size_ * kHead; }

 private:
  static constexpr std::size_t kHead = 2;  // before each text: its length and its meanings
  static constexpr std::uint32_t kEmpty = ~std::uint32_t{0};

  struct Slot {
    std::uint32_t at = kEmpty;  // in text_
    std::uint32_t tag = 0;      // of the hash
  };

  std::size_t home(std::uint64_t hash) const;
  // The slot of `name`, or the empty one where it belongs.
  std::size_t find(std::uint64_t hash, std::string_view name) const;
  void resize(std::size_t entries) { slots_ = std::vector<Slot>(entries + entries / 2 + 1); }
  void fill(const SuffixHash::Key& key);

  std::vector<Slot> slots_;  // open addressing, two thirds full
  std::vector<char> text_;   // of each entry: length, meanings, name
  std::size_t size_ = 0;
  std::size_t most_labels_ = 0;
};

}  // namespace chatgate::lists
