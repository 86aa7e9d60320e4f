// What a set of rules is compiled to; between signatures.cpp, which makes it, and scanner.cpp,
// which runs it.
//
// Immutable and shared by all workers, but for the workspaces: each worker writes into its own and
// into no other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "detect/evaluation_scratch.h"
#include "detect/literal_database.h"
#include "detect/program.h"
#include "detect/rule.h"
#include "detect/rule_groups.h"
#include "detect/signatures.h"
#include "detect/subject.h"

namespace chatgate::detect {

// A rule at its rank, that is, its place in the order of evaluation.
struct RankedProgram {
  Program program;
  std::uint32_t rule = 0;            // index in Compiled::rules
  std::uint32_t hit_rank = 0;        // place in the order of hits
  std::uint64_t required = 0;        // bit by Buffer: those without which it cannot match
  bool header_may_change = false;    // within one turn: it asks what the stream was recognised as
  std::vector<std::uint64_t> xbits;  // the names of Rule::xbits, hashed
};

// Why a rule is evaluated.
enum class Origin : std::uint8_t {
  prefilter,  // its fast pattern was found in this look
  kept,       // it was open in the look before
  always,     // it has no fast pattern
};

struct WorkItem {
  std::uint32_t rank = 0;
  Origin origin = Origin::prefilter;
};

// What one worker writes into during a look. Everything has its room from the beginning.
struct Workspace {
  // Rules that the prefilter may bring up in one look; what is beyond them is dropped.
  static constexpr std::size_t kMaxFound = 1024;

  std::unique_ptr<ScanScratch> scan;
  EvaluationScratch evaluation;
  std::vector<std::uint64_t> seen;  // bit by rank: it is in `work` already, or is settled
  std::vector<WorkItem> work;
  std::vector<std::uint32_t> matched;  // ranks
  std::vector<std::uint32_t> open;     // ranks to be evaluated again when there is more

  bool see(std::uint32_t rank) {
    std::uint64_t& word = seen[rank / 64];
    const std::uint64_t bit = std::uint64_t{1} << (rank % 64);
    if ((word & bit) != 0) return false;
    word |= bit;
    return true;
  }
  void forget(std::uint32_t rank) { seen[rank / 64] &= ~(std::uint64_t{1} << (rank % 64)); }

  std::size_t memory() const;
};

struct Signatures::Compiled {
  std::vector<Rule> rules;
  std::size_t refused = 0;
  std::vector<RankedProgram> programs;  // by rank
  std::vector<std::uint32_t> rank_of;   // by rule
  std::unique_ptr<RuleGroups> groups;
  std::vector<std::unique_ptr<Workspace>> workspaces;  // by worker
};

}  // namespace chatgate::detect
