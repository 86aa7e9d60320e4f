#include "policy/applications_loader.h"

#include <optional>

#include "catalog/entries.h"

namespace chatgate::policy {

using catalog::CatalogueBuilder;
using catalog::Category;
using config::in_quotes;
using config::JsonMember;
using config::JsonValue;
using config::ObjectReader;

void ApplicationsLoader::load(const ObjectReader& policy) {
  const JsonValue* value = policy.get("applications");
  if (value == nullptr) return;
  if (value->type != config::JsonType::object) {
    reporter_.wrong_type(*value, "\"applications\"", "an object of identifiers and what they add");
    return;
  }
  for (const JsonMember& member : value->members) load_application(member);
}

void ApplicationsLoader::load_application(const JsonMember& member) {
  ObjectReader object(reporter_, member.value, in_quotes(member.key), kApplicationKeys);
  if (!object.ok()) return;
  std::optional<Category> category;
  if (object.string("category") != nullptr) {
    category = catalog::read_category(reporter_, *object.get("category"));
  }
  catalog::Application* application = builder_.find(member.key);
  if (application == nullptr) {
    application = add_application(member, object.get("category") != nullptr);
    // What it holds is read all the same, for the mistakes in it.
    catalog::Application refused;
    refused.word = member.key;
    if (application == nullptr) return load_claims(object, refused);
    application->name = member.key;
  } else if (category && *category != application->category) {
    reporter_.error(object.get("category")->at,
                    in_quotes(member.key) + " is in category " +
                        in_quotes(catalog::to_string(application->category)) + " already",
                    "leave it out");
  }
  if (category) application->category = *category;
  load_claims(object, *application);
}

void ApplicationsLoader::load_claims(ObjectReader& object, catalog::Application& application) {
  if (const std::string* name = object.string("name")) application.name = *name;
  if (const JsonValue* ports = object.get("ports")) load_ports(*ports, application);
  if (const JsonValue* servers = object.get("servers")) load_servers(*servers, application);
}

// An application that the catalogue does not have; null, and reported, where the word is more
// likely a mistake.
catalog::Application* ApplicationsLoader::add_application(const JsonMember& member,
                                                          bool has_category) {
  if (!catalog::is_identifier(member.key)) {
    reporter_.error(member.at, in_quotes(member.key) + " is no identifier",
                    "lower-case letters, digits and single hyphens, at most 40");
    return nullptr;
  }
  if (!has_category) {
    const auto words = builder_.words();
    const std::string_view meant = closest(member.key, words);
    if (!catalogue_complete_) return nullptr;
    reporter_.error(member.at, "unknown application " + in_quotes(member.key),
                    meant.empty()
                        ? "a new one needs a \"category\""
                        : "did you mean " + in_quotes(meant) + "? A new one needs a \"category\"");
    // The rules may name it; one error is enough.
    unknown_.insert(member.key);
    return nullptr;
  }
  return builder_.add(member.key, reporter_.place(member.at));
}

void ApplicationsLoader::load_ports(const JsonValue& value, catalog::Application& application) {
  for (const JsonValue* entry : reporter_.strings(value, "\"ports\"")) {
    const std::string_view text = entry->text;
    const std::size_t slash = text.find('/');
    const std::string_view transport = text.substr(0, slash);
    if (slash == text.npos || (transport != "tcp" && transport != "udp")) {
      reporter_.error(entry->at, in_quotes(text) + " names no transport",
                      "expected one such as tcp/5223 or udp/4000-4010");
      continue;
    }
    const auto span = catalog::read_ports(reporter_, *entry, text.substr(slash + 1));
    if (!span) continue;
    catalog::PortRange range;
    range.transport = transport == "tcp" ? catalog::Transport::tcp : catalog::Transport::udp;
    range.first = span->first;
    range.last = span->last;
    builder_.add_port(application, range, reporter_.place(entry->at),
                      CatalogueBuilder::Source::policy);
  }
}

void ApplicationsLoader::load_servers(const JsonValue& value, catalog::Application& application) {
  ObjectReader object(reporter_, value, "\"servers\"", kServerKeys);
  if (!object.ok()) return;
  if (const JsonValue* names = object.get("names")) {
    for (const JsonValue* entry : reporter_.strings(*names, "\"names\"")) {
      auto name = catalog::read_name(reporter_, *entry);
      if (name) builder_.add_name(application, {std::move(*name)}, reporter_.place(entry->at));
    }
  }
  if (const JsonValue* addresses = object.get("addresses")) {
    for (const JsonValue* entry : reporter_.strings(*addresses, "\"addresses\"")) {
      const auto prefix = catalog::read_server_prefix(reporter_, *entry);
      if (prefix) builder_.add_address(application, {*prefix}, reporter_.place(entry->at));
    }
  }
}

}  // namespace chatgate::policy
