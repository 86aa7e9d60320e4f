// Which policy, catalogue and rules a command was asked to load: its options policy, catalogue and
// rules. Main thread.
#pragma once

#include <boost/program_options/variables_map.hpp>
#include <string>
#include <vector>

#include "control/loader.h"

namespace chatgate::app {

// `values` holds "policy"; the catalogue is the usual one for it where none is named.
inline control::LoadRequest policy_source(const boost::program_options::variables_map& values) {
  control::LoadRequest source;
  source.policy_file = values["policy"].as<std::string>();
  source.catalogue_folder = values.count("catalogue") != 0
                                ? values["catalogue"].as<std::string>()
                                : control::default_catalogue_folder(source.policy_file);
  if (values.count("rules") != 0) {
    source.rule_files = values["rules"].as<std::vector<std::string>>();
  }
  return source;
}

}  // namespace chatgate::app
