// The addresses and the ports of a rule, as sets of ranges (base/range_set.h).
//
// Made when rules are loaded and immutable afterwards, so any thread may read them.
#pragma once

#include <cstdint>
#include <memory>

#include "base/range_set.h"

namespace chatgate::detect {

using AddressSet = RangeSet<IpAddress>;
using PortSet = RangeSet<std::uint16_t>;

// Sets are shared by all rules that name the same variable.
using SharedAddresses = std::shared_ptr<const AddressSet>;
using SharedPorts = std::shared_ptr<const PortSet>;

}  // namespace chatgate::detect
