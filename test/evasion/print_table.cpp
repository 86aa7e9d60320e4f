// Prints the table of evasions as it is: every row against every kind of server over both
// versions of IP, with the reasons that the gateway counted. docs/design/evasions.md holds its
// output; a test compares the two.

#include <cstdio>
#include <string>

#include "table.h"
#include "verdict.h"

namespace {

using namespace chatgate::test;

std::string reasons_over(const Row& row, bool v6, RowVerdict& sum) {
  if (!row.plays_over(v6)) return "-";
  const RowVerdict verdict = judge_row(row, {v6, {}});
  sum.leaks += verdict.leaks;
  sum.damaged += verdict.damaged;
  return verdict.reasons.empty() ? "none" : verdict.reasons;
}

}  // namespace

int main() {
  std::puts(
      "| row | what the client does | what the gateway makes of it | blocked name | allowed name "
      "| reasons counted over IPv4 | over IPv6 |");
  std::puts("|--|--|--|--|--|--|--|");
  std::size_t leaks = 0, damaged = 0, beyond = 0;
  for (const Row& row : rows()) {
    if (row.out_of_reach()) {
      ++beyond;
      std::printf("| %s | %s | %s | out of reach | arrives whole | - | - |\n", row.id, row.what,
                  row.why);
      continue;
    }
    RowVerdict sum;
    const std::string v4 = reasons_over(row, false, sum);
    const std::string v6 = reasons_over(row, true, sum);
    leaks += sum.leaks;
    damaged += sum.damaged;
    std::printf("| %s | %s | %s | %s | %s | %s | %s |\n", row.id, row.what, row.why,
                sum.leaks == 0 ? "never arrives" : "**LEAKS**",
                sum.damaged != 0           ? "**DAMAGED**"
                : row.twin == Twin::passes ? "arrives whole"
                                           : "does not arrive",
                v4.c_str(), v4 == v6 ? "the same" : v6.c_str());
  }
  std::printf(
      "\n%zu rows, %zu of them out of reach; %zu kinds of servers: %zu leaks, %zu damaged\n",
      rows().size(), beyond, kOverlaps.size(), leaks, damaged);
  return leaks + damaged == 0 ? 0 : 1;
}
