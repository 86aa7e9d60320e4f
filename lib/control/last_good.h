// The last policy that was accepted, kept on disk for a start at which the policy's file is bad.
//
// Written whenever a policy comes into force, whole or not at all (a new file takes the old one's
// name). Control thread only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace chatgate::control {

// False where it could not be written; nothing where `folder` is empty. The file of before stays.
bool keep_on_disk(const std::string& folder, std::string_view policy);

// Nothing where there is none.
std::optional<std::string> last_good(const std::string& folder);

std::string last_good_file(const std::string& folder);

}  // namespace chatgate::control
