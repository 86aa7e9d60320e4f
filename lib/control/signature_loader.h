// From files of Snort rules to what a snapshot holds of them.
//
// Part of loading a policy (control/loader.h). The rules see the policy's networks as variables: a
// network "support" is $support, and `inside` is $HOME_NET too. A rule that is refused is a warning
// and leaves the others in force; a file that cannot be read, and metadata that names an
// application or a service that there is not, are errors.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/diagnostic.h"
#include "catalog/catalogue.h"
#include "detect/signatures.h"
#include "policy/loader.h"

namespace chatgate::control {

struct LoadRequest;

struct LoadedSignatures {
  std::shared_ptr<const detect::Signatures> rules;  // null where no files are named
  std::vector<catalog::Classification> meanings;    // by SignatureId
  std::size_t refused = 0;
};

// Takes out the rules that ask for a server's certificate, with a warning each: the engine does not
// hand certificates to rules, and they would never match.
void refuse_certificates(detect::RuleSet& set, Diagnostics& diagnostics);

// Only whether the files can be read, for a policy that will not come into force anyway.
void check_signature_files(const LoadRequest& request, const policy::Draft& draft,
                           Diagnostics& diagnostics);

// The files of the policy (relative to its folder), then those of the request.
LoadedSignatures load_signatures(const LoadRequest& request, const policy::Draft& draft,
                                 const catalog::Catalogue& catalogue, Diagnostics& diagnostics);

}  // namespace chatgate::control
