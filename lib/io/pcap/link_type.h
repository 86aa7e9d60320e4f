// Between the link types of capture files and the ones the engine reads.
//
// Numbers are LINKTYPE_ values (tcpdump.org/linktypes.html) or, which is the same but for raw IP,
// the DLT_ values of libpcap on Linux.
#pragma once

#include <optional>
#include <string>

#include "net/packet_view.h"

namespace chatgate::io {

std::optional<net::LinkType> link_type_of(int number);

// The LINKTYPE_ value under which frames of this kind are written.
int link_type_number(net::LinkType link);

// "PPP", or the number where it has no name.
std::string link_type_name(int number);

// What the reader takes, for error messages.
inline constexpr const char* kLinkTypesRead =
    "read are Ethernet, Linux cooked v1 and v2, raw IP and null/loopback";

}  // namespace chatgate::io
