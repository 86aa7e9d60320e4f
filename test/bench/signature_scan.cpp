// How fast signatures are scanned for, and what each way of doing it keeps for a flow.
//
// usage: signature-scan [RULES...]
//
// Compared, for turns that come in whole segments of 1,460 bytes and in pieces of 100:
//   block      Hyperscan's block mode from the last kMaxFastPattern - 1 bytes before what is new
//   once       the same with HS_FLAG_SINGLEMATCH: each pattern reported once a scan
//   streaming  Hyperscan's streaming mode, its state kept for each flow
//   scanner    detect::Scanner with rules of these patterns, evaluation included
// Prints rows of a table in Markdown. Figures are megabytes (10^6 bytes) of turns for each second
// of one core.
#include <cstdio>
#include <cstdlib>
#include <ctime>
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
constexpr std::size_t kPieces[] = {1460, 100};

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "signature-scan: %s\n", what);
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

// Repeats `run` over all turns for a second at least; megabytes a second.
template <typename Run>
double megabytes_per_second(std::span<const std::string> turns, const Run& run) {
  std::size_t bytes = 0;
  const std::clock_t start = std::clock();  // of the processor, so that others do not count
  double seconds = 0;
  do {
    for (const std::string& turn : turns) {
      run(turn);
      bytes += turn.size();
    }
    seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  } while (seconds < 1);
  return static_cast<double>(bytes) / seconds / 1e6;
}

double measure_block(const hs_database_t* database, hs_scratch_t* scratch,
                     std::span<const std::string> turns, std::size_t piece) {
  std::uint64_t matches = 0;
  return megabytes_per_second(turns, [&](const std::string& turn) {
    for (std::size_t done = 0; done < turn.size(); done += piece) {
      const std::size_t from = done - std::min(done, kOverlap);
      const std::size_t end = std::min(done + piece, turn.size());
      hs_scan(database, turn.data() + from, static_cast<unsigned>(end - from), 0, scratch,
              count_match, &matches);
    }
  });
}

double measure_streaming(const hs_database_t* database, hs_scratch_t* scratch,
                         std::span<const std::string> turns, std::size_t piece) {
  std::uint64_t matches = 0;
  hs_stream_t* stream = nullptr;
  require(hs_open_stream(database, 0, &stream) == HS_SUCCESS, "cannot open a stream");
  const double speed = megabytes_per_second(turns, [&](const std::string& turn) {
    for (std::size_t done = 0; done < turn.size(); done += piece) {
      const std::size_t size = std::min(piece, turn.size() - done);
      hs_scan_stream(stream, turn.data() + done, static_cast<unsigned>(size), 0, scratch,
                     count_match, &matches);
    }
    hs_reset_stream(stream, 0, scratch, count_match, &matches);
  });
  hs_close_stream(stream, scratch, nullptr, nullptr);
  return speed;
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

double measure_scanner(const detect::Signatures& signatures, std::span<const std::string> turns,
                       std::size_t piece) {
  detect::Scanner scanner(WorkerId(0), detect::Scanner::Limits());
  detect::Subject subject;
  subject.ip_protocol = 6;
  subject.established = true;
  return megabytes_per_second(turns, [&](const std::string& turn) {
    detect::LookState state;
    detect::FlowMemory flow;
    for (std::size_t end = 0; end < turn.size();) {
      end = std::min(end + piece, turn.size());
      detect::Hits hits;
      detect::Buffers buffers;
      buffers.set(detect::Buffer::payload, as_bytes(turn).first(end), end == turn.size());
      scanner.scan(signatures, subject, buffers, state, &flow, hits);
    }
  });
}

void measure(std::size_t count, std::span<const std::string> turns) {
  const std::vector<std::string> patterns = make_patterns(count, turns);
  struct Way {
    const char* name;
    unsigned mode, flag;
  };
  const Way ways[] = {{"block", HS_MODE_BLOCK, 0},
                      {"once", HS_MODE_BLOCK, HS_FLAG_SINGLEMATCH},
                      {"streaming", HS_MODE_STREAM, 0}};
  for (const Way& way : ways) {
    hs_database_t* database = compile(patterns, way.mode, way.flag);
    hs_scratch_t* scratch = nullptr;
    require(hs_alloc_scratch(database, &scratch) == HS_SUCCESS, "no memory");
    std::size_t per_flow = 0;
    std::size_t size = 0;
    hs_database_size(database, &size);
    if (way.mode == HS_MODE_STREAM) hs_stream_size(database, &per_flow);
    double speeds[2];
    for (std::size_t i = 0; i < 2; ++i) {
      speeds[i] = way.mode == HS_MODE_STREAM
                      ? measure_streaming(database, scratch, turns, kPieces[i])
                      : measure_block(database, scratch, turns, kPieces[i]);
    }
    std::printf("| %zu | %s | %.0f | %.0f | %zu | %zu |\n", count, way.name, speeds[0], speeds[1],
                per_flow, size / 1024);
    std::fflush(stdout);
    hs_free_scratch(scratch);
    hs_free_database(database);
  }
  Diagnostics findings;
  const auto signatures = detect::Signatures::compile(
      detect::parse_rules(rules_of(patterns), "made"), detect::Signatures::Options(), findings);
  require(!findings.has_errors(), "the rules do not load");
  const double whole = measure_scanner(*signatures, turns, kPieces[0]);
  const double cut = measure_scanner(*signatures, turns, kPieces[1]);
  std::printf("| %zu | scanner | %.0f | %.0f | %zu | %zu |\n", count, whole, cut,
              sizeof(detect::LookState), signatures->memory() / 1024);
  std::fflush(stdout);
}

}  // namespace
}  // namespace chatgate::bench

int main(int argc, char** argv) {
  using namespace chatgate::bench;
  std::vector<std::string> turns = turns_of_captures(CHATGATE_CORPUS, kMaxTraffic);
  const bool captured = !turns.empty();
  if (!captured) turns = made_turns(kMaxTraffic);
  std::size_t bytes = 0;
  for (const std::string& turn : turns) bytes += turn.size();
  std::printf("%zu turns, %zu bytes of %s\n\n", turns.size(), bytes,
              captured ? "captured payload" : "made-up payload");
  std::printf(
      "| rules | way | 1,460 bytes | 100 bytes | bytes a flow | KiB in all |\n"
      "|---|---|---|---|---|---|\n");
  std::vector<std::size_t> counts;
  for (int i = 1; i < argc; ++i) counts.push_back(std::strtoul(argv[i], nullptr, 10));
  if (counts.empty()) counts = {10, 1'000, 10'000};
  for (const std::size_t count : counts) measure(count, turns);
  return 0;
}
