#include "base/printable.h"
#include "control/context.h"
#include "control/text.h"

namespace chatgate::control {
namespace {

using catalog::Application;
using catalog::Description;

std::string range_text(const catalog::PortRange& range) {
  std::string text = range.transport == catalog::Transport::tcp ? "tcp/" : "udp/";
  text += std::to_string(range.first);
  if (range.last != range.first) text += "-" + std::to_string(range.last);
  return text;
}

std::string pattern_of(const catalog::ServerName& name) {
  if (name.label) return name.name + ".*";
  return name.exact ? name.name : "*." + name.name;
}

Json uses_of(const catalog::ServerName& name) {
  Json words = Json::array();
  for (std::size_t i = 0; i < catalog::kNameUseWords.size(); ++i) {
    if ((name.uses >> i & 1) != 0) words.push_back(catalog::kNameUseWords[i]);
  }
  return words;
}

Json claims_of(const Application& application) {
  Json names = Json::array(), ports = Json::array(), addresses = Json::array();
  Json alpn = Json::array();
  for (const catalog::ServerName& name : application.names) {
    names.push_back({{"name", name.name},
                     {"match", name.label   ? "label"
                               : name.exact ? "exact"
                                            : "suffix"},
                     {"exclusive", name.exclusive},
                     {"service", to_string(name.service)},
                     {"use", uses_of(name)}});
    if (!name.shared_with.empty()) names.back()["shared_with"] = name.shared_with;
  }
  for (const catalog::PortRange& range : application.ports) {
    ports.push_back({{"ports", range_text(range)},
                     {"default", range.is_default},
                     {"shared", range.shared},
                     {"service", to_string(range.service)}});
  }
  for (const catalog::ServerAddress& address : application.addresses) {
    addresses.push_back({{"prefix", address.prefix.to_string()},
                         {"exclusive", address.exclusive},
                         {"plain_dns", address.plain_dns}});
  }
  for (const catalog::AlpnId& each : application.alpn) {
    alpn.push_back({{"id", each.id}, {"service", to_string(each.service)}});
  }
  return {{"names", names}, {"ports", ports}, {"addresses", addresses}, {"alpn", alpn}};
}

Json description_of(const Description& description) {
  Json services = Json::array(), needs = Json::array();
  for (const catalog::ServiceNote& note : description.services) {
    services.push_back({{"service", to_string(note.service)},
                        {"separable", to_string(note.separable)},
                        {"how", note.how}});
  }
  for (const catalog::Need& need : description.needs) {
    Json entry = {{"reason", need.reason}};
    if (!need.application.empty()) entry["application"] = need.application;
    if (!need.name.empty()) entry["name"] = need.name;
    if (!need.ports.empty()) entry["ports"] = need.ports;
    if (!need.serve.empty()) entry["or"] = need.serve;
    if (need.service != proto::Service::any) entry["service"] = to_string(need.service);
    needs.push_back(std::move(entry));
  }
  Json json = {{"status", to_string(description.status)},
               {"aliases", description.aliases},
               {"tags", description.tags},
               {"protocols", description.protocols},
               {"signatures", description.signatures},
               {"services", services},
               {"needs", needs},
               {"limits", description.limits},
               {"over_blocking", description.over_blocking}};
  if (description.ended != 0) json["ended"] = description.ended;
  if (!description.note.empty()) json["note"] = description.note;
  if (!description.unrecognised.empty()) json["unrecognised"] = description.unrecognised;
  return json;
}

// A heading and its lines; nothing where there are none.
class Page {
 public:
  void head(std::string_view title) { title_ = title; }
  void line(std::string_view text) {
    if (!title_.empty()) text_ += "  " + std::string(title_) + "\n";
    title_ = {};
    text_ += "    " + printable(text, 1000) + "\n";
  }
  void words(std::string_view title, const std::vector<std::string>& list) {
    if (list.empty()) return;
    std::string all;
    for (const std::string& word : list) all += (all.empty() ? "" : ", ") + word;
    head(title);
    line(all);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  std::string_view title_;
};

void print_claims(const Application& application, Page& page) {
  for (const bool exclusive : {true, false}) {
    page.head(exclusive ? "Names that are its own" : "Shared names, which decide nothing");
    for (const catalog::ServerName& name : application.names) {
      if (name.exclusive != exclusive) continue;
      page.line(pattern_of(name) + (name.shared_with.empty() ? "" : ", with " + name.shared_with));
    }
    page.head(exclusive ? "Ports that mean it" : "Ports that it may be met on");
    for (const catalog::PortRange& range : application.ports) {
      if (range.is_default != exclusive) continue;
      page.line(range_text(range) + (exclusive && range.shared
                                         ? ", used by others too: never refused before payload"
                                         : ""));
    }
    page.head(exclusive ? "Addresses that are its own" : "Shared addresses, which decide nothing");
    for (const catalog::ServerAddress& address : application.addresses) {
      if (address.exclusive == exclusive) page.line(address.prefix.to_string());
    }
  }
}

void print_alpn(const Application& application, Page& page) {
  std::vector<std::string> ids;
  for (const catalog::AlpnId& alpn : application.alpn) ids.push_back(alpn.id);
  page.words("ALPN that its clients alone offer", ids);
}

void print_description(const Description& description, Page& page) {
  page.words("Protocols that are read", description.protocols);
  std::vector<std::string> sids;
  for (const std::uint32_t sid : description.signatures) sids.push_back(std::to_string(sid));
  page.words("Snort rules that name it", sids);
  page.head("Services that can be told apart");
  for (const catalog::ServiceNote& note : description.services) {
    page.line(std::string(to_string(note.service)) + ": " + std::string(to_string(note.separable)) +
              ", " + note.how);
  }
  page.head("What it needs");
  for (const catalog::Need& need : description.needs) {
    std::string what = need.application + need.name + need.ports;
    for (const std::string& other : need.serve) what += " or " + other;
    page.line(what + ": " + need.reason);
  }
  page.head("Limits");
  for (const std::string& text : description.limits) page.line(text);
  page.head("What a rule that is too wide breaks");
  for (const std::string& text : description.over_blocking) page.line(text);
  page.head("Why it is not recognised");
  if (!description.unrecognised.empty()) page.line(description.unrecognised);
}

// {"tls-sni": {"allowed": 0, "blocked": 3}, …}, of the evidence that was met.
Json by_evidence(const Context& context, const Application& application) {
  Json all = Json::object();
  for (std::size_t e = 0; e < telemetry::kEvidenceKinds; ++e) {
    const auto evidence = static_cast<catalog::Evidence>(e);
    const auto [allowed, blocked] = context.counters.application(application.id, evidence);
    if (allowed + blocked == 0) continue;
    all[std::string(to_string(evidence))] = {{"allowed", allowed}, {"blocked", blocked}};
  }
  return all;
}

std::string evidence_table(const Json& by_evidence) {
  if (by_evidence.empty()) return {};
  TextTable table(
      {{"Evidence"}, {"Allowed", TextTable::Align::right}, {"Blocked", TextTable::Align::right}});
  for (const auto& [evidence, counts] : by_evidence.items()) {
    table.add({evidence, counts["allowed"].dump(), counts["blocked"].dump()});
  }
  return table.render(4);
}

}  // namespace

Reply show_application(const Context& context, const Application& application) {
  const Description& description = application.description;
  Reply reply;
  Json& json = reply.result["application"] = claims_of(application);
  json.update(description_of(description));
  json["application"] = application.word;
  json["name"] = application.name;
  json["vendor"] = application.vendor;
  json["category"] = to_string(application.category);
  const auto [allowed, blocked] = context.counters.application(application.id);
  json["allowed"] = allowed;
  json["blocked"] = blocked;
  json["by_evidence"] = by_evidence(context, application);
  Page page;
  page.words("Also called", description.aliases);
  page.words("Tags", description.tags);
  print_claims(application, page);
  print_alpn(application, page);
  print_description(description, page);
  reply.text = "Application " + application.word + ": " + printable(application.name) + ", " +
               std::string(to_string(application.category)) + ", " +
               std::string(to_string(description.status)) +
               (description.ended != 0 ? " since " + std::to_string(description.ended) : "") +
               "\n" + page.take() + "  Allowed " + std::to_string(allowed) + ", blocked " +
               std::to_string(blocked) + "\n" + evidence_table(json["by_evidence"]);
  return reply;
}

}  // namespace chatgate::control
