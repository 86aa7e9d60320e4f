// Options of the subcommands, in one style.
//
// A subcommand describes its options with Boost.Program_options and hands them to `parse`, which
// reads the command line first and then the configuration file, adds `--help`, `--help-all` and
// `--config`, prints the help (help.h), and turns every mistake into one line on standard error
// with "did you mean".
//
//   namespace po = boost::program_options;
//   po::options_description options;
//   options.add_options()("policy", po::value<std::string>()->required()->value_name("FILE"),
//                         "the policy");
//   const Parsed parsed = parse(arguments, options, {}, kUsage);
//   if (!parsed.values) return parsed.status;
//   const auto& values = *parsed.values;
//
// The configuration file (`--config FILE`, else /etc/chatgate/chatgate.conf where it exists) is an
// INI file with the same names without the dashes: `policy = /etc/chatgate/policy.json`. What
// stands before the first section, or in `[run]`, is for `chatgate run`; the other subcommands have
// a section of their own name. A file without sections that `--config` names is for the subcommand
// that it is given to. `#` begins a comment, `;` one that takes the whole line. A key may repeat
// where the option may. What the command line says replaces what the file says, values of options
// that repeat included.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/positional_options.hpp>
#include <boost/program_options/variables_map.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/diagnostic.h"

#include "commands.h"

namespace chatgate::app {

inline constexpr std::string_view kDefaultConfigFile = CHATGATE_CONFIG_FOLDER "/chatgate.conf";
inline constexpr std::string_view kDefaultPolicyFile = CHATGATE_CONFIG_FOLDER "/policy.json";

struct Usage {
  std::string_view command;  // subcommand, and its section in the file: "replay"
  std::string_view
      synopsis;  // what follows the command's name: "--policy FILE --read IN [OPTION …]"
  std::string_view purpose;  // one sentence, in lines of at most 80 columns
  std::string_view example;  // a whole command line, in lines of at most 78
};

struct Parsed {
  // Complete and notified; absent where the process should end with `status` now: after --help
  // (kDone), or after a mistake, all of which have been printed (kInvalid).
  std::optional<boost::program_options::variables_map> values;
  int status = kDone;
};

Parsed parse(const Arguments& arguments, const boost::program_options::options_description& options,
             const boost::program_options::positional_options_description& positional,
             const Usage& usage);

// Prints every finding on standard error, one a line.
void print(const Diagnostics& findings);

// A mistake in how the subcommand was called that `parse` cannot know of: one line, kInvalid.
int usage_error(const Usage& usage, std::string message, std::string remedy = {});

}  // namespace chatgate::app
