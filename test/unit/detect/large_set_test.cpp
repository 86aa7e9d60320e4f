// Ten thousand rules: compiled in a bearable time, in bounded memory, and each still found.
#include <chrono>
#include <cstdio>
#include <gtest/gtest.h>
#include <random>

#include "scan.h"

namespace chatgate::detect {
namespace {

constexpr std::uint32_t kRules = 10'000;

// The content that rule `sid` looks for.
std::string needle(std::uint32_t sid) {
  std::mt19937 random(sid);
  std::string text = std::to_string(sid) + "-";
  for (std::size_t i = 4 + random() % 16; i > 0; --i) {
    text += static_cast<char>('a' + random() % 26);
  }
  return text;
}

std::uint16_t port_of(std::uint32_t sid) {
  return static_cast<std::uint16_t>(sid % 3 == 0 ? 1000 + sid % 200 : 5222);
}

std::string large_set() {
  std::string rules;
  for (std::uint32_t sid = 1; sid <= kRules; ++sid) {
    std::string options = sid % 2 == 0 ? "flow:to_server,established; " : "";
    if (sid % 5 == 0) options += "http.uri; ";
    options += "content:\"" + needle(sid) + "\"; ";
    if (sid % 4 == 0) options += "nocase; ";
    if (sid % 7 == 0) options += "pcre:\"/[a-z]{3}/R\"; ";
    const std::string port = sid % 3 == 0 ? std::to_string(port_of(sid)) : "any";
    rules += rule(sid, options, "alert tcp $HOME_NET any -> $EXTERNAL_NET " + port);
  }
  return rules;
}

TEST(LargeSet, TenThousandRules) {
  const std::string text = large_set();
  const auto start = std::chrono::steady_clock::now();
  Diagnostics findings;
  const auto signatures = compile(text, findings);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::printf("%zu rules compiled in %.2f s, %zu KiB\n", signatures->rules().size(), took.count(),
              signatures->memory() / 1024);
  EXPECT_EQ(signatures->rules().size(), kRules);
  EXPECT_LT(signatures->memory(), std::size_t{128} << 20);

  Rig rig(signatures);
  for (std::uint32_t sid = 1; sid <= kRules; sid += 7) {
    if (sid % 7 == 0) continue;
    const std::string bytes = "some text before " + needle(sid) + " and after";
    Buffers buffers = sid % 5 == 0 ? payload("") : payload(bytes);
    if (sid % 5 == 0) buffers.set(Buffer::http_uri, as_bytes(bytes));
    EXPECT_EQ(rig.look(buffers, client_of(port_of(sid))), std::to_string(sid));
  }
  EXPECT_EQ(rig.look("nothing of all that"), "");
}

}  // namespace
}  // namespace chatgate::detect
