// What a rule asks for, in words.

#include "explain/narrator.h"
#include "lists/mask.h"

namespace chatgate::explain {
namespace {

class Conditions {
 public:
  void add(std::string_view key, const std::string& words) {
    text_ += (text_.empty() ? "" : ", ") + std::string(key) + (words.empty() ? "" : " ") + words;
  }
  void add(std::string_view key, const policy::AddressSet& set) {
    if (!set.any()) add(key, ranges(set));
  }
  void add(const policy::ServerSet& server) {
    if (server.any()) return;
    std::string words;
    for (const std::string& name : server.names()) more(words, name);
    for (const std::string& name : server.exact_names()) more(words, "=" + name);
    if (!server.addresses().any()) more(words, ranges(server.addresses()));
    add("server", words);
  }
  void add(const policy::PathCondition& path) {
    std::string words;
    for (const auto& range : path.vlans) {
      more(words, std::to_string(range.first) +
                      (range.last == range.first ? "" : "-" + std::to_string(range.last)));
    }
    if (!words.empty()) add("vlan", words);
    if (!path.macs.empty()) add("mac", "of " + std::to_string(path.macs.size()));
    words.clear();
    for (const PairId pair : path.pairs) more(words, std::to_string(pair.value()));
    if (!words.empty()) add("interface", words);
    if (path.inside_opened) add("direction", *path.inside_opened ? "outbound" : "inbound");
  }
  static void more(std::string& words, const std::string& word) {
    words += (words.empty() ? "" : " ") + word;
  }
  std::string text() && { return text_.empty() ? "everything" : std::move(text_); }

 private:
  static std::string ranges(const policy::AddressSet& set) {
    std::string words;
    for (const auto& range : set.ranges()) {
      more(words, range.first.to_string() + "-" + range.last.to_string());
    }
    return words;
  }

  std::string text_;
};

}  // namespace

std::string conditions_of(const policy::Rule& rule, const engine::Snapshot& snapshot) {
  const policy::Policy& policy = *snapshot.policy;
  Conditions all;
  for (const ApplicationId id : rule.applications) {
    const auto* application = snapshot.catalogue->find(id);
    if (application != nullptr) all.add("application", application->word);
  }
  for (const catalog::Category category : rule.categories) {
    all.add("category", std::string(to_string(category)));
  }
  std::string lists, times;
  for (std::size_t i = 0; i < policy.lists().size(); ++i) {
    if ((rule.lists & lists::bit(i)) != 0) Conditions::more(lists, policy.lists()[i]);
  }
  if (!lists.empty()) all.add("list", lists);
  all.add(rule.server);
  all.add("from", rule.from);
  all.add("to", rule.to);
  for (std::size_t i = 0; i < policy.times().all().size(); ++i) {
    if ((rule.when >> i & 1) != 0) Conditions::more(times, policy.times().all()[i].name);
  }
  if (!times.empty()) all.add("when", times);
  all.add(rule.path);
  for (const catalog::Service service : rule.services) {
    all.add("service", std::string(to_string(service)));
  }
  for (const policy::TextCondition& condition : rule.texts) {
    all.add(to_string(condition.field), std::string("of a pattern"));
  }
  return std::move(all).text();
}

}  // namespace chatgate::explain
