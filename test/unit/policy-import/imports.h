// Short configurations through an importer, and what must come of them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "policy/import/import.h"

namespace chatgate::policy::import {

struct ImportCase {
  const char* name;
  const char* configuration;
  std::size_t harmless;  // lines
  const char* policy;    // JSON; "rules" and "default" are added where they are not said
  // Lines that were not converted as "LINE: WHY", then warnings as "LINE! MESSAGE".
  std::vector<std::string> remarks;
};

std::vector<std::string> remarks_of(const ImportReport& report);

// What the case says; and that every line has one fate, and that the policy is one that loads.
void expect_import(const ImportCase& expected, const Imported& got);

// Loads the policy over a catalogue of the applications that importers name, without a finding.
void expect_loads(const nlohmann::ordered_json& policy);

}  // namespace chatgate::policy::import
