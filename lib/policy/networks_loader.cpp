#include "policy/networks_loader.h"

#include <filesystem>
#include <optional>

#include "catalog/entries.h"

namespace chatgate::policy {
namespace {

using config::in_quotes;
using config::JsonMember;
using config::JsonType;
using config::JsonValue;
using config::ObjectReader;
using config::Reporter;

// A value that stands for a part of another: its text without the mark before it, or a line.
JsonValue part(config::JsonPosition at, std::string_view text) {
  JsonValue value;
  value.type = JsonType::string;
  value.at = at;
  value.text = std::string(text);
  return value;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

}  // namespace

std::string beside_policy(const std::string& policy_file, const std::string& path) {
  const std::filesystem::path named(path);
  if (named.is_absolute()) return path;
  return (std::filesystem::path(policy_file).parent_path() / named).string();
}

NetworksLoader::NetworksLoader(Reporter& reporter, const std::string& policy_file)
    : reporter_(reporter), policy_file_(policy_file) {}

void NetworksLoader::load(const ObjectReader& policy) {
  const JsonValue* value = policy.get("networks");
  if (value == nullptr) return;
  if (value->type != JsonType::object) {
    reporter_.wrong_type(*value, "\"networks\"", "an object of names and their addresses");
    return;
  }
  for (const JsonMember& member : value->members) load_network(member);
}

void NetworksLoader::load_network(const JsonMember& member) {
  if (member.key == "any" || IpAddress::parse(member.key) || Prefix::parse(member.key) ||
      member.key.empty() || member.key.front() == '!') {
    reporter_.error(member.at, in_quotes(member.key) + " cannot name a network",
                    "choose a word that is not \"any\" and no address");
    return;
  }
  std::vector<Prefix> in, out;
  if (member.value.type == JsonType::object) {
    in = read_network_file(member.value, member.key);
  } else {
    for (const JsonValue* text : reporter_.strings(member.value, in_quotes(member.key))) {
      const bool taken_out = text->text.front() == '!';
      const auto prefix = catalog::read_prefix(
          reporter_, part(text->at, std::string_view(text->text).substr(taken_out ? 1 : 0)));
      if (prefix) (taken_out ? out : in).push_back(*prefix);
    }
    if (in.empty() && !out.empty()) {
      reporter_.error(member.value.at,
                      in_quotes(member.key) + " has nothing to take addresses from",
                      "name what it holds, such as \"10.0.0.0/8\", beside what it does not");
    }
  }
  if (!out.empty()) in = AddressSet(std::move(in)).without(AddressSet(std::move(out))).prefixes();
  networks_[member.key] = std::move(in);
}

std::vector<Prefix> NetworksLoader::read_network_file(const JsonValue& value,
                                                      std::string_view name) {
  const std::string what = in_quotes(name);
  ObjectReader object(reporter_, value, what, kNetworkKeys);
  if (!object.ok()) return {};
  object.require("file", "such as \"file\": \"support.txt\"");
  const std::string* path = object.string("file");
  if (path == nullptr) return {};
  const std::string file = beside_policy(policy_file_, *path);
  Diagnostics& diagnostics = reporter_.diagnostics();
  const auto text = config::read_file(file, diagnostics);
  if (!text) return {};
  Reporter in_file(file, diagnostics);
  std::vector<Prefix> prefixes;
  std::size_t number = 0;
  for (std::string_view rest = *text; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    ++number;
    const std::string_view word = trimmed(line.substr(0, line.find('#')));
    if (word.empty()) continue;
    const auto prefix = catalog::read_prefix(in_file, part({number, 1}, word));
    if (prefix) prefixes.push_back(*prefix);
  }
  if (prefixes.empty()) {
    reporter_.warning(value.at, in_quotes(name) + " is empty: " + file + " names no address",
                      "rules that name it match nothing");
  }
  return prefixes;
}

AddressSet NetworksLoader::addresses(const ObjectReader& object, std::string_view key) {
  const JsonValue* value = object.get(key);
  if (value == nullptr) return {};
  std::vector<Prefix> in, out;
  bool any = false, only_out = true;
  for (const JsonValue* word : reporter_.strings(*value, in_quotes(key))) {
    const bool taken_out = word->text.front() == '!';
    const std::string_view text = std::string_view(word->text).substr(taken_out ? 1 : 0);
    only_out = only_out && taken_out;
    if (text == "any") {
      any = any || !taken_out;
      if (taken_out) reporter_.error(word->at, "\"!any\" leaves nothing", "leave it out");
    } else {
      add(*word, text, taken_out ? out : in);
    }
  }
  const AddressSet all = any || only_out ? AddressSet() : AddressSet(std::move(in));
  return out.empty() ? all : all.without(AddressSet(std::move(out)));
}

void NetworksLoader::add(const JsonValue& at, std::string_view word, std::vector<Prefix>& into) {
  if (const auto network = networks_.find(word); network != networks_.end()) {
    into.insert(into.end(), network->second.begin(), network->second.end());
    return;
  }
  if (word.find_first_of(".:/") == word.npos) {
    unknown_network(at, word);
    return;
  }
  const auto prefix = catalog::read_prefix(reporter_, part(at.at, word));
  if (prefix) into.push_back(*prefix);
}

void NetworksLoader::unknown_network(const JsonValue& at, std::string_view word) {
  std::vector<std::string_view> names = {"any"};
  for (const auto& network : networks_) names.push_back(network.first);
  std::string remedy = suggestion(word, names);
  if (!remedy.starts_with("did you mean")) {
    remedy = "expected an address, \"any\", or a name from \"networks\"";
  }
  reporter_.error(at.at, "unknown network " + in_quotes(word), std::move(remedy));
}

}  // namespace chatgate::policy
