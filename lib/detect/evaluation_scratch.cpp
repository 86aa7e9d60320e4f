#include "detect/evaluation_scratch.h"

namespace chatgate::detect {

EvaluationScratch::EvaluationScratch() : memory_(std::make_unique<Memory>()) {}

std::size_t EvaluationScratch::memory() const {
  return sizeof *this + sizeof *memory_ + ExpressionScratch::kStack;
}

}  // namespace chatgate::detect
