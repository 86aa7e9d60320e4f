#include "catalog/loader.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "base/folder.h"
#include "catalog/description_loader.h"
#include "catalog/entries.h"

#include "config/json_document.h"

namespace chatgate::catalog {
namespace {

using config::in_quotes;
using config::JsonValue;
using config::ObjectReader;
using config::Reporter;

constexpr std::string_view kApplicationKeys[] = {
    "$schema",   "id",         "name",     "aliases", "vendor", "category",      "tags",
    "status",    "ended",      "note",     "ports",   "names",  "addresses",     "alpn",
    "protocols", "signatures", "services", "needs",   "limits", "over_blocking", "unrecognised"};
constexpr std::string_view kPortKeys[] = {"transport", "ports",  "service", "default",
                                          "shared",    "source", "note"};
constexpr std::string_view kNameKeys[] = {"name",      "match",       "use",    "service",
                                          "exclusive", "shared_with", "source", "note"};
constexpr std::string_view kAddressKeys[] = {"prefix", "exclusive", "plain_dns",
                                             "as_of",  "source",    "note"};
constexpr std::string_view kAlpnKeys[] = {"id", "service", "source", "note"};

constexpr std::string_view kMatches[] = {"suffix", "exact", "label"};
constexpr std::string_view kTransports[] = {"tcp", "udp"};

class FileLoader {
 public:
  FileLoader(const std::string& file, CatalogueBuilder& builder, Diagnostics& diagnostics)
      : file_(file), builder_(builder), reporter_(file, diagnostics) {}

  void load(const JsonValue& root) {
    ObjectReader object(reporter_, root, "an application", kApplicationKeys);
    if (!object.ok()) return;
    Application* application = add(object);
    if (application == nullptr) return;
    describe(object, *application);
    each(object, "ports", [&](const JsonValue& entry) { load_port(entry, *application); });
    each(object, "names", [&](const JsonValue& entry) { load_name(entry, *application); });
    each(object, "addresses", [&](const JsonValue& entry) { load_address(entry, *application); });
    each(object, "alpn", [&](const JsonValue& entry) { load_alpn(entry, *application); });
  }

 private:
  Application* add(ObjectReader& object) {
    if (object.require("id", "write its identifier, such as \"whatsapp\"") == nullptr) {
      return nullptr;
    }
    const std::string* id = object.string("id");
    if (id == nullptr) return nullptr;
    const JsonValue& value = *object.get("id");
    if (!is_identifier(*id)) {
      reporter_.error(value.at, in_quotes(*id) + " is no identifier",
                      "lower-case letters, digits and single hyphens, at most 40");
      return nullptr;
    }
    if (std::filesystem::path(file_).filename() != *id + ".json") {
      reporter_.error(value.at, in_quotes(*id) + " does not match the file's name",
                      "expected the file " + *id + ".json");
      return nullptr;
    }
    return builder_.add(*id, reporter_.place(value.at));
  }

  void describe(ObjectReader& object, Application& application) {
    object.require("name");
    object.require("category");
    if (const std::string* name = object.string("name")) application.name = *name;
    if (const std::string* vendor = object.string("vendor")) application.vendor = *vendor;
    if (object.string("category") != nullptr) {
      const auto category = read_category(reporter_, *object.get("category"));
      if (category == Category::im) {
        reporter_.error(object.get("category")->at, "\"im\" is the category of categories",
                        "name one below it, such as \"mobile-messenger\"");
      }
      application.category = category.value_or(Category::im);
    }
    application.description = read_description(object, reporter_);
  }

  template <typename Load>
  void each(ObjectReader& object, std::string_view key, Load load) {
    const auto* list = object.list(key);
    if (list == nullptr) return;
    for (const JsonValue& entry : *list) load(entry);
  }

  void load_port(const JsonValue& entry, Application& application) {
    ObjectReader object(reporter_, entry, "a port entry", kPortKeys);
    if (!object.ok()) return;
    check_source(object);
    object.require("transport", "\"tcp\" or \"udp\"");
    object.require("ports", "such as \"5222-5223\"");
    PortRange range;
    range.transport =
        word(object, "transport", kTransports, "tcp") == "udp" ? Transport::udp : Transport::tcp;
    range.service = service(object);
    range.is_default = object.boolean("default").value_or(false);
    range.shared = object.boolean("shared").value_or(false);
    const std::string* text = object.string("ports");
    if (text == nullptr) return;
    const auto span = read_ports(reporter_, *object.get("ports"), *text);
    if (!span) return;
    range.first = span->first;
    range.last = span->last;
    builder_.add_port(application, range, reporter_.place(object.get("ports")->at));
  }

  void load_name(const JsonValue& entry, Application& application) {
    ObjectReader object(reporter_, entry, "a name entry", kNameKeys);
    if (!object.ok()) return;
    check_source(object);
    object.require("name");
    ServerName name;
    const std::string match = word(object, "match", kMatches, "suffix");
    name.exact = match == "exact";
    name.label = match == "label";
    name.uses = uses(object);
    name.service = service(object);
    name.exclusive = object.boolean("exclusive").value_or(true);
    const std::string* others = object.string("shared_with");
    if (!name.exclusive) {
      object.require("shared_with", "say who else uses a name that is not exclusive");
      if (others != nullptr) name.shared_with = *others;
    } else if (others != nullptr) {
      reporter_.error(object.get("shared_with")->at, "a shared name is not exclusive",
                      "expected \"exclusive\": false");
    }
    if (object.string("name") == nullptr) return;
    const JsonValue& value = *object.get("name");
    auto text = name.label ? read_label(reporter_, value) : read_name(reporter_, value);
    if (!text) return;
    name.name = std::move(*text);
    builder_.add_name(application, std::move(name), reporter_.place(value.at));
  }

  void load_address(const JsonValue& entry, Application& application) {
    ObjectReader object(reporter_, entry, "an address entry", kAddressKeys);
    if (!object.ok()) return;
    check_source(object);
    object.require("prefix");
    object.require("as_of", "the day on which it was true, such as \"2026-08-01\"");
    if (const std::string* day = object.string("as_of"); day != nullptr && !is_day(*day)) {
      reporter_.error(object.get("as_of")->at, in_quotes(*day) + " is no day",
                      "expected one such as 2026-08-01");
    }
    ServerAddress address;
    address.exclusive = object.boolean("exclusive").value_or(true);
    address.plain_dns = object.boolean("plain_dns").value_or(false);
    if (object.string("prefix") == nullptr) return;
    const JsonValue& value = *object.get("prefix");
    const auto prefix = read_server_prefix(reporter_, value);
    if (!prefix) return;
    address.prefix = *prefix;
    builder_.add_address(application, address, reporter_.place(value.at));
  }

  void load_alpn(const JsonValue& entry, Application& application) {
    ObjectReader object(reporter_, entry, "an ALPN entry", kAlpnKeys);
    if (!object.ok()) return;
    check_source(object);
    object.require("id", "such as \"xmpp-client\"");
    const Service of_service = service(object);
    const std::string* id = object.string("id");
    if (id == nullptr) return;
    const bool plain =
        std::all_of(id->begin(), id->end(), [](char c) { return c > ' ' && c < '\x7f'; });
    if (!plain || id->size() > AlpnId::kMost) {
      reporter_.error(
          object.get("id")->at, in_quotes(*id) + " is no ALPN id",
          "letters, digits and signs of ASCII, at most " + std::to_string(AlpnId::kMost));
      return;
    }
    builder_.add_alpn(application, {*id, of_service}, reporter_.place(object.get("id")->at));
  }

  static bool is_day(std::string_view text) {
    constexpr std::string_view kForm = "dddd-dd-dd";
    return text.size() == kForm.size() &&
           std::equal(text.begin(), text.end(), kForm.begin(), [](char c, char form) {
             return form == 'd' ? c >= '0' && c <= '9' : c == form;
           });
  }

  // Every claim says where it is from: one key of the catalogue's README, or several.
  void check_source(ObjectReader& object) {
    const JsonValue* source =
        object.require("source", "name a key of the catalogue's README, such as \"rfc\"");
    if (source == nullptr) return;
    for (const JsonValue* key : reporter_.strings(*source, "\"source\"")) {
      if (is_identifier(key->text)) continue;
      reporter_.error(key->at, in_quotes(key->text) + " is no key of a source",
                      "lower-case letters, digits and single hyphens");
    }
    if (object.get("note") != nullptr) object.string("note");
  }

  NameUses uses(ObjectReader& object) {
    NameUses uses = 0;
    const JsonValue* value = object.get("use");
    if (value == nullptr) return uses;
    for (const JsonValue* word : reporter_.strings(*value, "\"use\"")) {
      const auto at = std::find(kNameUseWords.begin(), kNameUseWords.end(), word->text);
      if (at == kNameUseWords.end()) {
        reporter_.error(word->at, "unknown use " + in_quotes(word->text),
                        suggestion(word->text, kNameUseWords));
      } else {
        uses |= NameUses{1} << (at - kNameUseWords.begin());
      }
    }
    return uses;
  }

  // A string that is one of `words`; `absent` where it is not there or was reported.
  std::string word(ObjectReader& object, std::string_view key,
                   std::span<const std::string_view> words, std::string_view absent) {
    const std::string* text = object.string(key);
    if (text == nullptr) return std::string(absent);
    if (std::find(words.begin(), words.end(), *text) != words.end()) return *text;
    reporter_.error(object.get(key)->at, "unknown " + std::string(key) + " " + in_quotes(*text),
                    suggestion(*text, words));
    return std::string(absent);
  }

  Service service(ObjectReader& object) {
    const std::string* text = object.string("service");
    if (text == nullptr) return Service::any;
    const auto service = parse_service(*text);
    if (!service) {
      reporter_.error(object.get("service")->at, "unknown service " + in_quotes(*text),
                      suggestion(*text, service_words()));
    }
    return service.value_or(Service::any);
  }

  const std::string& file_;
  CatalogueBuilder& builder_;
  Reporter reporter_;
};

}  // namespace

std::span<const std::string_view> application_keys() {
  return kApplicationKeys;
}

std::span<const std::string_view> port_keys() {
  return kPortKeys;
}

std::span<const std::string_view> name_keys() {
  return kNameKeys;
}

std::span<const std::string_view> address_keys() {
  return kAddressKeys;
}

void load_application(std::string_view text, const std::string& file, CatalogueBuilder& builder,
                      Diagnostics& diagnostics) {
  const auto root = config::parse_json(text, file, diagnostics);
  if (root) FileLoader(file, builder, diagnostics).load(*root);
}

void load_folder(const std::string& folder, CatalogueBuilder& builder, Diagnostics& diagnostics) {
  std::vector<std::string> files;
  std::error_code error;
  for (const std::string& name : names_in_folder(folder, error)) {
    const auto path = std::filesystem::path(folder) / name;
    if (path.extension() == ".json") files.push_back(path.string());
  }
  if (error) {
    diagnostics.error({folder}, "the catalogue cannot be read: " + error.message());
    return;
  }
  if (files.empty()) {
    diagnostics.error({folder}, "the catalogue is empty", "expected files such as whatsapp.json");
    return;
  }
  std::sort(files.begin(), files.end());
  for (const std::string& file : files) {
    if (const auto text = config::read_file(file, diagnostics)) {
      load_application(*text, file, builder, diagnostics);
    }
  }
}

}  // namespace chatgate::catalog
