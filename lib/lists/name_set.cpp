#include "lists/name_set.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace chatgate::lists {
namespace {

std::size_t labels_of(std::string_view name) {
  return static_cast<std::size_t>(std::count(name.begin(), name.end(), '.')) + 1;
}

}  // namespace

HashedName::HashedName(const SuffixHash::Key& key, std::string_view name) : name_(name) {
  if (name.size() > kMaxName) return;
  SuffixHash::each_label(key, name, kMaxLabels, [&](std::uint64_t hash, std::size_t at) {
    hashes_[count_] = hash;
    starts_[count_++] = static_cast<std::uint8_t>(at);
  });
}

bool NameSet::Builder::add(std::string_view name, unsigned meanings) {
  if (name.empty() || name.size() > kMaxName) return true;
  if (text_.size() + kHead + name.size() > room_) return false;
  text_.push_back(static_cast<char>(name.size()));
  text_.push_back(static_cast<char>(meanings));
  text_.insert(text_.end(), name.begin(), name.end());
  ++count_;
  return true;
}

NameSet NameSet::Builder::build(const SuffixHash::Key& key) {
  NameSet set;
  set.text_ = std::exchange(text_, {});
  set.resize(std::exchange(count_, 0));
  set.fill(key);
  return set;
}

// Enters what stands in text_, and moves it together where a name stands there again.
void NameSet::fill(const SuffixHash::Key& key) {
  std::size_t end = 0;
  const std::size_t given = text_.size();
  for (std::size_t at = 0; at < given;) {
    const std::size_t length = static_cast<unsigned char>(text_[at]);
    const char meanings = text_[at + 1];
    const std::string_view name(text_.data() + at + kHead, length);
    at += kHead + length;
    const std::uint64_t hash = SuffixHash::of(key, name);
    Slot& slot = slots_[find(hash, name)];
    if (slot.at != kEmpty) {
      text_[slot.at + 1] = static_cast<char>(text_[slot.at + 1] | meanings);
      continue;
    }
    most_labels_ = std::max(most_labels_, labels_of(name));
    std::memmove(text_.data() + end, name.data() - kHead, kHead + length);
    slot = {static_cast<std::uint32_t>(end), static_cast<std::uint32_t>(hash)};
    end += kHead + length;
    ++size_;
  }
  if (end == given) {
    text_.shrink_to_fit();
    return;
  }
  // The table was made for more than there is.
  text_.resize(end);
  text_.shrink_to_fit();
  resize(std::exchange(size_, 0));
  fill(key);
}

std::size_t NameSet::home(std::uint64_t hash) const {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::size_t>(static_cast<Wide>(hash) * slots_.size() >> 64);
}

std::size_t NameSet::find(std::uint64_t hash, std::string_view name) const {
  std::size_t at = home(hash);
  for (; slots_[at].at != kEmpty; at = at + 1 == slots_.size() ? 0 : at + 1) {
    if (slots_[at].tag != static_cast<std::uint32_t>(hash)) continue;
    const char* const entry = text_.data() + slots_[at].at;
    if (static_cast<unsigned char>(*entry) == name.size() &&
        std::memcmp(entry + kHead, name.data(), name.size()) == 0) {
      break;
    }
  }
  return at;
}

bool NameSet::contains(const HashedName& name) const {
  bool found = false;
  const std::size_t labels = std::min(name.labels(), most_labels_);
  for (std::size_t i = 0; i < labels; ++i) {
    const Slot& slot = slots_[find(name.hash(i), name.suffix(i))];
    if (slot.at == kEmpty) continue;
    const auto meanings = static_cast<unsigned char>(text_[slot.at + 1]);
    if ((meanings & (name.is_whole(i) ? kNotSelf : kNotBelow)) != 0) return false;
    found = found || (meanings & (name.is_whole(i) ? kSelf : kBelow)) != 0;
  }
  return found;
}

std::size_t NameSet::memory() const {
  return slots_.capacity() * sizeof(Slot) + text_.capacity();
}

}  // namespace chatgate::lists
