// chatgatectl: commands to a running gateway, one or a prompt of them.
#include <algorithm>
#include <array>
#include <boost/program_options.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

#include "base/diagnostic.h"

#include "client.h"
#include "filter.h"
#include "parts.h"
#include "prompt.h"
#include "top.h"

namespace {

namespace po = boost::program_options;
using chatgate::ctl::Client;
using chatgate::ctl::kDone;
using chatgate::ctl::kFailed;
using chatgate::ctl::kInvalid;
using chatgate::ctl::Reply;

constexpr const char* kDefaultSocket = "/run/chatgate/chatgate.sock";
constexpr const char* kDefaultConfig = CHATGATE_CONFIG_FOLDER "/chatgate.conf";

constexpr const char* kHelp =
    R"(usage: chatgatectl [--socket PATH] [--json] [COMMAND ...]

Talks to a running gateway. Without a command it opens a prompt, where ? and Tab
say what can follow; commands on standard input are read line by line. Words may
be shortened as long as they are unambiguous.

%s
Commands (all of them: chatgatectl ?)
  show service-policy      the rules in order, with their hits
  policy reload            read the policy's file again
  mode monitor             only log, forward everything
  top                      rates, talkers and blocks, live

Example
  chatgatectl show flows application whatsapp limit 20
)";

struct Options {
  std::string socket;
  bool json = false;
  std::optional<std::string> complete;
  bool once = false;
  std::vector<std::string> command;
};

// The gateway's own configuration says where its socket is.
std::optional<std::string> socket_of_config(const std::string& file, bool required) {
  std::ifstream input(file);
  if (!input) {
    if (!required) return std::string();
    std::cerr << file << ": cannot read this file, write the path of a configuration\n";
    return std::nullopt;
  }
  // Boost knows comments behind # only; the gateway passes over lines that begin with ; too.
  std::stringstream lines;
  for (std::string line; std::getline(input, line);) {
    const std::size_t first = line.find_first_not_of(" \t");
    lines << (first != line.npos && line[first] == ';' ? "" : line) << "\n";
  }
  po::options_description keys;
  keys.add_options()("socket", po::value<std::string>())("run.socket", po::value<std::string>());
  po::variables_map values;
  try {
    po::store(po::parse_config_file(lines, keys, true), values);
  } catch (const po::error& error) {
    std::cerr << file << ": " << error.what() << "\n";
    return std::nullopt;
  }
  for (const char* key : {"run.socket", "socket"}) {
    if (values.contains(key)) return values[key].as<std::string>();
  }
  return std::string();
}

int wrong_usage(std::string message, const std::string& remedy) {
  if (!remedy.empty()) message += ", " + remedy;
  std::cerr << "chatgatectl: " << message << "\n";
  return kInvalid;
}

// The status to end with at once, or nothing and `options` filled.
std::optional<int> read_options(int count, char** arguments, Options& options) {
  po::options_description shown("Options");
  shown.add_options()("help", "print this and exit")("version", "print the version and exit")(
      "json", po::bool_switch(&options.json), "answer with one JSON object")(
      "once", po::bool_switch(&options.once), "print `top` once, no live screen")(
      "socket", po::value<std::string>()->value_name("PATH"),
      "the gateway's, else /run/chatgate/chatgate.sock")(
      "config", po::value<std::string>()->value_name("FILE"),
      "with `socket`; else /etc/chatgate/chatgate.conf")(
      "complete", po::value<std::string>()->value_name("LINE"),
      "print the words that may end LINE, for shells");
  po::options_description all;
  all.add(shown).add_options()("command", po::value<std::vector<std::string>>(&options.command));
  po::positional_options_description rest;
  rest.add("command", -1);
  po::variables_map values;
  // What stands behind a bar is a filter's: `| grep -v 10.1.1.5` has no option of ours.
  const std::vector<std::string> words(arguments + 1, arguments + count);
  const auto bar = std::find(words.begin(), words.end(), "|");
  try {
    po::store(po::command_line_parser(std::vector<std::string>(words.begin(), bar))
                  .options(all)
                  .positional(rest)
                  .run(),
              values);
    po::notify(values);
    options.command.insert(options.command.end(), bar, words.end());
  } catch (const po::unknown_option& error) {
    static constexpr std::array<std::string_view, 7> kNames = {
        "--complete", "--config", "--help", "--json", "--once", "--socket", "--version"};
    return wrong_usage("unknown option \"" + error.get_option_name() + "\"",
                       chatgate::suggestion(error.get_option_name(), kNames));
  } catch (const po::error& error) {
    return wrong_usage(error.what(), "see chatgatectl --help");
  }
  if (values.contains("help")) {
    std::ostringstream text;
    text << shown;
    std::printf(kHelp, text.str().c_str());
    return kDone;
  }
  if (values.contains("version")) {
    std::cout << "chatgatectl " CHATGATE_VERSION "\n";
    return kDone;
  }
  if (values.contains("complete")) options.complete = values["complete"].as<std::string>();
  if (values.contains("socket")) {
    options.socket = values["socket"].as<std::string>();
    return std::nullopt;
  }
  const bool named = values.contains("config");
  const auto found =
      socket_of_config(named ? values["config"].as<std::string>() : kDefaultConfig, named);
  if (!found) return kInvalid;
  options.socket = found->empty() ? kDefaultSocket : *found;
  return std::nullopt;
}

// Words of the shell as one command line; a word that holds blanks or quotes stays one word.
std::string joined(const std::vector<std::string>& words) {
  if (words.size() == 1) return words[0];
  std::string line;
  for (const std::string& word : words) {
    if (!line.empty()) line += ' ';
    if (!word.empty() && word.find_first_of(" \t\"\\") == std::string::npos) {
      line += word;
      continue;
    }
    line += '"';
    for (const char c : word) {
      if (c == '"' || c == '\\') line += '\\';
      line += c;
    }
    line += '"';
  }
  return line;
}

// A word a line, without place-holders: what a shell may put into the command line.
int print_completion(const Client& client, const std::string& line) {
  const chatgate::ctl::Completion completion = client.complete(line);
  for (const auto& candidate : completion.candidates) {
    if (candidate.literal) std::cout << candidate.word << "\n";
  }
  if (completion.error.empty()) return kDone;
  std::cerr << "chatgatectl: " << completion.error << "\n";
  return kFailed;
}

// Takes `word` off the end of the line; false where it is not there.
bool take_off(std::string& line, std::string_view word) {
  while (!line.empty() && line.back() == ' ') line.pop_back();
  if (!line.ends_with(word)) return false;
  line.erase(line.size() - word.size());
  return true;
}

int print(const Reply& reply, bool json) {
  if (json) {
    const bool something = reply.result.is_object() && !reply.result.empty();
    if (something) {
      std::cout << reply.result.dump(-1, ' ', false, chatgate::ctl::Json::error_handler_t::replace)
                << "\n";
    }
  } else {
    (reply.status == kDone ? std::cout : std::cerr) << reply.text;
  }
  std::cout.flush();
  if (!reply.error.empty()) std::cerr << "chatgatectl: " << reply.error << "\n";
  return reply.status;
}

// How answers are given.
struct Manner {
  bool json = false;
  bool once = false;  // no live screen
};

// Runs one line, prints the answer to standard output and what went wrong to standard error.
int run_line(const Client& client, std::string line, Manner manner, bool* reached = nullptr) {
  for (bool more = true; more;) {
    const bool json = take_off(line, " --json"), once = take_off(line, " --once");
    manner.json = manner.json || json;
    manner.once = manner.once || once;
    more = json || once;
  }
  std::string mistake;
  const auto filter = chatgate::ctl::LineFilter::take_off(line, mistake);
  if (mistake.empty() && filter && manner.json)
    mistake = "what is behind \"|\" is for text, leave out --json";
  if (reached != nullptr) *reached = true;
  if (!mistake.empty()) return wrong_usage(mistake, {});
  chatgate::ctl::PartWriter parts(line, manner.json);
  Reply reply = client.command(line, manner.json, [&](const Reply& part) {
    if (!filter) return parts.take(part);
    Reply kept = part;
    kept.text = filter->apply(part.text);
    return parts.take(kept);
  });
  if (reached != nullptr) *reached = reply.reached || reply.status == kDone;
  if (!parts.finish(reply.interrupted)) {
    std::cerr << "chatgatectl: " << parts.error() << "\n";
    return kFailed;
  }
  if (filter && reply.status == kDone) reply.text = filter->apply(reply.text);
  if (reply.status != kDone || !reply.result.is_object() || !reply.result.contains("view") ||
      reply.result["view"] != "top") {
    return print(reply, manner.json);
  }
  const bool live =
      !manner.json && !manner.once && ::isatty(STDOUT_FILENO) != 0 && ::isatty(STDIN_FILENO) != 0;
  return live ? chatgate::ctl::top_live(client, reply.result)
              : chatgate::ctl::top_once(client, reply.result, manner.json);
}

// Commands of a script; the first failure's status, but all lines are run.
int run_input(const Client& client, Manner manner) {
  int status = kDone;
  std::string line;
  while (std::getline(std::cin, line)) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    const std::size_t first = line.find_first_not_of(" \t");
    if (first == std::string::npos || line[first] == '#') continue;
    if (chatgate::ctl::is_exit(line)) break;
    bool reached = true;
    const int result = run_line(client, line, manner, &reached);
    if (status == kDone) status = result;
    if (!reached) break;
  }
  return status;
}

}  // namespace

int main(int count, char** arguments) {
  Options options;
  if (const auto status = read_options(count, arguments, options)) return *status;
  const Client client(options.socket);
  if (options.complete) return print_completion(client, *options.complete);
  const Manner manner{options.json, options.once};
  if (!options.command.empty()) return run_line(client, joined(options.command), manner);
  if (::isatty(STDIN_FILENO) == 0) return run_input(client, manner);

  // Say at once that there is nothing to talk to.
  const Reply reply = client.command("show version", true);
  if (!reply.reached) {
    std::cerr << "chatgatectl: " << reply.error << "\n";
    return kFailed;
  }
  return chatgate::ctl::prompt(
      client, [&](const std::string& line) { return run_line(client, line, manner); });
}
