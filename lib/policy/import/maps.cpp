#include "policy/import/maps.h"

#include <algorithm>

#include "policy/import/text.h"

namespace chatgate::policy::import {

MapHead read_map_head(const Command& command) {
  MapHead head;
  std::size_t at = 1;
  if (command.word(at) == "type") {
    head.type = command.word(at + 1);
    at += 2;
  }
  const std::size_t last = command.words.empty() ? 0 : command.words.size() - 1;
  for (; at < last; ++at) {
    const std::string_view word = command.word(at);
    if (is_one_of(word, {"match-any", "match-all"})) {
      head.match_all = word == "match-all";
    } else {
      head.protocol = word;
    }
  }
  if (head.type == "regex") head.match_all = false;
  head.name = command.words.empty() ? std::string() : command.words.back().text;
  return head;
}

void Maps::define_class(const Block& block) {
  classes_.push_back({read_map_head(block.head), &block, false});
}

void Maps::define_policy(const Block& block) {
  PolicyMap map;
  map.head = read_map_head(block.head);
  map.block = &block;
  map.sections.push_back({});
  for (const Command& each : block.body) {
    const std::string_view word = each.word(0);
    if (word == "class" || word == "match" || word == "parameters") {
      const Section::Kind kind = word == "class"   ? Section::Kind::map_class
                                 : word == "match" ? Section::Kind::match
                                                   : Section::Kind::parameters;
      map.sections.push_back({kind, &each, {}});
    } else if (word == "description") {
      context_.harmless(each);
    } else {
      map.sections.back().actions.push_back(&each);
    }
  }
  policies_[map.head.name] = std::move(map);
}

const ClassMap* Maps::use_class(std::string_view protocol, const std::string& name) {
  const auto matches = [&](const ClassMap& each) {
    return each.head.name == name && each.head.protocol == protocol;
  };
  const auto at = std::find_if(classes_.begin(), classes_.end(), matches);
  if (at == classes_.end()) return nullptr;
  at->used = true;
  context_.converted(at->block->head);
  return &*at;
}

const PolicyMap* Maps::use_policy(const std::string& name) {
  const auto at = policies_.find(name);
  if (at == policies_.end()) return nullptr;
  at->second.used = true;
  context_.converted(at->second.block->head);
  return &at->second;
}

const PolicyMap* Maps::find_policy(const std::string& name) const {
  const auto at = policies_.find(name);
  return at == policies_.end() ? nullptr : &at->second;
}

void Maps::finish() {
  for (const ClassMap& each : classes_) {
    if (!each.used) context_.not_converted(*each.block, "nothing that is in force uses this class");
  }
  for (const auto& [name, map] : policies_) {
    if (!map.used) {
      context_.not_converted(*map.block, "nothing that is in force uses this policy map");
    }
  }
}

MapAction read_action(const std::vector<const Command*>& commands, std::string& trouble) {
  MapAction result;
  for (const Command* command : commands) {
    for (std::size_t at = 0; at < command->words.size(); ++at) {
      const std::string_view word = command->word(at);
      if (word == "log") {
        result.log = true;
      } else if (word == "reset") {
        result.action = Action::reset;
      } else if (is_one_of(word, {"drop-connection", "drop"})) {
        result.action = Action::drop;
      } else if (word != "allow") {
        trouble = "\"" + std::string(command->rest(at)) + "\" has no counterpart";
        return result;
      }
      result.said = true;
    }
  }
  if (result.log && result.action == Action::allow) result.action = Action::alert;
  return result;
}

}  // namespace chatgate::policy::import
