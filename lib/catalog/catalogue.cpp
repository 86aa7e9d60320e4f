#include "catalog/catalogue.h"

#include <algorithm>
#include <array>
#include <bit>
#include <map>

#include "base/range_set.h"
#include "base/suffix_hash.h"
#include "base/translated.h"

namespace chatgate::catalog {
namespace {

constexpr std::size_t kMaxName = 255;  // RFC 1035 section 2.3.4
constexpr std::size_t kPorts = 65536;

class NameIndex {
 public:
  void add(ApplicationId application, const ServerName& entry) {
    Names& names = entries_[entry.name];
    NameMatch& match = entry.label ? names.label : entry.exact ? names.exact : names.suffix;
    // Who claims it for himself is stronger than who shares it; among equals the first stays.
    if (match.found() && (match.exclusive || !entry.exclusive)) return;
    match = {application, entry.service, entry.exclusive};
  }

  void build() {
    slots_.assign(std::bit_ceil(entries_.size() * 2 + 1), {});
    for (const auto& entry : entries_) {
      const auto labels =
          static_cast<std::size_t>(std::count(entry.first.begin(), entry.first.end(), '.') + 1);
      most_labels_ = std::max(most_labels_, labels);
      const std::uint64_t hash = SuffixHash::of(key_, entry.first);
      std::size_t slot = hash & (slots_.size() - 1);
      while (slots_[slot].entry != nullptr) slot = (slot + 1) & (slots_.size() - 1);
      slots_[slot] = {hash, &entry};
    }
  }

  NameMatch match(std::string_view name) const {
    NameMatch longest;
    if (name.size() > kMaxName) return longest;
    SuffixHash::each_label(key_, name, most_labels_, [&](std::uint64_t hash, std::size_t at) {
      const Names* names = find(hash, name.substr(at));
      if (names == nullptr) return;
      const bool exact =
          at == 0 && names->exact.found() &&
          (names->exact.exclusive || !names->suffix.exclusive || !names->suffix.found());
      if (exact) {
        longest = names->exact;
      } else if (names->suffix.found()) {
        longest = names->suffix;
      }
    });
    return longest.found() ? longest : match_label(name);
  }

  std::size_t memory() const {
    std::size_t bytes = slots_.capacity() * sizeof(Slot);
    for (const auto& entry : entries_) bytes += sizeof entry + entry.first.capacity();
    return bytes;
  }

 private:
  struct Names {
    NameMatch exact, suffix;
    NameMatch label;  // of an entry of one label, which no name ends with
  };
  using Entries = std::map<std::string, Names, std::less<>>;
  struct Slot {
    std::uint64_t hash = 0;  // of the entry, which need not be looked at where another is asked for
    const Entries::value_type* entry = nullptr;
  };

  NameMatch match_label(std::string_view name) const {
    const std::size_t dot = name.find('.');
    if (dot == name.npos || dot + 1 == name.size()) return {};
    const std::string_view label = name.substr(0, dot);
    const Names* names = find(SuffixHash::of(key_, label), label);
    return names == nullptr ? NameMatch{} : names->label;
  }

  const Names* find(std::uint64_t hash, std::string_view name) const {
    for (std::size_t slot = hash & (slots_.size() - 1); slots_[slot].entry != nullptr;
         slot = (slot + 1) & (slots_.size() - 1)) {
      const Slot& at = slots_[slot];
      if (at.hash == hash && at.entry->first == name) return &at.entry->second;
    }
    return nullptr;
  }

  const SuffixHash::Key key_;
  Entries entries_;          // nodes do not move
  std::vector<Slot> slots_;  // open addressing, at most half full
  std::size_t most_labels_ = 0;
};

class PortIndex {
 public:
  void add(ApplicationId application, const PortRange& range) {
    claims_.push_back({application, range});
  }

  void build() {
    std::vector<std::size_t> offsets;
    for (Transport transport : {Transport::tcp, Transport::udp}) build(transport, offsets);
    for (std::size_t i = 0; i < matches_.size(); ++i) {
      const std::size_t end = i + 1 < offsets.size() ? offsets[i + 1] : claimants_.size();
      matches_[i].claimants = std::span(claimants_).subspan(offsets[i], end - offsets[i]);
    }
  }

  PortMatch match(Transport transport, std::uint16_t port) const {
    const std::uint16_t number = numbers_[static_cast<std::size_t>(transport)][port];
    return number == 0 ? PortMatch{} : matches_[number - 1];
  }

  std::size_t memory() const {
    return sizeof *this + matches_.capacity() * sizeof(PortMatch) +
           claimants_.capacity() * sizeof(ApplicationId) + claims_.capacity() * sizeof(Claim);
  }

 private:
  struct Claim {
    ApplicationId application;
    PortRange range;
  };

  void build(Transport transport, std::vector<std::size_t>& offsets) {
    // Between two neighbouring bounds every port has the same claims.
    std::vector<std::size_t> bounds = {0, kPorts};
    for (const Claim& claim : claims_) {
      bounds.push_back(claim.range.first);
      bounds.push_back(claim.range.last + std::size_t{1});
    }
    std::sort(bounds.begin(), bounds.end());
    std::map<std::vector<std::size_t>, std::uint16_t> known;  // set of claims → number
    for (std::size_t i = 0; i + 1 < bounds.size(); ++i) {
      const std::vector<std::size_t> holders = claims_of(transport, bounds[i]);
      if (holders.empty() || bounds[i] == bounds[i + 1]) continue;
      const auto [at, is_new] =
          known.emplace(holders, static_cast<std::uint16_t>(matches_.size() + 1));
      if (is_new) {
        offsets.push_back(claimants_.size());
        matches_.push_back(merge(holders));
      }
      auto& numbers = numbers_[static_cast<std::size_t>(transport)];
      std::fill(numbers.begin() + static_cast<std::ptrdiff_t>(bounds[i]),
                numbers.begin() + static_cast<std::ptrdiff_t>(bounds[i + 1]), at->second);
    }
  }

  std::vector<std::size_t> claims_of(Transport transport, std::size_t port) const {
    std::vector<std::size_t> holders;
    for (std::size_t i = 0; i < claims_.size(); ++i) {
      const PortRange& range = claims_[i].range;
      if (range.transport == transport && range.first <= port && port <= range.last) {
        holders.push_back(i);
      }
    }
    return holders;
  }

  // One match of several claims; appends their applications to claimants_.
  PortMatch merge(const std::vector<std::size_t>& holders) {
    const auto start = static_cast<std::ptrdiff_t>(claimants_.size());
    PortMatch match;
    match.service = claims_[holders.front()].range.service;
    for (const std::size_t i : holders) {
      const auto& [application, range] = claims_[i];
      match.shared = match.shared || range.shared;
      if (range.service != match.service) match.service = Service::any;
      if (std::find(claimants_.begin() + start, claimants_.end(), application) ==
          claimants_.end()) {
        claimants_.push_back(application);
      }
    }
    for (const std::size_t i : holders) {
      if (!claims_[i].range.is_default || match.owner.valid()) continue;
      match.owner = claims_[i].application;
      match.service = claims_[i].range.service;
    }
    return match;
  }

  std::vector<Claim> claims_;
  std::vector<PortMatch> matches_;
  std::vector<ApplicationId> claimants_;
  // Position in matches_ plus one, zero for none.
  std::array<std::array<std::uint16_t, kPorts>, 2> numbers_{};
};

// Prefixes cut into ranges that do not overlap, each with its longest prefix's answer.
class AddressIndex {
 public:
  void add(ApplicationId application, const ServerAddress& entry) {
    AddressMatch& match = prefixes_[entry.prefix];
    if (match.found() && (match.exclusive || !entry.exclusive)) return;
    match = {application, entry.exclusive, entry.plain_dns};
  }

  void build() {
    std::vector<Open> around;  // prefixes that hold the present address, the widest first
    const auto close_until = [&](const IpAddress* before) {
      while (!around.empty() && (before == nullptr || around.back().last < *before)) {
        const auto after = next_address(around.back().last);
        around.pop_back();
        if (after) begin(*after, around.empty() ? AddressMatch{} : around.back().match);
      }
    };
    for (const auto& [prefix, match] : prefixes_) {  // in order; the wider before what it holds
      const IpAddress first = prefix.first();
      close_until(&first);
      begin(first, match);
      around.push_back({prefix.last(), match});
    }
    close_until(nullptr);
    prefixes_.clear();
  }

  AddressMatch match(const IpAddress& address) const {
    const auto after = std::upper_bound(
        ranges_.begin(), ranges_.end(), address,
        [](const IpAddress& value, const Range& range) { return value < range.first; });
    return after == ranges_.begin() ? AddressMatch{} : std::prev(after)->match;
  }

  std::size_t memory() const { return ranges_.capacity() * sizeof(Range); }

 private:
  struct Open {
    IpAddress last;
    AddressMatch match;
  };
  struct Range {
    IpAddress first;  // up to the first of the next range
    AddressMatch match;
  };

  void begin(const IpAddress& first, const AddressMatch& match) {
    if (!ranges_.empty() && ranges_.back().first == first) {
      ranges_.back().match = match;
    } else {
      ranges_.push_back({first, match});
    }
  }

  std::map<Prefix, AddressMatch> prefixes_;
  std::vector<Range> ranges_;
};

}  // namespace

struct Catalogue::Indexes {
  NameIndex names;
  PortIndex ports;
  AddressIndex addresses;
  std::map<std::string_view, AlpnMatch> alpn;  // of the applications' own strings
  std::vector<std::uint16_t> by_id;            // position plus one, zero for none
};

Catalogue::Catalogue(std::vector<Application> applications)
    : applications_(std::move(applications)), indexes_(std::make_unique<Indexes>()) {
  std::sort(applications_.begin(), applications_.end(),
            [](const Application& a, const Application& b) { return a.word < b.word; });
  for (std::size_t i = 0; i < applications_.size(); ++i) {
    const Application& application = applications_[i];
    for (const ServerName& name : application.names) indexes_->names.add(application.id, name);
    for (const PortRange& range : application.ports) indexes_->ports.add(application.id, range);
    for (const ServerAddress& address : application.addresses) {
      indexes_->addresses.add(application.id, address);
    }
    for (const AlpnId& alpn : application.alpn) {
      indexes_->alpn.try_emplace(alpn.id, AlpnMatch{application.id, alpn.service});
    }
    const std::size_t id = application.id.value();
    if (indexes_->by_id.size() <= id) indexes_->by_id.resize(id + 1);
    indexes_->by_id[id] = static_cast<std::uint16_t>(i + 1);
  }
  indexes_->names.build();
  indexes_->ports.build();
  indexes_->addresses.build();
}

Catalogue::~Catalogue() = default;

const Application* Catalogue::find(std::string_view word) const {
  const auto at = std::lower_bound(
      applications_.begin(), applications_.end(), word,
      [](const Application& each, std::string_view value) { return each.word < value; });
  return at == applications_.end() || at->word != word ? nullptr : &*at;
}

const Application* Catalogue::find(ApplicationId id) const {
  if (id.value() >= indexes_->by_id.size() || indexes_->by_id[id.value()] == 0) return nullptr;
  return &applications_[indexes_->by_id[id.value()] - 1u];
}

NameMatch Catalogue::match_name(std::string_view name) const {
  return indexes_->names.match(name);
}

PortMatch Catalogue::match_port(Transport transport, std::uint16_t port) const {
  return indexes_->ports.match(transport, port);
}

AddressMatch Catalogue::match_address(const IpAddress& address) const {
  return indexes_->addresses.match(translated(address));
}

AlpnMatch Catalogue::match_alpn(std::string_view id) const {
  const auto at = indexes_->alpn.find(id);
  return at == indexes_->alpn.end() ? AlpnMatch{} : at->second;
}

std::size_t Catalogue::memory() const {
  return indexes_->names.memory() + indexes_->ports.memory() + indexes_->addresses.memory() +
         indexes_->alpn.size() * sizeof(decltype(indexes_->alpn)::value_type) +
         indexes_->by_id.capacity() * sizeof(std::uint16_t);
}

}  // namespace chatgate::catalog
