// The evasions that the gateway withstands, one row each.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "session.h"

namespace chatgate::test {

// What becomes of the same trick around a name that is allowed.
enum class Twin : std::uint8_t {
  passes,   // the server reads exactly what the client meant
  starves,  // two versions of the same bytes were offered: the server reads neither whole
};

struct Row {
  const char* id;    // section and number
  const char* what;  // the construction
  const char* why;   // what the gateway makes of it
  Twin twin;
  // Sends the hello for the name under test; `decoy` is one of equal length for a harmless name.
  std::function<void(Session&, const std::string& hello, const std::string& decoy)> play;
};

const std::vector<Row>& rows();

}  // namespace chatgate::test
