// HOST:PORT as people write it, and what only looks like it.
#include "base/host_port.h"

#include <gtest/gtest.h>

namespace chatgate {
namespace {

struct Row {
  const char* text;
  std::uint16_t default_port;
  const char* meaning;  // empty: refused
};

TEST(HostPort, IsReadOrRefused) {
  const Row rows[] = {
      {"127.0.0.1:9100", 0, "127.0.0.1:9100"},
      {"example.org:1", 0, "example.org:1"},
      {":9100", 0, ":9100"},
      {"[::1]:65535", 0, "[::1]:65535"},
      {"[::ffff:1.2.3.4]:80", 0, "[::ffff:1.2.3.4]:80"},
      {"example.org", 514, "example.org:514"},
      {"[::1]", 514, "[::1]:514"},
      {"", 0, ""},
      {"", 514, ""},
      {":", 514, ""},
      {"example.org", 0, ""},
      {"example.org:", 514, ""},
      {"example.org:0", 0, ""},
      {"example.org:65536", 0, ""},
      {"example.org:-1", 0, ""},
      {"example.org: 1", 0, ""},
      {"example.org:1x", 0, ""},
      {"::1:80", 0, ""},
      {"[::1", 80, ""},
      {"[::1]80", 80, ""},
      {"[]:80", 0, ""},
      {"[127.0.0.1]:80", 0, ""},
      {"[example.org]:80", 0, ""},
      {"exa mple:80", 0, ""},
      {"a/b:80", 0, ""},
      {"a@b:80", 0, ""},
  };
  for (const Row& row : rows) {
    const auto found = parse_host_port(row.text, row.default_port);
    EXPECT_EQ(found ? found->to_string() : "", row.meaning) << row.text;
  }
}

TEST(HostPort, NameThatIsTooLongIsRefused) {
  EXPECT_TRUE(parse_host_port(std::string(253, 'a') + ":1"));
  EXPECT_FALSE(parse_host_port(std::string(254, 'a') + ":1"));
}

}  // namespace
}  // namespace chatgate
