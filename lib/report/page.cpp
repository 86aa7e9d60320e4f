// The report as a page.

#include <algorithm>
#include <map>

#include "report/html.h"
#include "report/report.h"

namespace chatgate::report {
namespace {

using Rows = std::vector<std::vector<std::string>>;

constexpr std::size_t kTop = 20;
constexpr std::size_t kMostGaps = 10;
constexpr std::size_t kMostAudits = 200;

const std::vector<Page::Column> kCounted = {
    {""}, {"Blocked", true}, {"Allowed, told of", true}, {"Connections ended", true}};

std::string plural(std::uint64_t count, const std::string& one, const std::string& many) {
  return grouped(count) + " " + (count == 1 ? one : many);
}

void add_names(Page& page, std::string_view caption, std::string_view title, const Names& names,
               std::string_view if_empty) {
  Rows rows;
  for (const Names::Entry& entry : names.top(kTop)) {
    rows.push_back({std::string(entry.name), grouped(entry.count.blocked),
                    grouped(entry.count.allowed), grouped(entry.count.flows)});
  }
  std::vector<Page::Column> columns = kCounted;
  columns[0].title = title;
  page.table(caption, columns, rows, if_empty);
  if (names.size() > kTop) {
    page.paragraph("The first " + std::to_string(kTop) + " of " + grouped(names.size()) + ".");
  }
  if (names.others().all() != 0) {
    page.warning("More than " + grouped(Names::kMost) +
                 " different ones: " + plural(names.others().all(), "event has", "events have") +
                 " others and are not told apart in this table.");
  }
}

// One figure of each name, where the others mean nothing.
void add_single(Page& page, std::string_view caption, const std::vector<Page::Column>& columns,
                const Names& names, std::uint64_t Count::*figure, std::string_view if_empty) {
  Rows rows;
  for (const Names::Entry& entry : names.top(kTop)) {
    rows.push_back({std::string(entry.name), grouped(entry.count.*figure)});
  }
  page.table(caption, columns, rows, if_empty);
  if (names.others().all() != 0) {
    page.warning("More than " + grouped(Names::kMost) + " different ones: " +
                 plural(names.others().all(), "event has", "events have") + " others.");
  }
}

void add_summary(Page& page, const ReportSource& source) {
  const Tally& tally = source.tally;
  page.paragraph("Made " + source.made_at + " from " +
                 plural(source.files.size(), "file", "files") + " of events.");
  Rows rows = {{"First event", tally.first.empty() ? "none" : tally.first},
               {"Last event", tally.last.empty() ? "none" : tally.last},
               {"Blocked", grouped(tally.total.blocked)},
               {"Allowed, and told of", grouped(tally.total.allowed)},
               {"Connections ended", grouped(tally.total.flows)},
               {"Lines read", grouped(tally.lines)}};
  for (const Names::Entry& host : tally.hosts.top(kTop)) {
    rows.push_back({"Gateway", std::string(host.name)});
  }
  page.table("Summary", {{"What"}, {"Value"}}, rows);
  if (tally.would_block != 0) {
    page.warning(
        plural(tally.would_block, "event was", "events were") +
        " to be blocked by a rule and passed, because the mode was monitor, for the policy "
        "or for the rule.");
  }
  if (tally.options().redact_people) page.paragraph("Clients are left out of this report.");
}

void add_chart(Page& page, const Timeline& timeline) {
  constexpr double kWidth = 960, kHeight = 200, kFloor = 170;
  const auto& steps = timeline.steps();
  std::uint64_t peak = 0;
  for (const auto& step : steps) peak = std::max(peak, step.blocked + step.allowed);
  page.heading("Over time");
  if (peak == 0) return page.paragraph("Nothing was blocked or told of.");
  const double width = kWidth / static_cast<double>(steps.size());
  const std::string about = "Blocked and allowed events in steps of " +
                            grouped(timeline.width() / 60) +
                            " minutes; most in one step: " + grouped(peak);
  std::string svg =
      "<figure><svg viewBox=\"0 0 960 200\" role=\"img\" aria-label=\"" + escaped(about) + "\">\n";
  const auto bar = [&](const char* kind, std::size_t i, double bottom, std::uint64_t count) {
    const double height = static_cast<double>(count) / static_cast<double>(peak) * (kFloor - 20);
    if (count == 0) return bottom;
    char text[200];
    std::snprintf(text, sizeof text,
                  "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"><title>"
                  "%s: %llu %s</title></rect>\n",
                  kind, static_cast<double>(i) * width, bottom - height, std::max(width - 0.5, 0.5),
                  height, moment_of(timeline.first() + i * timeline.width()).c_str(),
                  static_cast<unsigned long long>(count), kind);
    svg += text;
    return bottom - height;
  };
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const double top = bar("blocked", i, kFloor, steps[i].blocked);
    bar("allowed", i, top, steps[i].allowed);
  }
  svg += "<text x=\"0\" y=\"" + std::to_string(static_cast<int>(kHeight) - 8) + "\">" +
         moment_of(timeline.first()) + "</text><text x=\"960\" y=\"192\" text-anchor=\"end\">" +
         moment_of(timeline.first() + steps.size() * timeline.width()) + "</text></svg>\n" +
         "<figcaption>" + escaped(about) + ".</figcaption></figure>\n";
  page.raw(svg);
}

std::vector<AuditEntry> by_time(std::vector<AuditEntry> entries) {
  std::stable_sort(entries.begin(), entries.end(),
                   [](const AuditEntry& a, const AuditEntry& b) { return a.time < b.time; });
  return entries;
}

void add_policy(Page& page, const Tally& tally) {
  page.heading("The policy, and who changed what");
  Rows rows;
  for (const AuditEntry& entry : by_time(tally.audits.kept)) {
    if (rows.size() == kMostAudits) break;
    rows.push_back({entry.time, entry.host, entry.what, entry.by, entry.policy, entry.sha256,
                    entry.mode, entry.detail});
  }
  page.table("What was done to the gateway",
             {{"When"}, {"Gateway"}, {"What"}, {"By"}, {"Policy"}, {"SHA-256"}, {"Mode"}, {"More"}},
             rows, "No event tells of a change or of a start in this period.");
  const std::uint64_t more = tally.audits.kept.size() - rows.size() + tally.audits.more;
  if (more != 0) page.warning(plural(more, "more is", "more are") + " not shown.");
}

void add_completeness(Page& page, const Tally& tally) {
  page.heading("What is missing");
  page.paragraph(
      "Events that were lost before they were written, lines that could not be read, and times "
      "without a single event. Times without events are quiet, or the gateway did not run, or a "
      "file is missing: the events do not tell which.");
  if (tally.events_lost != 0) {
    page.warning(plural(tally.events_lost, "event was", "events were") +
                 " lost, as the gateway itself reported: this report is incomplete.");
  }
  Rows rows;
  for (const LossEntry& entry : tally.losses.kept) {
    rows.push_back({entry.time, entry.host, grouped(entry.lost)});
  }
  page.table("Reported losses", {{"When"}, {"Gateway"}, {"Events", true}}, rows,
             "No loss was reported.");
  if (tally.losses.more != 0) {
    page.paragraph(plural(tally.losses.more, "more report is", "more reports are") + " not shown.");
  }
  rows.clear();
  for (const Gap& gap : tally.gaps(kMostGaps)) {
    rows.push_back({moment_of(gap.from), moment_of(gap.to), grouped((gap.to - gap.from) / 60)});
  }
  page.table("Longest times without any event", {{"From"}, {"To"}, {"Minutes", true}}, rows,
             "There is none as long as a step of the chart.");
  page.paragraph("Starts of a gateway: " + grouped(tally.restarts) +
                 ". Lines outside the period: " + grouped(tally.outside) + ".");
  rows.clear();
  for (const Damage& damage : tally.damages.kept) {
    rows.push_back({damage.file, grouped(damage.line), damage.what});
  }
  page.table("Lines that could not be read", {{"File"}, {"Line", true}, {"What"}}, rows,
             "Every line could be read.");
  if (tally.damages.more != 0) {
    page.warning(plural(tally.damages.more, "more line could not be read and is",
                        "more lines could not be read and are") +
                 " not shown.");
  }
}

void add_proof(Page& page, const Proof& proof, const Tally& tally) {
  const explain::Audit& audit = proof.audit;
  page.heading("Proof that the control works");
  page.paragraph(
      "A sample of every application on every path that it has was played through the "
      "engine under the policy " +
      proof.policy_file + ", SHA-256 " + proof.sha256 + ".");
  const auto& audits = tally.audits.kept;
  const bool known = std::any_of(audits.begin(), audits.end(), [&](const AuditEntry& entry) {
    return entry.sha256 == proof.sha256;
  });
  if (!known) {
    page.warning(
        "No event of the period tells that this policy was in force: it may not be the one "
        "under which the events arose.");
  }
  page.table("Audit", {{"What"}, {"Number", true}},
             {{"Sessions played", grouped(audit.sessions)},
              {"Applications and paths", grouped(audit.cells.size())},
              {"Leaks: to be blocked, and pass", grouped(audit.leaks)},
              {"Over-blocking: to pass, and blocked", grouped(audit.overblocked)}});
  Rows rows;
  std::map<std::string, std::pair<std::size_t, std::size_t>> paths;
  for (const explain::Cell& cell : audit.cells) {
    auto& [blocked, passed] = paths[cell.path];
    ++(cell.blocked ? blocked : passed);
  }
  for (const auto& [path, counts] : paths) {
    rows.push_back({path, grouped(counts.first), grouped(counts.second)});
  }
  page.table("By path", {{"Path"}, {"Blocked", true}, {"Passed", true}}, rows);
  rows.clear();
  for (const explain::Finding& finding : audit.findings) rows.push_back({finding.text});
  page.table("Faults of the policy", {{"Fault"}}, rows, "No fault was found.");
}

}  // namespace

std::string to_html(const ReportSource& source) {
  const Tally& tally = source.tally;
  Page page("Instant messaging: what was blocked and allowed");
  add_summary(page, source);
  add_policy(page, tally);
  add_chart(page, tally.timeline);
  page.heading("What was blocked and allowed");
  const std::string nothing = "There is none.";
  add_names(page, "By application", "Application", tally.applications, nothing);
  add_names(page, "By category", "Category", tally.categories, nothing);
  add_names(page, "By service", "Service", tally.services, "No service was told apart.");
  add_names(page, "By rule", "Rule", tally.rules, nothing);
  add_names(page, "By evidence", "Evidence", tally.evidence, nothing);
  if (!tally.options().redact_people) {
    add_names(page, "By client", "Client", tally.clients, nothing);
  }
  add_single(page, "Attempts that were blocked most often", {{"Attempt"}, {"Times", true}},
             tally.attempts, &Count::blocked, "Nothing was blocked.");
  page.heading("What was not recognised");
  add_single(page, "Connections of unknown application, by server",
             {{"Server"}, {"Connections", true}}, tally.unknown, &Count::flows, nothing);
  add_single(page, "How connections ended", {{"Reason"}, {"Connections", true}}, tally.conduct,
             &Count::flows, nothing);
  add_completeness(page, tally);
  if (source.proof) add_proof(page, *source.proof, tally);
  page.heading("Files");
  Rows rows;
  for (const std::string& file : source.files) rows.push_back({file});
  page.table("Files that were read", {{"File"}}, rows);
  return page.take();
}

}  // namespace chatgate::report
