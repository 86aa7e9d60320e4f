// How fast signatures are scanned for, by three ways that Hyperscan has and by the whole scanner.
//
// Compared, for turns that come in whole segments of 1,460 bytes and in pieces of 100:
//   block      Hyperscan's block mode from the last kMaxFastPattern - 1 bytes before what is new
//   once       the same with HS_FLAG_SINGLEMATCH: each pattern reported once a scan
//   streaming  Hyperscan's streaming mode, its state kept for each flow
//   scanner    detect::Scanner with rules of these patterns, evaluation included
// The arguments are the number of patterns and the size of a piece; the figure is bytes of turns
// for each second of processor time. The turns are payload of captures where there are some, else
// made up.
#include <benchmark/benchmark.h>
#include <cstdio>
#include <cstdlib>
#include <hs.h>
#include <memory>
#include <random>
#include <span>

#include "detect/fast_pattern.h"
#include "detect/scanner.h"
#include "detect/signatures.h"

#include "traffic.h"

namespace chatgate::bench {
namespace {

constexpr std::size_t kMaxTraffic = std::size_t{16} << 20;
constexpr std::size_t kOverlap = detect::kMaxFastPattern - 1;
constexpr unsigned kPatternNumber = 0, kPieceSize = 1;  // arguments

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "signatures: %s\n", what);
  std::exit(1);
}

// Words, and for one in a hundred a piece of the traffic, so that some are there.
std::vector<std::string> make_patterns(std::size_t count, std::span<const std::string> turns) {
  std::mt19937 random(7);
  std::vector<std::string> patterns;
  while (patterns.size() < count) {
    const std::size_t size = 4 + random() % 21;
    std::string pattern;
    const std::string& turn = turns[random() % turns.size()];
    if (patterns.size() % 100 == 99 && turn.size() > size) {
      pattern = turn.substr(random() % (turn.size() - size), size);
    } else {
      for (std::size_t i = 0; i < size; ++i) pattern += static_cast<char>('a' + random() % 26);
    }
    patterns.push_back(std::move(pattern));
  }
  return patterns;
}

hs_database_t* compile(const std::vector<std::string>& patterns, unsigned mode, unsigned flag) {
  std::vector<const char*> bytes;
  std::vector<std::size_t> sizes;
  std::vector<unsigned> flags(patterns.size(), flag);
  std::vector<unsigned> ids;
  for (const std::string& pattern : patterns) {
    ids.push_back(static_cast<unsigned>(ids.size()));
    bytes.push_back(pattern.data());
    sizes.push_back(pattern.size());
  }
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  const hs_error_t result =
      hs_compile_lit_multi(bytes.data(), flags.data(), ids.data(), sizes.data(),
                           static_cast<unsigned>(ids.size()), mode, nullptr, &database, &error);
  require(result == HS_SUCCESS, error != nullptr ? error->message : "cannot compile");
  return database;
}

int count_match(unsigned, unsigned long long, unsigned long long, unsigned, void* context) {
  ++*static_cast<std::uint64_t*>(context);
  return 0;
}

const std::vector<std::string>& all_turns() {
  static const std::vector<std::string> turns = [] {
    std::vector<std::string> found = turns_of_captures(CHATGATE_CORPUS, kMaxTraffic);
    return found.empty() ? made_turns(kMaxTraffic) : found;
  }();
  return turns;
}

// An iteration is one turn after the other.
template <typename Run>
void for_each_turn(benchmark::State& state, const Run& run) {
  const std::vector<std::string>& turns = all_turns();
  std::size_t at = 0, bytes = 0;
  for (auto _ : state) {
    const std::string& turn = turns[at++ % turns.size()];
    run(turn);
    bytes += turn.size();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

// A database of the wanted number of patterns, and scratch for it.
struct Compiled {
  Compiled(const benchmark::State& state, unsigned mode, unsigned flag)
      : database(compile(
            make_patterns(static_cast<std::size_t>(state.range(kPatternNumber)), all_turns()), mode,
            flag)) {
    require(hs_alloc_scratch(database, &scratch) == HS_SUCCESS, "no memory");
  }
  ~Compiled() {
    hs_free_scratch(scratch);
    hs_free_database(database);
  }
  Compiled(const Compiled&) = delete;
  Compiled& operator=(const Compiled&) = delete;

  hs_database_t* database = nullptr;
  hs_scratch_t* scratch = nullptr;
};

void scan_blocks(benchmark::State& state, unsigned flag) {
  const Compiled compiled(state, HS_MODE_BLOCK, flag);
  const auto piece = static_cast<std::size_t>(state.range(kPieceSize));
  std::uint64_t matches = 0;
  for_each_turn(state, [&](const std::string& turn) {
    for (std::size_t done = 0; done < turn.size(); done += piece) {
      const std::size_t from = done - std::min(done, kOverlap);
      const std::size_t end = std::min(done + piece, turn.size());
      hs_scan(compiled.database, turn.data() + from, static_cast<unsigned>(end - from), 0,
              compiled.scratch, count_match, &matches);
    }
  });
}

void scan_stream(benchmark::State& state) {
  const Compiled compiled(state, HS_MODE_STREAM, 0);
  const auto piece = static_cast<std::size_t>(state.range(kPieceSize));
  std::uint64_t matches = 0;
  hs_stream_t* stream = nullptr;
  require(hs_open_stream(compiled.database, 0, &stream) == HS_SUCCESS, "cannot open a stream");
  for_each_turn(state, [&](const std::string& turn) {
    for (std::size_t done = 0; done < turn.size(); done += piece) {
      const std::size_t size = std::min(piece, turn.size() - done);
      hs_scan_stream(stream, turn.data() + done, static_cast<unsigned>(size), 0, compiled.scratch,
                     count_match, &matches);
    }
    hs_reset_stream(stream, 0, compiled.scratch, count_match, &matches);
  });
  hs_close_stream(stream, compiled.scratch, nullptr, nullptr);
  std::size_t each = 0;
  hs_stream_size(compiled.database, &each);
  state.counters["bytes_a_flow"] = static_cast<double>(each);
}

std::string rules_of(const std::vector<std::string>& patterns) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string rules;
  std::uint32_t sid = 0;
  for (const std::string& pattern : patterns) {
    rules += "alert tcp any any -> any any (content:\"|";
    for (const char c : pattern) {
      const auto byte = static_cast<unsigned char>(c);
      rules += {kDigits[byte >> 4], kDigits[byte & 15], ' '};
    }
    rules.back() = '|';
    rules += "\"; sid:" + std::to_string(++sid) + ";)\n";
  }
  return rules;
}

void scan_with_rules(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(kPatternNumber));
  const auto piece = static_cast<std::size_t>(state.range(kPieceSize));
  Diagnostics findings;
  const auto compiled = detect::Signatures::compile(
      detect::parse_rules(rules_of(make_patterns(count, all_turns())), "made"),
      detect::Signatures::Options(), findings);
  require(!findings.has_errors(), "the rules do not load");
  const detect::Signatures& signatures = *compiled;
  detect::Scanner scanner(WorkerId(0), detect::Scanner::Limits());
  detect::Subject subject;
  subject.ip_protocol = 6;
  subject.established = true;
  for_each_turn(state, [&](const std::string& turn) {
    detect::LookState look;
    detect::FlowMemory flow;
    for (std::size_t end = 0; end < turn.size();) {
      end = std::min(end + piece, turn.size());
      detect::Hits hits;
      detect::Buffers buffers;
      buffers.set(detect::Buffer::payload, as_bytes(turn).first(end), end == turn.size());
      scanner.scan(signatures, subject, buffers, look, &flow, hits);
    }
  });
}

#define CHATGATE_SIZES(registered) \
  registered->ArgsProduct({{10, 1'000, 10'000}, {1460, 100}})->Unit(benchmark::kMicrosecond)
CHATGATE_SIZES(BENCHMARK_CAPTURE(scan_blocks, all, 0u));
CHATGATE_SIZES(BENCHMARK_CAPTURE(scan_blocks, once, static_cast<unsigned>(HS_FLAG_SINGLEMATCH)));
CHATGATE_SIZES(BENCHMARK(scan_stream));
CHATGATE_SIZES(BENCHMARK(scan_with_rules));

}  // namespace
}  // namespace chatgate::bench
