#include "policy/lists_loader.h"

#include <algorithm>

namespace chatgate::policy {
namespace {

using config::in_quotes;
using config::JsonMember;
using config::JsonValue;
using config::ObjectReader;
using config::Reporter;

constexpr std::string_view kListKeys[] = {"file", "files"};
constexpr std::string_view kExample = "write \"file\": \"lists/name.txt\"";

// The word by which a person calls a list on a command line.
bool is_word(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != 0x7f && c != '"';
  });
}

void load_list(Reporter& reporter, const JsonMember& member, std::vector<ListDraft>& lists) {
  ListDraft list{member.key, reporter.place(member.at), {}};
  if (!is_word(member.key)) {
    reporter.error(member.at, in_quotes(member.key) + " cannot name a list",
                   "choose a word without blanks, of at most 64 characters");
  }
  ObjectReader object(reporter, member.value, in_quotes(member.key), kListKeys);
  if (object.ok()) {
    const JsonValue* file = object.get("file");
    const JsonValue* files = object.get("files");
    if (file == nullptr && files == nullptr) {
      reporter.error(member.at, "the list " + in_quotes(member.key) + " has no file",
                     std::string(kExample));
    } else if (file != nullptr && files != nullptr) {
      reporter.error(files->at, "\"file\" is given too", "put both into \"files\"");
    }
    if (file != nullptr) {
      if (const std::string* path = object.string("file")) {
        list.files.push_back({*path, reporter.place(file->at)});
      }
    }
    if (files != nullptr) {
      for (const JsonValue* path : reporter.strings(*files, "\"files\"")) {
        list.files.push_back({path->text, reporter.place(path->at)});
      }
    }
  }
  // One with a mistake is known all the same, so that rules that name it are not wrong too.
  lists.push_back(std::move(list));
}

}  // namespace

std::vector<ListDraft> load_lists(Reporter& reporter, ObjectReader& policy) {
  std::vector<ListDraft> lists;
  const JsonValue* value = policy.get("lists");
  if (value == nullptr) return lists;
  if (value->type != config::JsonType::object) {
    reporter.wrong_type(*value, "\"lists\"", "an object of names and their files");
    return lists;
  }
  if (value->members.size() > lists::kMostLists) {
    reporter.error(
        value->at, "there are too many lists",
        "at most " + std::to_string(lists::kMostLists) + "; one list can have several \"files\"");
  }
  for (const JsonMember& member : value->members) load_list(reporter, member, lists);
  return lists;
}

lists::Mask load_list_names(Reporter& reporter, const JsonValue& value,
                            std::span<const ListDraft> known) {
  lists::Mask mask = 0;
  for (const JsonValue* word : reporter.strings(value, "\"list\"")) {
    const auto at = std::find_if(known.begin(), known.end(),
                                 [&](const ListDraft& list) { return list.name == word->text; });
    if (at != known.end()) {
      mask |= lists::bit(static_cast<std::size_t>(at - known.begin()));
      continue;
    }
    std::vector<std::string_view> names;
    for (const ListDraft& list : known) names.push_back(list.name);
    std::string remedy = suggestion(word->text, names);
    if (remedy.empty()) remedy = "name its file under \"lists\"";
    reporter.error(word->at, "unknown list " + in_quotes(word->text), std::move(remedy));
  }
  return mask;
}

std::span<const std::string_view> list_keys() {
  return kListKeys;
}

}  // namespace chatgate::policy
