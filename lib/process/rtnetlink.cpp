#include "process/rtnetlink.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <linux/if_link.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace chatgate::process {
namespace {

constexpr std::size_t kAnswer = 32 * 1024;
constexpr timeval kPatience{2, 0};

class Socket {
 public:
  Socket() : fd_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)) {
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
  }
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  // The kernel's answer to `request`, at least one whole header; empty where there was none, and
  // errno says why.
  std::string ask(const std::string& request) const {
    std::string answer(kAnswer, '\0');
    if (fd_ < 0 || ::send(fd_, request.data(), request.size(), 0) < 0) return {};
    ssize_t size = 0;
    do {
      size = ::recv(fd_, answer.data(), answer.size(), 0);
    } while (size < 0 && errno == EINTR);
    if (size < static_cast<ssize_t>(sizeof(nlmsghdr))) return {};
    answer.resize(static_cast<std::size_t>(size));
    return answer;
  }

 private:
  int fd_;
};

template <typename Header>
Header read_header(const std::string& bytes, std::size_t at) {
  Header header{};
  if (at + sizeof(header) <= bytes.size()) std::memcpy(&header, bytes.data() + at, sizeof(header));
  return header;
}

// 0 for an acknowledgement, the errno otherwise.
int error_of(const std::string& answer) {
  if (answer.empty()) return errno == 0 ? EIO : errno;
  const auto header = read_header<nlmsghdr>(answer, 0);
  if (header.nlmsg_type != NLMSG_ERROR) return 0;
  return -read_header<nlmsgerr>(answer, NLMSG_HDRLEN).error;
}

// Calls `take(type, value)` for each attribute of `bytes`.
template <typename Take>
void each_attribute(std::string_view bytes, Take take) {
  while (bytes.size() >= sizeof(rtattr)) {
    rtattr attribute{};
    std::memcpy(&attribute, bytes.data(), sizeof(attribute));
    if (attribute.rta_len < sizeof(attribute) || attribute.rta_len > bytes.size()) return;
    take(attribute.rta_type & NLA_TYPE_MASK,
         bytes.substr(sizeof(attribute), attribute.rta_len - sizeof(attribute)));
    bytes.remove_prefix(std::min<std::size_t>(RTA_ALIGN(attribute.rta_len), bytes.size()));
  }
}

std::string text_of(std::string_view value) {
  return std::string(value.substr(0, value.find('\0')));
}

}  // namespace

LinkRequest::LinkRequest(std::uint16_t type, std::uint16_t flags, int index) {
  nlmsghdr header{};
  header.nlmsg_type = type;
  header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  ifinfomsg link{};
  link.ifi_family = AF_UNSPEC;
  link.ifi_index = index;
  bytes_.append(reinterpret_cast<const char*>(&header), sizeof(header));
  bytes_.append(reinterpret_cast<const char*>(&link), sizeof(link));
}

LinkRequest& LinkRequest::up(bool on) {
  auto link = read_header<ifinfomsg>(bytes_, sizeof(nlmsghdr));
  link.ifi_flags = on ? IFF_UP : 0;
  link.ifi_change = IFF_UP;
  std::memcpy(bytes_.data() + sizeof(nlmsghdr), &link, sizeof(link));
  return *this;
}

LinkRequest& LinkRequest::add(std::uint16_t attribute, std::string_view bytes) {
  const rtattr header{static_cast<std::uint16_t>(sizeof(rtattr) + bytes.size()), attribute};
  bytes_.append(reinterpret_cast<const char*>(&header), sizeof(header));
  bytes_.append(bytes);
  bytes_.resize(RTA_ALIGN(bytes_.size()));
  return *this;
}

LinkRequest& LinkRequest::add_text(std::uint16_t attribute, const std::string& text) {
  return add(attribute, {text.c_str(), text.size() + 1});
}

LinkRequest& LinkRequest::open(std::uint16_t attribute) {
  nested_.push_back(bytes_.size());
  return add(static_cast<std::uint16_t>(attribute | NLA_F_NESTED), {});
}

LinkRequest& LinkRequest::close() {
  const std::size_t begin = nested_.back();
  nested_.pop_back();
  const auto length = static_cast<std::uint16_t>(bytes_.size() - begin);
  std::memcpy(bytes_.data() + begin, &length, sizeof(length));
  return *this;
}

int LinkRequest::send() {
  auto header = read_header<nlmsghdr>(bytes_, 0);
  header.nlmsg_flags |= NLM_F_ACK;
  header.nlmsg_len = static_cast<std::uint32_t>(bytes_.size());
  std::memcpy(bytes_.data(), &header, sizeof(header));
  return error_of(Socket().ask(bytes_));
}

struct LinkAnswer {
  static std::string of(LinkRequest request) {
    auto header = read_header<nlmsghdr>(request.bytes_, 0);
    header.nlmsg_len = static_cast<std::uint32_t>(request.bytes_.size());
    std::memcpy(request.bytes_.data(), &header, sizeof(header));
    return Socket().ask(request.bytes_);
  }
};

bool ask_link(int index, LinkState& state) {
  if (index <= 0) return false;
  const std::string answer = LinkAnswer::of(LinkRequest(RTM_GETLINK, 0, index));
  const auto header = read_header<nlmsghdr>(answer, 0);
  constexpr std::size_t kBegin = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(ifinfomsg));
  if (header.nlmsg_type != RTM_NEWLINK || answer.size() < kBegin) return false;
  state = {};
  state.index = read_header<ifinfomsg>(answer, NLMSG_HDRLEN).ifi_index;
  each_attribute(std::string_view(answer).substr(kBegin), [&](int type, std::string_view value) {
    if (type == IFLA_IFNAME) state.name = text_of(value);
    if (type == IFLA_MASTER && value.size() == sizeof(int)) {
      std::memcpy(&state.master, value.data(), sizeof(int));
    }
    if (type == IFLA_LINKINFO) {
      each_attribute(value, [&](int inner, std::string_view word) {
        if (inner == IFLA_INFO_KIND) state.kind = text_of(word);
      });
    }
    if (type == IFLA_XDP) {
      each_attribute(value, [&](int inner, std::string_view word) {
        if (inner == IFLA_XDP_ATTACHED) state.has_xdp = !word.empty() && word.front() != 0;
      });
    }
  });
  return true;
}

int link_index(const std::string& name) {
  return static_cast<int>(::if_nametoindex(name.c_str()));
}

}  // namespace chatgate::process
