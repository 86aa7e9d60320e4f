// The digest by which a loaded file is known.
//
// Callable from any thread; no state.
#pragma once

#include <string>
#include <string_view>

namespace chatgate::control {

// SHA-256 in hexadecimal; empty where the library cannot (a build of it without SHA-256).
std::string sha256_of(std::string_view text);

}  // namespace chatgate::control
