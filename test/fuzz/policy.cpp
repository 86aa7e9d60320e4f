// A policy's JSON, beside a catalogue of two applications: whatever it is, it is refused with
// places in the text, or compiles, and to the same each time.
#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "catalog/loader.h"
#include "policy/loader.h"

#include "check.h"

namespace chatgate::policy {
namespace {

struct Loaded {
  Diagnostics findings;
  std::size_t rules = 0;
  std::shared_ptr<const Policy> policy;  // null where there are errors
};

Loaded loaded(std::string_view text) {
  Loaded result;
  catalog::CatalogueBuilder builder(result.findings);
  for (const std::string word : {"xmpp", "irc"}) {
    catalog::load_application(R"({"id": ")" + word + R"(", "name": "N", "category": "open-protocol",
                                "status": "alive"})",
                              word + ".json", builder, result.findings);
  }
  FUZZ_CHECK(result.findings.empty());
  Draft draft = load(text, "policy.json", builder, result.findings);
  result.rules = draft.rules.size();
  if (result.findings.has_errors()) return result;
  FUZZ_CHECK(draft.refused == 0);
  catalog::ApplicationRegistry registry;
  const catalog::Catalogue catalogue(builder.take(registry));
  if (!result.findings.has_errors()) result.policy = compile(std::move(draft), catalogue);
  return result;
}

void check(std::string_view text) {
  const Loaded once = loaded(text);
  std::size_t lines = 1;
  for (const char c : text) lines += c == '\n' ? 1 : 0;
  for (const Diagnostic& each : once.findings.all()) {
    FUZZ_CHECK(each.place.line <= lines && each.place.column <= text.size() + 1);
    FUZZ_CHECK(!each.message.empty() && each.message.find('\n') == std::string::npos);
  }
  if (once.policy == nullptr) return;
  FUZZ_CHECK(once.policy->rules().size() == once.rules);
  const Loaded again = loaded(text);
  FUZZ_CHECK(again.policy != nullptr && again.policy->rules().size() == once.rules);
  FUZZ_CHECK(again.findings.all().size() == once.findings.all().size());
}

}  // namespace
}  // namespace chatgate::policy

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chatgate::policy::check(chatgate::as_text({data, size}));
  return 0;
}
