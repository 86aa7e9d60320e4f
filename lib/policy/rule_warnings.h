// What is suspicious about rules that are each right by themselves: some never match, some say the
// opposite of an earlier one, some open more than they say.
//
// Called by policy/loader.h once all rules are read without a mistake. Not for the packet path.
#pragma once

#include <span>

#include "catalog/builder.h"
#include "policy/loader.h"

#include "config/json_document.h"

namespace chatgate::policy {

void warn_of_rules(std::span<const RuleDraft> rules, catalog::CatalogueBuilder& builder,
                   config::Reporter& reporter);

}  // namespace chatgate::policy
