#include "detect/parser.h"

#include <algorithm>
#include <array>
#include <set>

#include "detect/builder.h"
#include "detect/header.h"
#include "detect/options.h"

namespace chatgate::detect {
namespace {

struct Directive {
  std::string_view word;
  std::string_view remedy;
};

// Lines of Snort's own configuration.
constexpr Directive kSkipped[] = {
    {"include", "name that file beside this one"},
    {"config", "chatgate's policy has settings of its own"},
    {"preprocessor", "streams, fragments and protocols are always looked at"},
    {"output", "events go where --events says"},
    {"dynamicpreprocessor", "there are no shared objects"},
    {"dynamicengine", "there are no shared objects"},
    {"dynamicdetection", "there are no shared objects"},
    {"ruletype", "use the actions alert, drop, reject, pass and log"},
    {"attribute_table", "chatgate keeps no table of hosts"},
    {"event_filter", "write threshold into the rule"},
    {"rate_filter", "write detection_filter into the rule"},
    {"suppress", "write a pass rule, or remove the rule"},
    {"threshold", "write threshold into the rule"},
};

std::string place_text(const Rule& rule) {
  return rule.file + ":" + std::to_string(rule.spot.line);
}

std::string id_text(const Rule& rule) {
  return std::to_string(rule.gid) + ":" + std::to_string(rule.sid);
}

// One option between two semicolons.
OptionText cut_option(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return {text, text.substr(text.size()), false};
  return {trimmed(text.substr(0, colon)), trimmed(text.substr(colon + 1)), true};
}

// Reads the options in `body`, each ended by a semicolon without a backslash in front.
void read_options(std::string_view body, Reporter& reporter, RuleBuilder& builder) {
  std::size_t start = 0;
  for (std::size_t i = 0; i < body.size() && !reporter.exhausted(); ++i) {
    if (body[i] == '\\') {
      ++i;
    } else if (body[i] == ';') {
      const std::string_view text = trimmed(body.substr(start, i - start));
      if (!text.empty()) read_option(builder, cut_option(text));
      start = i + 1;
    }
  }
  const std::string_view rest = trimmed(body.substr(std::min(start, body.size())));
  if (!rest.empty() && !reporter.exhausted()) {
    reporter.error(rest, "the option " + quoted(rest) + " is not ended",
                   "every option ends with ;");
  }
}

// Whether a comment is a rule that somebody switched off.
bool is_disabled_rule(std::string_view comment) {
  while (comment.starts_with('#')) comment = trimmed(comment.substr(1));
  const auto [word, rest] = first_word(comment);
  return is_action_word(word) && rest.find('(') != std::string_view::npos &&
         rest.find("sid:") != std::string_view::npos;
}

}  // namespace

RuleParser::RuleParser(Variables variables)
    : variables_(std::move(variables)), classtypes_(customary_classtypes()) {}

void RuleParser::parse(std::string_view text, const std::string& file) {
  LineReader reader(text);
  LogicalLine line;
  for (bool too_long = false; reader.next(line, too_long);) parse_line(line, too_long, file);
}

void RuleParser::parse_line(const LogicalLine& line, bool too_long, const std::string& file) {
  const std::string_view text = trimmed(line.text());
  if (text.empty()) return;
  if (text.starts_with('#')) {
    if (is_disabled_rule(text)) ++set_.disabled;
    return;
  }
  Reporter reporter(line, file, set_.findings);
  if (too_long) {
    reporter.error(text, "the line is too long",
                   "at most " + std::to_string(LineReader::kMaxLine) + " bytes");
    ++set_.refused;
    return;
  }
  const auto [word, rest] = first_word(text);
  if (!is_action_word(word)) {
    parse_directive(word, rest, reporter);
    return;
  }
  parse_rule(line, reporter);
}

void RuleParser::parse_rule(const LogicalLine& line, Reporter& reporter) {
  const std::string_view text = trimmed(line.text());
  Rule rule;
  rule.file = reporter.file();
  const std::size_t open = text.find('(');
  read_header(text.substr(0, open), variables_, reporter, rule);
  if (open == std::string_view::npos) {
    reporter.error(text.substr(text.size()), "the rule has no options",
                   "(msg:\"…\"; sid:1000001;)");
  } else if (text.size() - open < 2 || !text.ends_with(')')) {
    reporter.error(text.substr(text.size() - 1), "the rule is not closed",
                   "its options are in one pair of brackets, and nothing follows the )");
  } else {
    RuleBuilder builder(reporter, rule);
    read_options(text.substr(open + 1, text.size() - open - 2), reporter, builder);
    if (!reporter.failed()) {
      narrow_to_ports(text.substr(0, open), reporter, rule);
      builder.finish(text);
    }
  }
  if (reporter.failed()) {
    ++set_.refused;
    return;
  }
  if (const auto found = classtypes_.find(rule.classtype); found != classtypes_.end()) {
    rule.category = found->second.description;
    if (!rule.priority_given) rule.priority = found->second.priority;
  }
  add(std::move(rule), text, reporter);
}

void RuleParser::add(Rule rule, std::string_view part, Reporter& reporter) {
  const auto [place, is_new] = by_id_.try_emplace({rule.gid, rule.sid}, set_.rules.size());
  if (is_new) {
    set_.rules.push_back(std::move(rule));
    return;
  }
  Rule& before = set_.rules[place->second];
  if (rule.rev > before.rev) {
    reporter.warning(part,
                     "rule " + id_text(rule) + " replaces its older rev at " + place_text(before));
    ++set_.replaced;
    before = std::move(rule);
    return;
  }
  reporter.error(part, "rule " + id_text(rule) + " is there already, at " + place_text(before),
                 "a higher rev replaces a rule, another rule needs another sid");
  ++set_.refused;
}

void RuleParser::parse_directive(std::string_view word, std::string_view rest, Reporter& reporter) {
  if (word == "var" || word == "ipvar" || word == "portvar") {
    define_variable(word, rest, reporter);
    return;
  }
  constexpr std::string_view kClassification = "classification:";
  if (word == "config" && rest.starts_with(kClassification)) {
    define_classtype(rest.substr(kClassification.size()), reporter);
    return;
  }
  std::string_view plain = word;
  if (plain.ends_with(':')) plain.remove_suffix(1);
  for (const Directive& directive : kSkipped) {
    if (directive.word != plain) continue;
    reporter.warning(word, "the line " + quoted(directive.word) + " is skipped",
                     std::string(directive.remedy));
    ++set_.skipped;
    return;
  }
  std::string remedy;
  if (word == "activate" || word == "dynamic") {
    remedy = "use alert with flowbits";
  } else {
    remedy = did_you_mean(word, action_words());
    if (remedy.empty()) remedy = "a rule begins with alert, drop, reject, pass or log";
  }
  reporter.error(word, "unknown action " + quoted(word), std::move(remedy));
  ++set_.refused;
}

void RuleParser::define_variable(std::string_view kind, std::string_view rest, Reporter& reporter) {
  const auto [name, value] = first_word(rest);
  if (!is_variable_name(name) || value.empty()) {
    reporter.error(name.empty() ? kind : name, "the definition of a variable is not complete",
                   std::string(kind) + " NAME VALUE");
    return;
  }
  // "var" says neither; what is no list of addresses is taken for ports, and else for a path.
  if (kind == "var") {
    Diagnostics unsaid;
    const LogicalLine line{std::string(value)};
    Reporter quiet(line, reporter.file(), unsaid);
    if (const auto set = parse_addresses(line.text(), variables_, quiet); set != nullptr) {
      variables_.define_addresses(std::string(name), *set);
    } else if (const auto ports = parse_ports(line.text(), variables_, quiet); ports != nullptr) {
      variables_.define_ports(std::string(name), *ports);
    } else {
      reporter.warning(value, quoted(value) + " is neither addresses nor ports; it is skipped",
                       "rules use variables for addresses and ports");
      ++set_.skipped;
    }
    return;
  }
  if (kind == "ipvar") {
    const auto set = parse_addresses(value, variables_, reporter);
    if (set != nullptr) variables_.define_addresses(std::string(name), *set);
    return;
  }
  const auto set = parse_ports(value, variables_, reporter);
  if (set != nullptr) variables_.define_ports(std::string(name), *set);
}

void RuleParser::define_classtype(std::string_view text, Reporter& reporter) {
  const auto parts = split(text, ',');
  const auto priority = parts.size() == 3 ? to_number(parts[2], 255) : std::nullopt;
  if (!priority || *priority == 0 || parts[0].empty()) {
    reporter.error(text, "the classification is not complete",
                   "config classification: NAME,DESCRIPTION,PRIORITY");
    return;
  }
  classtypes_[std::string(parts[0])] = {std::string(parts[1]),
                                        static_cast<std::uint32_t>(*priority)};
}

RuleSet RuleParser::finish() {
  std::set<std::string_view> set_somewhere;
  for (const Rule& rule : set_.rules) {
    for (const Flowbit& bit : rule.flowbits) {
      if (!bit.tests()) set_somewhere.insert(bit.names.begin(), bit.names.end());
    }
  }
  std::set<std::string_view> said;
  for (const Rule& rule : set_.rules) {
    for (const Flowbit& bit : rule.flowbits) {
      if (bit.operation != FlowbitOperation::is_set) continue;
      for (const std::string& name : bit.names) {
        if (set_somewhere.contains(name) || !said.insert(name).second) continue;
        set_.findings.warning({rule.file, bit.spot.line, bit.spot.column},
                              "the flowbit " + quoted(name) + " is tested and set by no rule",
                              "load the rules that set it");
      }
    }
  }
  said.clear();
  by_id_.clear();
  return std::exchange(set_, {});
}

RuleSet parse_rules(std::string_view text, const std::string& file, const Variables& variables) {
  RuleParser parser(variables);
  parser.parse(text, file);
  return parser.finish();
}

}  // namespace chatgate::detect
