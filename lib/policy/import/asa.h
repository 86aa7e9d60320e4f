// The parts of an ASA's configuration that a policy can hold.
//
// Inside of the importer (import.h): asa.cpp sorts commands and binds access lists, this class
// follows service policies to their classes and inspection maps. Import only.
#pragma once

#include <string>
#include <vector>

#include "policy/import/access_list.h"
#include "policy/import/http_checks.h"
#include "policy/import/im_condition.h"
#include "policy/import/import.h"
#include "policy/import/maps.h"

namespace chatgate::policy::import {

// Whose connections a class selects.
struct Selection {
  struct Part {
    bool permit = true;
    Texts from, to;
    std::string when;
  };
  bool everything = false;
  bool default_traffic = false;  // each inspection's own ports
  bool by_list = false;
  Ports ports;  // of TCP, where that is all
  std::vector<Part> parts;
  std::string trouble;
};

class AsaInspections {
 public:
  AsaInspections(Context& context, Maps& maps, AccessLists& lists, Patterns& patterns,
                 const ImportOptions& options)
      : context_(context),
        maps_(maps),
        lists_(lists),
        http_(context, patterns),
        patterns_(patterns),
        options_(options) {}

  // `http-map NAME`. The block must outlive this.
  void define_http_map(const Block& block) { http_maps_.push_back({&block, false}); }
  // `service-policy NAME {global | interface IF}`.
  void attach(const Command& command);
  // After all of them: converts what is in force.
  void convert();

 private:
  struct Binding {
    std::string feature, map;
    const Command* command = nullptr;
    Selection selection;
    std::string where;  // names of the policy map and the class
    bool global = false;
    bool behind_everything = false;  // an `inspect im` before it takes every connection
  };
  struct HttpMap {
    const Block* block;
    bool used;
  };

  void attach_class(const PolicyMap& policy, const Section& section, bool global);
  void attach_action(const Command& command, const Selection& selection, const std::string& where,
                     bool global);
  Selection select(const Section& section);
  void select_by_line(const Command& command, Selection& selection);
  void select_by_list(const Command& command, Selection& selection);
  bool outranked(const Binding& binding) const;

  void convert_im(const Binding& binding);
  void im_section(const PolicyMap& map, const Section& section, const Binding& binding, bool logs);
  std::vector<ImCondition> im_conditions(const Section& section, std::string& trouble);
  void im_rules(const std::string& name, const std::vector<ImCondition>& conditions,
                const MapAction& action, const Binding& binding);

  void convert_http(const Binding& binding);
  void http_scope(const Binding& binding);
  bool http_old_map(const Binding& binding);
  void http_section(const Section& section);
  bool http_parameters(const Section& section);
  void http_class(const Section& section, Action action);

  void convert_dns(const Binding& binding);
  void dns_parameters(const Section& section);
  void dns_section(const PolicyMap& map, const Section& section);

  Context& context_;
  Maps& maps_;
  AccessLists& lists_;
  HttpChecks http_;
  Patterns& patterns_;
  const ImportOptions& options_;
  std::vector<HttpMap> http_maps_;
  std::vector<Binding> bindings_;
};

}  // namespace chatgate::policy::import
