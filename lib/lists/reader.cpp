#include "lists/reader.h"

#include <algorithm>
#include <utility>

namespace chatgate::lists {

bool ListReader::read(std::string_view text, const std::string& file, Diagnostics& diagnostics) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  line_.begin_file();
  std::size_t findings = 0;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    LineResult result = line_.read(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    switch (result.kind) {
      case LineKind::nothing: break;
      case LineKind::taken: ++lines_.taken; break;
      case LineKind::skipped: ++lines_.skipped; break;
      case LineKind::refused:
        ++lines_.refused;
        if (++findings > kMostFindings) break;
        diagnostics.warning({file, number, result.column}, std::move(result.message),
                            std::move(result.remedy));
    }
    if (line_.is_full()) {
      diagnostics.error({file, number, 1}, "there are more names than a list can hold",
                        "at most 4 GiB of text");
      return false;
    }
  }
  if (findings > kMostFindings) {
    diagnostics.warning(
        {file}, std::to_string(findings - kMostFindings) + " more lines are no entries of a list");
  }
  return true;
}

List ListReader::finish(const SuffixHash::Key& key) {
  List list;
  list.names = line_.names().build(key);
  list.addresses = line_.take_addresses();
  list.lines = std::exchange(lines_, {});
  return list;
}

}  // namespace chatgate::lists
