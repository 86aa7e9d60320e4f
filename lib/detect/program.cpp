#include "detect/program.h"

namespace chatgate::detect {

std::optional<Program> Program::compile(const Rule& rule, Numbering& numbering,
                                        Diagnostics& findings) {
  // Both are asked, so that all that is wrong is said at once.
  auto payload = PayloadProgram::compile(rule, findings);
  auto operations = FlowOperations::compile(rule, numbering, findings);
  if (!payload || !operations) return {};
  return Program(HeaderMatch(rule), std::move(*operations), std::move(*payload));
}

std::size_t Program::memory() const {
  return sizeof *this + header_.memory() + flow_operations_.memory() + payload_.memory();
}

}  // namespace chatgate::detect
