// Class maps and policy maps as ASA and IOS both have them.
//
// A class map's head says of what type it is and whether one match is enough; a policy map is a row
// of sections: a class or a match, and the actions below it. Indentation is not asked: a `match` or
// `class` begins the next section, as text copied from documents has it. Import only.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "policy/import/context.h"

namespace chatgate::policy::import {

struct MapHead {
  std::string type;      // "inspect", "regex", "management" …; empty for one of layer 3 and 4
  std::string protocol;  // of an inspection: "im", "http", "dns", "ymsgr" …
  bool match_all = true;
  std::string name;
};

// Of `class-map …` and `policy-map …`, and of `class type inspect …` too.
MapHead read_map_head(const Command& command);

struct ClassMap {
  MapHead head;
  const Block* block = nullptr;
  bool used = false;
};

struct Section {
  enum class Kind { map_class, match, parameters, plain };
  Kind kind = Kind::plain;
  const Command* command = nullptr;     // null for what stands before the first section
  std::vector<const Command*> actions;  // and parameters
};

struct PolicyMap {
  MapHead head;
  const Block* block = nullptr;
  std::vector<Section> sections;
  bool used = false;
};

class Maps {
 public:
  explicit Maps(Context& context) : context_(context) {}

  // Blocks must outlive this.
  void define_class(const Block& block);
  void define_policy(const Block& block);

  // Null where there is none. Marks it as used, and its head as converted.
  const ClassMap* use_class(std::string_view protocol, const std::string& name);
  const PolicyMap* use_policy(const std::string& name);
  const PolicyMap* find_policy(const std::string& name) const;

  // Reports those that nobody uses: what they deny is denied nowhere.
  void finish();

 private:
  Context& context_;
  std::vector<ClassMap> classes_;
  std::map<std::string, PolicyMap> policies_;
};

// The action of an inspection map's section, as the policy has it.
struct MapAction {
  Action action = Action::allow;
  bool log = false;
  bool said = false;  // there was an action at all
};
MapAction read_action(const std::vector<const Command*>& commands, std::string& trouble);

}  // namespace chatgate::policy::import
