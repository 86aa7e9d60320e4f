// Captured frames in words, and as a pcapng file.
//
// Control thread only; no state. A frame's comment says what became of it, in the words of the
// other commands.
#pragma once

#include <string>
#include <vector>

#include "control/capture_control.h"
#include "control/gateway.h"
#include "control/reply.h"
#include "engine/snapshot.h"

namespace chatgate::control {

// "dropped (policy-reset), whatsapp by tls-sni, reset by no public IM, 2 frames forged, flow 42".
std::string fate_text(const engine::CapturedFrame& frame, const engine::Snapshot& snapshot);
// "tcp 10.1.1.5:40000 > 203.0.113.7:443", or "not IP".
std::string ends_text(const engine::CapturedFrame& frame);
Json to_json(const engine::CapturedFrame& frame, const engine::Snapshot& snapshot);

// The whole file: an interface for each side and pair, by the names of `interfaces`, and each frame
// with its direction and comment.
std::string pcapng_of(const std::vector<CopiedFrame>& frames, const CaptureControl::Settings& of,
                      const std::vector<InterfaceStatus>& interfaces,
                      const engine::Snapshot& snapshot);

}  // namespace chatgate::control
