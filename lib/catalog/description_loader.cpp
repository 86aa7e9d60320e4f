#include "catalog/description_loader.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>

#include "catalog/entries.h"
#include "catalog/ids.h"
#include "proto/facts.h"

namespace chatgate::catalog {
namespace {

using config::in_quotes;
using config::JsonValue;
using config::ObjectReader;
using config::Reporter;

constexpr std::array<std::string_view, 3> kStatuses = {"alive", "shut-down", "unknown"};
constexpr std::array<std::string_view, 3> kSeparable = {"yes", "partly", "no"};
constexpr std::string_view kServiceNoteKeys[] = {"service", "separable", "how"};
constexpr std::string_view kNeedKeys[] = {"application", "name",    "ports",
                                          "or",          "service", "reason"};

class DescriptionLoader {
 public:
  DescriptionLoader(ObjectReader& object, Reporter& reporter)
      : object_(object), reporter_(reporter) {}

  Description load() {
    load_status();
    if (const std::string* note = object_.string("note")) description_.note = *note;
    if (const std::string* why = object_.string("unrecognised")) description_.unrecognised = *why;
    description_.aliases = texts("aliases");
    description_.tags = identifiers("tags");
    description_.limits = texts("limits");
    description_.over_blocking = texts("over_blocking");
    load_protocols();
    load_signatures();
    each("services", [&](const JsonValue& entry) { load_service(entry); });
    each("needs", [&](const JsonValue& entry) { load_need(entry); });
    return std::move(description_);
  }

 private:
  void load_status() {
    object_.require("status");
    if (const std::string* word = object_.string("status")) {
      description_.status = static_cast<Status>(index(object_, "status", *word, kStatuses, 2));
    }
    const JsonValue* ended = object_.get("ended");
    if (ended == nullptr) return;
    if (const auto year = reporter_.integer(*ended, "\"ended\"", 1980, 2100)) {
      description_.ended = static_cast<int>(*year);
    }
    if (description_.status == Status::alive) {
      reporter_.error(ended->at, "\"ended\" contradicts \"status\": \"alive\"");
    }
  }

  // Which of `words` the key's value is; `absent` where it is none, and reported.
  std::size_t index(ObjectReader& object, std::string_view key, const std::string& word,
                    std::span<const std::string_view> words, std::size_t absent) {
    const auto at = std::find(words.begin(), words.end(), word);
    if (at != words.end()) return static_cast<std::size_t>(at - words.begin());
    reporter_.error(object.get(key)->at, "unknown " + std::string(key) + " " + in_quotes(word),
                    suggestion(word, words));
    return absent;
  }

  std::vector<std::string> texts(std::string_view key) {
    std::vector<std::string> all;
    const auto* list = object_.list(key);
    if (list == nullptr) return all;
    for (const JsonValue& each : *list) {
      const std::string* text = reporter_.string(each, "an entry of " + in_quotes(key));
      if (text != nullptr) all.push_back(*text);
    }
    return all;
  }

  std::vector<std::string> identifiers(std::string_view key) {
    std::vector<std::string> all;
    const auto* list = object_.list(key);
    if (list == nullptr) return all;
    for (const JsonValue& each : *list) {
      const std::string* word = reporter_.string(each, "an entry of " + in_quotes(key));
      if (word == nullptr) continue;
      if (is_identifier(*word)) {
        all.push_back(*word);
      } else {
        reporter_.error(each.at, in_quotes(*word) + " is no identifier",
                        "lower-case letters, digits and single hyphens, at most 40");
      }
    }
    return all;
  }

  void load_protocols() {
    const auto* list = object_.list("protocols");
    if (list == nullptr) return;
    std::vector<std::string_view> known;
    for (auto each = proto::AppProto::tls; each <= proto::AppProto::rtp;
         each = static_cast<proto::AppProto>(static_cast<int>(each) + 1)) {
      known.push_back(proto::to_string(each));
    }
    for (const JsonValue& entry : *list) {
      const std::string* word = reporter_.string(entry, "an entry of \"protocols\"");
      if (word == nullptr) continue;
      if (std::find(known.begin(), known.end(), *word) == known.end()) {
        reporter_.error(entry.at, "unknown protocol " + in_quotes(*word), suggestion(*word, known));
      } else {
        description_.protocols.push_back(*word);
      }
    }
  }

  void load_signatures() {
    const auto* list = object_.list("signatures");
    if (list == nullptr) return;
    for (const JsonValue& entry : *list) {
      const auto sid = reporter_.integer(entry, "an entry of \"signatures\"", 1,
                                         std::numeric_limits<std::uint32_t>::max());
      if (sid) description_.signatures.push_back(static_cast<std::uint32_t>(*sid));
    }
  }

  template <typename Load>
  void each(std::string_view key, Load load) {
    const auto* list = object_.list(key);
    if (list == nullptr) return;
    for (const JsonValue& entry : *list) load(entry);
  }

  void load_service(const JsonValue& entry) {
    ObjectReader object(reporter_, entry, "an entry of \"services\"", kServiceNoteKeys);
    if (!object.ok()) return;
    object.require("service", "such as \"voice\"");
    object.require("separable", "\"yes\", \"partly\" or \"no\"");
    object.require("how", "say by what, or why not");
    ServiceNote note;
    if (const std::string* word = object.string("service")) {
      note.service =
          static_cast<proto::Service>(index(object, "service", *word, service_words(), 0));
    }
    if (const std::string* word = object.string("separable")) {
      note.separable = static_cast<Separable>(index(object, "separable", *word, kSeparable, 2));
    }
    if (const std::string* how = object.string("how")) note.how = *how;
    description_.services.push_back(std::move(note));
  }

  void load_need(const JsonValue& entry) {
    ObjectReader object(reporter_, entry, "an entry of \"needs\"", kNeedKeys);
    if (!object.ok()) return;
    object.require("reason", "say what does not work without it");
    Need need;
    if (const std::string* reason = object.string("reason")) need.reason = *reason;
    int kinds = 0;
    for (const std::string_view key : {"application", "name", "ports"}) {
      kinds += object.get(key) == nullptr ? 0 : 1;
    }
    if (kinds != 1) {
      reporter_.error(entry.at, "a need is one thing",
                      "expected one of \"application\", \"name\" and \"ports\"");
      return;
    }
    if (const std::string* word = object.string("application")) need.application = *word;
    if (object.string("name") != nullptr) {
      need.name = read_name(reporter_, *object.get("name")).value_or("");
    }
    if (const std::string* word = object.string("service")) {
      need.service =
          static_cast<proto::Service>(index(object, "service", *word, service_words(), 0));
    }
    if (!load_ports(object, need)) return;
    description_.needs.push_back(std::move(need));
  }

  bool load_ports(ObjectReader& object, Need& need) {
    if (const std::string* ports = object.string("ports")) {
      if (!add_ports(*object.get("ports"), need)) return false;
      need.ports = *ports;
    }
    const JsonValue* others = object.get("or");
    if (others == nullptr) return true;
    if (need.ports.empty()) {
      reporter_.error(others->at, "\"or\" says which ports serve as well",
                      "expected it beside \"ports\"");
      return false;
    }
    for (const JsonValue* each : reporter_.strings(*others, "\"or\"")) {
      if (!add_ports(*each, need)) return false;
      need.serve.push_back(each->text);
    }
    return true;
  }

  bool add_ports(const JsonValue& value, Need& need) {
    const auto range = read_transport_ports(reporter_, value);
    if (!range) return false;
    need.any_of.push_back({range->transport == Transport::tcp, range->first, range->last});
    return true;
  }

  ObjectReader& object_;
  Reporter& reporter_;
  Description description_;
};

}  // namespace

std::string_view to_string(Status status) {
  return kStatuses[static_cast<std::size_t>(status)];
}

std::string_view to_string(Separable separable) {
  return kSeparable[static_cast<std::size_t>(separable)];
}

Description read_description(ObjectReader& object, Reporter& reporter) {
  return DescriptionLoader(object, reporter).load();
}

std::span<const std::string_view> service_note_keys() {
  return kServiceNoteKeys;
}

std::span<const std::string_view> need_keys() {
  return kNeedKeys;
}

std::span<const std::string_view> status_words() {
  return kStatuses;
}

std::span<const std::string_view> separable_words() {
  return kSeparable;
}

}  // namespace chatgate::catalog
