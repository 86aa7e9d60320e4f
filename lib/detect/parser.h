// Reads files of Snort 2 or Suricata text rules into checked rules (rule.h).
//
// A rule that is wrong, or asks for what chatgate cannot do, is refused as a whole, with all that
// is wrong in it; the rest of the file is read on. Lines:
//   rules                      `alert tcp $HOME_NET any -> any 5222 (msg:"…"; …; sid:1000001;)`
//   var, ipvar, portvar        define variables for what follows, in this and later files
//   config classification:     defines a classtype
//   include, config, preprocessor, output, suppress … belong to Snort's own configuration: skipped
//                              with a warning that says what to do instead
//   # …                        comments; rules behind "#" are counted as disabled
// A backslash at its end continues a line. LF and CRLF, a byte order mark is ignored.
//
// Two rules with the same gid and sid: the higher rev replaces the lower, with a warning; the same
// rev, or a lower one later, is refused (as Suricata does).
//
// The work is linear in the text but for bounded factors. Load time only, never throws but for want
// of memory; one parser is used by one thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/diagnostic.h"
#include "detect/classtypes.h"
#include "detect/rule.h"
#include "detect/variables.h"

namespace chatgate::detect {

struct RuleSet {
  std::vector<Rule> rules;  // in their order; what was replaced stands at its first place
  std::size_t refused = 0;
  std::size_t replaced = 0;  // by a higher rev
  std::size_t disabled = 0;  // behind "#"
  std::size_t skipped = 0;   // lines of configuration
  // Errors are about rules that were refused; a set with errors is usable.
  Diagnostics findings;
};

class RuleParser {
 public:
  explicit RuleParser(Variables variables = Variables::customary());

  // Adds the rules of one file. `file` is the name for findings and events.
  void parse(std::string_view text, const std::string& file);

  // All rules so far, after the checks among them (flowbits that nobody sets). The parser is empty
  // afterwards but for its variables and classtypes.
  RuleSet finish();

  const Variables& variables() const { return variables_; }

 private:
  void parse_line(const LogicalLine& line, bool too_long, const std::string& file);
  void parse_rule(const LogicalLine& line, Reporter& reporter);
  void parse_directive(std::string_view word, std::string_view rest, Reporter& reporter);
  void define_variable(std::string_view kind, std::string_view rest, Reporter& reporter);
  void define_classtype(std::string_view text, Reporter& reporter);
  void add(Rule rule, std::string_view part, Reporter& reporter);

  Variables variables_;
  Classtypes classtypes_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::size_t> by_id_;  // gid, sid to index
  RuleSet set_;
};

// One file by itself.
RuleSet parse_rules(std::string_view text, const std::string& file,
                    const Variables& variables = Variables::customary());

}  // namespace chatgate::detect
