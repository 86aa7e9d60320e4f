#include "learn/answers.h"

#include <algorithm>
#include <cstddef>
#include <optional>

namespace chatgate::learn {
namespace {

using proto::dns::DnsRecord;

// Whether a server can have it.
bool is_usable(const IpAddress& address) {
  const auto& bytes = address.bytes;
  if (address.is_v4()) {
    const std::uint8_t first = bytes[12];
    const bool link_local = first == 169 && bytes[13] == 254;
    return first != 0 && first != 127 && first < 224 && !link_local;
  }
  const bool small = std::all_of(bytes.begin(), bytes.begin() + 15, [](auto b) { return b == 0; });
  const bool link_local = bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
  return bytes[0] != 0xff && !link_local && !(small && bytes[15] <= 1);
}

class Teacher {
 public:
  Teacher(const AnswerNames& names, const Lesson& lesson, LearnedServers& table, LearnQuota& quota)
      : names_(names), lesson_(lesson), table_(table), quota_(quota) {}

  Taught run() {
    for (const DnsRecord& record : names_.response().all()) {
      const std::optional<std::size_t> owner = find(record.owner_hash);
      if (!owner) continue;
      if (const auto address = proto::dns::address_of(names_.message(), record)) {
        teach_address(*owner, *address, record.header.ttl);
      } else {
        teach_hints(record);
      }
    }
    return taught_;
  }

 private:
  std::optional<std::size_t> find(std::uint64_t hash) const {
    const auto all = names_.all();
    const auto at =
        std::find_if(all.begin(), all.end(), [&](const auto& name) { return name.hash == hash; });
    if (at == all.end()) return std::nullopt;
    return static_cast<std::size_t>(at - all.begin());
  }

  // The hints of a record are addresses of the name that it leads to.
  void teach_hints(const DnsRecord& record) {
    const Bytes message = names_.message();
    const auto binding = proto::dns::binding_of(message, record);
    if (!binding || binding->priority == 0) return;
    const auto target = proto::dns::target_of(message, record);
    const auto index = target ? find(proto::dns::name_hash_at(message, *target)) : std::nullopt;
    if (!index) return;
    for (std::size_t at = 0; at + 4 <= binding->ipv4hint.size(); at += 4) {
      teach_address(*index, IpAddress::from_v4(&binding->ipv4hint[at]), record.header.ttl);
    }
    for (std::size_t at = 0; at + 16 <= binding->ipv6hint.size(); at += 16) {
      teach_address(*index, IpAddress::from_v6(&binding->ipv6hint[at]), record.header.ttl);
    }
  }

  void teach_address(std::size_t index, const IpAddress& address, std::uint32_t ttl) {
    if (addresses_++ >= kMaxAddresses || !is_usable(address)) return;
    if (!table_.knows(address, lesson_.now) && !quota_.take(lesson_.client, lesson_.now)) {
      ++taught_.refused;
      return;
    }
    const AnswerNames::Name& name = names_.all()[index];
    const proto::HostName& host = names_.host(name.decided.found() ? name.decided_by : index);
    ServerClaim claim;
    claim.application = name.decided.application;
    claim.service = name.decided.service;
    // Behind a name that the catalogue knows to be used by others, or to be another's.
    claim.shared = name.decided.found() && name.own.found() &&
                   (!name.own.exclusive || name.own.application != name.decided.application);
    claim.name = host.view();
    claim.ttl = std::min(ttl, name.ttl);
    claim.generation = lesson_.generation;
    switch (table_.learn(address, claim, lesson_.now)) {
      case LearnedServers::Outcome::added: ++taught_.added; break;
      case LearnedServers::Outcome::refreshed: ++taught_.refreshed; break;
      case LearnedServers::Outcome::refused:
      case LearnedServers::Outcome::lost: ++taught_.refused; break;
    }
  }

  const AnswerNames& names_;
  const Lesson& lesson_;
  LearnedServers& table_;
  LearnQuota& quota_;
  std::size_t addresses_ = 0;
  Taught taught_;
};

}  // namespace

void AnswerNames::add_question() {
  if (response_.head.first_class != proto::dns::kClassInternet) return;
  Name& name = names_[count_++];
  name.at = proto::dns::kHeaderSize;
  name.ttl = ~std::uint32_t{0};
  name.hash = proto::dns::name_hash_at(message_, name.at);
}

void AnswerNames::add_targets(std::size_t from) {
  for (const DnsRecord& record : response_.all()) {
    if (record.owner_hash != names_[from].hash) continue;
    const auto target = proto::dns::target_of(message_, record);
    if (!target) continue;
    const std::uint64_t hash = proto::dns::name_hash_at(message_, *target);
    const auto known =
        std::any_of(names_.begin(), names_.begin() + static_cast<std::ptrdiff_t>(count_),
                    [&](const Name& name) { return name.hash == hash; });
    if (known || count_ == kMaxNames) continue;
    Name& name = names_[count_++];
    name.at = *target;
    name.ttl = std::min(names_[from].ttl, record.header.ttl);
    name.hash = hash;
    name.parent = from;
  }
}

void AnswerNames::settle(std::size_t index, const catalog::NameMatch& own) {
  Name& name = names_[index];
  name.own = own;
  const Name& parent = names_[name.parent];
  const bool decides = own.found() && own.exclusive;
  if (index != 0 && parent.decided.found()) {
    name.decided = parent.decided;
    name.decided_by = parent.decided_by;
    // The same application may say more exactly here what it is for.
    const bool nearer = decides && own.application == name.decided.application &&
                        own.service != catalog::Service::any;
    if (nearer) name.decided.service = own.service;
  } else if (decides) {
    name.decided = own;
    name.decided_by = index;
  }
}

const AnswerNames::Name* AnswerNames::hidden() const {
  for (std::size_t i = 1; i < count_; ++i) {
    const catalog::NameMatch& own = names_[i].own;
    if (own.found() && own.exclusive && own.application != names_[0].decided.application) {
      return &names_[i];
    }
  }
  return nullptr;
}

Taught teach(const AnswerNames& names, const Lesson& lesson, LearnedServers& table,
             LearnQuota& quota) {
  if (names.response().code() != 0 || names.response().truncated()) return {};
  return Teacher(names, lesson, table, quota).run();
}

}  // namespace chatgate::learn
