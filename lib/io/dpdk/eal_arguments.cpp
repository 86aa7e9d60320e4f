#include "io/dpdk/eal_arguments.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sched.h>

namespace chatgate::io {
namespace {

constexpr std::uint64_t kMebibyte = 1024 * 1024;

std::optional<unsigned> parse_number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

std::string join(const std::vector<unsigned>& numbers) {
  std::string text;
  for (const unsigned number : numbers) {
    if (!text.empty()) text += ",";
    text += std::to_string(number);
  }
  return text;
}

std::uint64_t read_number(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::uint64_t value = 0;
  in >> value;
  return in ? value : 0;
}

}  // namespace

std::optional<std::vector<unsigned>> parse_core_list(std::string_view text,
                                                     const std::vector<unsigned>& allowed,
                                                     Diagnostics& diagnostics) {
  // More workers than an id can count is no use to anyone.
  constexpr std::size_t kMaxWorkers = 64;
  const Place place{"--workers " + std::string(text), 0, 0};
  std::vector<unsigned> cores;
  const std::size_t errors_before = diagnostics.error_count();
  std::size_t start = 0;
  while (start <= text.size()) {
    const std::size_t end = std::min(text.find(',', start), text.size());
    const std::string_view part = text.substr(start, end - start);
    start = end + 1;
    const std::size_t dash = part.find('-');
    const auto first = parse_number(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_number(part.substr(dash + 1));
    if (!first || !last || *last < *first) {
      diagnostics.error(place, "\"" + std::string(part) + "\" is not a core or a range of cores",
                        "the form is 0,2-3");
      continue;
    }
    // However long the range, it is walked no further than to the first core that is wrong.
    for (unsigned core = *first;; ++core) {
      if (std::find(allowed.begin(), allowed.end(), core) == allowed.end()) {
        diagnostics.error(place, "this process may not run on core " + std::to_string(core),
                          "cores here are " + join(allowed));
        break;
      }
      if (std::find(cores.begin(), cores.end(), core) != cores.end()) {
        diagnostics.error(place, "core " + std::to_string(core) + " is named twice");
        break;
      }
      cores.push_back(core);
      if (core == *last) break;
    }
  }
  if (cores.size() > kMaxWorkers) {
    diagnostics.error(place, "more than " + std::to_string(kMaxWorkers) + " workers");
  }
  if (diagnostics.error_count() != errors_before) return std::nullopt;
  return cores;
}

std::vector<unsigned> allowed_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<unsigned> cores;
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return cores;
  for (unsigned core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &set)) cores.push_back(core);
  }
  return cores;
}

std::uint64_t free_hugepage_memory() {
  std::uint64_t bytes = 0;
  std::error_code error;
  const std::filesystem::path root = "/sys/kernel/mm/hugepages";
  for (const auto& entry : std::filesystem::directory_iterator(root, error)) {
    // hugepages-2048kB
    const std::string name = entry.path().filename().string();
    const std::size_t dash = name.find('-');
    if (dash == std::string::npos) continue;
    std::uint64_t kibibytes = 0;
    std::from_chars(name.data() + dash + 1, name.data() + name.size(), kibibytes);
    const std::uint64_t all = read_number(entry.path() / "free_hugepages");
    const std::uint64_t reserved = read_number(entry.path() / "resv_hugepages");
    if (all > reserved) bytes += (all - reserved) * kibibytes * 1024;
  }
  return bytes;
}

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (const char c : text) {
    if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        word += c;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (c == ' ' || c == '\t' || c == '\n') {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (in_word) words.push_back(std::move(word));
  return words;
}

std::vector<std::string> eal_arguments(const EalRequest& request) {
  std::vector<std::string> arguments = {"chatgate", "--no-telemetry", "--file-prefix",
                                        request.file_prefix};
  // Logical core 0 is the control thread, free to run anywhere; each worker has the next one,
  // pinned.
  std::string lcores = "0@(" + join(request.allowed_cores) + ")";
  for (std::size_t i = 0; i < request.worker_cores.size(); ++i) {
    lcores += "," + std::to_string(i + 1) + "@" + std::to_string(request.worker_cores[i]);
  }
  arguments.insert(arguments.end(), {"--lcores", lcores, "--main-lcore", "0"});
  arguments.insert(arguments.end(), {"--log-level", "warning"});

  if (request.pci_addresses.empty()) {
    arguments.push_back("--no-pci");
  } else {
    for (const std::string& address : request.pci_addresses) {
      arguments.insert(arguments.end(), {"-a", address});
    }
  }
  if (request.hugepage_memory < request.memory_needed) {
    const std::uint64_t mebibytes = (request.memory_needed + kMebibyte - 1) / kMebibyte;
    // Does not go together with --in-memory; without shared files it comes to the same.
    arguments.insert(arguments.end(),
                     {"--no-shconf", "--no-huge", "-m", std::to_string(mebibytes)});
  } else {
    arguments.push_back("--in-memory");
  }
  for (std::string& word : split_words(request.extra)) arguments.push_back(std::move(word));
  return arguments;
}

}  // namespace chatgate::io
