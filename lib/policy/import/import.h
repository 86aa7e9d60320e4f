// Policies from the configurations of other systems: `chatgate import`.
//
// A running-config of an ASA (7.x to 9.x, PIX 7 too) or of an IOS router goes in as text, a
// policy's JSON and an account of every line come out. Never fails: what is not understood, or has
// no counterpart, is in the report with its reason. The same text gives the same bytes. What
// becomes of which command: docs/guide/import.md; the commands' meaning is that of Cisco's
// published configuration guides (docs/design/import.md).
//
// Called by `chatgate import` on one thread; nothing of it is for the packet path. Time and memory
// grow with the text, of which the caller sets the limit.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "policy/import/report.h"

namespace chatgate::policy::import {

// What becomes of `inspect http` behind an `inspect im` that takes every connection first. An ASA
// gives a connection to one of them alone, and documents disagree about which.
enum class Combine {
  both,        // both are converted: what is refused by either is refused
  first_class  // the class that comes first takes the connection
};

struct ImportOptions {
  Combine combine = Combine::both;
  std::vector<std::string> signatures{};  // files of Snort rules that the policy shall name
};

struct Imported {
  nlohmann::ordered_json policy;
  ImportReport report;
};

Imported from_asa(std::string_view text, const ImportOptions& options = {});
Imported from_ios(std::string_view text, const ImportOptions& options = {});

}  // namespace chatgate::policy::import
