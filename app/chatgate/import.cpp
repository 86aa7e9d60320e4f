// `chatgate import`: a policy from another system's configuration, and an account of every line.

#include "policy/import/import.h"

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "commands.h"
#include "config/json_document.h"
#include "import_snort.h"
#include "options.h"

namespace chatgate::app {
namespace {

namespace po = boost::program_options;
using policy::import::Combine;
using policy::import::Imported;
using policy::import::ImportOptions;
using policy::import::ImportReport;

constexpr std::size_t kMaxBytes = std::size_t{16} << 20;

constexpr Usage kUsage{
    "import",
    "--from asa|ios|snort FILE [--output POLICY] [OPTION …]",
    "Turns a configuration into a policy, and says of every line what became of it.\n"
    "The policy goes to standard output, or to the file that --output names; the\n"
    "report to standard error, and with --output --json to standard output.",
    "chatgate import --from asa running-config.txt --output policy.json",
};

std::string dumped(const nlohmann::ordered_json& json, int indent) {
  // A configuration may be no UTF-8.
  return json.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

void print_text(const std::string& file, const ImportReport& report, std::ostream& out) {
  for (const auto& each : report.not_converted) {
    out << file << ":" << each.line << ":1: not converted: " << each.why << ": " << each.text
        << "\n";
  }
  for (const auto& each : report.warnings) {
    out << file;
    if (each.line != 0) out << ":" << each.line << ":1";
    out << ": warning: " << each.message << "\n";
  }
  out << file << ": " << report.lines << (report.lines == 1 ? " line: " : " lines: ")
      << report.converted << " converted, " << report.harmless << " harmless, "
      << report.not_converted.size() << " not converted, " << report.warnings.size()
      << (report.warnings.size() == 1 ? " warning\n" : " warnings\n");
}

int write_file(const std::string& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (out) return kDone;
  std::cerr << file << ": cannot be written\n";
  return kFailed;
}

po::options_description options_of_import() {
  po::options_description options("Options");
  options.add_options()("from", po::value<std::string>()->required()->value_name("asa|ios|snort"),
                        "whose configuration it is")(
      "file", po::value<std::string>()->required()->value_name("FILE"),
      "the configuration; --file may be left out")(
      "output", po::value<std::string>()->value_name("POLICY"), "file for the policy")(
      "json", po::bool_switch(), "the report as one JSON object")(
      "signatures", po::value<std::vector<std::string>>()->composing()->value_name("FILE"),
      "Snort rules that the policy shall name (repeats)")(
      "asa-combine",
      po::value<std::string>()->default_value("both")->value_name("both|first-class"),
      "inspect http behind an inspect im that takes all");
  return options;
}

}  // namespace

int import(const Arguments& arguments) {
  const po::options_description options = options_of_import();
  po::positional_options_description positional;
  positional.add("file", 1);
  const Parsed parsed = parse(arguments, options, positional, kUsage);
  if (!parsed.values) return parsed.status;
  const auto& values = *parsed.values;

  const std::string& from = values["from"].as<std::string>();
  const std::string& combine = values["asa-combine"].as<std::string>();
  constexpr std::string_view kSystems[] = {"asa", "ios", "snort"};
  constexpr std::string_view kCombine[] = {"both", "first-class"};
  if (std::find(std::begin(kSystems), std::end(kSystems), from) == std::end(kSystems)) {
    return usage_error(kUsage, "unknown system \"" + from + "\"", suggestion(from, kSystems));
  }
  if (combine != "both" && combine != "first-class") {
    return usage_error(kUsage, "unknown word \"" + combine + "\" for --asa-combine",
                       suggestion(combine, kCombine));
  }
  ImportOptions how;
  if (combine == "first-class") how.combine = Combine::first_class;
  if (values.count("signatures") != 0) {
    how.signatures = values["signatures"].as<std::vector<std::string>>();
  }

  const std::string& file = values["file"].as<std::string>();
  Diagnostics findings;
  const auto text = config::read_file(file, findings, kMaxBytes);
  if (!text) {
    print(findings);
    return kInvalid;
  }
  const Imported imported = from == "asa"   ? policy::import::from_asa(*text, how)
                            : from == "ios" ? policy::import::from_ios(*text, how)
                                            : from_snort(*text, std::filesystem::absolute(file));

  const std::string policy = dumped(imported.policy, 2);
  const bool to_file = values.count("output") != 0;
  std::ostream& report = to_file && values["json"].as<bool>() ? std::cout : std::cerr;
  if (values["json"].as<bool>()) {
    report << dumped(imported.report.to_json(), -1);
  } else {
    print_text(file, imported.report, report);
  }
  if (to_file) return write_file(values["output"].as<std::string>(), policy);
  std::cout << policy;
  return kDone;
}

}  // namespace chatgate::app
