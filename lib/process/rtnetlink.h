// Requests to the kernel about network interfaces, and its answers (rtnetlink(7)).
//
// A message is built attribute by attribute and sent by a socket of its own, which waits for the
// kernel's word on it. Needs CAP_NET_ADMIN for whatever changes something. Any thread of a process
// start or end, never a worker: calls block, usually for microseconds. Errors are errno values.
#pragma once

#include <cstdint>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string>
#include <string_view>
#include <vector>

namespace chatgate::process {

class LinkRequest {
 public:
  // `type` is RTM_NEWLINK and the like, `flags` are more than NLM_F_REQUEST; `index` 0 for none.
  LinkRequest(std::uint16_t type, std::uint16_t flags, int index = 0);

  // IFF_UP on or off, as part of a change.
  LinkRequest& up(bool on);
  LinkRequest& add(std::uint16_t attribute, std::string_view bytes);
  LinkRequest& add_text(std::uint16_t attribute, const std::string& text);  // with its zero
  template <typename Integer>
  LinkRequest& add_number(std::uint16_t attribute, Integer value) {
    return add(attribute, {reinterpret_cast<const char*>(&value), sizeof(value)});
  }
  // What is added between the two is inside the attribute.
  LinkRequest& open(std::uint16_t attribute);
  LinkRequest& close();

  // Sends it and waits for its acknowledgement: 0, or what the kernel refused it with.
  int send();

 private:
  friend struct LinkAnswer;
  std::string bytes_;
  std::vector<std::size_t> nested_;  // where the attributes that are open begin
};

// What the kernel says of one interface.
struct LinkState {
  int index = 0;
  std::string name, kind;  // kind: "bridge", "veth", …; empty for hardware
  int master = 0;          // index of the bridge or bond it belongs to, 0 for none
  bool has_xdp = false;
};
// False where there is none.
bool ask_link(int index, LinkState& state);
// 0 where there is none.
int link_index(const std::string& name);

}  // namespace chatgate::process
