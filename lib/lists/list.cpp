#include "lists/list.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/translated.h"

namespace chatgate::lists {
namespace {

// Calls `visit` for each list of the mask.
template <typename Visit>
void for_each(Mask mask, Visit visit) {
  for (; mask != 0; mask &= mask - 1) visit(static_cast<std::size_t>(std::countr_zero(mask)));
}

// Names that are no addresses are by far the most: a name's last character is a letter.
bool may_be_address(std::string_view name) {
  return name.find(':') != name.npos || (!name.empty() && name.back() >= '0' && name.back() <= '9');
}

}  // namespace

Lists::Lists(SuffixHash::Key key, std::vector<Entry> entries)
    : key_(key), entries_(std::move(entries)) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (!entries_[i].list->names.empty()) with_names_ |= bit(i);
    if (!entries_[i].list->addresses.empty()) with_addresses_ |= bit(i);
  }
}

Mask Lists::of_name(std::string_view name, Mask among) const {
  if (may_be_address(name)) {
    if (const auto address = IpAddress::parse(name)) return of_address(*address, among);
  }
  among &= with_names_;
  if (among == 0) return 0;
  const HashedName hashed(key_, name);
  Mask found = 0;
  for_each(among, [&](std::size_t i) {
    if (entries_[i].list->names.contains(hashed)) found |= bit(i);
  });
  return found;
}

Mask Lists::of_address(const IpAddress& address, Mask among) const {
  const IpAddress behind = translated(address);
  Mask found = 0;
  for_each(among & with_addresses_, [&](std::size_t i) {
    const auto& addresses = entries_[i].list->addresses;
    if (addresses.contains(address) || (behind != address && addresses.contains(behind))) {
      found |= bit(i);
    }
  });
  return found;
}

ListId Lists::find(std::string_view word) const {
  const auto at = std::find_if(entries_.begin(), entries_.end(),
                               [&](const Entry& entry) { return entry.word == word; });
  if (at == entries_.end()) return ListId::none();
  return ListId(static_cast<ListId::rep>(at - entries_.begin()));
}

Lists Lists::with(ListId id, std::shared_ptr<const List> list) const {
  std::vector<Entry> entries = entries_;
  entries[id.value()].list = std::move(list);
  return Lists(key_, std::move(entries));
}

}  // namespace chatgate::lists
