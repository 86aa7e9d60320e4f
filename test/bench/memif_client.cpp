#include "memif_client.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <new>
#include <stdexcept>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

namespace chatgate::bench {
namespace {

constexpr std::uint32_t kCookie = 0x3E31F20;
constexpr std::uint16_t kVersion = 2 << 8;
constexpr std::uint16_t kNoInterrupts = 1, kClientToServer = 1;

// Messages of the control channel: two bytes of type, then packed fields, 128 bytes in all.
enum class Type : std::uint16_t {
  ack = 1,
  hello,
  init,
  add_region,
  add_ring,
  connect,
  connected,
  disconnect
};

class Message {
 public:
  static constexpr std::size_t kSize = 128;

  Message() = default;
  explicit Message(Type type) { put(static_cast<std::uint16_t>(type)); }

  template <typename Number>
  Message& put(Number number) {
    std::memcpy(&bytes_[size_], &number, sizeof number);
    size_ += sizeof number;
    return *this;
  }
  Message& text(const char* words, std::size_t room) {
    std::memcpy(&bytes_[size_], words, std::min(room - 1, std::strlen(words)));
    size_ += room;
    return *this;
  }
  Type type() const {
    std::uint16_t number = 0;
    std::memcpy(&number, bytes_.data(), sizeof number);
    return static_cast<Type>(number);
  }
  // A number as it stands at `offset` behind the type.
  template <typename Number>
  Number at(std::size_t offset) const {
    Number number{};
    std::memcpy(&number, &bytes_[2 + offset], sizeof number);
    return number;
  }
  std::string words(std::size_t offset) const {
    const char* begin = reinterpret_cast<const char*>(&bytes_[2 + offset]);
    return {begin, strnlen(begin, kSize - 2 - offset)};
  }
  std::uint8_t* data() { return bytes_.data(); }

 private:
  std::array<std::uint8_t, kSize> bytes_{};
  std::size_t size_ = 0;
};

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error("memif: " + what);
}

void send_message(int socket, Message message, int descriptor = -1) {
  iovec part{message.data(), Message::kSize};
  msghdr head{};
  head.msg_iov = &part;
  head.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room{};
  if (descriptor >= 0) {
    head.msg_control = room.data();
    head.msg_controllen = room.size();
    cmsghdr* control = CMSG_FIRSTHDR(&head);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(control), &descriptor, sizeof descriptor);
  }
  if (sendmsg(socket, &head, MSG_NOSIGNAL) != static_cast<ssize_t>(Message::kSize)) {
    fail(std::string("the server does not listen: ") + std::strerror(errno));
  }
}

Message receive_message(int socket, Type wanted) {
  Message message;
  const ssize_t size = recv(socket, message.data(), Message::kSize, 0);
  if (size != static_cast<ssize_t>(Message::kSize)) {
    fail(size < 0 ? std::string("no answer: ") + std::strerror(errno) : "the server hung up");
  }
  if (message.type() == Type::disconnect) fail("the server refuses: " + message.words(4));
  if (message.type() != wanted) fail("an unexpected message came");
  return message;
}

}  // namespace

MemifClient::MemifClient(const std::string& socket, std::uint32_t id, std::uint8_t filler,
                         unsigned seconds) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point until = Clock::now() + std::chrono::seconds(seconds);
  try {
    share(filler);
  } catch (...) {
    close_all();
    throw;
  }
  // A server refuses until its port has been started.
  while (true) {
    try {
      connect(socket, id);
      return;
    } catch (const std::runtime_error&) {
      if (socket_ >= 0) close(socket_);
      socket_ = -1;
      if (Clock::now() > until) {
        close_all();
        throw;
      }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

MemifClient::~MemifClient() {
  close_all();
}

void MemifClient::close_all() {
  if (memory_ != nullptr) munmap(memory_, 2 * (sizeof(Ring) + std::size_t{kSlots} * kBuffer));
  for (const int descriptor : {socket_, memory_fd_, events_[0], events_[1]}) {
    if (descriptor >= 0) close(descriptor);
  }
}

// Both rings, then the buffers of one and of the other, in one region.
void MemifClient::share(std::uint8_t filler) {
  constexpr std::size_t kSize = 2 * (sizeof(Ring) + std::size_t{kSlots} * kBuffer);
  memory_fd_ = memfd_create("memif", MFD_ALLOW_SEALING);
  if (memory_fd_ < 0 || ftruncate(memory_fd_, kSize) != 0 ||
      fcntl(memory_fd_, F_ADD_SEALS, F_SEAL_SHRINK) != 0) {
    fail("no memory to share");
  }
  void* mapped =
      mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, memory_fd_, 0);
  if (mapped == MAP_FAILED) fail("no memory to share");
  memory_ = static_cast<std::uint8_t*>(mapped);
  out_ = new (memory_) Ring();
  in_ = new (memory_ + sizeof(Ring)) Ring();
  std::uint32_t offset = 2 * sizeof(Ring);
  std::memset(memory_ + offset, filler, kSize - offset);
  for (Ring* ring : {out_, in_}) {
    ring->cookie = kCookie;
    ring->flags = kNoInterrupts;
    for (Descriptor& slot : ring->slots) {
      slot = {0, 0, kBuffer, offset, 0};
      offset += kBuffer;
    }
  }
  for (int& event : events_) {
    event = eventfd(0, EFD_NONBLOCK);
    if (event < 0) fail("no event to share");
  }
}

void MemifClient::connect(const std::string& socket, std::uint32_t id) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.size() >= sizeof address.sun_path) fail("\"" + socket + "\" is too long");
  std::memcpy(address.sun_path, socket.c_str(), socket.size());
  socket_ = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  const timeval patience{5, 0};
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    fail("nobody serves \"" + socket + "\"");
  }
  const Message hello = receive_message(socket_, Type::hello);
  const auto lowest = hello.at<std::uint16_t>(32), highest = hello.at<std::uint16_t>(34);
  if (kVersion < lowest || kVersion > highest) fail("the server speaks another version");
  if (hello.at<std::uint8_t>(42) < kLog2Ring) fail("the server takes smaller rings only");

  const auto ask = [this](const Message& message, int descriptor = -1) {
    send_message(socket_, message, descriptor);
    receive_message(socket_, Type::ack);
  };
  constexpr std::uint8_t kEthernet = 0;
  ask(Message(Type::init).put(kVersion).put(id).put(kEthernet).text("", 24).text("wire-load", 32));
  const std::uint64_t size = 2 * (sizeof(Ring) + std::size_t{kSlots} * kBuffer);
  ask(Message(Type::add_region).put(std::uint16_t{0}).put(size), memory_fd_);
  for (const bool outward : {true, false}) {
    const auto offset = static_cast<std::uint32_t>(outward ? 0 : sizeof(Ring));
    ask(Message(Type::add_ring)
            .put(outward ? kClientToServer : std::uint16_t{0})
            .put(std::uint16_t{0})  // the first ring of its direction
            .put(std::uint16_t{0})  // in the first region
            .put(offset)
            .put(std::uint8_t{kLog2Ring})
            .put(std::uint16_t{0}),  // bytes before each frame
        events_[outward ? 0 : 1]);
  }
  send_message(socket_, Message(Type::connect).text("wire-load", 32));
  receive_message(socket_, Type::connected);
  // All of them are there to be filled. Not before: a server sets both ends of a ring to zero when
  // it takes it.
  in_->head.store(kSlots, std::memory_order_release);
}

unsigned MemifClient::room() const {
  const auto taken =
      static_cast<std::uint16_t>(next_out_ - out_->tail.load(std::memory_order_acquire));
  return taken > kSlots ? 0 : kSlots - taken;
}

MutableBytes MemifClient::slot(unsigned i, std::uint32_t length) {
  Descriptor& slot = out_->slots[(next_out_ + i) % kSlots];
  length = std::min(length, kBuffer);
  slot.flags = 0;
  slot.length = length;
  // Offsets of this ring are this side's alone to write.
  return {memory_ + slot.offset, length};
}

void MemifClient::send(unsigned count) {
  next_out_ = static_cast<std::uint16_t>(next_out_ + count);
  out_->head.store(next_out_, std::memory_order_release);
}

unsigned MemifClient::waiting() const {
  const auto come =
      static_cast<std::uint16_t>(in_->tail.load(std::memory_order_acquire) - next_in_);
  return std::min<unsigned>(come, kSlots);
}

Bytes MemifClient::frame(unsigned i) const {
  const unsigned at = (next_in_ + i) % kSlots;
  // Where the buffer lies is known here; of what the other side wrote only the length counts.
  const std::size_t offset = 2 * sizeof(Ring) + (std::size_t{kSlots} + at) * kBuffer;
  return {memory_ + offset, std::min(in_->slots[at].length, kBuffer)};
}

void MemifClient::release(unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    Descriptor& slot = in_->slots[(next_in_ + i) % kSlots];
    slot.length = kBuffer;
    slot.flags = 0;
  }
  next_in_ = static_cast<std::uint16_t>(next_in_ + count);
  in_->head.store(static_cast<std::uint16_t>(next_in_ + kSlots), std::memory_order_release);
}

bool MemifClient::connected() const {
  Message message;
  const ssize_t size = recv(socket_, message.data(), Message::kSize, MSG_DONTWAIT);
  return size < 0 ? errno == EAGAIN : size != 0 && message.type() != Type::disconnect;
}

}  // namespace chatgate::bench
