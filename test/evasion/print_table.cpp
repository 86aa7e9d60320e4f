// Prints the table of evasions as it is: every row against every kind of server, with the reasons
// that the gateway counted. docs/design/evasions.md holds its output; a test compares the two.

#include <cstdio>
#include <string>

#include "table.h"
#include "verdict.h"

int main() {
  using namespace chatgate::test;
  std::puts(
      "| row | what the client does | what the gateway makes of it | blocked name | allowed name "
      "| reasons counted |");
  std::puts("|--|--|--|--|--|--|");
  std::size_t leaks = 0, damaged = 0;
  for (const Row& row : rows()) {
    const RowVerdict verdict = judge_row(row);
    leaks += verdict.leaks;
    damaged += verdict.damaged;
    std::printf("| %s | %s | %s | %s | %s | %s |\n", row.id, row.what, row.why,
                verdict.leaks == 0 ? "never arrives" : "**LEAKS**",
                verdict.damaged != 0       ? "**DAMAGED**"
                : row.twin == Twin::passes ? "arrives whole"
                                           : "does not arrive",
                verdict.reasons.empty() ? "none" : verdict.reasons.c_str());
  }
  std::printf("\n%zu rows, %zu kinds of servers: %zu leaks, %zu damaged\n", rows().size(),
              kOverlaps.size(), leaks, damaged);
  return leaks + damaged == 0 ? 0 : 1;
}
