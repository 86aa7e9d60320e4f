#include "detect/signatures.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "detect/compiled.h"
#include "detect/evaluation_order.h"
#include "detect/fast_pattern.h"
#include "detect/numbering.h"

namespace chatgate::detect {
namespace {

Place place_of(const Rule& rule) {
  return {rule.file, rule.spot.line, rule.spot.column};
}

std::uint64_t name_hash(std::string_view name) {
  const DatabaseCache::Digest digest = DatabaseCache::sha256(name);
  std::uint64_t hash = 0;
  std::memcpy(&hash, digest.data(), sizeof hash);
  return hash;
}

// An option on a buffer that is absent does not match, not even a negated one.
std::uint64_t required_buffers(const Rule& rule) {
  std::uint64_t required = 0;
  for (const PayloadOption& option : rule.payload) {
    std::visit([&required](const auto& which) { required |= Buffers::bit(which.target.buffer); },
               option);
  }
  return required;
}

// Whether its header can begin to fit while a turn grows.
bool header_may_change(const Rule& rule) {
  const auto changes = [](const Condition& condition) {
    return std::holds_alternative<AppLayerCondition>(condition) ||
           std::holds_alternative<StreamSizeCondition>(condition);
  };
  return !rule.protocol.applications.empty() ||
         std::any_of(rule.conditions.begin(), rule.conditions.end(), changes);
}

// Sizes and presence are compared in no time; everything else is a search. Of a rule with nothing
// but negated contents the parser has said so.
bool is_worth_a_warning(const Rule& rule) {
  const bool negated =
      std::any_of(rule.payload.begin(), rule.payload.end(), [](const PayloadOption& option) {
        const Content* content = std::get_if<Content>(&option);
        return content != nullptr && content->negated;
      });
  if (negated && !rule.has_positive_content()) return false;
  return std::any_of(rule.payload.begin(), rule.payload.end(), [](const PayloadOption& option) {
    return !std::holds_alternative<BufferSize>(option) &&
           !std::holds_alternative<BufferPresent>(option);
  });
}

void warn_of_tags(const std::vector<Rule>& rules, Diagnostics& findings) {
  const auto has_tag = [](const Rule& rule) { return rule.tag.has_value(); };
  const auto count = std::count_if(rules.begin(), rules.end(), has_tag);
  if (count == 0) return;
  const Rule& first = *std::find_if(rules.begin(), rules.end(), has_tag);
  findings.warning(place_of(first),
                   "tag has no effect: packets after an alert are not recorded (" +
                       std::to_string(count) + (count == 1 ? " rule)" : " rules)"),
                   "use a capture of the flow that the alert names");
}

struct Kept {
  std::vector<Rule> rules;
  std::vector<Program> programs;
};

Kept compile_each(std::vector<Rule> rules, Diagnostics& findings) {
  Kept kept;
  kept.rules.reserve(rules.size());
  kept.programs.reserve(rules.size());
  Numbering numbering;
  for (Rule& rule : rules) {
    std::optional<Program> program = Program::compile(rule, numbering, findings);
    if (!program) continue;
    kept.programs.push_back(std::move(*program));
    kept.rules.push_back(std::move(rule));
  }
  return kept;
}

std::vector<RankedProgram> ranked(const std::vector<Rule>& rules, std::vector<Program> programs) {
  std::vector<std::uint32_t> hit_rank(rules.size());
  const std::vector<std::uint32_t> by_hit = hit_order(rules);
  for (std::uint32_t i = 0; i < by_hit.size(); ++i) hit_rank[by_hit[i]] = i;
  std::vector<RankedProgram> result;
  result.reserve(rules.size());
  for (const std::uint32_t index : evaluation_order(rules)) {
    const Rule& rule = rules[index];
    RankedProgram entry{std::move(programs[index]), index, hit_rank[index], required_buffers(rule),
                        header_may_change(rule),    {}};
    for (const Xbit& bit : rule.xbits) entry.xbits.push_back(name_hash(bit.name));
    result.push_back(std::move(entry));
  }
  return result;
}

std::vector<RankedRule> with_fast_patterns(const std::vector<Rule>& rules,
                                           const std::vector<RankedProgram>& programs,
                                           Diagnostics& findings) {
  std::vector<RankedRule> result;
  result.reserve(programs.size());
  for (const RankedProgram& entry : programs) {
    const Rule& rule = rules[entry.rule];
    result.push_back({&rule, entry.program.needs_packet(), choose_fast_pattern(rule)});
  }
  // In the order of their files.
  std::vector<bool> slow(rules.size());
  for (std::size_t rank = 0; rank < result.size(); ++rank) {
    slow[programs[rank].rule] =
        !result[rank].fast_pattern && is_worth_a_warning(*result[rank].rule);
  }
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (!slow[i]) continue;
    findings.warning(place_of(rules[i]),
                     "sid " + std::to_string(rules[i].sid) +
                         " has no content to search for first: it is evaluated whenever its header "
                         "fits",
                     "add a content that must be there");
  }
  return result;
}

bool make_workspaces(Signatures::Compiled& compiled, unsigned workers) {
  auto prototype = std::make_unique<ScanScratch>();
  for (const auto& database : compiled.groups->databases()) {
    if (!prototype->fit(*database)) return false;
  }
  const std::size_t most =
      Workspace::kMaxFound + compiled.groups->most_always() + LookState::kMaxCandidates;
  for (unsigned worker = 0; worker < workers; ++worker) {
    auto space = std::make_unique<Workspace>();
    space->scan = prototype->clone();
    if (space->scan == nullptr) return false;
    space->seen.resize(compiled.programs.size() / 64 + 1);
    space->work.reserve(most);
    space->matched.reserve(most);
    space->open.reserve(most);
    compiled.workspaces.push_back(std::move(space));
  }
  return true;
}

}  // namespace

std::size_t Workspace::memory() const {
  return sizeof *this + (scan == nullptr ? 0 : scan->memory()) + evaluation.memory() +
         seen.capacity() * sizeof(seen[0]) + work.capacity() * sizeof(work[0]) +
         (matched.capacity() + open.capacity()) * sizeof(open[0]);
}

Signatures::Signatures(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
Signatures::~Signatures() = default;

std::shared_ptr<const Signatures> Signatures::compile(RuleSet rules, const Options& options,
                                                      Diagnostics& findings) {
  auto compiled = std::make_unique<Compiled>();
  findings.append(std::move(rules.findings));
  const std::size_t parsed = rules.rules.size();
  Kept kept = compile_each(std::move(rules.rules), findings);
  compiled->rules = std::move(kept.rules);
  compiled->refused = rules.refused + parsed - compiled->rules.size();
  compiled->programs = ranked(compiled->rules, std::move(kept.programs));
  compiled->rank_of.resize(compiled->rules.size());
  for (std::uint32_t rank = 0; rank < compiled->programs.size(); ++rank) {
    compiled->rank_of[compiled->programs[rank].rule] = rank;
  }
  warn_of_tags(compiled->rules, findings);

  DatabaseCache cache(options.cache_folder);
  compiled->groups = std::make_unique<RuleGroups>(
      with_fast_patterns(compiled->rules, compiled->programs, findings), cache);
  cache.remove_old();
  if (!cache.failure().empty()) {
    findings.warning({}, "compiled signatures are not kept: " + cache.failure(),
                     "the next start compiles them again");
  }
  if (!compiled->groups->failure().empty()) {
    findings.warning({},
                     "rules are evaluated without a search before: " + compiled->groups->failure());
  }
  if (!make_workspaces(*compiled, options.workers)) throw std::bad_alloc();
  return std::shared_ptr<const Signatures>(new Signatures(std::move(compiled)));
}

std::span<const Rule> Signatures::rules() const {
  return compiled_->rules;
}

std::size_t Signatures::refused() const {
  return compiled_->refused;
}

std::size_t Signatures::memory() const {
  std::size_t sum = sizeof *this + sizeof *compiled_ + compiled_->groups->memory() +
                    compiled_->rank_of.capacity() * sizeof(compiled_->rank_of[0]);
  for (const RankedProgram& entry : compiled_->programs) {
    sum += sizeof entry + entry.program.memory() + entry.xbits.capacity() * sizeof(entry.xbits[0]);
  }
  for (const auto& space : compiled_->workspaces) sum += space->memory();
  return sum;
}

}  // namespace chatgate::detect
