// Transforms of a buffer, as Suricata has them, into memory of the caller.
//
// For the packet path of any worker; linear in the bytes for each transform.
#pragma once

#include <cstddef>
#include <span>

#include "base/bytes.h"
#include "detect/rule.h"

namespace chatgate::detect {

struct Transformed {
  std::size_t size = 0;
  bool complete = true;
};

// `bytes` with all of `transforms` done to them, in `room`. What does not fit is left out, and the
// result counts as complete, as no more of it is ever seen. Of a buffer that is growing (not
// `complete`) the result is a beginning of what the longer buffer gives: an escape of url_decode
// that is not whole is held back. Not a byte of `room` may be one of `bytes`.
Transformed transform(Bytes bytes, bool complete, std::span<const Transform> transforms,
                      MutableBytes room);

}  // namespace chatgate::detect
