#include "options.h"

#include <algorithm>
#include <boost/program_options/errors.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <fstream>
#include <iostream>
#include <typeinfo>
#include <vector>

#include "help.h"

namespace chatgate::app {
namespace {

namespace po = boost::program_options;

constexpr std::string_view kSections[] = {"run",   "replay", "check", "explain",
                                          "audit", "report", "import"};
constexpr std::string_view kDefaultSection = "run";

std::string with_dashes(std::string_view name) {
  return "--" + std::string(name);
}

std::string strip(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == text.npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r") - first + 1));
}

// A line of the file without what is a comment: what follows #, and a line that begins with ;.
std::string without_comment(std::string_view line) {
  const std::string text = strip(line.substr(0, line.find('#')));
  return text.starts_with(';') ? std::string() : text;
}

bool is_section(std::string_view text) {
  return text.starts_with('[') && text.ends_with(']');
}

bool has_sections(const std::vector<std::string>& lines) {
  return std::any_of(lines.begin(), lines.end(),
                     [](const std::string& line) { return is_section(without_comment(line)); });
}

bool holds(const Arguments& arguments, std::initializer_list<std::string_view> words) {
  return std::find_first_of(arguments.begin(), arguments.end(), words.begin(), words.end()) !=
         arguments.end();
}

// Whether a value is written below zero for an option that counts: Boost would take the largest
// number less it.
bool is_below_zero(const po::option& option, const po::option_description& description) {
  const auto* typed = dynamic_cast<const po::typed_value_base*>(description.semantic().get());
  if (typed == nullptr || option.value.empty() || !option.value.front().starts_with('-')) {
    return false;
  }
  const std::type_info& type = typed->value_type();
  return type == typeid(std::uint16_t) || type == typeid(std::uint32_t) ||
         type == typeid(std::uint64_t);
}

// Collects the values of one subcommand's options from the command line and the file.
class OptionReader {
 public:
  OptionReader(const po::options_description& options,
               const po::positional_options_description& positional, const Usage& usage)
      : all_(options), positional_(positional) {
    here_.file = "chatgate " + std::string(usage.command);
    all_.add_options()("config", po::value<std::string>()->value_name("FILE"),
                       "read options from an INI file")("help,h", "show a screen of help")(
        "help-all", "show every option");
    for (const auto& option : options.options()) names_.push_back(option->long_name());
  }

  const po::options_description& all() const { return all_; }
  const po::variables_map& values() const { return values_; }
  Diagnostics& findings() { return findings_; }

  // Parses until nothing is left to complain about: each round names one mistake and takes its
  // word away.
  void read_command_line(Arguments arguments) {
    constexpr int kStyle =
        po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    refuse_missing_values(arguments);
    for (std::size_t rounds = arguments.size() + 1; rounds-- > 0;) {
      try {
        store(po::command_line_parser(arguments)
                  .options(all_)
                  .positional(positional_)
                  .style(kStyle)
                  .run(),
              here_);
        return;
      } catch (const po::unknown_option& mistake) {
        std::string name = mistake.get_option_name();
        name.erase(std::min(name.find('='), name.size()));
        findings_.error(here_, "unknown option " + name, suggest_option(name));
        if (!take_away(arguments, name)) return;
      } catch (const po::too_many_positional_options_error&) {
        findings_.error(here_, "too many arguments", "see --help");
        return;
      } catch (const po::error& mistake) {
        report(mistake, here_, {});
        return;
      }
    }
  }

  void read_file(const std::string& file, std::string_view wanted_section) {
    std::ifstream stream(file);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) lines.push_back(std::move(line));
    if (!stream.is_open() || stream.bad()) return findings_.error({file}, "cannot be read");
    std::string section(kDefaultSection);
    if (file != kDefaultConfigFile && !has_sections(lines)) section = wanted_section;
    po::parsed_options parsed(&all_);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const std::string& line = lines[i];
      const Place place{file, i + 1, std::min(line.find_first_not_of(" \t"), line.size()) + 1};
      const std::string text = without_comment(line);
      if (text.empty()) continue;
      if (is_section(text)) {
        section = text.substr(1, text.size() - 2);
        if (std::find(std::begin(kSections), std::end(kSections), section) == std::end(kSections)) {
          findings_.error(place, "unknown section [" + section + "]",
                          suggestion(section, kSections));
        }
      } else if (section == wanted_section) {
        read_line(text, place, parsed);
      }
    }
    if (!findings_.has_errors()) store_all(parsed, {file});
  }

  void require_all() {
    for (const auto& option : all_.options()) {
      if (option->semantic()->is_required() && !values_.count(option->long_name())) {
        findings_.error(here_, with_dashes(option->long_name()) + " is missing",
                        "see --help for an example");
      }
    }
  }

  void notify() {
    try {
      po::notify(values_);
    } catch (const po::error& mistake) {
      report(mistake, here_, {});
    }
  }

 private:
  // One "name = value" of the file.
  void read_line(const std::string& text, const Place& place, po::parsed_options& parsed) {
    const std::size_t equals = text.find('=');
    const std::string name = strip(text.substr(0, equals));
    if (equals == text.npos) {
      findings_.error(place, "\"" + name + "\" has no value", "expected NAME = VALUE");
      return;
    }
    if (is_given(name)) return;  // the command line's word replaces the file's
    const bool known = std::find(names_.begin(), names_.end(), name) != names_.end();
    if (!known) {
      const std::vector<std::string_view> words(names_.begin(), names_.end());
      findings_.error(place, "unknown option \"" + name + "\"", suggestion(name, words));
      return;
    }
    po::option option(name, {strip(text.substr(equals + 1))});
    // A switch takes no word on the command line; here it says yes or no.
    const po::value_semantic& semantic = *all_.find(name, false).semantic();
    if (semantic.max_tokens() == 0 && option.value.front() == "false") return;
    if (semantic.max_tokens() == 0 && option.value.front() == "true") option.value.clear();
    if (check(option, place)) parsed.options.push_back(std::move(option));
  }

  // By the command line, for the file is stored as one.
  bool is_given(const std::string& name) const {
    const auto at = values_.find(name);
    return at != values_.end() && !at->second.defaulted();
  }

  // Stores what was parsed; what is stored already stays.
  void store(const po::parsed_options& parsed, const Place& place) {
    bool good = true;
    for (const po::option& option : parsed.options) good = check(option, place) && good;
    if (good) store_all(parsed, place);
  }

  void store_all(const po::parsed_options& parsed, const Place& place) {
    try {
      po::store(parsed, values_);
    } catch (const po::error& mistake) {
      report(mistake, place, {});
    }
  }

  // Whether one value is of its option's kind, told alone so that the message can name it.
  bool check(const po::option& option, const Place& place) {
    po::parsed_options one(&all_);
    one.options.push_back(option);
    po::variables_map scratch;
    const auto* description = all_.find_nothrow(option.string_key, false);
    if (description != nullptr && is_below_zero(option, *description)) {
      const std::string name =
          place.file == here_.file ? with_dashes(option.string_key) : option.string_key;
      findings_.error(place, "\"" + option.value.front() + "\" is not valid for " + name);
      return false;
    }
    try {
      po::store(one, scratch);
      return true;
    } catch (const po::error& mistake) {
      report(mistake, place, option.value.empty() ? std::string() : option.value.front());
      return false;
    }
  }

  void report(const po::error& mistake, const Place& place, const std::string& value) {
    const auto* with_name = dynamic_cast<const po::error_with_option_name*>(&mistake);
    std::string name = with_name == nullptr ? std::string() : with_name->get_option_name();
    // The name has dashes on the command line and none in the file.
    if (!name.empty() && place.file == here_.file && !name.starts_with("-")) {
      name = with_dashes(name);
    }
    if (name.empty()) {
      findings_.error(place, mistake.what());
    } else if (dynamic_cast<const po::multiple_occurrences*>(&mistake) != nullptr) {
      findings_.error(place, name + " is given more than once");
    } else if (dynamic_cast<const po::invalid_command_line_syntax*>(&mistake) != nullptr) {
      const auto& syntax = dynamic_cast<const po::invalid_command_line_syntax&>(mistake);
      const bool extra = syntax.kind() == po::invalid_syntax::extra_parameter;
      findings_.error(place, name + (extra ? " takes no value" : " needs a value"));
    } else if (!value.empty()) {
      findings_.error(place, "\"" + value + "\" is not valid for " + name);
    } else {
      findings_.error(place, mistake.what());
    }
  }

  // Boost would take `--inside --policy` for an --inside with the value "--policy".
  void refuse_missing_values(Arguments& arguments) {
    for (std::size_t i = 0; i + 1 < arguments.size();) {
      const auto* option = arguments[i].starts_with("--")
                               ? all_.find_nothrow(arguments[i].substr(2), false)
                               : nullptr;
      if (option != nullptr && option->semantic()->min_tokens() > 0 &&
          arguments[i + 1].starts_with("--")) {
        findings_.error(here_, arguments[i] + " needs a value");
        arguments.erase(arguments.begin() + static_cast<std::ptrdiff_t>(i));
      } else {
        ++i;
      }
    }
  }

  std::string suggest_option(std::string_view name) const {
    std::vector<std::string> spellings;
    for (const std::string& each : names_) spellings.push_back(with_dashes(each));
    spellings.insert(spellings.end(), {"--config", "--help", "--help-all"});
    const std::vector<std::string_view> views(spellings.begin(), spellings.end());
    const std::string_view meant = closest(name, views);
    return meant.empty() ? "see --help" : "did you mean " + std::string(meant) + "?";
  }

  // Removes an unknown option and the value that stands behind it; false where it is not found.
  static bool take_away(Arguments& arguments, const std::string& name) {
    const auto at = std::find_if(arguments.begin(), arguments.end(), [&](const std::string& each) {
      return each == name || each.starts_with(name + "=") ||
             (name.size() == 2 && each.starts_with(name));
    });
    if (at == arguments.end()) return false;
    auto end = at + 1;
    if (*at == name && end != arguments.end() && !end->starts_with("-")) ++end;
    arguments.erase(at, end);
    return true;
  }

  po::options_description all_;
  const po::positional_options_description& positional_;
  std::vector<std::string> names_;  // without those that `parse` adds
  Place here_;                      // the command line
  po::variables_map values_;
  Diagnostics findings_;
};

}  // namespace

Parsed parse(const Arguments& arguments, const po::options_description& options,
             const po::positional_options_description& positional, const Usage& usage) {
  OptionReader reader(options, positional, usage);
  if (holds(arguments, {"--help-all"})) {
    print_all_help(std::cout, usage, reader.all());
    return {std::nullopt, kDone};
  }
  if (holds(arguments, {"--help", "-h"})) {
    print_help(std::cout, usage, reader.all());
    return {std::nullopt, kDone};
  }
  reader.read_command_line(arguments);
  if (reader.values().count("config")) {
    reader.read_file(reader.values()["config"].as<std::string>(), usage.command);
  } else if (const std::string file(kDefaultConfigFile); std::ifstream(file).good()) {
    reader.read_file(file, usage.command);
  }
  if (!reader.findings().has_errors()) reader.require_all();
  if (!reader.findings().has_errors()) reader.notify();
  print(reader.findings());
  if (reader.findings().has_errors()) return {std::nullopt, kInvalid};
  return {reader.values(), kDone};
}

void print(const Diagnostics& findings) {
  for (const Diagnostic& each : findings.all()) std::cerr << each.to_string() << "\n";
}

int usage_error(const Usage& usage, std::string message, std::string remedy) {
  Diagnostics findings;
  findings.error({"chatgate " + std::string(usage.command)}, std::move(message), std::move(remedy));
  print(findings);
  return kInvalid;
}

}  // namespace chatgate::app
