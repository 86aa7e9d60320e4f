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

struct RowVerdict {
  std::size_t leaks = 0;    // kinds of servers that read the blocked name
  std::size_t damaged = 0;  // kinds of servers for which the innocent twin went otherwise than said
  std::string reasons;      // that the gateway counted for the blocked name
  std::string wrong;        // what was the matter with a frame of the gateway's own

  void note_wrong(const Session& session);
};

RowVerdict judge_row(const Row& row, const Path& path = {});

}  // namespace chatgate::test
