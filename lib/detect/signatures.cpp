#include "detect/signatures.h"

#include <utility>
#include <vector>

namespace chatgate::detect {

struct Signatures::Compiled {
  std::vector<Rule> rules;
  std::size_t refused = 0;
};

Signatures::Signatures(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
Signatures::~Signatures() = default;

std::shared_ptr<const Signatures> Signatures::compile(RuleSet rules, const Options&,
                                                      Diagnostics& findings) {
  auto compiled = std::make_unique<Compiled>();
  findings.append(std::move(rules.findings));
  compiled->refused = rules.refused;
  compiled->rules = std::move(rules.rules);
  return std::shared_ptr<const Signatures>(new Signatures(std::move(compiled)));
}

std::span<const Rule> Signatures::rules() const {
  return compiled_->rules;
}

std::size_t Signatures::refused() const {
  return compiled_->refused;
}

}  // namespace chatgate::detect
