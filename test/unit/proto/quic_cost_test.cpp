// What an Initial costs: no memory, and a time that is printed.
#include <chrono>
#include <cstdlib>
#include <gtest/gtest.h>
#include <iostream>
#include <openssl/crypto.h>
#include <thread>

#include "allocation_count.h"
#include "client_hello.h"
#include "quic_builder.h"
#include "quic_flow.h"

namespace chatgate::proto::quic {
namespace {

using namespace test;

std::size_t crypto_allocations = 0;

// libcrypto's own memory comes from malloc and not from operator new.
const bool counting = CRYPTO_set_mem_functions(
    [](std::size_t size, const char*, int) {
      ++crypto_allocations;
      return std::malloc(size);
    },
    [](void* memory, std::size_t size, const char*, int) {
      ++crypto_allocations;
      return std::realloc(memory, size);
    },
    [](void* memory, const char*, int) { std::free(memory); });

std::size_t allocations() {
  return allocation_count() + crypto_allocations;
}

struct Traffic {
  const char* name;
  std::vector<std::string> datagrams;
  std::size_t initials;
};

std::vector<Traffic> traffic() {
  const std::string long_hello = browser_hello("www.example.com");
  const std::string plain_hello = hello(sni({"www.example.com"}));
  const std::string huge = hello(extension(21, std::string(60000, 'p')) + sni({"www.example.com"}));
  std::string junk = initial(ping());
  junk.back() = static_cast<char>(junk.back() ^ 1);
  std::vector<Traffic> rows = {
      {"a hello in one datagram", {initial(crypto_frame(0, plain_hello))}, 1},
      {"a hello in two datagrams",
       {initial(piece(long_hello, 0, 1000)), initial(piece(long_hello, 1000, 9999), {.number = 1})},
       2},
      {"an Initial that nothing opens", {junk}, 1},
      {"the same behind a hello",
       {initial(crypto_frame(0, plain_hello)),
        initial(ping(), {.destination = "anotherid", .source = "x", .keyed_by = "nobody"})},
       2},
      {"the server's Initial",
       {initial(crypto_frame(0, plain_hello)), initial(ping(), {.destination = "source",
                                                                .source = "server",
                                                                .keyed_by = "destinat",
                                                                .sender = Sender::server})},
       2},
      {"a hello of 60,000 bytes", {}, 0},
  };
  for (std::size_t at = 0; at < huge.size(); at += 1100) {
    rows.back().datagrams.push_back(initial(piece(huge, at, at + 1100), {.number = at}));
    ++rows.back().initials;
  }
  return rows;
}

// On a thread of its own, as a worker's is: libcrypto has memory for each thread.
TEST(QuicCost, NoMemoryIsTaken) {
  ASSERT_TRUE(counting) << "libcrypto was used before";
  std::size_t before = allocations();
  Connections connections(4);
  EXPECT_GT(allocations(), before);
  const std::vector<Traffic> rows = traffic();
  std::thread([&] {
    for (const Traffic& row : rows) {
      before = allocations();
      ParserState state;
      Facts facts;
      for (const std::string& datagram : row.datagrams) {
        connections.feed(state, as_bytes(datagram), Direction::to_server, facts);
      }
      connections.release(state);
      EXPECT_EQ(allocations(), before) << row.name;
    }
  }).join();
}

TEST(QuicCost, TimeOfAnInitial) {
  constexpr int kRounds = 300;
  Connections connections(4);
  for (const Traffic& row : traffic()) {
    const auto begin = std::chrono::steady_clock::now();
    for (int round = 0; round < kRounds; ++round) {
      ParserState state;
      Facts facts;
      for (const std::string& datagram : row.datagrams) {
        connections.feed(state, as_bytes(datagram), Direction::to_server, facts);
      }
      connections.release(state);
    }
    const auto spent = std::chrono::steady_clock::now() - begin;
    std::cout << row.name << ": "
              << std::chrono::duration_cast<std::chrono::nanoseconds>(spent).count() /
                     (kRounds * static_cast<std::int64_t>(row.initials))
              << " ns an Initial\n";
  }
}

}  // namespace
}  // namespace chatgate::proto::quic
