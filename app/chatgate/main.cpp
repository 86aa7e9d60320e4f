// `chatgate`: chooses the subcommand.

#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"

#include "commands.h"

namespace {

using chatgate::app::Arguments;

struct Command {
  std::string_view word;
  std::string_view help;
  int (*function)(const Arguments&);
};

#ifndef CHATGATE_WITH_DPDK
int run_is_missing(const Arguments&) {
  std::cerr << "chatgate run: this build has no DPDK, and only with it can it be a gateway; build "
               "again where libdpdk is installed\n";
  return chatgate::app::kFailed;
}
#endif

constexpr Command kCommands[] = {
#ifdef CHATGATE_WITH_DPDK
    {"run", "the gateway", chatgate::app::run},
#else
    {"run", "the gateway (not in this build: it has no DPDK)", run_is_missing},
#endif
    {"replay", "the same engine over capture files, no privileges needed", chatgate::app::replay},
    {"check", "validates a policy and all that it names", chatgate::app::check},
    {"explain", "says which rule decides a connection, and why", chatgate::app::explain},
    {"audit", "plays every application on every path, and says what leaks", chatgate::app::audit},
    {"report", "a page for an auditor, from the events of a period", chatgate::app::report},
    {"import", "turns another system's configuration into a policy", chatgate::app::import},
};

void print_help(std::ostream& out) {
  out << "Usage: chatgate COMMAND [OPTION ...]\n\n"
         "A gateway that finds instant messaging in network traffic and does what a\n"
         "policy says about it.\n\nCommands:\n";
  for (const Command& command : kCommands) {
    out << "  " << command.word << std::string(10 - command.word.size(), ' ') << command.help
        << "\n";
  }
  out << "\nOptions:\n"
         "  --help     show this help; after a command, the help of that command, and\n"
         "             --help-all all of its options\n"
         "  --version  show the version\n\n"
         "Exit status: 0 done, 1 it failed at run time, 2 wrong usage or an invalid file.\n"
         "Example:\n  chatgate check /etc/chatgate/policy.json\n";
}

int dispatch(const Arguments& words) {
  if (words.empty()) {
    print_help(std::cerr);
    return chatgate::app::kInvalid;
  }
  const std::string& word = words.front();
  if (word == "--help" || word == "-h" || word == "help") {
    print_help(std::cout);
    return chatgate::app::kDone;
  }
  if (word == "--version" || word == "-V") {
    std::cout << "chatgate " CHATGATE_VERSION "\n";
    return chatgate::app::kDone;
  }
  std::vector<std::string_view> known;
  for (const Command& command : kCommands) {
    if (command.word == word) {
      return command.function(Arguments(words.begin() + 1, words.end()));
    }
    known.push_back(command.word);
  }
  chatgate::Diagnostics findings;
  findings.error({"chatgate"}, "unknown command \"" + word + "\"",
                 chatgate::suggestion(word, known));
  std::cerr << findings.all().front().to_string() << "\n";
  return chatgate::app::kInvalid;
}

}  // namespace

int main(int count, char** words) {
  try {
    return dispatch(Arguments(words + 1, words + count));
  } catch (const std::exception& failure) {
    std::cerr << "chatgate: " << failure.what() << "\n";
    return chatgate::app::kFailed;
  }
}
