// From the files of a policy's lists to what a snapshot holds of them.
//
// Part of loading a policy (control/loader.h), and of `list reload`. A line that is no entry is a
// warning; a file that cannot be read, or of which no line could be used, is an error, unless an
// older content of the same list from the same files is there to go on with. Files are at most 1
// GiB. Not for the packet path; one thread at a time.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "policy/loader.h"

#include "lists/list.h"

namespace chatgate::control {

struct LoadRequest;

// Lists whose older content stands, and why: by their names.
using StaleLists = std::map<std::string, std::string, std::less<>>;

struct LoadedLists {
  std::shared_ptr<const lists::Lists> lists;  // null where the policy has none
  StaleLists stale;
};

// Relative files are relative to the policy's folder.
LoadedLists load_lists(const LoadRequest& request, const policy::Draft& draft,
                       Diagnostics& diagnostics);

struct ReloadedList {
  std::shared_ptr<const lists::List> list;  // null where it failed
  bool changed = false;                     // otherwise the files are as they were, and `list` too
};

// Reads the files of a running list again; where that fails, `diagnostics` has an error.
ReloadedList reload_list(const std::shared_ptr<const lists::List>& running,
                         const SuffixHash::Key& key, Diagnostics& diagnostics);

}  // namespace chatgate::control
