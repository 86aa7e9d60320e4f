// What `systemctl status` says of a running gateway: where it forwards, by which policy, and what
// is amiss. One line; control thread.
#pragma once

#include <string>

#include "control/gateway.h"

namespace chatgate::app {

std::string status_line(const control::Gateway& gateway);

// "1 rule", "12 rules".
std::string rules_in_words(std::size_t count);

}  // namespace chatgate::app
