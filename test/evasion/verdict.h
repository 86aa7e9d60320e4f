// What became of a row of the table.
#pragma once

#include <cstddef>
#include <string>

#include "table.h"

namespace chatgate::test {

constexpr const char* kBlockedName = "www.chat.blocked.example";
constexpr const char* kAllowedName = "www.chat.allowed.example";
constexpr const char* kDecoyName = "www.shop.welcome.example";

// A TLS hello for a name; those of the three names above are equally long.
std::string hello_for(const char* name);

// Whether what a server has read so far is a hello for the blocked name.
bool names_blocked(const std::string& stream);

RowVerdict judge_row(const Row& row, const Path& path = {});

// Whether the blocked name arrives where there is no gateway.
bool arrives_unwatched(const Row& row, bool v6);

}  // namespace chatgate::test
