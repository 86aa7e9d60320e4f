#include "control/loader.h"

#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <utility>

#include "base/system_time.h"
#include "catalog/builder.h"
#include "catalog/catalogue.h"
#include "catalog/loader.h"
#include "control/digest.h"
#include "control/list_loader.h"
#include "control/needs_warnings.h"
#include "control/signature_loader.h"
#include "policy/loader.h"

#include "config/json_document.h"

namespace chatgate::control {
namespace {

constexpr const char* kInstalledCatalogue = CHATGATE_DATA_FOLDER "/catalog";

bool runs_from_build_folder() {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  return !error && self.string().starts_with(CHATGATE_BUILD_ROOT "/");
}

}  // namespace

LoadResult load(const LoadRequest& request, catalog::ApplicationRegistry& registry) {
  LoadResult result;
  catalog::CatalogueBuilder builder(result.diagnostics);
  catalog::load_folder(request.catalogue_folder, builder, result.diagnostics);

  const auto text = request.policy_text
                        ? request.policy_text
                        : config::read_file(request.policy_file, result.diagnostics);
  if (!text) return result;
  result.text = *text;
  result.sha256 = sha256_of(*text);
  policy::Draft draft = policy::load(*text, request.policy_file, builder, result.diagnostics);
  result.rule_count = draft.rules.size();
  result.rules_refused = draft.refused;
  if (result.diagnostics.has_errors()) {
    // What is wrong with the files that it names is told in the same go.
    check_signature_files(request, draft, result.diagnostics);
    load_lists(request, draft, result.diagnostics);
    return result;
  }

  auto applications = builder.take(registry);
  if (result.diagnostics.has_errors()) return result;
  auto snapshot = std::make_shared<engine::Snapshot>();
  snapshot->generation = request.generation;
  snapshot->policy_file = request.policy_file;
  snapshot->sha256 = result.sha256;
  snapshot->catalogue = std::make_shared<const catalog::Catalogue>(std::move(applications));
  LoadedSignatures signatures =
      load_signatures(request, draft, *snapshot->catalogue, result.diagnostics);
  result.signatures_refused = signatures.refused;
  result.signature_count = signatures.meanings.size();
  LoadedLists lists = load_lists(request, draft, result.diagnostics);
  if (result.diagnostics.has_errors()) return result;
  snapshot->lists = std::move(lists.lists);
  result.stale_lists = std::move(lists.stale);
  snapshot->signatures = std::move(signatures.rules);
  snapshot->signature_meanings = std::move(signatures.meanings);
  std::vector<Place> places;  // of the rules
  for (const policy::RuleDraft& rule : draft.rules) places.push_back(rule.place);
  snapshot->policy = policy::compile(std::move(draft), *snapshot->catalogue);
  snapshot->times = snapshot->policy->times().in_force(
      request.now.nanoseconds != 0 ? request.now : system_time());
  warn_of_needs(snapshot, places, result.diagnostics);
  result.snapshot = std::move(snapshot);
  return result;
}

std::string default_catalogue_folder(const std::string& policy_file) {
  if (const char* folder = std::getenv("CHATGATE_CATALOGUE");
      folder != nullptr && *folder != '\0') {
    return folder;
  }
  std::error_code error;
  const auto beside = std::filesystem::path(policy_file).parent_path() / "catalog";
  if (std::filesystem::is_directory(beside, error)) return beside.string();
  const std::string source = CHATGATE_SOURCE_ROOT "/policy/catalog";
  if (runs_from_build_folder() && std::filesystem::is_directory(source, error)) return source;
  return kInstalledCatalogue;
}

}  // namespace chatgate::control
