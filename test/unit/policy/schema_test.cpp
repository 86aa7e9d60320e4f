// The published schemas against the loaders' keys and the shipped files.
//
// The check knows the part of JSON Schema that the two schemas use, and refuses a schema that uses
// more, so that nothing in them goes unchecked.

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "catalog/description_loader.h"
#include "catalog/ids.h"
#include "catalog/loader.h"
#include "policy/access_loader.h"
#include "policy/controls_loader.h"
#include "policy/http_loader.h"
#include "policy/loader.h"

namespace chatgate::policy {
namespace {

using Json = nlohmann::json;

const std::string kFolder = CHATGATE_POLICY_FOLDER;

Json read(const std::string& file) {
  std::ifstream stream(file);
  return Json::parse(stream, nullptr, true, true);
}

class Schema {
 public:
  explicit Schema(const std::string& file) : root_(read(file)) {}

  const Json& root() const { return root_; }
  // What is wrong with `value`; empty where it is valid.
  std::vector<std::string> check(const Json& value) const {
    std::vector<std::string> wrong;
    check(value, root_, "", wrong);
    return wrong;
  }

 private:
  using Wrong = std::vector<std::string>;

  bool valid(const Json& value, const Json& schema) const {
    Wrong wrong;
    check(value, schema, "", wrong);
    return wrong.empty();
  }

  void check(const Json& value, const Json& schema, const std::string& at, Wrong& wrong) const {
    static const std::set<std::string> kNotes = {"$schema", "$defs",       "title",
                                                 "default", "description", "properties"};
    for (const auto& [key, rule] : schema.items()) {
      if (kNotes.contains(key)) continue;
      if (!holds(key, rule, value, schema, at, wrong)) wrong.push_back(at + ": " + key);
    }
    if (!value.is_object()) return;
    for (const auto& [key, member] : value.items()) {
      if (schema.contains("/properties"_json_pointer) && schema["properties"].contains(key)) {
        check(member, schema["properties"][key], at + "/" + key, wrong);
      }
    }
  }

  bool holds(const std::string& key, const Json& rule, const Json& value, const Json& schema,
             const std::string& at, Wrong& wrong) const {
    if (key == "$ref") {
      check(value, root_.at(Json::json_pointer(rule.get<std::string>().substr(1))), at, wrong);
      return true;
    }
    if (key == "type") return is_type(value, rule);
    if (key == "enum") return std::find(rule.begin(), rule.end(), value) != rule.end();
    if (key == "not") return !valid(value, rule);
    if (key == "oneOf") {
      return std::count_if(rule.begin(), rule.end(),
                           [&](const Json& each) { return valid(value, each); }) == 1;
    }
    if (key == "pattern") {
      return !value.is_string() || std::regex_search(value.get<std::string>(), compiled(rule));
    }
    if (key == "minLength") return !value.is_string() || value.get<std::string>().size() >= rule;
    if (key == "maxLength") return !value.is_string() || value.get<std::string>().size() <= rule;
    if (key == "minimum") return !value.is_number() || value >= rule;
    if (key == "maximum") return !value.is_number() || value <= rule;
    if (key == "minItems") return !value.is_array() || value.size() >= rule;
    if (key == "items") {
      for (std::size_t i = 0; value.is_array() && i < value.size(); ++i) {
        check(value[i], rule, at + "/" + std::to_string(i), wrong);
      }
      return true;
    }
    return holds_for_objects(key, rule, value, schema, at, wrong);
  }

  bool holds_for_objects(const std::string& key, const Json& rule, const Json& value,
                         const Json& schema, const std::string& at, Wrong& wrong) const {
    if (key != "required" && key != "propertyNames" && key != "additionalProperties") {
      wrong.push_back(at + ": the check does not know \"" + key + "\"");
      return true;
    }
    if (!value.is_object()) return true;
    bool good = true;
    if (key == "required") {
      for (const Json& name : rule) good = good && value.contains(name.get<std::string>());
    }
    for (const auto& [name, member] : value.items()) {
      if (key == "propertyNames") good = good && valid(name, rule);
      const bool additional =
          !schema.contains("properties") || !schema["properties"].contains(name);
      if (key != "additionalProperties" || !additional) continue;
      if (rule == false) good = false;
      if (rule.is_object()) check(member, rule, at + "/" + name, wrong);
    }
    return good;
  }

  // Compiling one is slow, and there are few.
  static const std::regex& compiled(const std::string& pattern) {
    static std::map<std::string, std::regex> known;
    return known.try_emplace(pattern, pattern).first->second;
  }

  static bool is_type(const Json& value, const std::string& type) {
    return (type == "object" && value.is_object()) || (type == "array" && value.is_array()) ||
           (type == "string" && value.is_string()) || (type == "boolean" && value.is_boolean()) ||
           (type == "integer" && value.is_number_integer());
  }

  Json root_;
};

using Words = std::set<std::string>;

Words set_of(std::span<const std::string_view> words) {
  return {words.begin(), words.end()};
}

Words keys_at(const Schema& schema, const std::string& pointer) {
  Words keys;
  for (const auto& [key, unused] : schema.root().at(Json::json_pointer(pointer)).items()) {
    keys.insert(key);
  }
  return keys;
}

Words words_at(const Schema& schema, const std::string& pointer) {
  return schema.root().at(Json::json_pointer(pointer)).get<Words>();
}

const std::string kPolicySchema = kFolder + "/policy.schema.json";
const std::string kCatalogueSchema = kFolder + "/catalog.schema.json";

TEST(Schemas, HaveTheKeysOfTheLoaders) {
  const Schema policy(kPolicySchema);
  EXPECT_EQ(keys_at(policy, "/properties"), set_of(policy_keys()));
  EXPECT_EQ(keys_at(policy, "/$defs/rule/properties"), set_of(rule_keys()));
  EXPECT_EQ(keys_at(policy, "/$defs/application/properties"), set_of(application_keys()));
  EXPECT_EQ(keys_at(policy, "/$defs/application/properties/servers/properties"),
            set_of(server_keys()));
  EXPECT_EQ(keys_at(policy, "/$defs/access/properties"), set_of(kAccessKeys));
  EXPECT_EQ(keys_at(policy, "/$defs/window/properties"), set_of(kWindowKeys));
  EXPECT_EQ(keys_at(policy, "/$defs/network_file/properties"), set_of(kNetworkKeys));
  for (const ControlSection& section : control_sections()) {
    EXPECT_EQ(keys_at(policy, "/properties/" + std::string(section.key) + "/properties"),
              set_of(section.keys));
  }
  const std::string inspection = "/properties/inspection/properties/";
  EXPECT_EQ(keys_at(policy, inspection + "timeouts/properties"), set_of(timeout_keys()));
  EXPECT_EQ(keys_at(policy, inspection + "exhaustion/properties"), set_of(exhaustion_keys()));
  EXPECT_EQ(keys_at(policy, "/properties/dns/properties/message_length/properties"),
            set_of(message_length_keys()));
  EXPECT_EQ(keys_at(policy, "/$defs/list/properties"), set_of(list_keys()));
  const std::string http = "/properties/http/properties/";
  EXPECT_EQ(keys_at(policy, http + "port_misuse/properties"), set_of(kPortMisuseKeys));
  EXPECT_EQ(keys_at(policy, http + "content_length/properties"), set_of(kContentLengthKeys));
  EXPECT_EQ(keys_at(policy, http + "request_methods/properties"), set_of(kMethodKeys));
  EXPECT_EQ(keys_at(policy, "/$defs/pattern/properties"), set_of(kUriKeys));
  EXPECT_EQ(keys_at(policy, http + "headers/items/properties"), set_of(kHeaderKeys));
  EXPECT_EQ(keys_at(policy, http + "max_header_count/properties"), set_of(kCountKeys));
  EXPECT_EQ(keys_at(policy, http + "transfer_encoding/properties"), set_of(kMethodKeys));
  EXPECT_EQ(keys_at(policy, "/$defs/length/properties"), set_of(kHttpLimitKeys));
  const Schema catalogue(kCatalogueSchema);
  EXPECT_EQ(keys_at(catalogue, "/properties"), set_of(catalog::application_keys()));
  EXPECT_EQ(keys_at(catalogue, "/$defs/port/properties"), set_of(catalog::port_keys()));
  EXPECT_EQ(keys_at(catalogue, "/$defs/name/properties"), set_of(catalog::name_keys()));
  EXPECT_EQ(keys_at(catalogue, "/$defs/address/properties"), set_of(catalog::address_keys()));
  EXPECT_EQ(keys_at(catalogue, "/$defs/service_note/properties"),
            set_of(catalog::service_note_keys()));
  EXPECT_EQ(keys_at(catalogue, "/$defs/need/properties"), set_of(catalog::need_keys()));
}

TEST(Schemas, HaveTheWordsOfTheProgram) {
  const Schema policy(kPolicySchema);
  const Schema catalogue(kCatalogueSchema);
  Words categories = set_of(catalog::category_words());
  EXPECT_EQ(words_at(policy, "/$defs/category/enum"), categories);
  categories.erase("im");
  EXPECT_EQ(words_at(catalogue, "/properties/category/enum"), categories);
  Words services;
  for (int i = 0; i <= static_cast<int>(catalog::Service::other); ++i) {
    services.insert(std::string(to_string(static_cast<catalog::Service>(i))));
  }
  EXPECT_EQ(words_at(catalogue, "/$defs/service/enum"), services);
  EXPECT_EQ(words_at(catalogue, "/properties/status/enum"), set_of(catalog::status_words()));
  EXPECT_EQ(words_at(catalogue, "/$defs/use/enum"), set_of(catalog::kNameUseWords));
  EXPECT_EQ(words_at(catalogue, "/$defs/service_note/properties/separable/enum"),
            set_of(catalog::separable_words()));
  Words actions;
  for (int i = 0; i <= static_cast<int>(Action::reset); ++i) {
    actions.insert(std::string(to_string(static_cast<Action>(i))));
  }
  EXPECT_EQ(words_at(policy, "/$defs/action/enum"), actions);
}

std::vector<std::string> json_files(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path().string());
  }
  return files;
}

TEST(Schemas, AcceptTheShippedFiles) {
  const Schema policy(kPolicySchema);
  std::vector<std::string> policies = json_files(kFolder + "/examples");
  EXPECT_GE(policies.size(), 1u);
  policies.push_back(kFolder + "/chatgate.json");
  for (const std::string& file : policies) {
    EXPECT_EQ(policy.check(read(file)), std::vector<std::string>{}) << file;
  }
  const Schema catalogue(kCatalogueSchema);
  const std::vector<std::string> applications = json_files(kFolder + "/catalog");
  EXPECT_GE(applications.size(), 144u);
  for (const std::string& file : applications) {
    EXPECT_EQ(catalogue.check(read(file)), std::vector<std::string>{}) << file;
  }
}

// What the loader refuses for its form, the schema refuses too.
TEST(Schemas, RefuseWhatIsWrong) {
  const Schema policy(kPolicySchema);
  for (const char* text :
       {R"([])",
        R"({"mod": "enforce"})",
        R"({"mode": "off"})",
        R"({"rules": {}})",
        R"({"rules": [{}]})",
        R"({"rules": [{"action": "deny"}]})",
        R"({"rules": [{"action": "drop", "log": 1}]})",
        R"({"rules": [{"action": "drop", "application": []}]})",
        R"({"rules": [{"action": "drop", "application": "X"}]})",
        R"({"rules": [{"action": "drop", "category": "chat"}]})",
        R"({"rules": [{"action": "drop", "service": "any"}]})",
        R"({"rules": [{"action": "drop", "name": "default"}]})",
        R"({"networks": {"any": "10.0.0.1"}})",
        R"({"networks": {"a": "b"}})",
        R"({"applications": {"A": {}}})",
        R"({"applications": {"a": {"ports": ["5222"]}}})",
        R"({"applications": {"a": {"servers": {"name": "x.example"}}}})",
        R"({"times": {"a": {"from": "8"}}})",
        R"({"times": {"a": {"days": "mon", "zon": "UTC"}}})",
        R"({"access": [{"action": "drop"}]})",
        R"({"access": [{"action": "deny", "protocol": "icmq"}]})",
        R"({"access": [{"action": "deny", "protocol": 256}]})",
        R"({"access": [{"action": "permit", "port": "http"}]})",
        R"({"networks": {"a": {"flie": "x"}}})",
        R"({"unclassified": "deny"})",
        R"({"rules": [{"action": "drop", "vlan": 4095}]})",
        R"({"rules": [{"action": "drop", "mac": "00:11"}]})",
        R"({"rules": [{"action": "drop", "direction": "in"}]})",
        R"({"http": {"port_misuse": {"games": "reset"}}})",
        R"({"http": {"uri": [{}]}})",
        R"({"http": {"max_uri_length": {"bytes": 0, "action": "drop"}}})",
        R"({"http": {"request_methods": {"allow": ["GET /"], "action": "drop"}}})",
        R"({"dns": {"message_length": {"max": 512}}})"}) {
    EXPECT_FALSE(policy.check(Json::parse(text)).empty()) << text;
  }
  const Schema catalogue(kCatalogueSchema);
  const Json good = read(kFolder + "/catalog/whatsapp.json");
  for (const char* change :
       {R"({"id": null})", R"({"category": "im"})", R"({"status": "dead"})", R"({"prots": []})",
        R"({"ports": [{"transport": "tcp", "ports": "1"}]})",
        R"({"names": [{"name": "x.example"}]})",
        R"({"names": [{"name": "X.example", "source": "x"}]})",
        R"({"names": [{"name": "x.example", "use": "mail", "source": "x"}]})",
        R"({"needs": [{"name": "x.example"}]})",
        R"({"services": [{"service": "voice", "separable": "maybe", "how": "x"}]})",
        R"({"signatures": ["9100001"]})",
        R"({"addresses": [{"prefix": "10.0.0.1", "source": "x"}]})"}) {
    Json changed = good;
    changed.merge_patch(Json::parse(change));
    EXPECT_FALSE(catalogue.check(changed).empty()) << change;
  }
}

}  // namespace
}  // namespace chatgate::policy
