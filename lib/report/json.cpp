// The report as one JSON object.

#include <nlohmann/json.hpp>

#include "report/report.h"

namespace chatgate::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kTop = 100;

Json names_json(const Names& names) {
  Json list = Json::array();
  for (const Names::Entry& entry : names.top(kTop)) {
    list.push_back({{"name", entry.name},
                    {"blocked", entry.count.blocked},
                    {"allowed", entry.count.allowed},
                    {"flows", entry.count.flows}});
  }
  return {{"names", names.size()},
          {"top", std::move(list)},
          {"events_of_others", names.others().all()}};
}

Json audits_json(const Tally& tally) {
  Json list = Json::array();
  for (const AuditEntry& entry : tally.audits.kept) {
    list.push_back({{"timestamp", entry.time},
                    {"host", entry.host},
                    {"what", entry.what},
                    {"by", entry.by},
                    {"policy", entry.policy},
                    {"sha256", entry.sha256},
                    {"mode", entry.mode},
                    {"detail", entry.detail}});
  }
  return list;
}

Json missing_json(const Tally& tally) {
  Json losses = Json::array(), gaps = Json::array(), damages = Json::array();
  for (const LossEntry& entry : tally.losses.kept) {
    losses.push_back({{"timestamp", entry.time}, {"host", entry.host}, {"lost", entry.lost}});
  }
  for (const Gap& gap : tally.gaps(kTop)) gaps.push_back({{"from", gap.from}, {"to", gap.to}});
  for (const Damage& damage : tally.damages.kept) {
    damages.push_back({{"file", damage.file}, {"line", damage.line}, {"what", damage.what}});
  }
  return {{"events_lost", tally.events_lost},
          {"losses", std::move(losses)},
          {"gaps", std::move(gaps)},
          {"damaged", tally.damages.kept.size() + tally.damages.more},
          {"damages", std::move(damages)}};
}

Json timeline_json(const Timeline& timeline) {
  Json steps = Json::array();
  for (const Timeline::Step& step : timeline.steps()) {
    steps.push_back({step.blocked, step.allowed, step.events});
  }
  return {{"first", timeline.first()}, {"seconds", timeline.width()}, {"steps", std::move(steps)}};
}

}  // namespace

std::string to_json(const ReportSource& source) {
  const Tally& tally = source.tally;
  Json report = {{"files", source.files},
                 {"lines", tally.lines},
                 {"outside_period", tally.outside},
                 {"first", tally.first},
                 {"last", tally.last},
                 {"blocked", tally.total.blocked},
                 {"allowed", tally.total.allowed},
                 {"would_block", tally.would_block},
                 {"flows", tally.total.flows},
                 {"restarts", tally.restarts},
                 {"types", tally.types}};
  report["audits"] = audits_json(tally);
  report["audits_not_shown"] = tally.audits.more;
  report["applications"] = names_json(tally.applications);
  report["categories"] = names_json(tally.categories);
  report["services"] = names_json(tally.services);
  report["rules"] = names_json(tally.rules);
  report["evidence"] = names_json(tally.evidence);
  if (!tally.options().redact_people) report["clients"] = names_json(tally.clients);
  report["attempts"] = names_json(tally.attempts);
  report["unknown"] = names_json(tally.unknown);
  report["ends"] = names_json(tally.conduct);
  report["timeline"] = timeline_json(tally.timeline);
  report["missing"] = missing_json(tally);
  if (source.proof) {
    report["proof"] = {{"policy", source.proof->policy_file},
                       {"sha256", source.proof->sha256},
                       {"cells", source.proof->audit.cells.size()},
                       {"leaks", source.proof->audit.leaks},
                       {"overblocked", source.proof->audit.overblocked}};
  }
  return report.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace chatgate::report
