// One file of the catalogue: it is refused with places in the text, or one application comes of it.
#include "catalog/catalogue.h"

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "catalog/loader.h"
#include "catalog/registry.h"

#include "check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatgate;
  const std::string_view text = as_text({data, size});
  Diagnostics findings;
  catalog::CatalogueBuilder builder(findings);
  catalog::load_application(text, "xmpp.json", builder, findings);
  std::size_t lines = 1;
  for (const char c : text) lines += c == '\n' ? 1 : 0;
  for (const Diagnostic& each : findings.all()) {
    FUZZ_CHECK(each.place.line <= lines && each.place.column <= size + 1);
    FUZZ_CHECK(!each.message.empty() && each.message.find('\n') == std::string::npos);
  }
  if (findings.has_errors()) return 0;
  catalog::ApplicationRegistry registry;
  auto applications = builder.take(registry);
  if (findings.has_errors()) return 0;  // such as a need that names no application
  FUZZ_CHECK(applications.size() == 1 && applications[0].word == "xmpp");
  const catalog::Catalogue catalogue(std::move(applications));
  FUZZ_CHECK(catalogue.applications().size() == 1);
  return 0;
}
