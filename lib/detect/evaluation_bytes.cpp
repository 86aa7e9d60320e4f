// byte_test, byte_jump, byte_extract, byte_math, isdataat and sizes.
#include <algorithm>

#include "detect/evaluation.h"
#include "detect/number.h"

namespace chatgate::detect {
namespace {

std::optional<std::uint64_t> multiplied(std::uint64_t number, std::uint64_t by) {
  std::uint64_t result = 0;
  if (__builtin_mul_overflow(number, by, &result)) return {};
  return result;
}

// Rounded up to a multiple of `unit`, a power of two.
std::optional<std::uint64_t> rounded_up(std::uint64_t number, std::uint64_t unit) {
  std::uint64_t result = 0;
  if (__builtin_add_overflow(number, unit - 1, &result)) return {};
  return result & ~(unit - 1);
}

bool compares(Comparison comparison, std::uint64_t number, std::uint64_t value) {
  switch (comparison) {
    case Comparison::less: return number < value;
    case Comparison::greater: return number > value;
    case Comparison::equal: return number == value;
    case Comparison::less_equal: return number <= value;
    case Comparison::greater_equal: return number >= value;
    case Comparison::bit_and: return (number & value) != 0;
    case Comparison::bit_xor: return (number ^ value) != 0;
  }
  return false;
}

std::optional<std::uint64_t> calculated(Arithmetic operation, std::uint64_t left,
                                        std::uint64_t right) {
  std::uint64_t result = 0;
  switch (operation) {
    case Arithmetic::add:
      if (__builtin_add_overflow(left, right, &result)) return {};
      return result;
    case Arithmetic::subtract:
      if (left < right) return {};
      return left - right;
    case Arithmetic::multiply: return multiplied(left, right);
    case Arithmetic::divide:
      if (right == 0) return {};
      return left / right;
    case Arithmetic::shift_left:
      if (left == 0) return 0;
      if (right >= 64 || left << right >> right != left) return {};
      return left << right;
    case Arithmetic::shift_right: return right >= 64 ? 0 : left >> right;
  }
  return {};
}

}  // namespace

Evaluation::Reading Evaluation::read(const NumberForm& form, const Operand& offset, bool relative,
                                     const Place& place) {
  const Bytes bytes = place.view.bytes;
  const std::int64_t count = place_of(form.bytes);
  const std::int64_t at =
      (relative ? static_cast<std::int64_t>(cursor_of(place)) : 0) + place_of(offset);
  if (at < 0) return {};
  if (at + count > static_cast<std::int64_t>(bytes.size())) {
    return {place.view.complete ? Truth::no : Truth::open, 0, 0};
  }
  const auto number = read_number(
      form, bytes.subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(count)));
  if (!number) return {};
  return {Truth::yes, number->number, at + static_cast<std::int64_t>(number->taken)};
}

Truth Evaluation::evaluate(const ByteTest& test, const Place& place) {
  const Reading reading = read(test.form, test.offset, test.relative, place);
  if (reading.truth == Truth::open) return rest_if_open(place);
  if (reading.truth == Truth::no) return Truth::no;
  const bool holds = compares(test.comparison, reading.number, value_of(test.value));
  return rest_where(place, holds != test.negated);
}

Truth Evaluation::evaluate(const ByteJump& jump, const Place& place) {
  const auto size = static_cast<std::int64_t>(place.view.bytes.size());
  Reading reading{Truth::yes, 0, 0};
  // Without bytes there is nothing to read, and only post_offset moves.
  if (!jump.form.bytes.is_variable() && jump.form.bytes.value == 0) {
    reading.end =
        (jump.relative ? static_cast<std::int64_t>(cursor_of(place)) : 0) + place_of(jump.offset);
  } else {
    reading = read(jump.form, jump.offset, jump.relative, place);
  }
  if (reading.truth != Truth::yes) return reading.truth;
  auto distance = multiplied(reading.number, jump.multiplier);
  if (distance && jump.align) distance = rounded_up(*distance, 4);
  if (!distance || *distance > kFar) return Truth::no;
  if (jump.from == JumpFrom::end && !place.view.complete) return Truth::open;
  const std::int64_t start = jump.from == JumpFrom::here        ? reading.end
                             : jump.from == JumpFrom::beginning ? 0
                                                                : size;
  const std::int64_t to = start + static_cast<std::int64_t>(*distance) + place_of(jump.post_offset);
  if (to < 0) return Truth::no;
  if (to >= size) return place.view.complete ? Truth::no : Truth::open;
  return rest_at(place, static_cast<std::size_t>(to));
}

Truth Evaluation::evaluate(const ByteExtract& extract, const Place& place) {
  const Reading reading = read(extract.form, extract.offset, extract.relative, place);
  if (reading.truth != Truth::yes) return reading.truth;
  auto value = multiplied(reading.number, extract.multiplier);
  if (value) value = rounded_up(*value, extract.align);
  if (!value) return Truth::no;
  return rest_with(place, extract.result, *value, static_cast<std::size_t>(reading.end));
}

Truth Evaluation::evaluate(const ByteMath& math, const Place& place) {
  const Reading reading = read(math.form, math.offset, math.relative, place);
  if (reading.truth != Truth::yes) return reading.truth;
  const auto value = calculated(math.operation, reading.number, value_of(math.right));
  if (!value) return Truth::no;
  return rest_with(place, math.result, *value, static_cast<std::size_t>(reading.end));
}

Truth Evaluation::evaluate(const IsDataAt& test, const Place& place) {
  const std::int64_t size = static_cast<std::int64_t>(place.view.bytes.size());
  const std::int64_t offset = place_of(test.offset);
  const bool there =
      test.relative ? static_cast<std::int64_t>(cursor_of(place)) + offset <= size : offset < size;
  if (!there && !place.view.complete) return rest_if_open(place);
  return rest_where(place, there != test.negated);
}

Truth Evaluation::evaluate(const BufferSize& test, const Place& place) {
  const std::uint64_t size = place.view.bytes.size();
  // What is too long stays so; what is long enough stays so where there is no upper bound.
  const bool decided = place.view.complete || size > test.size.last ||
                       (size >= test.size.first && test.size.last >= UINT32_MAX);
  if (!decided) return rest_if_open(place);
  return rest_where(place, test.size.matches(size));
}

Truth Evaluation::evaluate(const BufferPresent&, const Place& place) {
  return rest(place);
}

}  // namespace chatgate::detect
