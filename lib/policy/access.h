// Who may talk to whom at all: the policy's key `access`, compiled.
//
// Asked with the first packet of a flow before anything else, again when the policy changes, and
// for each packet that is neither TCP nor UDP where a line could match one. The first line that
// matches decides; where none does the packet passes. `permit` goes on to the inspection. Like an
// ASA's access list on the inside interface, but without its last, unwritten `deny`.
//
// Built by policy/access_loader.h, immutable afterwards; `first_match` is for workers: no lock, no
// allocation, the same cost whatever the number of lines (policy/candidates.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/strong_id.h"
#include "policy/address_set.h"
#include "policy/candidates.h"
#include "policy/circumstances.h"
#include "policy/times.h"
#include "policy/verdict.h"

namespace chatgate::policy {

// A line of the access list, counted from zero; means something only within its generation.
using AccessId = RuleId;

struct AccessEntry {
  struct PortRange {
    std::uint16_t first = 0, last = 0xffff;
    bool operator==(const PortRange&) const = default;
  };

  std::string name;               // as written, or "access line N" counted from 1
  std::string text;               // what it matches, as an ASA prints it
  Action action = Action::allow;  // allow, drop or reset
  bool log = false;
  std::vector<std::uint8_t> protocols;  // IANA numbers, any of; empty: all of IP
  AddressSet from, to;                  // who opens, and to whom
  std::vector<PortRange> ports;         // of the server; empty: any
  TimeSet when = 0;
  PathCondition path;

  bool permits() const { return action == Action::allow; }
  // Whether it matches whatever comes.
  bool unconditional() const {
    return protocols.empty() && from.any() && to.any() && ports.empty() && when == 0 && path.any();
  }
};

class AccessList {
 public:
  struct Question {
    std::uint8_t protocol = 0;  // IANA number
    IpAddress client;           // who opened, or who is taken for it
    IpAddress server;
    std::uint16_t server_port = 0;
    Circumstances circumstances;
    TimeSet times = 0;  // in force
  };

  AccessList() = default;
  explicit AccessList(std::vector<AccessEntry> entries);

  bool empty() const { return entries_.empty(); }
  // Whether a line could match anything but TCP and UDP.
  bool concerns_others() const { return concerns_others_; }
  const std::vector<AccessEntry>& entries() const { return entries_; }
  const AccessEntry& operator[](AccessId id) const { return entries_[id.value()]; }

  // Whether one line by itself matches.
  static bool matches(const AccessEntry& entry, const Question& question);
  // None where no line matches.
  AccessId first_match(const Question& question) const;

 private:
  std::vector<AccessEntry> entries_;
  CandidateIndex index_;
  bool concerns_others_ = false;
};

}  // namespace chatgate::policy
