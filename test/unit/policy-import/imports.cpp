#include "imports.h"

#include <gtest/gtest.h>
#include <set>

#include "catalog/builder.h"
#include "policy/loader.h"

namespace chatgate::policy::import {

std::vector<std::string> remarks_of(const ImportReport& report) {
  std::vector<std::string> remarks;
  for (const NotConverted& each : report.not_converted) {
    remarks.push_back(std::to_string(each.line) + ": " + each.why);
  }
  for (const ImportWarning& each : report.warnings) {
    remarks.push_back(std::to_string(each.line) + "! " + each.message);
  }
  return remarks;
}

void expect_loads(const nlohmann::ordered_json& policy) {
  Diagnostics diagnostics;
  catalog::CatalogueBuilder builder(diagnostics);
  for (const char* id : {"aim", "icq", "msn", "yahoo", "xmpp", "whatsapp", "gnutella"}) {
    builder.add(id, {})->category = catalog::Category::legacy_im;
  }
  load(policy.dump(), "policy.json", builder, diagnostics);
  for (const Diagnostic& each : diagnostics.all()) {
    if (each.severity == Severity::error) ADD_FAILURE() << each.to_string();
  }
}

void expect_import(const ImportCase& expected, const Imported& got) {
  SCOPED_TRACE(expected.name);
  const ImportReport& report = got.report;
  EXPECT_EQ(remarks_of(report), expected.remarks);
  EXPECT_EQ(report.harmless, expected.harmless);
  EXPECT_EQ(report.converted + report.harmless + report.not_converted.size(), report.lines);
  auto policy = nlohmann::json::parse(expected.policy);
  policy.emplace("rules", nlohmann::json::array());
  policy.emplace("default", "allow");
  EXPECT_EQ(nlohmann::json(got.policy), policy) << got.policy.dump(1);
  expect_loads(got.policy);
}

}  // namespace chatgate::policy::import
