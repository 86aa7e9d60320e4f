// The subcommands of `chatgate`, one source file each.
//
// Each takes the arguments after its own word and returns the process's exit status.
#pragma once

#include <string>
#include <vector>

namespace chatgate::app {

// The exit statuses of the contract.
constexpr int kDone = 0;
constexpr int kFailed = 1;   // it failed at run time
constexpr int kInvalid = 2;  // wrong usage, or a file that is not valid

using Arguments = std::vector<std::string>;

int run(const Arguments& arguments);
int replay(const Arguments& arguments);
int report(const Arguments& arguments);
int check(const Arguments& arguments);
int explain(const Arguments& arguments);
int audit(const Arguments& arguments);
int import(const Arguments& arguments);

}  // namespace chatgate::app
