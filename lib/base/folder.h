// The names of what is in a folder.
//
// In the place of std::filesystem::directory_iterator, which in GCC's library ends the program
// where there is no memory for it. Called when a policy is loaded, on any thread; not for the
// packet path. Work and memory grow with the folder.
#pragma once

#include <string>
#include <system_error>
#include <vector>

namespace chatgate {

// Without "." and "..", in no order. Where the folder cannot be read, `error` says why, and what
// was read until then is there. Throws std::bad_alloc only.
std::vector<std::string> names_in_folder(const std::string& folder, std::error_code& error);

}  // namespace chatgate
