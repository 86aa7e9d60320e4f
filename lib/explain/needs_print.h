// What an application needs, as JSON and in words. Private to lib/explain.
#pragma once

#include <span>
#include <string>

#include "explain/needs.h"

namespace chatgate::explain {

// Appends [{"kind","what","reason","shared_with","required","passes","stopped","rule","remedy"}],
// the last three where it does not pass, `shared_with` where it is known, and each after
// "application" where that is given.
void append_needs(std::string& out, std::span<const Requirement> needs);
void append_need(std::string& out, const Requirement& need, std::string_view application);

// "passes   login.microsoftonline.com (signing in), used by all Microsoft 365".
std::string line_of(const Requirement& need);

}  // namespace chatgate::explain
