// The help of a subcommand, in two forms.
//
// `chatgate COMMAND --help` fits a screen of 24 lines of 80 columns: the options in the order in
// which the subcommand describes them, as many as there is room for, and the names of the rest.
// `--help-all` has a paragraph for every option; manual pages and completion are made of it.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <iosfwd>

#include "options.h"

namespace chatgate::app {

inline constexpr std::size_t kScreenLines = 24;
inline constexpr std::size_t kScreenColumns = 80;

void print_help(std::ostream& out, const Usage& usage,
                const boost::program_options::options_description& options);
void print_all_help(std::ostream& out, const Usage& usage,
                    const boost::program_options::options_description& options);

}  // namespace chatgate::app
