// The EAL, DPDK's environment layer: once for each process.
//
// What DPDK has to say never reaches standard output: its lines are kept, and the first error of a
// step that failed becomes part of our own one-line error. After start-up, errors of drivers go to
// the log, at most a few a second. Control thread, except for the log.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace chatgate::io {

// Takes one finished line without its newline; called on any thread.
using Log = std::function<void(std::string_view)>;

// While one exists, nothing is printed: the EAL answers a word it does not know with pages of
// usage, and libraries of drivers talk on standard error. For the steps of start and end only,
// while no other thread has something to print.
class Silence {
 public:
  Silence();
  ~Silence();
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  std::array<int, 2> saved_{};
};

class Eal {
 public:
  // Null where it did not start; `error` says why in one line.
  static std::unique_ptr<Eal> start(const std::vector<std::string>& arguments, std::string& error);
  ~Eal();
  Eal(const Eal&) = delete;
  Eal& operator=(const Eal&) = delete;

  // Forgets the lines kept so far; `take_error` answers the first one that was an error since.
  void forget();
  std::string take_error();
  // From here on errors go to `log` as they come.
  void forward_errors(Log log);

 private:
  Eal() = default;
};

}  // namespace chatgate::io
