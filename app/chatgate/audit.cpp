// `chatgate audit`: a sample of every application, on every path that it has, under a policy.

#include "explain/audit.h"

#include <array>
#include <boost/program_options/value_semantic.hpp>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "catalog/registry.h"
#include "control/loader.h"

#include "commands.h"
#include "config/json_document.h"
#include "options.h"
#include "policy_source.h"

namespace chatgate::app {
namespace {

namespace po = boost::program_options;

constexpr Usage kUsage{
    "audit",
    "--policy FILE [--allow ID …] [--expect FILE] [--json]",
    "Plays a sample of every application, on every path that it has, through the\n"
    "engine under a policy, and says what passes that is to be blocked, and what is\n"
    "blocked that is to pass.",
    "chatgate audit --policy policy/chatgate.json --allow xmpp",
};

using Texts = std::vector<std::string>;

po::options_description describe() {
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  const auto texts = [](const char* name) {
    return po::value<Texts>()->composing()->value_name(name);
  };
  po::options_description options("Options");
  options.add_options()("policy", text("FILE")->default_value(std::string(kDefaultPolicyFile)),
                        "the policy")(
      "allow", texts("ID"),
      "this application or category is meant to pass, and all other messengers are not (repeats)")(
      "expect", text("FILE"),
      "what is meant, as JSON: {\"allow\": [ID, …], \"block\": [ID, …]}; without either option, "
      "what "
      "the policy says of each application")(
      "from", text("ADDR"), "the client's address; default: the first of networks.inside")(
      "catalogue", text("DIR"),
      "folder of the catalogue; default: beside the policy, else the installed one")(
      "rules", texts("FILE"), "Snort rules beside those that the policy names (repeats)")(
      "json", po::bool_switch(), "one JSON object on standard output");
  return options;
}

// Reads words of applications and categories.
class IntentReader {
 public:
  IntentReader(const catalog::Catalogue& catalogue, Diagnostics& findings)
      : catalogue_(catalogue), findings_(findings) {}

  explain::Intent intent;

  void add(const std::string& word, bool allow, const Place& place) {
    if (const catalog::Application* application = catalogue_.find(word)) {
      (allow ? intent.allow : intent.block).push_back(application->id);
      return;
    }
    if (const auto category = catalog::parse_category(word)) {
      (allow ? intent.allow_categories : intent.block_categories).push_back(*category);
      return;
    }
    std::vector<std::string_view> known(catalog::category_words().begin(),
                                        catalog::category_words().end());
    for (const auto& application : catalogue_.applications()) known.push_back(application.word);
    findings_.error(place, "unknown application or category \"" + word + "\"",
                    suggestion(word, known));
  }

  void read(const std::string& file) {
    const auto text = config::read_file(file, findings_);
    const auto tree = text ? config::parse_json(*text, file, findings_) : std::nullopt;
    if (!tree) return;
    constexpr std::array<std::string_view, 2> kKeys = {"allow", "block"};
    config::Reporter reporter(file, findings_);
    const config::ObjectReader object(reporter, *tree, "the file", kKeys);
    for (const std::string_view key : kKeys) {
      const config::JsonValue* value = object.ok() ? object.get(key) : nullptr;
      if (value == nullptr) continue;
      for (const config::JsonValue* word : reporter.strings(*value, config::in_quotes(key))) {
        add(word->text, key == "allow", reporter.place(word->at));
      }
    }
  }

 private:
  const catalog::Catalogue& catalogue_;
  Diagnostics& findings_;
};

explain::Intent intent_of(const po::variables_map& values, const catalog::Catalogue& catalogue,
                          Diagnostics& findings) {
  IntentReader reader(catalogue, findings);
  if (values.count("expect") != 0) reader.read(values["expect"].as<std::string>());
  if (values.count("allow") == 0) return reader.intent;
  for (const std::string& word : values["allow"].as<Texts>()) {
    reader.add(word, true, {"chatgate audit"});
  }
  reader.intent.block_categories.push_back(catalog::Category::im);
  return reader.intent;
}

// Where the policy knows what is inside, the client is there.
bool choose_client(const po::variables_map& values, const policy::Policy& policy,
                   explain::AuditOptions& options) {
  const auto use = [&](const IpAddress& address) {
    (address.is_v4() ? options.client : options.client_v6) = address;
  };
  for (std::size_t i = policy.inside().size(); i-- > 0;) use(policy.inside()[i].first());
  if (values.count("from") == 0) return true;
  const std::string text = values["from"].as<std::string>();
  const auto address = IpAddress::parse(text);
  if (!address) {
    usage_error(kUsage, "--from \"" + text + "\" is no address", "such as 10.1.1.5");
    return false;
  }
  use(*address);
  return true;
}

}  // namespace

int audit(const Arguments& arguments) {
  const Parsed parsed = parse(arguments, describe(), {}, kUsage);
  if (!parsed.values) return parsed.status;
  const po::variables_map& values = *parsed.values;
  const control::LoadRequest source = policy_source(values);
  catalog::ApplicationRegistry registry;
  const control::LoadResult loaded = control::load(source, registry);
  Diagnostics findings = loaded.diagnostics;
  explain::AuditOptions options;
  if (loaded.snapshot != nullptr) {
    options.intent = intent_of(values, *loaded.snapshot->catalogue, findings);
  }
  print(findings);
  if (findings.has_errors() || loaded.snapshot == nullptr) return kInvalid;
  if (!choose_client(values, *loaded.snapshot->policy, options)) return kInvalid;

  const explain::Audit audit = explain::audit(loaded.snapshot, options);
  if (values["json"].as<bool>()) {
    std::cout << explain::to_json(audit) << "\n";
  } else {
    std::cout << explain::to_text(audit);
  }
  return audit.leaks + audit.overblocked == 0 ? kDone : kFailed;
}

}  // namespace chatgate::app
