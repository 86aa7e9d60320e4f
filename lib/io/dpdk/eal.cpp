#include "io/dpdk/eal.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <mutex>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <unistd.h>
#include <utility>

namespace chatgate::io {
namespace {

// DPDK logs through one stream for the whole process, so what listens is one for the process too.
struct LogState {
  std::mutex mutex;
  std::string partial;  // a line whose end has not come yet
  std::string first_error;
  Log log;
  std::chrono::steady_clock::time_point next_line;
};

LogState& log_state() {
  static LogState state;
  return state;
}

void take_line(LogState& state, std::string line, bool is_error) {
  if (line.empty() || !is_error) return;
  // "rte_pmd_af_packet_probe(): …" and "EAL: …": where in DPDK is of no use to an operator.
  if (const std::size_t function = line.find("(): "); function != std::string::npos) {
    line.erase(0, function + 4);
  } else if (line.starts_with("EAL: ")) {
    line.erase(0, 5);
  }
  // The first of a cascade says what happened, those after it what that led to.
  if (state.first_error.empty()) state.first_error = line;
  const auto now = std::chrono::steady_clock::now();
  if (!state.log || now < state.next_line) return;
  state.next_line = now + std::chrono::milliseconds(500);
  state.log("dpdk: " + line);
}

ssize_t write_log(void*, const char* data, std::size_t size) {
  LogState& state = log_state();
  const bool is_error = rte_log_cur_msg_loglevel() <= static_cast<int>(RTE_LOG_ERR);
  const std::lock_guard lock(state.mutex);
  state.partial.append(data, size);
  for (std::size_t end; (end = state.partial.find('\n')) != std::string::npos;) {
    take_line(state, state.partial.substr(0, end), is_error);
    state.partial.erase(0, end + 1);
  }
  return static_cast<ssize_t>(size);
}

void open_log() {
  cookie_io_functions_t functions{};
  functions.write = write_log;
  static FILE* stream = fopencookie(nullptr, "w", functions);
  if (stream != nullptr) rte_openlog_stream(stream);
}

constexpr std::array kStreams = {STDOUT_FILENO, STDERR_FILENO};

int init_quietly(std::vector<char*>& arguments) {
  const Silence silence;
  return rte_eal_init(static_cast<int>(arguments.size()), arguments.data());
}

}  // namespace

Silence::Silence() {
  std::fflush(nullptr);
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  for (std::size_t i = 0; i < saved_.size(); ++i) {
    saved_[i] = fcntl(kStreams[i], F_DUPFD_CLOEXEC, 3);
    if (saved_[i] >= 0 && nowhere >= 0) dup2(nowhere, kStreams[i]);
  }
  if (nowhere >= 0) close(nowhere);
}

Silence::~Silence() {
  std::fflush(nullptr);
  for (std::size_t i = 0; i < saved_.size(); ++i) {
    if (saved_[i] < 0) continue;
    dup2(saved_[i], kStreams[i]);
    close(saved_[i]);
  }
}

std::unique_ptr<Eal> Eal::start(const std::vector<std::string>& arguments, std::string& error) {
  open_log();
  // The EAL keeps and reorders the pointers, and cuts up the strings.
  std::vector<std::string> copies = arguments;
  std::vector<char*> pointers;
  for (std::string& copy : copies) pointers.push_back(copy.data());
  std::unique_ptr<Eal> eal(new Eal);
  eal->forget();
  if (init_quietly(pointers) >= 0) {
    // Made even where nothing is shared. Who starts may remove it, who runs perhaps not.
    std::error_code ignored;
    std::filesystem::remove(rte_eal_get_runtime_dir(), ignored);
    return eal;
  }
  const std::string reason = rte_strerror(rte_errno);
  const std::string said = eal->take_error();
  error = "DPDK did not start: " + (said.empty() ? reason : said);
  if (error.find("command line") != std::string::npos) error += " (see --eal)";
  return nullptr;
}

Eal::~Eal() {
  {
    const std::lock_guard lock(log_state().mutex);
    log_state().log = nullptr;
  }
  const std::filesystem::path folder = rte_eal_get_runtime_dir();
  rte_eal_cleanup();
  // Left behind where something is in it.
  std::error_code ignored;
  if (folder.filename().string().starts_with("chatgate-")) {
    std::filesystem::remove_all(folder, ignored);
  }
}

void Eal::forget() {
  const std::lock_guard lock(log_state().mutex);
  log_state().first_error.clear();
}

std::string Eal::take_error() {
  const std::lock_guard lock(log_state().mutex);
  return std::exchange(log_state().first_error, {});
}

void Eal::forward_errors(Log log) {
  const std::lock_guard lock(log_state().mutex);
  log_state().log = std::move(log);
}

}  // namespace chatgate::io
