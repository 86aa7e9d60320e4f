#include "io/dpdk/eal_arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatgate::io {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

EalRequest request() {
  EalRequest request;
  request.worker_cores = {1, 3};
  request.allowed_cores = {0, 1, 3};
  request.memory_needed = 100ull << 20;
  request.file_prefix = "chatgate-42";
  return request;
}

TEST(EalArguments, WithoutHugePagesAndPciDevices) {
  EXPECT_THAT(eal_arguments(request()),
              ElementsAre("chatgate", "--no-telemetry", "--file-prefix", "chatgate-42", "--lcores",
                          "0@(0,1,3),1@1,2@3", "--main-lcore", "0", "--log-level", "warning",
                          "--no-pci", "--no-shconf", "--no-huge", "-m", "100"));
}

TEST(EalArguments, HugePagesAreUsedWhereTheySuffice) {
  EalRequest enough = request();
  enough.hugepage_memory = enough.memory_needed;
  EXPECT_THAT(eal_arguments(enough), Not(Contains("--no-huge")));
  EXPECT_THAT(eal_arguments(enough), Contains("--in-memory"));
  enough.hugepage_memory -= 1;
  EXPECT_THAT(eal_arguments(enough), Contains("--no-huge"));
}

TEST(EalArguments, OnlyTheNamedPciDevicesAreTouched) {
  EalRequest pci = request();
  pci.pci_addresses = {"0000:01:00.0", "0000:01:00.1"};
  const auto arguments = eal_arguments(pci);
  EXPECT_THAT(arguments, Not(Contains("--no-pci")));
  EXPECT_EQ(std::count(arguments.begin(), arguments.end(), "-a"), 2);
  EXPECT_THAT(arguments, Contains("0000:01:00.1"));
}

TEST(EalArguments, WhatTheOperatorAddsComesLast) {
  EalRequest extra = request();
  extra.extra = "--log-level 'pmd.*:debug'  -m 7";
  const auto arguments = eal_arguments(extra);
  ASSERT_GE(arguments.size(), 4u);
  EXPECT_THAT(std::vector(arguments.end() - 4, arguments.end()),
              ElementsAre("--log-level", "pmd.*:debug", "-m", "7"));
}

TEST(SplitWords, BlanksAndQuotes) {
  EXPECT_THAT(split_words(""), ElementsAre());
  EXPECT_THAT(split_words("  a  b "), ElementsAre("a", "b"));
  EXPECT_THAT(split_words("'a b' \"c 'd'\" e''f ''"), ElementsAre("a b", "c 'd'", "ef", ""));
}

TEST(CoreList, ListsAndRanges) {
  const std::vector<unsigned> allowed = {0, 1, 2, 3, 8};
  Diagnostics diagnostics;
  EXPECT_THAT(*parse_core_list("1", allowed, diagnostics), ElementsAre(1u));
  EXPECT_THAT(*parse_core_list("3,0-2,8", allowed, diagnostics), ElementsAre(3u, 0u, 1u, 2u, 8u));
  EXPECT_TRUE(diagnostics.empty());
}

TEST(CoreList, WrongOnesAreExplained) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "\"\" is not a core or a range of cores, the form is 0,2-3"},
      {"a", "\"a\" is not a core"},
      {"1,", "\"\" is not a core"},
      {"2-1", "\"2-1\" is not a core"},
      {"-1", "\"-1\" is not a core"},
      {"7", "may not run on core 7, cores here are 0,1,2"},
      {"1-99999999", "may not run on core 3"},
      {"4294967295", "may not run on core 4294967295"},
      {"4294967294-4294967295", "may not run on core 4294967294"},
      {"1,0-2", "core 1 is named twice"},
  };
  for (const auto& [text, message] : cases) {
    Diagnostics diagnostics;
    EXPECT_FALSE(parse_core_list(text, {0, 1, 2}, diagnostics)) << text;
    ASSERT_FALSE(diagnostics.empty()) << text;
    EXPECT_THAT(diagnostics.all()[0].to_string(), HasSubstr(message));
  }
}

TEST(CoreList, ThisProcessMayRunSomewhere) {
  EXPECT_FALSE(allowed_cores().empty());
}

}  // namespace
}  // namespace chatgate::io
