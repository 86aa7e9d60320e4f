// Would the endpoint take this segment?
//
// While a connection is undecided the gateway must read what the endpoint reads and nothing else. A
// segment that any endpoint refuses (wrong checksum, impossible flags, outside the window, an
// acknowledgment of what was never sent, an old timestamp) could otherwise stand in for the real
// one. Such a segment changes no state and is not passed on. Decided flows do not come here.
//
// Pure functions on a worker's thread. The rules are RFC 9293 section 3.10.7.4, RFC 5961 section 5,
// RFC 7323 section 5 and RFC 2385; where stacks differ the segment is admitted.
#pragma once

#include <cstdint>

#include "engine/inspection.h"
#include "flow/flow.h"
#include "net/decode.h"
#include "net/packet_view.h"
#include "net/tcp_options.h"
#include "telemetry/reason.h"

namespace chatgate::engine {

// Reason::none where the checksums of IP and transport header are right or cannot be known.
telemetry::Reason check_sums(const net::PacketView& packet, const net::Layers& layers);

// Reason::none where an endpoint in the state that the flow has shown would take the segment.
// `inspection` is null before the first payload.
telemetry::Reason admit(const net::Layers& layers, const net::TcpOptions& options,
                        const flow::ColdFlow& flow, const Inspection* inspection, flow::Way way);

}  // namespace chatgate::engine
