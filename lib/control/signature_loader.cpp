#include "control/signature_loader.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <variant>

#include "control/loader.h"
#include "detect/parser.h"
#include "policy/networks_loader.h"

#include "config/json_document.h"

namespace chatgate::control {
namespace {

constexpr std::size_t kMaxRuleBytes = std::size_t{256} << 20;

detect::AddressSet set_of(const std::vector<Prefix>& prefixes) {
  std::vector<detect::AddressSet::Range> ranges;
  for (const Prefix& prefix : prefixes) ranges.push_back({prefix.first(), prefix.last()});
  return detect::AddressSet::of(std::move(ranges));
}

detect::Variables variables_of(const policy::Draft& draft) {
  detect::Variables variables = draft.inside.empty()
                                    ? detect::Variables::customary()
                                    : detect::Variables::customary(set_of(draft.inside));
  for (const auto& [name, prefixes] : draft.networks) {
    if (detect::is_variable_name(name)) variables.define_addresses(name, set_of(prefixes));
  }
  return variables;
}

// Those that the policy names, relative to it, and those of the request.
std::vector<std::string> paths_of(const LoadRequest& request, const policy::Draft& draft) {
  std::vector<std::string> paths;
  for (const policy::NamedFile& file : draft.signatures) {
    paths.push_back(policy::beside_policy(request.policy_file, file.path));
  }
  paths.insert(paths.end(), request.rule_files.begin(), request.rule_files.end());
  return paths;
}

// What is wrong with a rule leaves the others in force.
void append_as_warnings(const Diagnostics& findings, Diagnostics& diagnostics) {
  for (const Diagnostic& each : findings.all()) {
    const bool refused = each.severity == Severity::error;
    diagnostics.warning(each.place, (refused ? "rule refused: " : "") + each.message, each.remedy);
  }
}

bool is_about_certificates(const detect::Rule& rule) {
  return std::any_of(rule.payload.begin(), rule.payload.end(),
                     [](const detect::PayloadOption& option) {
                       const detect::Buffer buffer =
                           std::visit([](const auto& one) { return one.target.buffer; }, option);
                       return buffer >= detect::Buffer::tls_cert_subject &&
                              buffer <= detect::Buffer::tls_cert_fingerprint;
                     });
}

catalog::Classification meaning_of(const detect::Rule& rule, const catalog::Catalogue& catalogue,
                                   Diagnostics& diagnostics) {
  if (rule.chatgate_application.empty()) return {};
  const Place place{rule.file, rule.spot.line, rule.spot.column};
  const catalog::Application* application = catalogue.find(rule.chatgate_application);
  if (application == nullptr) {
    std::vector<std::string_view> words;
    for (const catalog::Application& each : catalogue.applications()) words.push_back(each.word);
    diagnostics.error(place,
                      "unknown application \"" + rule.chatgate_application + "\" in metadata",
                      suggestion(rule.chatgate_application, words));
    return {};
  }
  catalog::Service service = catalog::Service::any;
  if (!rule.chatgate_service.empty()) {
    const auto parsed = catalog::parse_service(rule.chatgate_service);
    if (!parsed) {
      diagnostics.error(place, "unknown service \"" + rule.chatgate_service + "\" in metadata",
                        suggestion(rule.chatgate_service, catalog::service_words()));
      return {};
    }
    service = *parsed;
  }
  return {application->id, service, catalog::Evidence::signature};
}

}  // namespace

void refuse_certificates(detect::RuleSet& set, Diagnostics& diagnostics) {
  const auto refused = std::remove_if(set.rules.begin(), set.rules.end(), [&](const auto& rule) {
    if (!is_about_certificates(rule)) return false;
    diagnostics.warning({rule.file, rule.spot.line, rule.spot.column},
                        "rule refused: certificates are not shown to rules by this version",
                        "tls.sni is");
    ++set.refused;
    return true;
  });
  set.rules.erase(refused, set.rules.end());
}

void check_signature_files(const LoadRequest& request, const policy::Draft& draft,
                           Diagnostics& diagnostics) {
  for (const std::string& path : paths_of(request, draft)) {
    config::read_file(path, diagnostics, kMaxRuleBytes);
  }
}

LoadedSignatures load_signatures(const LoadRequest& request, const policy::Draft& draft,
                                 const catalog::Catalogue& catalogue, Diagnostics& diagnostics) {
  LoadedSignatures result;
  if (draft.signatures.empty() && request.rule_files.empty()) return result;
  detect::RuleParser parser(variables_of(draft));
  for (const std::string& path : paths_of(request, draft)) {
    const auto text = config::read_file(path, diagnostics, kMaxRuleBytes);
    if (text) parser.parse(*text, path);
  }
  detect::RuleSet set = parser.finish();
  append_as_warnings(set.findings, diagnostics);
  set.findings = {};
  refuse_certificates(set, diagnostics);
  Diagnostics uncompiled;
  result.rules = detect::Signatures::compile(
      std::move(set), {request.workers, request.signature_cache}, uncompiled);
  append_as_warnings(uncompiled, diagnostics);
  result.refused = result.rules->refused();
  for (const detect::Rule& rule : result.rules->rules()) {
    result.meanings.push_back(meaning_of(rule, catalogue, diagnostics));
  }
  return result;
}

}  // namespace chatgate::control
