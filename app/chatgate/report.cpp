// `chatgate report`: a page for an auditor, from the events of a period.

#include "report/report.h"

#include <boost/program_options/value_semantic.hpp>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "base/system_time.h"
#include "catalog/registry.h"
#include "control/loader.h"

#include "commands.h"
#include "options.h"
#include "policy_source.h"
#include "report/event_file.h"
#include "report/html.h"

namespace chatgate::app {
namespace {

namespace po = boost::program_options;

constexpr Usage kUsage{
    "report",
    "--events FILE … [--output FILE.html] [OPTION …]",
    "A page for an auditor: what was blocked and allowed, under which policy, and\n"
    "what the events do not tell. Reads rotated and compressed files too. TIME is in\n"
    "UTC, such as 2026-11-23 or 2026-11-23T20:00.",
    "chatgate report --output report.html \\\n"
    "  --events /var/log/chatgate/eve.json.1.gz /var/log/chatgate/eve.json",
};

using Texts = std::vector<std::string>;

po::options_description describe() {
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  const auto texts = [](const char* name) {
    return po::value<Texts>()->composing()->value_name(name);
  };
  po::options_description options("Options");
  auto add = options.add_options();
  add("events", texts("FILE")->multitoken(), "files of events, as --events file:FILE writes them");
  add("from", text("TIME"), "only events from then on");
  add("to", text("TIME"), "only events before then");
  add("policy", text("FILE"), "audit this policy, as proof that the control works");
  add("catalogue", text("DIR"),
      "folder of the catalogue; default: beside the policy, else the installed one");
  add("rules", texts("FILE"), "Snort rules beside those that the policy names (repeats)");
  add("output", text("FILE"), "where to write the page; default: standard output");
  add("redact-people", po::bool_switch(), "leave out clients' addresses");
  add("json", po::bool_switch(), "the same as one JSON object on standard output");
  return options;
}

// False where the text is no time, which has been said.
bool read_time(const po::variables_map& values, const char* option, std::optional<Time>& time) {
  if (values.count(option) == 0) return true;
  const std::string text = values[option].as<std::string>();
  time = report::parse_time(text);
  if (time) return true;
  usage_error(kUsage, "--" + std::string(option) + " \"" + text + "\" is no time",
              "such as 2026-11-23 or 2026-11-23T20:00");
  return false;
}

// Audits the policy that is named. False where it is not valid, which has been said.
bool prove(const po::variables_map& values, std::optional<report::Proof>& proof) {
  if (values.count("policy") == 0) return true;
  const control::LoadRequest source = policy_source(values);
  catalog::ApplicationRegistry registry;
  const control::LoadResult loaded = control::load(source, registry);
  print(loaded.diagnostics);
  if (loaded.snapshot == nullptr || loaded.diagnostics.has_errors()) return false;
  proof = {source.policy_file, loaded.sha256, explain::audit(loaded.snapshot, {})};
  return true;
}

bool read_events(const Texts& files, report::Tally& tally) {
  Diagnostics findings;
  for (const std::string& file : files) {
    const report::LineHandler handler{
        [&](std::string_view line, std::uint64_t number) { tally.add(line, file, number); },
        [&](std::uint64_t number, std::string_view what) { tally.add_damage(file, number, what); }};
    if (!report::read_lines(file, handler)) {
      findings.error({file}, "cannot be read", "a file of events that you may read");
    }
  }
  print(findings);
  return !findings.has_errors();
}

bool write_page(const std::string& html, const std::string& file) {
  if (file.empty()) return static_cast<bool>(std::cout << html << std::flush);
  std::ofstream out(file, std::ios::trunc);
  if (out << html << std::flush) return true;
  Diagnostics findings;
  findings.error({file}, "cannot be written");
  print(findings);
  return false;
}

}  // namespace

int report(const Arguments& arguments) {
  po::positional_options_description positional;
  positional.add("events", -1);
  const Parsed parsed = parse(arguments, describe(), positional, kUsage);
  if (!parsed.values) return parsed.status;
  const po::variables_map& values = *parsed.values;
  if (values.count("events") == 0) {
    return usage_error(kUsage, "no events are named", "name files with --events");
  }
  report::TallyOptions options;
  options.redact_people = values["redact-people"].as<bool>();
  if (!read_time(values, "from", options.from) || !read_time(values, "to", options.to)) {
    return kInvalid;
  }
  const Texts files = values["events"].as<Texts>();
  std::optional<report::Proof> proof;
  if (!prove(values, proof)) return kInvalid;
  report::Tally tally(options);
  if (!read_events(files, tally)) return kInvalid;
  const std::string now = report::moment_of(system_time().nanoseconds / 1'000'000'000);
  const report::ReportSource source{tally, files, std::move(proof), now};
  const bool json = values["json"].as<bool>();
  const std::string output =
      values.count("output") == 0 ? std::string() : values["output"].as<std::string>();
  if (json) std::cout << report::to_json(source) << "\n";
  if (json && output.empty()) return kDone;
  return write_page(report::to_html(source), output) ? kDone : kFailed;
}

}  // namespace chatgate::app
