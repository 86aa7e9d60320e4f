// Numbered datagrams through the gateway and back, at a rate, and how many of them were lost.
//
//   numbered echo ADDRESS PORT              sends back what comes, until SIGTERM
//   numbered send ADDRESS PORT FLOWS        takes lines on standard input:
//       rate N     datagrams a second from now on, over all flows; 0: none
//       mark       prints one line of JSON: sent, back, lost, waiting, again, refused, late_us
//       end        sends no more, waits for what is under way, prints the same and ends
//
// Datagrams have 64 bytes of payload. One that is not back after kPatience is lost. `refused` are
// those that the sender's own kernel did not take; they have no number. `again` came once more, or
// after they were given up. A sender that stood still
// goes on with its rate and does not make up for the pause by a burst: `late_us` is its longest.
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <vector>

namespace {

constexpr std::size_t kPayload = 64;
constexpr unsigned kBatch = 64;
constexpr int kRoom = 64 << 20;                     // bytes of a socket's queues
constexpr std::uint64_t kPatience = 3'000'000'000;  // nanoseconds
constexpr std::uint64_t kStep = 500'000;            // of the sender
constexpr std::uint64_t kMost = 5'000'000;          // of a pause that is made up for
constexpr std::uint64_t kWindow = 1U << 22;         // numbers that may be under way

std::uint64_t now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(time.tv_nsec);
}

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "numbered: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

int open_socket() {
  const int wire = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  if (wire < 0) fail("socket");
  for (const int option : {SO_RCVBUFFORCE, SO_SNDBUFFORCE}) {
    if (setsockopt(wire, SOL_SOCKET, option, &kRoom, sizeof kRoom) != 0) fail("room");
  }
  return wire;
}

sockaddr_in address_of(const char* address, const char* port) {
  sockaddr_in place{};
  place.sin_family = AF_INET;
  place.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  if (inet_pton(AF_INET, address, &place.sin_addr) != 1) fail(address);
  return place;
}

// Up to kBatch datagrams that are received, or sent, by one call.
struct Batch {
  std::array<std::array<std::byte, kPayload>, kBatch> payload{};
  std::array<sockaddr_in, kBatch> peer{};
  std::array<iovec, kBatch> parts{};
  std::array<mmsghdr, kBatch> messages{};

  explicit Batch(bool with_peer) {
    for (unsigned i = 0; i < kBatch; ++i) {
      parts[i] = {payload[i].data(), kPayload};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
      if (with_peer) messages[i].msg_hdr.msg_name = &peer[i];
    }
  }
  unsigned receive(int wire) {
    for (mmsghdr& message : messages) {
      if (message.msg_hdr.msg_name != nullptr) message.msg_hdr.msg_namelen = sizeof(sockaddr_in);
    }
    const int count = recvmmsg(wire, messages.data(), kBatch, MSG_DONTWAIT, nullptr);
    return count < 0 ? 0 : static_cast<unsigned>(count);
  }
};

volatile std::sig_atomic_t ending = 0;

int echo(const char* address, const char* port) {
  struct sigaction action {};
  action.sa_handler = [](int) { ending = 1; };
  sigaction(SIGTERM, &action, nullptr);
  const int wire = open_socket();
  const sockaddr_in place = address_of(address, port);
  if (bind(wire, reinterpret_cast<const sockaddr*>(&place), sizeof place) != 0) fail("bind");
  std::puts("ready");
  std::fflush(stdout);
  Batch batch(true);
  std::uint64_t came = 0, refused = 0;
  while (ending == 0) {
    pollfd waiting{wire, POLLIN, 0};
    poll(&waiting, 1, 200);
    while (const unsigned count = batch.receive(wire)) {
      came += count;
      for (unsigned sent = 0; sent < count;) {
        const int taken = sendmmsg(wire, batch.messages.data() + sent, count - sent, 0);
        if (taken <= 0) ++refused;
        sent += taken <= 0 ? 1 : static_cast<unsigned>(taken);
      }
    }
  }
  std::printf("{\"came\": %lu, \"refused\": %lu}\n", came, refused);
  return 0;
}

class Sender {
 public:
  Sender(const sockaddr_in& place, unsigned flows) {
    for (unsigned i = 0; i < flows; ++i) {
      wires_.push_back(open_socket());
      if (connect(wires_[i], reinterpret_cast<const sockaddr*>(&place), sizeof place) != 0) {
        fail("connect");
      }
    }
  }

  void run() {
    std::string line;
    std::uint64_t last = now();
    while (!ending_ || sent_ != settled_) {
      step(last);
      receive_all();
      settle();
      pollfd input{STDIN_FILENO, POLLIN, 0};
      const timespec wait{0, static_cast<long>(kStep)};
      if (ppoll(&input, ending_ ? 0 : 1, &wait, nullptr) > 0) read_lines(line);
    }
    print();
  }

 private:
  void step(std::uint64_t& last) {
    const std::uint64_t time = now(), passed = time - last;
    last = time;
    if (rate_ == 0) return;
    if (passed > longest_) longest_ = passed;
    due_ += static_cast<double>(rate_) * static_cast<double>(std::min(passed, kMost)) / 1e9;
    const auto count = static_cast<unsigned>(due_);
    due_ -= count;
    for (unsigned left = count; left != 0;) {
      const unsigned now_sent = std::min(left, kBatch);
      send_some(now_sent);
      left -= now_sent;
    }
    if (count != 0) steps_.push_back({time, sent_});
  }

  // All of one batch go by one flow; flows take turns.
  void send_some(unsigned count) {
    if (sent_ + count - settled_ > kWindow) fail("too many are under way");
    for (unsigned i = 0; i < count; ++i) {
      const std::uint64_t number = sent_ + i;
      std::memcpy(out_.payload[i].data(), &number, sizeof number);
    }
    const int taken =
        sendmmsg(wires_[turn_++ % wires_.size()], out_.messages.data(), count, MSG_DONTWAIT);
    const unsigned done = taken < 0 ? 0 : static_cast<unsigned>(taken);
    sent_ += done;
    refused_ += count - done;
  }

  void receive_all() {
    for (const int wire : wires_) {
      while (const unsigned count = in_.receive(wire)) {
        for (unsigned i = 0; i < count; ++i) came_back(in_.payload[i].data());
      }
    }
  }

  void came_back(const std::byte* payload) {
    std::uint64_t number = 0;
    std::memcpy(&number, payload, sizeof number);
    if (number >= sent_) return;
    std::uint8_t& seen = seen_[number % kWindow];
    if (number < settled_ || seen != 0) {
      ++again_;  // what is given up stays lost
    } else {
      seen = 1;
      ++back_;
    }
  }

  // Numbers whose time is over, and all before the first that is still waited for.
  void settle() {
    const std::uint64_t time = now();
    while (!steps_.empty()) {
      const bool over = time - steps_.front().time > kPatience;
      while (settled_ < steps_.front().end && (over || seen_[settled_ % kWindow] != 0)) {
        if (seen_[settled_ % kWindow] == 0) ++lost_;
        seen_[settled_++ % kWindow] = 0;
      }
      if (settled_ < steps_.front().end) return;
      steps_.pop_front();
    }
  }

  void read_lines(std::string& line) {
    std::array<char, 512> piece{};
    const ssize_t count = read(STDIN_FILENO, piece.data(), piece.size());
    if (count <= 0) end();
    for (ssize_t i = 0; i < count; ++i) {
      if (piece[static_cast<std::size_t>(i)] != '\n') {
        line += piece[static_cast<std::size_t>(i)];
        continue;
      }
      if (line.starts_with("rate ")) rate_ = std::strtoul(line.c_str() + 5, nullptr, 10);
      if (line == "mark") print();
      if (line == "end") end();
      line.clear();
    }
  }

  void end() {
    ending_ = true;
    rate_ = 0;
  }

  void print() {
    std::printf(
        "{\"sent\": %lu, \"back\": %lu, \"lost\": %lu, \"waiting\": %lu, \"again\": %lu, "
        "\"refused\": %lu, \"late_us\": %lu}\n",
        sent_, back_, lost_, sent_ - back_ - lost_, again_, refused_, longest_ / 1000);
    std::fflush(stdout);
    longest_ = 0;
  }

  struct Step {
    std::uint64_t time = 0, end = 0;  // when, and the number after the last one
  };

  std::vector<int> wires_;
  std::vector<std::uint8_t> seen_ = std::vector<std::uint8_t>(kWindow);
  std::deque<Step> steps_;
  Batch out_{false}, in_{false};
  std::uint64_t rate_ = 0, sent_ = 0, settled_ = 0, back_ = 0, lost_ = 0, again_ = 0, refused_ = 0;
  std::uint64_t longest_ = 0, turn_ = 0;
  double due_ = 0;
  bool ending_ = false;
};

}  // namespace

int main(int count, char** words) {
  const std::string_view what = count > 1 ? words[1] : "";
  if (what == "echo" && count == 4) return echo(words[2], words[3]);
  if (what == "send" && count == 5) {
    Sender(address_of(words[2], words[3]), static_cast<unsigned>(std::atoi(words[4]))).run();
    return 0;
  }
  std::fputs("usage: numbered echo ADDRESS PORT | numbered send ADDRESS PORT FLOWS\n", stderr);
  return 2;
}
