#include "control/list_loader.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/system_time.h"
#include "control/digest.h"
#include "control/loader.h"
#include "policy/networks_loader.h"

#include "config/json_document.h"
#include "lists/reader.h"

namespace chatgate::control {
namespace {

constexpr std::size_t kMaxListBytes = std::size_t{1} << 30;

// Null, and an error, where any of the files fails.
std::shared_ptr<const lists::List> read(const std::vector<std::string>& paths,
                                        const std::shared_ptr<const lists::List>& running,
                                        const SuffixHash::Key& key, Diagnostics& diagnostics) {
  std::vector<std::string> texts;
  std::vector<lists::ListFile> files;
  for (const std::string& path : paths) {
    auto text = config::read_file(path, diagnostics, kMaxListBytes);
    if (!text) continue;
    files.push_back({path, sha256_of(*text), text->size()});
    texts.push_back(std::move(*text));
  }
  if (diagnostics.has_errors()) return nullptr;
  const auto is_same = [](const lists::ListFile& a, const lists::ListFile& b) {
    return a.path == b.path && a.sha256 == b.sha256 && !a.sha256.empty();
  };
  if (running != nullptr && std::equal(files.begin(), files.end(), running->files.begin(),
                                       running->files.end(), is_same)) {
    return running;
  }
  lists::ListReader reader;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::size_t before = reader.lines().taken;
    if (!reader.read(texts[i], files[i].path, diagnostics)) return nullptr;
    if (reader.lines().taken == before) {
      diagnostics.error({files[i].path}, "no line of it is an entry of a list",
                        "expected names or addresses, one a line");
    }
    texts[i] = {};
  }
  if (diagnostics.has_errors()) return nullptr;
  auto list = std::make_shared<lists::List>(reader.finish(key));
  list->files = std::move(files);
  list->loaded = system_time();
  return list;
}

std::vector<std::string> paths_of(const lists::List& list) {
  std::vector<std::string> paths;
  for (const lists::ListFile& file : list.files) paths.push_back(file.path);
  return paths;
}

// What goes on with its older content has no errors, only warnings.
std::string as_warnings(const Diagnostics& findings, Diagnostics& diagnostics) {
  std::string why;
  for (const Diagnostic& each : findings.all()) {
    if (each.severity == Severity::error && why.empty()) why = each.to_string();
    diagnostics.warning(each.place, each.message, each.remedy);
  }
  return why;
}

}  // namespace

LoadedLists load_lists(const LoadRequest& request, const policy::Draft& draft,
                       Diagnostics& diagnostics) {
  LoadedLists result;
  if (draft.lists.empty()) return result;
  const lists::Lists* running = request.running_lists.get();
  const SuffixHash::Key key = running == nullptr ? SuffixHash::Key() : running->key();
  std::vector<lists::Lists::Entry> entries;
  for (const policy::ListDraft& wanted : draft.lists) {
    std::vector<std::string> paths;
    for (const policy::NamedFile& file : wanted.files) {
      paths.push_back(policy::beside_policy(request.policy_file, file.path));
    }
    std::shared_ptr<const lists::List> older;
    if (const ListId id = running == nullptr ? ListId::none() : running->find(wanted.name);
        id.valid() && paths_of(*running->all()[id.value()].list) == paths) {
      older = running->all()[id.value()].list;
    }
    Diagnostics findings;
    std::shared_ptr<const lists::List> list = read(paths, nullptr, key, findings);
    if (list == nullptr && older != nullptr) {
      std::string why = as_warnings(findings, diagnostics);
      diagnostics.warning(wanted.place,
                          "the list " + config::in_quotes(wanted.name) +
                              " could not be read anew, what it held before stays in force");
      result.stale.emplace(wanted.name, std::move(why));
      list = std::move(older);
    } else {
      diagnostics.append(std::move(findings));
    }
    if (list != nullptr) entries.push_back({wanted.name, std::move(list)});
  }
  if (!diagnostics.has_errors()) {
    result.lists = std::make_shared<const lists::Lists>(key, std::move(entries));
  }
  return result;
}

ReloadedList reload_list(const std::shared_ptr<const lists::List>& running,
                         const SuffixHash::Key& key, Diagnostics& diagnostics) {
  ReloadedList result;
  result.list = read(paths_of(*running), running, key, diagnostics);
  result.changed = result.list != running;
  return result;
}

}  // namespace chatgate::control
