#include "control/request.h"

#include <algorithm>
#include <array>

#include "base/diagnostic.h"
#include "control/reply.h"

namespace chatgate::control {

Problem read_request(std::string_view line, Request& request) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) {
    return {"the request is not a JSON object",
            R"(send one line such as {"command":"show version"})"};
  }
  static constexpr std::array<std::string_view, 4> kKeys = {"command", "complete", "directory",
                                                            "json"};
  for (const auto& [key, value] : json.items()) {
    const bool flag = key == "json";
    if (flag ? !value.is_boolean() : !value.is_string()) {
      if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end()) {
        return {"the request has an unknown key", suggestion(key, kKeys)};
      }
      return {"the value of \"" + key + "\" is wrong",
              flag ? "write true or false" : "write a string"};
    }
    if (flag) {
      request.json = value.get<bool>();
    } else if (key == "command") {
      request.command = value.get<std::string>();
    } else if (key == "complete") {
      request.complete = value.get<std::string>();
    } else if (key == "directory") {
      request.directory = value.get<std::string>();
    } else {
      return {"the request has an unknown key", suggestion(key, kKeys)};
    }
  }
  if (request.command.has_value() == request.complete.has_value()) {
    return {"the request must have either \"command\" or \"complete\"",
            R"(send one line such as {"command":"show version"})"};
  }
  return {};
}

}  // namespace chatgate::control
