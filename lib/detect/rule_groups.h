// The rules in force, divided by what they can apply to, each group with its prefilters.
//
// A look belongs to one kind (transport, and stream, message or packet) and way; within that, to
// the group of rules for any port and perhaps to one for its server port (port_groups.h). A group
// has one `Prefilter` for each buffer that fast patterns of its rules are in, and the list of rules
// that have none. Rules are named by their rank in the order of evaluation.
//
// Made at load time, immutable afterwards, shared by all workers. Databases for the same patterns
// are shared between groups.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "detect/database_cache.h"
#include "detect/fast_pattern.h"
#include "detect/literal_database.h"
#include "detect/port_groups.h"
#include "detect/rule.h"
#include "detect/subject.h"

namespace chatgate::detect {

enum class LookKind : std::uint8_t {
  tcp_stream,
  tcp_message,
  tcp_packet,
  udp,
  udp_message,
  icmp,
  other
};
inline constexpr std::size_t kLookKinds = static_cast<std::size_t>(LookKind::other) + 1;

LookKind kind_of(const Subject& subject, const Buffers& buffers);

// A rule as it is put into groups.
struct RankedRule {
  const Rule* rule = nullptr;
  bool needs_packet = false;
  std::optional<FastPattern> fast_pattern;
};

// The fast patterns of a group in one buffer.
struct Prefilter {
  std::shared_ptr<const LiteralDatabase> database;
  Buffer buffer = Buffer::payload;
  // The rules of literal i: ranks[starts[i]] to before ranks[starts[i + 1]].
  std::vector<std::uint32_t> starts;
  std::vector<std::uint32_t> ranks;

  std::span<const std::uint32_t> rules_of(unsigned literal) const {
    return std::span(ranks).subspan(starts[literal], starts[literal + 1] - starts[literal]);
  }
};

// The sender's or the receiver's end of all rules of a group together.
struct GroupEnd {
  AddressSet addresses;
  PortSet ports;  // any where there are none

  bool contains(const IpAddress& address, std::uint16_t port) const {
    return addresses.contains(address) && ports.contains(port);
  }
};

struct RuleGroup {
  std::vector<Prefilter> prefilters;
  std::vector<std::uint32_t> always;  // ranks of rules without a fast pattern, ascending
  GroupEnd source, destination;

  // Whether one of its rules could be for these ends.
  bool may_apply(const Subject& subject) const {
    return source.contains(subject.source, subject.source_port) &&
           destination.contains(subject.destination, subject.destination_port);
  }
};

class RuleGroups {
 public:
  // `rules` by rank. Where the library cannot make a database, its rules are evaluated always;
  // what it said first is in `failure`.
  RuleGroups(std::span<const RankedRule> rules, DatabaseCache& cache);

  // The groups for a look at `subject` that is of `kind`: of any port, of the server's port. Null
  // where no rule of the group could be for its ends.
  std::array<const RuleGroup*, 2> groups_for(LookKind kind, const Subject& subject) const;

  std::span<const std::shared_ptr<const LiteralDatabase>> databases() const { return databases_; }
  std::size_t most_always() const { return most_always_; }  // that one look can meet
  const std::string& failure() const { return failure_; }
  std::size_t memory() const;

 private:
  struct Section {
    RuleGroup any;
    PortGroups ports;
    std::vector<RuleGroup> by_port;
  };
  using Shared = std::map<std::vector<Literal>, std::shared_ptr<const LiteralDatabase>>;

  Section make_section(std::span<const RankedRule> rules, LookKind kind, bool to_server,
                       DatabaseCache& cache, Shared& shared);
  RuleGroup make_group(std::span<const RankedRule> rules, std::span<const std::uint32_t> ranks,
                       bool has_ports, DatabaseCache& cache, Shared& shared);

  std::array<std::array<Section, 2>, kLookKinds> sections_;
  std::vector<std::shared_ptr<const LiteralDatabase>> databases_;
  std::size_t most_always_ = 0;
  std::string failure_;
};

}  // namespace chatgate::detect
