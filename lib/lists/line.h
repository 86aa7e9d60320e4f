// One line of a list, in whichever of the usual formats it is written.
//
// Formats are told line by line, so that files of several formats can be joined:
//
//   example.com  .example.com       the name and everything below it
//   *.example.com                   only what is below it
//   0.0.0.0 name name …             hosts file (hosts(5)): exactly these names
//   ||example.com^                  Adblock: the name and all below; @@||example.com^ takes it out
//   address=/a/b/0.0.0.0            dnsmasq(8): the names and all below; likewise server=/name/ and
//                                   local=/name/; server=/name/# takes it out
//   example.com CNAME .             response policy zone (draft-vixie-dnsop-dns-rpz): exactly this
//                                   name, *.example.com what is below; rpz-passthru. takes it out
//   192.0.2.1  192.0.2.0/24  192.0.2.1-192.0.2.9, and the same of IPv6
//
// Comments begin with # or ; (at the beginning, or after a blank) or ! (at the beginning). Names
// may be in capitals, in UTF-8, or end in a dot. What is right but means less or something else
// than a whole domain is skipped and counted; what is no entry at all is refused with its column.
//
// Not for the packet path; one thread. The text is borrowed for the call only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/range_set.h"

#include "lists/name_set.h"

namespace chatgate::lists {

enum class LineKind : std::uint8_t { nothing, taken, skipped, refused };

struct LineResult {
  LineKind kind = LineKind::nothing;
  // Of a refused line; its other words may have been taken all the same.
  std::size_t column = 0;  // counts characters from 1
  std::string message, remedy;
};

class LineReader {
 public:
  using Range = RangeSet<IpAddress>::Range;

  explicit LineReader(std::size_t room = NameSet::kMaxText) : names_(room) {}

  // Forgets what the lines of one file mean for those that follow.
  void begin_file() {
    origin_.clear();
    in_brackets_ = false;
  }
  // Without its line feed.
  LineResult read(std::string_view line);

  NameSet::Builder& names() { return names_; }
  // The addresses that were taken, without the exceptions. The reader holds none afterwards.
  RangeSet<IpAddress> take_addresses();
  // There was no more room for names.
  bool is_full() const { return full_; }

 private:
  struct Word {
    std::string_view text;
    std::size_t at = 0;  // in the line
  };
  enum class Labels : std::uint8_t { any, several };

  LineResult read_adblock(std::string_view text);
  LineResult read_dnsmasq(std::string_view text);
  LineResult read_hosts(const IpAddress& address, std::string_view text);
  LineResult read_zone(std::string_view text);
  LineResult read_word(Word word);
  LineResult read_range(Word first, Word last);

  bool add_name(std::string_view text, unsigned meanings, Labels labels = Labels::any);
  void add_range(const IpAddress& first, const IpAddress& last, bool exception = false);
  LineResult refuse(Word word, std::string_view what, std::string_view remedy) const;
  std::vector<Word> words(std::string_view text) const;
  std::size_t offset(std::string_view part) const {
    return static_cast<std::size_t>(part.data() - line_.data());
  }

  std::string_view line_;
  NameSet::Builder names_;
  std::vector<Range> v4_, v6_, exceptions_;
  std::string origin_;        // of a zone, without its last dot
  bool in_brackets_ = false;  // of a zone's SOA record
  bool full_ = false;
};

}  // namespace chatgate::lists
