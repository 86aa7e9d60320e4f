#include "detect/scanner.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include "base/keyed_hash.h"
#include "detect/compiled.h"
#include "detect/rates.h"

namespace chatgate::detect {
namespace {

using Compiled = Signatures::Compiled;

// Place in LookState::scanned_bytes; nothing for a buffer that comes whole. Where raw_payload is
// given at all it grows with payload.
std::optional<std::size_t> growth_place(Buffer buffer) {
  switch (buffer) {
    case Buffer::payload:
    case Buffer::raw_payload: return 0;
    case Buffer::http_client_body: return 1;
    case Buffer::file_data: return 2;
    default: return std::nullopt;
  }
}

template <typename Action>
void for_each(std::uint64_t buffers, const Action& action) {
  for (std::size_t i = 0; i < kBufferCount; ++i) {
    const auto buffer = static_cast<Buffer>(i);
    if ((buffers & Buffers::bit(buffer)) != 0) action(buffer);
  }
}

// The buffers that are worth a look: all that have not been scanned to their end, and after
// kMaxLooks those of them that are complete or have grown by a sixteenth.
std::uint64_t buffers_to_scan(const Buffers& buffers, const LookState& state) {
  std::uint64_t wanted = 0;
  for_each(buffers.present & ~state.scanned, [&](Buffer buffer) {
    if (!buffers.complete(buffer) && state.looks >= Scanner::kMaxLooks) {
      const std::optional<std::size_t> place = growth_place(buffer);
      if (!place) return;
      const std::size_t done = state.scanned_bytes[*place];
      if (buffers.get(buffer).size() < done + std::max<std::size_t>(done / 16, 1)) return;
    }
    wanted |= Buffers::bit(buffer);
  });
  return wanted;
}

// What becomes of a rule in a look.
enum class Outcome : std::uint8_t {
  never,  // it does not match, and will not whatever follows
  later,  // it may match when there is more
  matched
};

class Look {
 public:
  Look(const Compiled& compiled, Workspace& space, Rates& rates, const Subject& subject,
       const Buffers& buffers, LookState& state, FlowMemory* flow)
      : compiled_(compiled),
        space_(space),
        rates_(rates),
        subject_(subject),
        buffers_(buffers),
        state_(state),
        flow_(flow) {
    space_.work.clear();
    space_.matched.clear();
    space_.open.clear();
  }

  // Fills the work with the rules that could match: those that were left open, those whose fast
  // pattern is there, those that have none.
  void collect(std::span<const RuleGroup* const> groups, std::uint64_t to_scan);
  void evaluate();
  void remember();
  void report(Hits& hits);

  std::uint64_t dropped() const { return dropped_; }
  bool cut() const { return cut_; }

 private:
  const RankedProgram& entry(std::uint32_t rank) const { return compiled_.programs[rank]; }
  const Rule& rule(const RankedProgram& entry) const { return compiled_.rules[entry.rule]; }
  std::optional<std::uint32_t> rank_of(SignatureId signature) const;

  void recall();
  void prefilter(const RuleGroup& group, std::uint64_t to_scan);
  void note_scanned(std::uint64_t scanned);
  Outcome outcome_of(const RankedProgram& entry, Origin origin);
  bool xbits_fit(const RankedProgram& entry);
  void apply_state(const RankedProgram& entry);
  void add(Hits& hits, const RankedProgram& entry, bool silent) const;

  const Compiled& compiled_;
  Workspace& space_;
  Rates& rates_;
  const Subject& subject_;
  const Buffers& buffers_;
  LookState& state_;
  FlowMemory* flow_;
  std::array<std::uint32_t, LookState::kMaxCandidates> settled_{};  // ranks
  std::size_t settled_count_ = 0;
  std::size_t evaluated_ = 0;
  std::uint64_t dropped_ = 0;
  bool cut_ = false;  // matches were not looked for to the end
};

// Nothing for what a state holds of another set of rules.
std::optional<std::uint32_t> Look::rank_of(SignatureId signature) const {
  if (signature.value() >= compiled_.rank_of.size()) return std::nullopt;
  return compiled_.rank_of[signature.value()];
}

void Look::recall() {
  const std::size_t count = std::min<std::size_t>(state_.candidate_count, settled_.size());
  for (std::size_t i = 0; i < count; ++i) {
    const std::optional<std::uint32_t> rank = rank_of(state_.candidates[i]);
    if (!rank || !space_.see(*rank)) continue;
    if ((state_.settled >> i & 1) != 0) {
      settled_[settled_count_++] = *rank;
    } else {
      space_.work.push_back({*rank, Origin::kept});
    }
  }
}

struct FoundContext {
  Workspace& space;
  const Prefilter& prefilter;
  bool full = false;
};

int on_found(unsigned literal, unsigned long long, unsigned long long, unsigned, void* context) {
  auto& found = *static_cast<FoundContext*>(context);
  for (const std::uint32_t rank : found.prefilter.rules_of(literal)) {
    if (found.space.work.size() >= Workspace::kMaxFound) {
      found.full = true;
      return 1;
    }
    if (found.space.see(rank)) found.space.work.push_back({rank, Origin::prefilter});
  }
  return 0;
}

void Look::prefilter(const RuleGroup& group, std::uint64_t to_scan) {
  for (const Prefilter& prefilter : group.prefilters) {
    if ((to_scan & Buffers::bit(prefilter.buffer)) == 0) continue;
    const Bytes bytes = buffers_.get(prefilter.buffer);
    std::size_t from = 0;
    if (const std::optional<std::size_t> place = growth_place(prefilter.buffer)) {
      const std::size_t done = state_.scanned_bytes[*place];
      if (done >= bytes.size()) continue;
      from = done - std::min(done, prefilter.database->longest() - 1);
    }
    FoundContext found{space_, prefilter};
    prefilter.database->scan(bytes.subspan(from), *space_.scan, on_found, &found);
    if (found.full) ++dropped_;
  }
}

void Look::note_scanned(std::uint64_t scanned) {
  std::array<std::size_t, 3> sizes;
  sizes.fill(SIZE_MAX);
  for_each(scanned, [&](Buffer buffer) {
    if (const std::optional<std::size_t> place = growth_place(buffer)) {
      sizes[*place] = std::min(sizes[*place], buffers_.get(buffer).size());
    }
    if (buffers_.complete(buffer)) state_.scanned |= Buffers::bit(buffer);
  });
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] != SIZE_MAX) state_.scanned_bytes[i] = static_cast<std::uint32_t>(sizes[i]);
  }
}

void Look::collect(std::span<const RuleGroup* const> groups, std::uint64_t to_scan) {
  recall();
  for (const RuleGroup* group : groups) {
    if (group != nullptr) prefilter(*group, to_scan);
  }
  note_scanned(to_scan);
  for (const RuleGroup* group : groups) {
    if (group == nullptr || state_.began) continue;
    for (const std::uint32_t rank : group->always) {
      if (space_.see(rank)) space_.work.push_back({rank, Origin::always});
    }
  }
  for (const WorkItem& item : space_.work) space_.forget(item.rank);
  for (std::size_t i = 0; i < settled_count_; ++i) space_.forget(settled_[i]);
  std::sort(space_.work.begin(), space_.work.end(),
            [](const WorkItem& a, const WorkItem& b) { return a.rank < b.rank; });
}

bool Look::xbits_fit(const RankedProgram& entry) {
  const std::vector<Xbit>& xbits = rule(entry).xbits;
  for (std::size_t i = 0; i < xbits.size(); ++i) {
    if (!xbits[i].tests()) continue;
    const bool set = rates_.is_set(entry.xbits[i], xbits[i].track, subject_);
    if (set != (xbits[i].operation == XbitOperation::is_set)) return false;
  }
  return true;
}

Outcome Look::outcome_of(const RankedProgram& entry, Origin origin) {
  if (!entry.program.header_fits(subject_)) {
    const bool may_change = entry.header_may_change && entry.program.ends_fit(subject_);
    return may_change ? Outcome::later : Outcome::never;
  }
  if ((entry.required & ~buffers_.present) != 0) return Outcome::later;
  if (!entry.program.flow_state_fits(flow_) || !xbits_fit(entry)) return Outcome::later;
  if (origin == Origin::prefilter && ++evaluated_ > Scanner::kMaxEvaluated) {
    ++dropped_;
    return Outcome::never;
  }
  switch (entry.program.evaluate(subject_, buffers_, space_.evaluation)) {
    case Truth::yes: return Outcome::matched;
    case Truth::open: return Outcome::later;
    case Truth::no: break;
  }
  return Outcome::never;
}

void Look::apply_state(const RankedProgram& entry) {
  entry.program.apply_flow_state(flow_);
  const std::vector<Xbit>& xbits = rule(entry).xbits;
  for (std::size_t i = 0; i < xbits.size(); ++i) {
    if (!xbits[i].tests()) rates_.apply(xbits[i], entry.xbits[i], subject_);
  }
}

void Look::evaluate() {
  bool always_done = true;
  for (const WorkItem& item : space_.work) {
    // What has matched must be remembered, lest it match again.
    if (subject_.on_stream() &&
        settled_count_ + space_.matched.size() == LookState::kMaxCandidates) {
      cut_ = true;
      return;
    }
    const RankedProgram& candidate = entry(item.rank);
    switch (outcome_of(candidate, item.origin)) {
      case Outcome::never: break;
      case Outcome::later:
        if (item.origin == Origin::always) {
          always_done = false;
        } else {
          space_.open.push_back(item.rank);
        }
        break;
      case Outcome::matched:
        apply_state(candidate);
        space_.matched.push_back(item.rank);
        break;
    }
  }
  state_.began = state_.began || always_done;
}

// For the next look: what has matched first, then what is open, in the order of evaluation.
void Look::remember() {
  if (!subject_.on_stream()) return;
  std::size_t count = 0;
  const auto keep = [&](std::uint32_t rank) {
    if (count == LookState::kMaxCandidates) return false;
    state_.candidates[count++] = SignatureId(entry(rank).rule);
    return true;
  };
  for (std::size_t i = 0; i < settled_count_; ++i) keep(settled_[i]);
  for (const std::uint32_t rank : space_.matched) keep(rank);
  state_.settled = (std::uint32_t{1} << count) - 1;
  const bool grows = (buffers_.growing & buffers_.present) != 0;
  for (const std::uint32_t rank : space_.open) {
    if (!keep(rank) && grows) ++dropped_;
  }
  state_.candidate_count = static_cast<std::uint8_t>(count);
  if (state_.looks < UINT32_MAX) ++state_.looks;
}

void Look::add(Hits& hits, const RankedProgram& entry, bool silent) const {
  const auto before = [&](SignatureId other) {
    const std::optional<std::uint32_t> rank = rank_of(other);
    return !rank || entry.hit_rank < compiled_.programs[*rank].hit_rank;
  };
  std::size_t at = hits.count;
  while (at > 0 && before(hits.signatures[at - 1])) --at;
  if (hits.count == Hits::kMax) {
    hits.more = true;
  } else {
    ++hits.count;
  }
  if (at == Hits::kMax) return;
  for (std::size_t i = hits.count - 1u; i > at; --i) {
    hits.signatures[i] = hits.signatures[i - 1];
    hits.silent[i] = hits.silent[i - 1];
  }
  hits.signatures[at] = SignatureId(entry.rule);
  hits.silent[at] = silent;
}

void Look::report(Hits& hits) {
  if (cut_) hits.more = true;
  std::sort(space_.matched.begin(), space_.matched.end(), [this](std::uint32_t a, std::uint32_t b) {
    return entry(a).hit_rank < entry(b).hit_rank;
  });
  bool passed = false;
  for (const std::uint32_t rank : space_.matched) {  // pass comes first
    const RankedProgram& which = entry(rank);
    const Rule& hit = rule(which);
    const bool passes = hit.action == RuleAction::pass;
    if (passed && !passes) return;
    if (hit.detection_filter && !rates_.passes(hit, *hit.detection_filter, subject_)) continue;
    const bool due = !hit.threshold || rates_.due(hit, *hit.threshold, subject_);
    const bool silent = hit.noalert || !due || passes;
    if (passes) {
      passed = true;
      if (flow_ != nullptr) flow_->passed = true;
    } else if (silent && (hit.action == RuleAction::alert || hit.action == RuleAction::log)) {
      continue;
    }
    add(hits, which, silent);
  }
}

}  // namespace

struct Scanner::State {
  WorkerId worker;
  Rates rates;
  std::uint64_t dropped = 0;
  std::uint64_t exhausted = 0;
};

Scanner::Scanner(WorkerId worker, const Limits& limits)
    : state_(std::make_unique<State>(State{worker, Rates(limits.tracked, KeyedHash())})) {}
Scanner::~Scanner() = default;

bool Scanner::concerns(const Signatures& signatures, const Subject& client) const {
  Subject server = client;
  server.to_server = false;
  std::swap(server.source, server.destination);
  std::swap(server.source_port, server.destination_port);
  const RuleGroups& groups = *signatures.compiled().groups;
  const auto applies = [&](LookKind kind) {
    for (const Subject* subject : {&client, static_cast<const Subject*>(&server)}) {
      const auto found = groups.groups_for(kind, *subject);
      if (found[0] != nullptr || found[1] != nullptr) return true;
    }
    return false;
  };
  const LookKind kind = kind_of(client, Buffers());
  if (kind == LookKind::udp) return applies(kind) || applies(LookKind::udp_message);
  if (kind == LookKind::tcp_stream || kind == LookKind::tcp_packet) {
    return applies(LookKind::tcp_stream) || applies(LookKind::tcp_message) ||
           applies(LookKind::tcp_packet);
  }
  return applies(kind);
}

void Scanner::scan(const Signatures& signatures, const Subject& subject, const Buffers& buffers,
                   LookState& state, FlowMemory* flow, Hits& hits) {
  const Compiled& compiled = signatures.compiled();
  if (flow != nullptr && flow->passed) return;
  if (state_->worker.value() >= compiled.workspaces.size()) return;
  const std::uint64_t to_scan = buffers_to_scan(buffers, state);
  if (to_scan == 0 && state.looks >= kMaxLooks) return;
  const auto groups = compiled.groups->groups_for(kind_of(subject, buffers), subject);
  if (groups[0] == nullptr && groups[1] == nullptr) return;

  Workspace& space = *compiled.workspaces[state_->worker.value()];
  const std::uint64_t exhausted_before = space.evaluation.exhausted();
  Look look(compiled, space, state_->rates, subject, buffers, state, flow);
  look.collect(groups, to_scan);
  look.evaluate();
  look.remember();
  look.report(hits);
  state_->dropped += look.dropped();
  state_->exhausted += space.evaluation.exhausted() - exhausted_before;
}

std::uint64_t Scanner::dropped() const {
  return state_->dropped;
}

std::uint64_t Scanner::exhausted() const {
  return state_->exhausted;
}

std::size_t Scanner::memory() const {
  return sizeof *this + sizeof *state_ + state_->rates.memory();
}

}  // namespace chatgate::detect
