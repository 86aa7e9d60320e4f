#include "process/wire.h"

#include <gtest/gtest.h>
#include <string>

#include "child.h"
#include "lab.h"

namespace chatgate::process {
namespace {

#define IN_LAB(body)                                             \
  const int status = in_child([] {                               \
    if (!enter_lab()) return kSkipped;                           \
    return body();                                               \
  });                                                            \
  if (status == kSkipped) GTEST_SKIP() << "needs root and veth"; \
  EXPECT_EQ(status, 0)

TEST(Wire, JoinsBothAndPartsThemAgain) {
  IN_LAB([] {
    const std::string opened = open_wire(cable_wire());
    const std::string name = "cgwire" + std::to_string(link_index("in0"));
    const bool joined = master_of("in0") == name && master_of("out0") == name;
    bool was_open = false;
    const std::string closed = close_wire(cable_wire(), was_open);
    return first_false({opened.empty(), joined, closed.empty(), was_open, link_index(name) == 0,
                        master_of("in0").empty(), master_of("out0").empty()});
  });
}

TEST(Wire, CanBeOpenedTwice) {
  IN_LAB([] {
    const bool good = open_wire(cable_wire()).empty() && open_wire(cable_wire()).empty();
    bool was_open = false;
    return first_false(
        {good, close_wire(cable_wire(), was_open).empty(), was_open, master_of("in0").empty()});
  });
}

TEST(Wire, IsMendedWhereOneEndHadLeftIt) {
  IN_LAB([] {
    const bool good = open_wire(cable_wire()).empty();
    LinkRequest(RTM_NEWLINK, 0, link_index("out0"))
        .add_number(IFLA_MASTER, std::uint32_t{0})
        .send();
    return first_false({good, master_of("out0").empty(), open_wire(cable_wire()).empty(),
                        !master_of("out0").empty()});
  });
}

TEST(Wire, SaysWhereThereWasNone) {
  IN_LAB([] {
    bool was_open = true;
    return first_false({close_wire(cable_wire(), was_open).empty(), !was_open});
  });
}

TEST(Wire, LeavesSomebodysBridgeAlone) {
  IN_LAB([] {
    const bool made = make_bridge_of_somebody("br0", "out0");
    bool was_open = false;
    const std::string wrong = close_wire(cable_wire(), was_open);
    return first_false({made, !was_open, wrong.starts_with("out0: it belongs to br0, "),
                        open_wire(cable_wire()) == "out0: it belongs to br0",
                        master_of("out0") == "br0"});
  });
}

TEST(Wire, NamesTheInterfaceThatIsNotThere) {
  IN_LAB([] {
    return first_false({open_wire({"in0", "gone0"}) == "gone0: there is no such interface",
                        open_wire({"gone0", "in0"}) == "gone0: there is no such interface"});
  });
}

TEST(Wire, TheKernelKnowsItsKind) {
  IN_LAB([] {
    open_wire(cable_wire());
    LinkState state;
    const bool known = ask_link(link_index("cgwire" + std::to_string(link_index("in0"))), state);
    LinkState nothing;
    return first_false({known, state.kind == "bridge", state.master == 0, !state.has_xdp,
                        !ask_link(0, nothing), !ask_link(9999, nothing)});
  });
}

}  // namespace
}  // namespace chatgate::process
