// The policy's key `http`, and `dns.message_length`: what is read, and what is refused where.

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "catalog/builder.h"
#include "policy/loader.h"

namespace chatgate::policy {
namespace {

using Lines = std::vector<std::string>;

struct Read {
  Controls controls;
  Lines lines;
};

Read read(const std::string& section) {
  Diagnostics diagnostics;
  catalog::CatalogueBuilder builder(diagnostics);
  Read result;
  result.controls =
      load("{\"rules\": [{\"action\": \"allow\"}],\n" + section + "}", "p", builder, diagnostics)
          .controls;
  for (const Diagnostic& each : diagnostics.all()) result.lines.push_back(each.to_string());
  return result;
}

TEST(HttpLoader, WhatIsNotGivenIsNotChecked) {
  for (const char* text : {"\"mode\": \"enforce\"", "\"http\": {}"}) {
    const Read found = read(text);
    EXPECT_EQ(found.lines, Lines{});
    EXPECT_FALSE(found.controls.http.reads_requests());
    EXPECT_FALSE(found.controls.http.port_misuse.of_im());
    EXPECT_FALSE(found.controls.dns.message_length);
  }
}

TEST(HttpLoader, ReadsEveryKey) {
  const Read found = read(R"("http": {
    "port_misuse": { "im": "reset", "p2p": "drop", "default": "alert" },
    "protocol_violation": "alert",
    "max_uri_length": { "bytes": 2048, "action": "reset" },
    "max_header_length": { "bytes": 4096, "action": "drop" },
    "content_length": { "min": 1, "max": 5000000000, "action": "alert" },
    "request_methods": { "allow": ["GET", "post", "VERSION-CONTROL"], "action": "reset" },
    "uri": [ { "pattern": "^/ok", "action": "allow" }, { "pattern": "gateway\\.dll", "action": "drop" } ] },
    "dns": { "message_length": { "max": 512, "action": "drop" } })");
  EXPECT_EQ(found.lines, Lines{});
  const HttpControls& http = found.controls.http;
  EXPECT_TRUE(http.reads_requests());
  EXPECT_EQ(http.port_misuse.of_im(), Action::reset);
  EXPECT_EQ(http.port_misuse.of_p2p(), Action::drop);
  EXPECT_EQ(http.port_misuse.of_tunneling(), Action::alert);
  EXPECT_EQ(http.protocol_violation, Action::alert);
  ASSERT_TRUE(http.max_uri_length && http.max_header_length && http.content_length && http.methods);
  EXPECT_EQ(http.max_uri_length->bytes, 2048u);
  EXPECT_EQ(http.max_uri_length->action, Action::reset);
  EXPECT_EQ(http.max_header_length->bytes, 4096u);
  EXPECT_EQ(http.max_header_length->action, Action::drop);
  EXPECT_EQ(http.content_length->min, 1u);
  EXPECT_EQ(http.content_length->max, 5000000000u);
  EXPECT_EQ(http.content_length->action, Action::alert);
  EXPECT_EQ(http.methods->allow, (Lines{"GET", "POST", "VERSION-CONTROL"}));
  EXPECT_EQ(http.methods->action, Action::reset);
  ASSERT_EQ(http.uri.size(), 2u);
  EXPECT_EQ(http.uri[0].action, Action::allow);
  EXPECT_EQ(http.uri[1].pattern.text(), "gateway\\.dll");
  EXPECT_EQ(http.uri[1].action, Action::drop);
  ASSERT_TRUE(found.controls.dns.message_length);
  EXPECT_EQ(found.controls.dns.message_length->bytes, 512u);
  EXPECT_EQ(found.controls.dns.message_length->action, Action::drop);
}

TEST(HttpLoader, ReadsTheChecksOfFields) {
  const Read found = read(R"("http": {
    "arguments": [ { "pattern": "machinekey", "action": "reset" } ],
    "max_header_count": { "count": 60, "action": "drop" },
    "max_header_line_length": { "bytes": 4000, "action": "alert" },
    "headers": [ { "name": "User-Agent", "pattern": "Gator", "action": "reset" },
                 { "name_pattern": "^x-kazaa", "action": "drop" } ],
    "transfer_encoding": { "allow": ["Chunked", "gzip"], "action": "reset" } })");
  EXPECT_EQ(found.lines, Lines());
  const HttpControls& http = found.controls.http;
  EXPECT_TRUE(http.reads_requests() && http.reads_fields());
  ASSERT_EQ(http.arguments.size(), 1u);
  EXPECT_EQ(http.arguments[0].pattern.text(), "machinekey");
  ASSERT_TRUE(http.max_header_count && http.max_header_line_length && http.transfer_encoding);
  EXPECT_EQ(http.max_header_count->bytes, 60u);
  EXPECT_EQ(http.max_header_line_length->bytes, 4000u);
  ASSERT_EQ(http.headers.size(), 2u);
  EXPECT_EQ(http.headers[0].name, "user-agent");
  EXPECT_EQ(http.headers[0].pattern->text(), "Gator");
  EXPECT_FALSE(http.headers[0].name_pattern);
  EXPECT_EQ(http.headers[1].name_pattern->text(), "^x-kazaa");
  EXPECT_EQ(http.headers[1].action, Action::drop);
  EXPECT_EQ(http.transfer_encoding->allow, (Lines{"chunked", "gzip"}));
}

TEST(HttpLoader, SaysWhatIsWrongAndWhere) {
  struct Case {
    const char* text;
    Lines expected;
  };
  const Case cases[] = {
      {R"("http": [])", {"p:2:9: \"http\" is a list, expected an object"}},
      {R"("http": { "max_url_length": {} })",
       {"p:2:11: unknown key \"max_url_length\" in \"http\", did you mean \"max_uri_length\"?"}},
      {R"("http": { "protocol_violation": "rest" })",
       {"p:2:33: unknown word \"rest\" for \"protocol_violation\", did you mean \"reset\"?"}},
      {R"("http": { "port_misuse": { "im": "deny" } })",
       {"p:2:34: unknown word \"deny\" for \"im\", one of allow, alert, drop, reset"}},
      {R"("http": { "max_uri_length": { "bytes": 0, "action": "drop" } })",
       {"p:2:40: \"bytes\" is 0, expected a number from 1 to 65535"}},
      {R"("http": { "content_length": { "action": "drop" } })",
       {"p:2:29: \"content_length\" has neither \"min\" nor \"max\", give one of them, or both"}},
      {R"("http": { "content_length": { "min": 9, "max": 8, "action": "drop" } })",
       {"p:2:38: \"min\" is greater than \"max\", no length could lie between them"}},
      {R"("http": { "request_methods": { "allow": "GET /", "action": "drop" } })",
       {"p:2:41: \"GET /\" is no method of HTTP, a word such as \"GET\" or \"PROPFIND\""}},
      {R"("http": { "request_methods": { "allow": "PROPFINT", "action": "drop" } })",
       {"p:2:41: warning: \"PROPFINT\" is no method that is known, did you mean \"PROPFIND\"?"}},
  };
  for (const Case& row : cases) EXPECT_EQ(read(row.text).lines, row.expected) << row.text;
}

// What is wrong leaves its check out, and says so once.
TEST(HttpLoader, EveryCheckNeedsItsParts) {
  for (const char* text :
       {R"("http": { "max_uri_length": { "bytes": 1 } })",
        R"("http": { "max_header_length": { "action": "drop" } })",
        R"("http": { "content_length": { "max": 1 } })",
        R"("http": { "request_methods": { "allow": ["GET"] } })",
        R"("http": { "request_methods": { "action": "drop" } })",
        R"("http": { "arguments": [ { "action": "drop" } ] })",
        R"("http": { "max_header_count": { "action": "drop" } })",
        R"("http": { "max_header_line_length": { "bytes": 3 } })",
        R"("http": { "headers": [ { "action": "drop" } ] })",
        R"("http": { "headers": [ { "name": "a" } ] })",
        R"("http": { "headers": [ { "name": "a b", "action": "drop" } ] })",
        R"("http": { "headers": [ { "pattern": "(", "action": "drop" } ] })",
        R"("http": { "headers": [ { "name": "a", "name_pattern": "a", "action": "drop" } ] })",
        R"("http": { "transfer_encoding": { "action": "drop" } })",
        R"("http": { "uri": [ { "action": "drop" } ] })",
        R"("http": { "uri": [ { "pattern": "x" } ] })",
        R"("http": { "uri": [ { "pattern": "(", "action": "drop" } ] })"}) {
    const Read found = read(text);
    EXPECT_EQ(found.lines.size(), 1u) << text;
    EXPECT_FALSE(found.controls.http.reads_requests()) << text;
  }
  const Read dns = read(R"("dns": { "message_length": { "max": 11, "action": "drop" } })");
  EXPECT_EQ(dns.lines.size(), 1u);
  EXPECT_FALSE(dns.controls.dns.message_length);
}

}  // namespace
}  // namespace chatgate::policy
