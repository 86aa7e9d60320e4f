// The auditor's report: one HTML page that needs nothing else, or one JSON object.
//
// Called by `chatgate report` once all events are tallied; what each part means is in
// docs/guide/report.md. Everything that came from a file or from the network is escaped.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "explain/audit.h"
#include "report/tally.h"

namespace chatgate::report {

// The proof that a policy does what it is meant to: `chatgate audit` of it.
struct Proof {
  std::string policy_file, sha256;
  explain::Audit audit;
};

struct ReportSource {
  const Tally& tally;
  std::vector<std::string> files;  // that were read, in their order
  std::optional<Proof> proof;
  std::string made_at;  // for people
};

std::string to_html(const ReportSource& source);
std::string to_json(const ReportSource& source);

}  // namespace chatgate::report
