// Telling systemd what state the process is in (sd_notify(3)), without its library.
//
// One datagram to $NOTIFY_SOCKET for each word, never waited for; nothing where there is no service
// manager. Any thread of the control side.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace chatgate::process {

// "READY=1", "STOPPING=1", "WATCHDOG=1"; several are parted by line feeds.
void notify_manager(std::string_view state);
// A reload begins; READY=1 ends it.
void notify_reloading();

// How long the service manager waits for a WATCHDOG=1 before it kills the process; nothing where it
// does not.
std::optional<std::chrono::milliseconds> manager_patience();

}  // namespace chatgate::process
