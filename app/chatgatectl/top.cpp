#include "top.h"

#include <array>
#include <chrono>
#include <clocale>
#include <csignal>
#include <iostream>
#include <optional>
#include <thread>
#include <unistd.h>

#define NCURSES_NOMACROS
#include <curses.h>

namespace chatgate::ctl {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kFirstInterval{1000}, kInterval{2000};
constexpr milliseconds kShortest{500}, kLongest{60'000};
constexpr int kKeyPatience = 100;  // milliseconds
constexpr const char* kKeys = "q quit   sort: b bytes  p packets  f flows  d blocked   + - pace";

volatile std::sig_atomic_t ended = 0;

void on_end(int) {
  ended = 1;
}

// Signals that end the screen and not the program, while it is shown.
class EndSignals {
 public:
  EndSignals() {
    ended = 0;
    struct sigaction action {};
    action.sa_handler = on_end;
    for (std::size_t i = 0; i < kSignals.size(); ++i)
      ::sigaction(kSignals[i], &action, &before_[i]);
  }
  ~EndSignals() {
    for (std::size_t i = 0; i < kSignals.size(); ++i)
      ::sigaction(kSignals[i], &before_[i], nullptr);
  }
  EndSignals(const EndSignals&) = delete;
  EndSignals& operator=(const EndSignals&) = delete;

 private:
  static constexpr std::array<int, 3> kSignals = {SIGINT, SIGTERM, SIGHUP};
  std::array<struct sigaction, 3> before_{};
};

// The terminal in full-screen mode; given back as it was however this ends.
class Screen {
 public:
  Screen() {
    std::setlocale(LC_ALL, "");
    ::use_env(false);  // LINES and COLUMNS would stand for ever, whatever size the window gets
    screen_ = ::newterm(nullptr, stdout, stdin);
    if (screen_ == nullptr) return;
    ::cbreak();
    ::noecho();
    ::keypad(::stdscr, true);
    ::curs_set(0);
    ::wtimeout(::stdscr, kKeyPatience);
  }
  ~Screen() {
    if (screen_ == nullptr) return;
    ::endwin();
    ::delscreen(screen_);
  }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  bool works() const { return screen_ != nullptr; }

  void show(const Json& facts, TopSort sort) {
    const int height = ::getmaxy(::stdscr), width = ::getmaxx(::stdscr);
    if (height < 2 || width < 2) return;
    TopLayout layout{sort, static_cast<std::size_t>(width), static_cast<std::size_t>(height) - 1};
    ::werase(::stdscr);
    int row = 0;
    for (const std::string& line : top_lines(facts, layout)) {
      ::mvwaddnstr(::stdscr, row++, 0, line.c_str(), static_cast<int>(line.size()));
    }
    ::mvwaddnstr(::stdscr, height - 1, 0, kKeys, width - 1);
    ::wrefresh(::stdscr);
  }

  int key() {
    const int key = ::wgetch(::stdscr);
    // What a terminal keeps of its picture when its size changes is its own affair.
    if (key == KEY_RESIZE) ::clearok(::stdscr, true);
    return key;
  }

 private:
  SCREEN* screen_ = nullptr;
};

// The next sample; nothing where there is none, and `problem` says why.
std::optional<Json> sample(const Client& client, std::string& problem) {
  const Reply reply = client.command("top", true);
  if (reply.status == kDone && reply.result.is_object()) return reply.result;
  problem = reply.error;
  return std::nullopt;
}

int failed(const std::string& problem) {
  std::cerr << "chatgatectl: " << problem << "\n";
  return kFailed;
}

// What a key does. False where it ends the screen.
bool press(int key, TopSort& sort, milliseconds& interval) {
  switch (key) {
    case 'q':
    case 'Q':
    case 3: return false;
    case 'b':
    case 'p':
    case 'f':
    case 'd': sort = static_cast<TopSort>(key); break;
    case '+': interval = std::max(interval / 2, kShortest); break;
    case '-': interval = std::min(interval * 2, kLongest); break;
    default: break;
  }
  return true;
}

}  // namespace

int top_once(const Client& client, const Json& first, bool json) {
  std::this_thread::sleep_for(kFirstInterval);
  std::string problem;
  const std::optional<Json> second = sample(client, problem);
  if (!second) return failed(problem);
  const Json facts = top_facts(first, *second);
  if (json) {
    std::cout << facts.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n";
  } else {
    for (const std::string& line : top_lines(facts, {})) std::cout << line << "\n";
  }
  std::cout << std::flush;
  return kDone;
}

int top_live(const Client& client, const Json& first) {
  Json before = first, facts = top_facts(first, first);
  TopSort sort = TopSort::bytes;
  milliseconds interval = kInterval;
  std::string problem;
  {
    Screen screen;
    if (!screen.works()) return top_once(client, first, false);
    const EndSignals signals;
    auto next = Clock::now() + kFirstInterval;
    screen.show(facts, sort);
    while (ended == 0) {
      const int key = screen.key();
      if (key != ERR && !press(key, sort, interval)) break;
      if (Clock::now() >= next) {
        const std::optional<Json> now = sample(client, problem);
        if (!now) break;
        facts = top_facts(before, *now);
        before = *now;
        next = Clock::now() + interval;
      } else if (key == ERR) {
        continue;
      }
      screen.show(facts, sort);
    }
  }
  return problem.empty() ? kDone : failed(problem);
}

}  // namespace chatgate::ctl
