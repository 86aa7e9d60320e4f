// The policy's key `lists`, and the rules' key `list`, from JSON.
//
// Called by policy/loader.h: only which lists there are and where their files lie; the files are
// read by control/list_loader.h. Whatever is wrong is reported with its place. Not for the packet
// path; no state.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"

#include "config/json_document.h"
#include "lists/mask.h"

namespace chatgate::policy {

// A file that the policy names.
struct NamedFile {
  std::string path;  // as it stands in the policy
  Place place;
};

struct ListDraft {
  std::string name;
  Place place;
  std::vector<NamedFile> files;  // one at least
};

// Those without a mistake, in the order of the file; their positions are their ListIds.
std::vector<ListDraft> load_lists(config::Reporter& reporter, config::ObjectReader& policy);

// What a rule says under `list`: a word or a list of them.
lists::Mask load_list_names(config::Reporter& reporter, const config::JsonValue& value,
                            std::span<const ListDraft> known);

// The keys of one list.
std::span<const std::string_view> list_keys();

}  // namespace chatgate::policy
