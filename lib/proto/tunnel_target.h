// Facts about whom a tunnel leads to, where the protocol gives an address rather than a name.
//
// Used by parsers on a worker's thread; allocates nothing.
#pragma once

#include "base/address.h"
#include "proto/facts.h"

namespace chatgate::proto {

// Adds the address as text, as IpAddress::to_string writes it.
void add_target_address(const IpAddress& address, Facts& facts);

}  // namespace chatgate::proto
