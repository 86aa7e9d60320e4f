#define PCRE2_CODE_UNIT_WIDTH 8
#include "policy/pattern.h"

#include <limits>
#include <new>
#include <pcre2.h>
#include <utility>

namespace chatgate::policy {
namespace {

constexpr std::size_t kWorkers = std::size_t{std::numeric_limits<WorkerId::rep>::max()} + 1;
constexpr std::uint32_t kMaxSteps = 20000;

}  // namespace

struct PatternScratch::Place {
  std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> data{
      pcre2_match_data_create(1, nullptr), &pcre2_match_data_free};
  std::unique_ptr<pcre2_match_context, decltype(&pcre2_match_context_free)> context{
      pcre2_match_context_create(nullptr), &pcre2_match_context_free};

  Place() {
    if (data == nullptr || context == nullptr) throw std::bad_alloc();
    pcre2_set_match_limit(context.get(), kMaxSteps);
  }
};

PatternScratch::PatternScratch() : places_(kWorkers) {}
PatternScratch::~PatternScratch() = default;

struct Pattern::Code {
  pcre2_code* code = nullptr;

  ~Code() { pcre2_code_free(code); }
};

Pattern::Pattern(std::string text, std::shared_ptr<const Code> code)
    : text_(std::move(text)), code_(std::move(code)) {}

std::optional<Pattern> Pattern::compile(const std::string& text, std::string& error) {
  int number = 0;
  PCRE2_SIZE offset = 0;
  auto code = std::make_shared<Code>();
  code->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                             PCRE2_CASELESS | PCRE2_NEVER_BACKSLASH_C, &number, &offset, nullptr);
  if (code->code == nullptr) {
    PCRE2_UCHAR message[128];
    pcre2_get_error_message(number, message, sizeof message);
    error = std::string(reinterpret_cast<const char*>(message)) + " at character " +
            std::to_string(offset + 1);
    return std::nullopt;
  }
  // Only what runs as machine code runs on the stack. Of (*NO_JIT) no error is told.
  std::size_t machine_code = 0;
  if (pcre2_jit_compile(code->code, PCRE2_JIT_COMPLETE) != 0 ||
      pcre2_pattern_info(code->code, PCRE2_INFO_JITSIZE, &machine_code) != 0 || machine_code == 0) {
    error = "it cannot be compiled to machine code";
    return std::nullopt;
  }
  return Pattern(text, std::move(code));
}

bool Pattern::matches(std::string_view text, const PatternScratch& scratch, WorkerId worker) const {
  const PatternScratch::Place& place = scratch.places_[worker.value()];
  return pcre2_jit_match(code_->code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0, 0,
                         place.data.get(), place.context.get()) >= 0;
}

}  // namespace chatgate::policy
