// Prints the commands of a running gateway as JSON, for the manual page of chatgatectl: runs while the
// project is built, and is not installed.
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "control/commands.h"

namespace {

using chatgate::control::Option;
using chatgate::control::ValueKind;

std::string one_of(const std::vector<std::string_view>& words) {
  std::string all;
  for (const std::string_view word : words) all.append(all.empty() ? "" : "|").append(word);
  return all;
}

std::string place_holder(const Option& option) {
  switch (option.value) {
    case ValueKind::none: return {};
    case ValueKind::application:
    case ValueKind::capture:
    case ValueKind::list:
    case ValueKind::text: return "NAME";
    case ValueKind::number: return "N";
    case ValueKind::file: return "FILE";
    case ValueKind::address: return "ADDR";
    case ValueKind::flow_id: return "ID";
    case ValueKind::word: return one_of(option.choices);
  }
  return {};
}

nlohmann::ordered_json described(const std::vector<Option>& options) {
  auto list = nlohmann::ordered_json::array();
  for (const Option& option : options) {
    nlohmann::ordered_json row = {{"keyword", std::string(option.keyword)},
                                  {"value", place_holder(option)},
                                  {"help", std::string(option.help)}};
    if (option.value == ValueKind::number) {
      row["lowest"] = option.lowest;
      row["highest"] = option.highest;
    }
    list.push_back(std::move(row));
  }
  return list;
}

}  // namespace

int main() {
  auto commands = nlohmann::ordered_json::array();
  for (const auto& command : chatgate::control::every_command()) {
    commands.push_back({{"words", std::string(command.words)},
                        {"help", std::string(command.help)},
                        {"changes", command.right == chatgate::control::Right::change},
                        {"arguments", described(command.arguments)},
                        {"options", described(command.options)}});
  }
  std::cout << commands.dump(1) << "\n";
}
