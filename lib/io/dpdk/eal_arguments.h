// The arguments of the EAL (DPDK's environment layer), derived from what the operator said.
//
// Nobody should need to know them: memory, cores, files and devices follow from the devices and the
// workers. What the operator adds with --eal is appended and so wins. Pure functions; the facts
// about the machine are an argument.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"

namespace chatgate::io {

// "0,2" or "1-3" or both, without repetition, each one allowed to this process; the errors say what
// is wrong with which core.
std::optional<std::vector<unsigned>> parse_core_list(std::string_view text,
                                                     const std::vector<unsigned>& allowed,
                                                     Diagnostics& diagnostics);

// The processors this process may run on, in order.
std::vector<unsigned> allowed_cores();

// Bytes in huge pages that are free now, over all sizes; zero where there are none or the kernel
// has none.
std::uint64_t free_hugepage_memory();

struct EalRequest {
  std::vector<std::string> pci_addresses;
  std::vector<unsigned> worker_cores;
  std::vector<unsigned> allowed_cores;
  std::uint64_t memory_needed = 0;    // bytes
  std::uint64_t hugepage_memory = 0;  // bytes free, as above
  std::string file_prefix;            // unique to the process
  std::string extra;                  // --eal
};

// The whole argument vector, program name included.
std::vector<std::string> eal_arguments(const EalRequest& request);

// Splits at blanks; parts in single or double quotes stay together.
std::vector<std::string> split_words(std::string_view text);

}  // namespace chatgate::io
