// `chatgate check`: is a policy valid, with all that it names?

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "catalog/registry.h"
#include "control/loader.h"
#include "control/reload.h"

#include "commands.h"
#include "options.h"

namespace chatgate::app {
namespace {

namespace po = boost::program_options;

constexpr Usage kUsage{
    "check",
    "[--json] [--catalogue DIR] [--rules FILE …] [POLICY]",
    "Validates a policy and all that it names, and says everything that is wrong.\n"
    "POLICY is /etc/chatgate/policy.json where it is left out.",
    "chatgate check --json policy/chatgate.json",
};

void print_json(const control::LoadResult& result) {
  nlohmann::ordered_json object = {
      {"ok", result.snapshot != nullptr},
      {"errors", control::to_json(result.diagnostics, Severity::error)},
      {"warnings", control::to_json(result.diagnostics, Severity::warning)},
      {"rules", {{"loaded", result.signature_count}, {"refused", result.signatures_refused}}},
      {"policy_rules", {{"loaded", result.rule_count}, {"refused", result.rules_refused}}},
      {"sha256", result.sha256}};
  if (result.snapshot != nullptr && result.snapshot->lists != nullptr) {
    object["lists"] = control::lists_json(*result.snapshot->lists);
  }
  // What a file holds may be no UTF-8, and its name neither.
  std::cout << object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
}

std::string count(std::size_t number, const std::string& noun, const std::string& plural) {
  return std::to_string(number) + " " + (number == 1 ? noun : plural);
}

void print_text(const std::string& policy, const control::LoadResult& result) {
  print(result.diagnostics);
  if (result.snapshot == nullptr) {
    std::cerr << policy << ": not valid, "
              << count(result.diagnostics.error_count(), "error", "errors") << "\n";
    return;
  }
  std::cout << policy << ": valid, " << count(result.rule_count, "rule", "rules") << ", "
            << count(result.snapshot->catalogue->applications().size(), "application",
                     "applications")
            << ", mode " << policy::to_string(result.snapshot->policy->mode()) << ", default "
            << policy::to_string(result.snapshot->policy->fallback()) << "\n";
  if (result.signature_count + result.signatures_refused != 0) {
    std::cout << count(result.signature_count, "Snort rule", "Snort rules") << " loaded, "
              << result.signatures_refused << " refused\n";
  }
  if (result.snapshot->lists != nullptr) {
    for (const auto& [word, list] : result.snapshot->lists->all()) {
      std::cout << "list " << word << ": " << count(list->entries(), "entry", "entries") << " from "
                << count(list->lines.taken, "line", "lines") << ", " << list->lines.skipped
                << " skipped, " << list->lines.refused << " refused\n";
    }
  }
  std::cout << "SHA-256 " << result.sha256 << "\n";
}

}  // namespace

int check(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()("json", po::bool_switch(), "one JSON object on standard output")(
      "catalogue", po::value<std::string>()->value_name("DIR"),
      "folder of the catalogue; default: beside the policy, else the installed one")(
      "rules", po::value<std::vector<std::string>>()->composing()->value_name("FILE"),
      "Snort rules beside those that the policy names (repeats)")(
      "policy",
      po::value<std::string>()->value_name("FILE")->default_value(std::string(kDefaultPolicyFile)),
      "the policy; --policy may be left out");
  po::positional_options_description positional;
  positional.add("policy", 1);
  const Parsed parsed = parse(arguments, options, positional, kUsage);
  if (!parsed.values) return parsed.status;

  control::LoadRequest request;
  request.policy_file = (*parsed.values)["policy"].as<std::string>();
  request.catalogue_folder = parsed.values->count("catalogue")
                                 ? (*parsed.values)["catalogue"].as<std::string>()
                                 : control::default_catalogue_folder(request.policy_file);
  if (parsed.values->count("rules") != 0) {
    request.rule_files = (*parsed.values)["rules"].as<std::vector<std::string>>();
  }
  catalog::ApplicationRegistry registry;
  const control::LoadResult result = control::load(request, registry);
  if ((*parsed.values)["json"].as<bool>()) {
    print_json(result);
  } else {
    print_text(request.policy_file, result);
  }
  return result.snapshot == nullptr ? kInvalid : kDone;
}

}  // namespace chatgate::app
