// From a DNS answer to what it teaches: which application its names mean, and to which addresses
// they lead.
//
// For answers to questions that were seen (learn/pending_questions.h): everything here believes the
// message. Called on a worker's thread, no allocation; work bounded by kMaxNames names, each looked
// for in DnsResponse::kMaxRecords records, and kMaxAddresses addresses.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/address.h"
#include "base/bytes.h"
#include "base/time.h"
#include "catalog/catalogue.h"
#include "proto/dns_response.h"

#include "learn/learn_quota.h"
#include "learn/learned_servers.h"

namespace chatgate::learn {

// The names of an answer: the first question's, and those that CNAME, SRV, SVCB and HTTPS records
// lead to from there.
//
// The first name on a way that an application has for itself decides for everything behind it,
// whatever that is called: a content network's name behind a messenger's, say. So an innocent name
// that leads to a messenger's stays innocent itself, but the addresses are the messenger's.
class AnswerNames {
 public:
  static constexpr std::size_t kMaxNames = 16;

  struct Name {
    std::uint32_t at = 0;   // in the message
    std::uint32_t ttl = 0;  // seconds, the least on the way here
    std::uint64_t hash = 0;
    std::size_t parent = 0;
    catalog::NameMatch own;
    catalog::NameMatch decided;  // not found: innocent
    std::size_t decided_by = 0;  // which of `all` decided
  };

  // Follows the answer. `classify` takes a name (a view, normalised as proto::HostName) and returns
  // its catalog::NameMatch. `response` was filled from `message`; both must outlive the object.
  template <typename Classify>
  AnswerNames(Bytes message, const proto::dns::DnsResponse& response, Classify&& classify)
      : message_(message), response_(response) {
    add_question();
    for (std::size_t i = 0; i < count_; ++i) {
      settle(i, classify(host(i).view()));
      add_targets(i);
    }
  }

  std::span<const Name> all() const { return {names_.data(), count_}; }
  // Of one of `all`; good until the next call.
  const proto::HostName& host(std::size_t index) const {
    if (host_of_ != index) host_ = proto::dns::name_at(message_, names_[index].at);
    host_of_ = index;
    return host_;
  }

  // The first name behind the question's that another application than the question's has for
  // itself: what the question hides. Null where there is none.
  const Name* hidden() const;

  const proto::dns::DnsResponse& response() const { return response_; }
  Bytes message() const { return message_; }

 private:
  void add_question();
  void add_targets(std::size_t from);
  void settle(std::size_t index, const catalog::NameMatch& own);

  Bytes message_;
  const proto::dns::DnsResponse& response_;
  std::size_t count_ = 0;
  std::array<Name, kMaxNames> names_;
  mutable proto::HostName host_;  // of one name, which is asked for more than once
  mutable std::size_t host_of_ = kMaxNames;
};

struct Lesson {
  IpAddress client;              // who asked
  std::uint32_t generation = 0;  // of the snapshot by which names were classified
  Time now;
};

struct Taught {
  std::uint32_t added = 0, refreshed = 0;
  std::uint32_t refused = 0;  // by the quota, by a full table, or by a race with another worker
};

constexpr std::size_t kMaxAddresses = 64;  // of one answer

// Enters the addresses of the names into `table`: A and AAAA records, and the hints of SVCB and
// HTTPS. Teaches nothing where the answer is an error or was truncated. Addresses that no server
// has (unspecified, loopback, link-local, multicast, reserved) are left out.
Taught teach(const AnswerNames& names, const Lesson& lesson, LearnedServers& table,
             LearnQuota& quota);

}  // namespace chatgate::learn
