#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "policy/import/appfw.h"
#include "policy/import/harmless.h"
#include "policy/import/import.h"
#include "policy/import/text.h"
#include "policy/import/time_range.h"
#include "policy/import/zones.h"

namespace chatgate::policy::import {
namespace {

// An interface as far as it says which side it is on.
struct Interface {
  const Block* block = nullptr;
  std::string zone;
  bool nat_inside = false, nat_outside = false, inspects_in = false, is_public = false;
  // One that says nothing of itself is taken for inside, where lists are bound by habit.
  bool outside() const { return nat_outside || (!nat_inside && !inspects_in && is_public); }
};

struct ZonePair {
  const Block* block = nullptr;
  std::string source, destination;
};

bool contains_any(std::string_view name, std::initializer_list<std::string_view> parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](std::string_view part) { return name.find(part) != name.npos; });
}

class IosImporter {
 public:
  IosImporter(std::string_view text, const ImportOptions& options)
      : lines_(split_lines(text)),
        ledger_(lines_),
        context_(Dialect::ios, ledger_),
        objects_(context_),
        lists_(context_, objects_),
        patterns_(context_),
        maps_(context_),
        http_(context_, patterns_),
        appfw_(context_, http_),
        zones_(context_, maps_, lists_, patterns_, http_),
        options_(options) {}

  Imported run() {
    blocks_ = read_blocks(read_commands(lines_, Dialect::ios, ledger_), Dialect::ios);
    for (const Block& block : blocks_) define(block);
    for (const Block& block : blocks_) {
      if (block.head.word(0) == "access-list") lists_.read(block.head);
      if (block.head.starts({"ip", "access-list"})) lists_.read(block);
    }
    for (const Block& block : blocks_) {
      if (block.head.word(0) == "interface") read_interface(block);
    }
    for (const Interface& each : interfaces_) convert_interface(each);
    for (const ZonePair& each : pairs_) convert_pair(each);
    appfw_.finish();
    lists_.finish();
    maps_.finish();
    patterns_.finish();
    zones_.finish();
    objects_.finish();
    return context_.finish(options_);
  }

 private:
  void define(const Block& block) {
    const Command& head = block.head;
    const std::string_view word = head.word(0);
    if (word == "interface" || head.starts({"ip", "access-list"})) return;  // later
    if (word == "object-group") return objects_.define(block);
    if (word == "class-map") return maps_.define_class(block);
    if (word == "policy-map") return maps_.define_policy(block);
    if (head.starts({"appfw", "policy-name"})) return appfw_.define(block);
    if (word == "parameter-map") return define_parameters(block);
    if (word == "zone-pair") return define_pair(block);
    if (word == "time-range") {
      if (read_time_range(block, context_)) lists_.know_time(head.raw(1));
      return;
    }
    if (word == "zone") {
      context_.harmless(head);
      for (const Command& each : block.body) context_.harmless(each);
      return;
    }
    define_line(block);
  }

  void define_line(const Block& block) {
    const Command& head = block.head;
    if (head.word(0) == "access-list") return;  // later
    if (head.starts({"ip", "inspect"})) {
      if (head.word(2) == "name") return appfw_.define_set(head);
      return context_.harmless(head);
    }
    const Elsewhere found = elsewhere(head, Dialect::ios);
    const std::string_view why = found.known ? found.why : "this command is not known here";
    const auto enter = [&](const Command& each) {
      // Who may log in to the router is no matter of a gateway's.
      const std::string_view own =
          each.word(0) == "access-class" ? "traffic to the router itself" : why;
      own.empty() ? context_.harmless(each) : context_.not_converted(each, own);
    };
    enter(head);
    for (const Command& each : block.body) enter(each);
  }

  void define_parameters(const Block& block) {
    const std::string& name = block.head.words.back().text;
    if (block.head.word(2) == "regex") return patterns_.define_group(name, block);
    if (block.head.word(2) == "protocol-info") return zones_.define_servers(block);
    // Timers, alarms and audit; limits refuse.
    context_.harmless(block.head);
    for (const Command& each : block.body) {
      const bool limit = is_one_of(each.word(0), {"max-incomplete", "one-minute", "sessions"});
      limit ? context_.not_converted(each, "limits of connections") : context_.harmless(each);
    }
  }

  void define_pair(const Block& block) {
    ZonePair pair;
    pair.block = &block;
    for (std::size_t at = 1; at + 1 < block.head.words.size(); ++at) {
      if (block.head.word(at) == "source") pair.source = block.head.raw(at + 1);
      if (block.head.word(at) == "destination") pair.destination = block.head.raw(at + 1);
    }
    pairs_.push_back(pair);
  }

  void read_interface(const Block& block) {
    // What one block says of an interface holds for another of the same name.
    Interface one;
    for (const Interface& before : interfaces_) {
      if (before.block->head.rest(1) == block.head.rest(1)) one = before;
    }
    one.block = &block;
    for (const Command& each : block.body) {
      if (each.starts({"ip", "nat", "inside"})) one.nat_inside = true;
      if (each.starts({"ip", "nat", "outside"})) one.nat_outside = true;
      if (each.starts({"ip", "inspect"}) && each.word(3) == "in") one.inspects_in = true;
      if (each.starts({"zone-member", "security"})) one.zone = each.raw(2);
      if (each.starts({"ip", "address"})) {
        const auto address = IpAddress::parse(each.word(2));
        one.is_public =
            address ? !is_private(*address) : is_one_of(each.word(2), {"dhcp", "negotiated"});
      }
    }
    interfaces_.push_back(one);
  }

  // RFC 1918.
  static bool is_private(const IpAddress& address) {
    return std::any_of(std::begin(kPrivate), std::end(kPrivate), [&](std::string_view prefix) {
      return Prefix::parse(prefix)->contains(address);
    });
  }

  void convert_interface(const Interface& one) {
    context_.harmless(one.block->head);
    for (const Command& each : one.block->body) {
      if (each.starts({"ip", "inspect"})) {
        appfw_.apply(each);
      } else if (each.starts({"ip", "access-group"})) {
        bind(each, one.outside());
      } else if (each.word(0) == "service-policy") {
        apply_nbar(each);
      } else if (is_one_of(each.word(0), {"crypto"}) || each.starts({"ip", "nat"}) ||
                 each.starts({"ip", "policy"}) || each.starts({"ip", "ips"}) ||
                 each.starts({"ip", "verify"}) || each.starts({"ipv6", "traffic-filter"})) {
        context_.not_converted(
            each, each.word(1) == "nat" ? "address translation" : "this has no counterpart");
      } else {
        context_.harmless(each);
      }
    }
  }

  void bind(const Command& command, bool outside) {
    const std::string& list = command.raw(2);
    const bool in = command.word(3) == "in";
    if (!in && command.word(3) != "out") {
      return context_.not_converted(command, "neither in nor out");
    }
    const Opener opener = outside == in ? Opener::outside : Opener::inside;
    if (lists_.use(list) == nullptr) {
      // A router lets everything pass where the list is not there.
      return context_.not_converted(command, "there is no access list \"" + list + "\"");
    }
    if (!take(opener)) {
      lists_.refuse(list, kTaken);
      return context_.not_converted(command, kTaken);
    }
    lists_.bind(list, opener, command);
    context_.warn(command, std::string("the list is held against connections that the ") +
                               (opener == Opener::inside ? "inside" : "outside") +
                               " opens; their answers pass by themselves");
  }

  bool take(Opener opener) {
    bool& taken = taken_[opener == Opener::outside ? 1 : 0];
    return !std::exchange(taken, true);
  }

  void apply_nbar(const Command& command) {
    const std::string& name = command.words.back().text;
    if (maps_.find_policy(name) == nullptr) {
      return context_.not_converted(command, "there is no policy map \"" + name + "\"");
    }
    context_.converted(command);
    if (nbar_.insert(name).second) zones_.convert_nbar(*maps_.use_policy(name));
  }

  bool is_outside(const std::string& zone) const {
    const std::string name = lower_case(zone);
    if (contains_any(name, {"out", "internet", "wan", "untrust", "public"})) return true;
    if (contains_any(name, {"in", "lan", "private", "trust", "user", "office"})) return false;
    const auto member = std::find_if(interfaces_.begin(), interfaces_.end(),
                                     [&](const Interface& each) { return each.zone == zone; });
    return member != interfaces_.end() && member->outside();
  }

  void convert_pair(const ZonePair& pair) {
    const Block& block = *pair.block;
    const bool itself = pair.source == "self" || pair.destination == "self";
    if (itself || pair.source.empty() || pair.destination.empty()) {
      return context_.not_converted(
          block, itself ? "traffic to and from the router itself" : "the zones are missing");
    }
    const Opener opener = is_outside(pair.source) ? Opener::outside : Opener::inside;
    for (const Command& each : block.body) {
      if (each.word(0) != "service-policy") {
        context_.harmless(each);
        continue;
      }
      const std::string& name = each.words.back().text;
      if (maps_.find_policy(name) == nullptr) {
        context_.not_converted(each, "there is no policy map \"" + name + "\"");
      } else if (!take(opener)) {
        context_.not_converted(each, kTaken);
      } else {
        context_.converted(each);
        zones_.convert(*maps_.use_policy(name), opener);
      }
    }
    context_.converted(block.head);
  }

  static constexpr std::string_view kPrivate[] = {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"};
  static constexpr std::string_view kTaken =
      "something else is in force for connections from this side already, and a gateway has two "
      "sides";

  const std::vector<std::string> lines_;
  Ledger ledger_;
  Context context_;
  Objects objects_;
  AccessLists lists_;
  Patterns patterns_;
  Maps maps_;
  HttpChecks http_;
  AppFirewall appfw_;
  ZoneFirewall zones_;
  const ImportOptions& options_;
  std::vector<Block> blocks_;
  std::vector<Interface> interfaces_;
  std::vector<ZonePair> pairs_;
  std::set<std::string> nbar_;
  std::array<bool, 2> taken_{};
};

}  // namespace

Imported from_ios(std::string_view text, const ImportOptions& options) {
  return IosImporter(text, options).run();
}

}  // namespace chatgate::policy::import
