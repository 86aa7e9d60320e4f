// The program's own configuration file, as options of two subcommands that have different ones.
#include <boost/program_options/value_semantic.hpp>
#include <cstdint>
#include <iostream>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

#include "../../app/chatgate/options.h"
#include "check.h"

namespace {

namespace po = boost::program_options;
using namespace chatgate::app;

// Of every kind that the subcommands have.
po::options_description described() {
  po::options_description options;
  auto add = options.add_options();
  add("policy", po::value<std::string>()->default_value("p.json"), "");
  add("rules", po::value<std::vector<std::string>>()->composing(), "");
  add("workers", po::value<unsigned>(), "");
  add("monitor", po::bool_switch(), "");
  return options;
}

void check(const std::string& path, std::string_view section) {
  const Usage usage{section, "", "", ""};
  const Parsed parsed = parse({"--config", path}, described(), {}, usage);
  FUZZ_CHECK(parsed.status == (parsed.values ? kDone : kInvalid));
  if (!parsed.values) return;
  FUZZ_CHECK((*parsed.values)["policy"].as<std::string>().find('\n') == std::string::npos);
  (void)(*parsed.values)["monitor"].as<bool>();
  if (parsed.values->count("workers") != 0) (void)(*parsed.values)["workers"].as<unsigned>();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::cerr.setstate(std::ios::failbit);  // what is wrong is told there
  const int memory = memfd_create("configuration", 0);
  const bool written = memory >= 0 && write(memory, data, size) == static_cast<ssize_t>(size);
  const std::string path = "/proc/self/fd/" + std::to_string(memory);
  for (const char* const section : {"run", "replay"}) {
    if (written) check(path, section);
  }
  std::cerr.clear();
  FUZZ_CHECK(written);
  close(memory);
  return 0;
}
