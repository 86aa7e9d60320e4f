// What the events of a period come to, for the auditor's report.
//
// For `chatgate report`, on one thread: `add` every line, then read. Memory is bounded whatever is
// in the files: of every kind of name the first `Names::kMost` are told apart, and how many events
// had others is counted; lists of audits, losses and damages are cut the same way.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace chatgate::report {

struct Count {
  std::uint64_t blocked = 0;  // alerts of what was blocked
  std::uint64_t allowed = 0;  // alerts of what went on
  std::uint64_t flows = 0;    // connections that ended
  std::uint64_t all() const { return blocked + allowed + flows; }
};

// Counts by name, names that come once there are too many together.
class Names {
 public:
  static constexpr std::size_t kMost = 10'000;
  static constexpr std::size_t kLongest = 200;  // bytes of a name that are kept

  Count& operator[](std::string_view name);
  struct Entry {
    std::string_view name;
    Count count;
  };
  // Most blocked first, then most allowed, then most flows, then by name.
  std::vector<Entry> top(std::size_t most) const;
  std::size_t size() const { return counts_.size(); }
  const Count& others() const { return others_; }

 private:
  std::map<std::string, Count, std::less<>> counts_;
  Count others_;
};

// Counts over time in at most kMost steps of equal width, which doubles as the period grows.
class Timeline {
 public:
  static constexpr std::size_t kMost = 240;

  struct Step {
    std::uint64_t blocked = 0, allowed = 0, events = 0;
  };
  void add(std::uint64_t second, const Step& step);
  std::uint64_t width() const { return width_; }  // seconds
  std::uint64_t first() const { return first_ * width_; }
  const std::vector<Step>& steps() const { return steps_; }

 private:
  void coarsen();

  std::uint64_t width_ = 60;
  std::uint64_t first_ = 0;  // number of the first step since 1970
  std::vector<Step> steps_;
};

template <typename T>
struct Cut {
  std::vector<T> kept;
  std::uint64_t more = 0;

  void add(T item, std::size_t most) {
    if (kept.size() < most) {
      kept.push_back(std::move(item));
    } else {
      ++more;
    }
  }
};

struct AuditEntry {
  std::string time, host, what, by, policy, sha256, mode, detail;
};
struct LossEntry {
  std::string time, host;
  std::uint64_t lost = 0;
};
struct Damage {
  std::string file, what;
  std::uint64_t line = 0;
};
struct Gap {
  std::uint64_t from = 0, to = 0;  // seconds since 1970
};

// "2026-11-23", "2026-11-23T20:00", "…:03" or with a fraction, "Z" or "+0000" behind it or not, as
// UTC. Nothing for anything else.
std::optional<Time> parse_time(std::string_view text);

struct TallyOptions {
  std::optional<Time> from, to;  // from the first, before the second
  bool redact_people = false;    // clients are not even kept
};

class Tally {
 public:
  explicit Tally(TallyOptions options) : options_(std::move(options)) {}

  void add(std::string_view line, const std::string& file, std::uint64_t number);
  void add_damage(const std::string& file, std::uint64_t number, std::string_view what);

  const TallyOptions& options() const { return options_; }
  // Stretches without a single event, longest first: the gateway did not run, or nothing passed, or
  // a file is missing.
  std::vector<Gap> gaps(std::size_t most) const;

  std::uint64_t lines = 0, outside = 0;
  std::map<std::string, std::uint64_t, std::less<>> types;  // events by type, known ones only
  std::uint64_t other_types = 0;
  std::string first, last;  // timestamps
  Count total;
  std::uint64_t would_block = 0;  // allowed alerts of rules that block: monitor mode
  Names applications, categories, services, rules, evidence, clients, attempts, unknown, hosts,
      conduct;
  Timeline timeline;
  Cut<AuditEntry> audits;
  Cut<LossEntry> losses;
  std::uint64_t events_lost = 0, restarts = 0;
  Cut<Damage> damages;

 private:
  TallyOptions options_;
};

}  // namespace chatgate::report
