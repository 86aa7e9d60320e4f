// Lists of names and addresses that rules name: what is in them, and all of a policy's together.
//
// A List is read from files by lists/reader.h (at start, and on the control thread while packets go
// on) and immutable afterwards. Lists is the table of a snapshot: a reload of one list copies the
// table and replaces one pointer. The look-ups are for workers: no lock, no allocation, at most
// kMostLists sets asked, each with a probe a label for a name and a binary search for an address.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/range_set.h"
#include "base/strong_id.h"
#include "base/time.h"

#include "lists/mask.h"
#include "lists/name_set.h"

namespace chatgate::lists {

// How the lines of a list's files were taken; blank lines and comments are not counted.
struct LineCounts {
  std::size_t taken = 0;
  std::size_t skipped = 0;  // right, but no whole domain: a path, an option, a redirection
  std::size_t refused = 0;  // no entry of any format
};

struct ListFile {
  std::string path;
  std::string sha256;  // hexadecimal
  std::size_t bytes = 0;
};

struct List {
  NameSet names;
  RangeSet<IpAddress> addresses;  // exceptions are taken out
  LineCounts lines;
  std::vector<ListFile> files;
  Time loaded;  // time of day

  std::size_t entries() const { return names.size() + addresses.ranges().size(); }
  std::size_t memory() const {
    return names.memory() + addresses.ranges().capacity() * sizeof(RangeSet<IpAddress>::Range);
  }
};

class Lists {
 public:
  struct Entry {
    std::string word;  // as rules name it
    std::shared_ptr<const List> list;
  };

  // All sets were made with `key`. ListIds are positions; at most kMostLists.
  Lists(SuffixHash::Key key, std::vector<Entry> entries);

  // Those of `among` that `name` is in. `name` normalised as proto::HostName; one that is an
  // address in text is looked for among the addresses.
  Mask of_name(std::string_view name, Mask among = ~Mask{0}) const;
  Mask of_address(const IpAddress& address, Mask among = ~Mask{0}) const;

  std::span<const Entry> all() const { return entries_; }
  // None where there is no such list.
  ListId find(std::string_view word) const;
  const SuffixHash::Key& key() const { return key_; }
  // The same with another list in one place, for a reload of one list.
  Lists with(ListId id, std::shared_ptr<const List> list) const;

 private:
  SuffixHash::Key key_;
  std::vector<Entry> entries_;
  Mask with_names_ = 0, with_addresses_ = 0;  // lists that have any
};

}  // namespace chatgate::lists
