#include "policy/import/asa.h"

#include <algorithm>
#include <array>

#include "policy/import/harmless.h"
#include "policy/import/text.h"
#include "policy/import/time_range.h"

namespace chatgate::policy::import {
namespace {

struct Interface {
  std::string name;
  std::optional<std::uint32_t> level;
  const Command* level_command = nullptr;
};

class AsaImporter {
 public:
  AsaImporter(std::string_view text, const ImportOptions& options)
      : lines_(split_lines(text)),
        ledger_(lines_),
        context_(Dialect::asa, ledger_),
        objects_(context_),
        lists_(context_, objects_),
        patterns_(context_),
        maps_(context_),
        inspections_(context_, maps_, lists_, patterns_, options),
        options_(options) {}

  Imported run() {
    blocks_ = read_blocks(read_commands(lines_, Dialect::asa, ledger_), Dialect::asa);
    // What others refer to comes first, wherever it stands.
    for (const Block& block : blocks_) define(block);
    for (const Block& block : blocks_) {
      if (block.head.word(0) == "access-list") lists_.read(block.head);
    }
    bind_access_groups();
    for (const Command* each : service_policies_) inspections_.attach(*each);
    inspections_.convert();
    lists_.finish();
    maps_.finish();
    patterns_.finish();
    objects_.finish();
    return context_.finish(options_);
  }

 private:
  void define(const Block& block) {
    const Command& head = block.head;
    const std::string_view word = head.word(0);
    bool takes_body = true;
    if (word == "interface") {
      define_interface(block);
    } else if (word == "object" || word == "object-group") {
      objects_.define(block);
    } else if (word == "class-map") {
      define_class(block);
    } else if (word == "policy-map") {
      maps_.define_policy(block);
    } else if (word == "http-map") {
      inspections_.define_http_map(block);
    } else if (word == "time-range") {
      if (read_time_range(block, context_)) lists_.know_time(head.raw(1));
    } else {
      define_line(head);
      takes_body = false;
    }
    // What stands below a command that has no mode of its own here shares its fate.
    if (!takes_body) define_rest(block);
  }

  void define_line(const Command& head) {
    const std::string_view word = head.word(0);
    if (word == "access-list") return;  // in the second round
    if (word == "regex") return patterns_.define(head);
    if (word == "access-group") return access_groups_.push_back(&head);
    if (word == "service-policy") return service_policies_.push_back(&head);
    if (word == "name" && head.words.size() >= 3) {
      objects_.alias(head.raw(2), head.raw(1));
      return context_.harmless(head);
    }
    if (word == "timeout") return define_timeout(head);
    if (word == "service" && head.word(1).starts_with("reset")) {
      context_.warn(head, "what an access list denies falls silent here, without a reset");
    }
    const Elsewhere found = elsewhere(head, Dialect::asa);
    if (!found.known) return context_.not_converted(head, "this command is not known here");
    found.why.empty() ? context_.harmless(head) : context_.not_converted(head, found.why);
  }

  void define_rest(const Block& block) {
    const Elsewhere found = elsewhere(block.head, Dialect::asa);
    for (const Command& each : block.body) {
      if (found.known && found.why.empty()) {
        context_.harmless(each);
      } else {
        context_.not_converted(each, found.known ? found.why : "this command is not known here");
      }
    }
  }

  void define_class(const Block& block) {
    const MapHead head = read_map_head(block.head);
    if (head.type == "regex") {
      patterns_.define_group(head.name, block);
    } else if (head.name == "inspection_default" || head.type.empty() || head.type == "inspect") {
      maps_.define_class(block);
    } else {
      context_.not_converted(block, "classes of this type have no counterpart");
    }
  }

  void define_interface(const Block& block) {
    Interface one;
    context_.harmless(block.head);
    for (const Command& each : block.body) {
      if (each.word(0) == "nameif") one.name = each.word(1);
      if (each.word(0) == "security-level") {
        one.level = to_number(each.word(1), 100);
        one.level_command = &each;
      }
      context_.harmless(each);
    }
    // `nameif ethernet0 outside security0`, as PIX 6 has it, stands by itself and is unknown.
    if (!one.name.empty()) interfaces_.push_back(std::move(one));
  }

  // `timeout conn 1:00:00 half-closed 0:10:00 udp 0:02:00 icmp 0:00:02`.
  void define_timeout(const Command& command) {
    context_.harmless(command);
    for (std::size_t at = 1; at + 1 < command.words.size(); ++at) {
      const std::string_view what = command.word(at);
      if (what != "conn" && what != "udp") continue;
      const auto seconds = duration(command.word(at + 1));
      if (!seconds || *seconds == 0 || *seconds > 86400) {
        context_.warn(command, "the time for " + std::string(what) + " has no counterpart");
        continue;
      }
      context_.out.timeout(what == "conn" ? "established" : "udp", *seconds);
      context_.converted(command);
    }
  }

  // "1:00:00" in seconds.
  static std::optional<std::uint32_t> duration(std::string_view text) {
    std::uint32_t seconds = 0;
    int parts = 0;
    while (!text.empty()) {
      const std::size_t colon = std::min(text.find(':'), text.size());
      const auto part = to_number(text.substr(0, colon), 9999);
      if (!part) return std::nullopt;
      seconds = seconds * 60 + *part;
      text.remove_prefix(std::min(colon + 1, text.size()));
      ++parts;
    }
    if (parts == 0 || parts > 3) return std::nullopt;
    return parts == 2 ? seconds * 60 : seconds;  // hh:mm
  }

  bool is_outside(std::string_view name) const {
    if (name.find("outside") != name.npos) return true;
    if (name.find("inside") != name.npos) return false;
    std::optional<std::uint32_t> mine, least;
    for (const Interface& each : interfaces_) {
      if (each.level && each.name == name) mine = each.level;
      if (each.level && (!least || *each.level < *least)) least = each.level;
    }
    return mine && mine == least && interfaces_.size() > 1;
  }

  void bind_access_groups() {
    const bool global = std::any_of(access_groups_.begin(), access_groups_.end(),
                                    [](const Command* each) { return each->word(2) == "global"; });
    // Where several hold for one side, the interface that is named after it goes first.
    std::stable_sort(access_groups_.begin(), access_groups_.end(),
                     [](const Command* a, const Command* b) { return order(*a) < order(*b); });
    for (const Command* each : access_groups_) bind(*each, global);
    deny_by_level(global);
  }

  static int order(const Command& group) {
    if (group.word(2) == "global") return 2;
    return is_one_of(group.word(4), {"inside", "outside"}) ? 0 : 1;
  }

  void bind(const Command& group, bool global) {
    const std::string& list = group.raw(1);
    if (group.word(2) == "global") {
      return lists_.bind(list, Opener::either, group, /*last_deny=*/true);
    }
    const bool in = group.word(2) == "in";
    if ((!in && group.word(2) != "out") || group.word(3) != "interface") {
      return context_.not_converted(group, "neither in nor out of an interface");
    }
    if (group.word(5) == "control-plane") {
      return context_.not_converted(group, "traffic to the device itself");
    }
    const Opener opener = is_outside(group.word(4)) == in ? Opener::outside : Opener::inside;
    if (lists_.use(list) == nullptr) {
      return context_.not_converted(group, "there is no access list \"" + list + "\"");
    }
    const std::size_t side = opener == Opener::outside ? 1 : 0;
    if (bound_[side]) {
      lists_.refuse(list, "another list holds for connections from this side already");
      return context_.not_converted(group,
                                    "another list holds for connections from this side "
                                    "already, and a gateway has two sides");
    }
    bound_[side] = true;
    lists_.bind(list, opener, group, !global);
  }

  // Without a list an ASA lets nothing through from a lower level to a higher one.
  void deny_by_level(bool global) {
    if (global || bound_[1]) return;
    const Interface* lowest = nullptr;
    bool differ = false;
    for (const Interface& each : interfaces_) {
      if (!each.level) continue;
      differ = differ || (lowest != nullptr && *each.level != *lowest->level);
      if (lowest == nullptr || *each.level < *lowest->level) lowest = &each;
    }
    if (!differ) return;
    AccessOut deny;
    deny.name = "security levels: nothing from outside";
    deny.opener = Opener::outside;
    context_.out.access(std::move(deny));
    context_.converted(*lowest->level_command);
    context_.warn(*lowest->level_command,
                  "no list is bound for connections from outside, which an ASA refuses by its "
                  "security levels: the last entry of \"access\" does the same");
  }

  const std::vector<std::string> lines_;
  Ledger ledger_;
  Context context_;
  Objects objects_;
  AccessLists lists_;
  Patterns patterns_;
  Maps maps_;
  AsaInspections inspections_;
  const ImportOptions& options_;
  std::vector<Block> blocks_;
  std::vector<Interface> interfaces_;
  std::vector<const Command*> access_groups_, service_policies_;
  std::array<bool, 2> bound_{};  // for connections from inside, from outside
};

}  // namespace

Imported from_asa(std::string_view text, const ImportOptions& options) {
  return AsaImporter(text, options).run();
}

}  // namespace chatgate::policy::import
