// flowbits and flowints: every operation, on what a flow remembers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>

#include "evaluation_case.h"

namespace chatgate::detect {
namespace {

// Rules that share their names, and one flow.
class FlowState : public testing::Test {
 protected:
  Program compile(const std::string& options) {
    auto program = program_of(with_options(options), numbering_);
    EXPECT_TRUE(program);
    return std::move(*program);
  }
  void apply(const std::string& options) { compile(options).apply_flow_state(&flow_); }
  bool fits(const std::string& options) { return compile(options).flow_state_fits(&flow_); }

  Numbering numbering_;
  FlowMemory flow_;
};

TEST_F(FlowState, Flowbits) {
  EXPECT_TRUE(fits("sameip;"));  // nothing is asked
  EXPECT_FALSE(fits("flowbits:isset,a;"));
  EXPECT_TRUE(fits("flowbits:isnotset,a;"));
  apply("flowbits:set,a;");
  EXPECT_TRUE(fits("flowbits:isset,a;"));
  EXPECT_FALSE(fits("flowbits:isnotset,a;"));
  EXPECT_FALSE(fits("flowbits:isset,A;"));  // names have a case
  EXPECT_FALSE(fits("flowbits:isset,b;"));
  apply("flowbits:set,b&c;");
  EXPECT_TRUE(fits("flowbits:isset,b; flowbits:isset,c;"));
  EXPECT_FALSE(fits("flowbits:isset,b; flowbits:isset,d;"));
  apply("flowbits:unset,a&b;");
  EXPECT_FALSE(fits("flowbits:isset,a;"));
  EXPECT_FALSE(fits("flowbits:isset,b;"));
  EXPECT_TRUE(fits("flowbits:isset,c;"));
  apply("flowbits:toggle,a&c;");
  EXPECT_TRUE(fits("flowbits:isset,a;"));
  EXPECT_FALSE(fits("flowbits:isset,c;"));
  apply("flowbits:isset,z;");  // what tests sets nothing
  EXPECT_FALSE(fits("flowbits:isset,z;"));
  apply("flowbits:reset;");
  EXPECT_EQ(flow_.bits, FlowbitMask{});
}

TEST_F(FlowState, AllOrOne) {
  apply("flowbits:set,a;");
  EXPECT_TRUE(fits("flowbits:isset,a|b;"));
  EXPECT_TRUE(fits("flowbits:isset,b|a;"));
  EXPECT_FALSE(fits("flowbits:isset,a&b;"));
  EXPECT_FALSE(fits("flowbits:isset,b|c;"));
  EXPECT_TRUE(fits("flowbits:isnotset,a|b;"));  // b is not
  EXPECT_FALSE(fits("flowbits:isnotset,a&b;"));
  EXPECT_TRUE(fits("flowbits:isnotset,b&c;"));
  apply("flowbits:set,b;");
  EXPECT_TRUE(fits("flowbits:isset,a&b;"));
  EXPECT_FALSE(fits("flowbits:isnotset,a|b;"));
}

TEST_F(FlowState, Groups) {
  // A group is known with all its bits, also to rules that were compiled before they were put in.
  const Program any = compile("flowbits:isset,any,g;");
  const Program all = compile("flowbits:isset,all,g;");
  const Program not_any = compile("flowbits:isnotset,any,g;");
  const Program not_all = compile("flowbits:isnotset,all,g;");
  const auto answers = [&] {
    return std::vector<bool>{any.flow_state_fits(&flow_), all.flow_state_fits(&flow_),
                             not_any.flow_state_fits(&flow_), not_all.flow_state_fits(&flow_)};
  };
  using testing::ElementsAre;
  EXPECT_THAT(answers(), ElementsAre(false, false, true, true));  // it has no bits
  apply("flowbits:set,a,g;");
  compile("flowbits:set,b,g;");
  EXPECT_THAT(answers(), ElementsAre(true, false, false, true));
  apply("flowbits:set,b;");
  EXPECT_THAT(answers(), ElementsAre(true, true, false, false));
  apply("flowbits:set,c,h;");
  apply("flowbits:reset,h;");
  EXPECT_FALSE(fits("flowbits:isset,c;"));
  EXPECT_THAT(answers(), ElementsAre(true, true, false, false));
  apply("flowbits:setx,d,g;");  // of g, only d
  EXPECT_TRUE(fits("flowbits:isset,d;"));
  EXPECT_FALSE(fits("flowbits:isset,a|b;"));
  apply("flowbits:set,c;");
  apply("flowbits:setx,a,g;");
  EXPECT_TRUE(fits("flowbits:isset,a&c;"));
  EXPECT_FALSE(fits("flowbits:isset,d;"));
  apply("flowbits:reset,g;");
  EXPECT_THAT(answers(), ElementsAre(false, false, true, true));
  EXPECT_TRUE(fits("flowbits:isset,c;"));
}

TEST_F(FlowState, Flowints) {
  EXPECT_TRUE(fits("flowint:n,notset;"));
  EXPECT_TRUE(fits("flowint:n,isnotset;"));
  for (const char* test : {"isset", "<,5", "<=,5", "==,0", "!=,5", ">=,0", ">,0"}) {
    EXPECT_FALSE(fits("flowint:n," + std::string(test) + ";")) << test;
  }
  apply("flowint:n,-,1;");  // there is nothing to subtract from
  EXPECT_FALSE(fits("flowint:n,isset;"));
  apply("flowint:n,+,3;");
  EXPECT_TRUE(fits("flowint:n,isset;"));
  EXPECT_FALSE(fits("flowint:n,notset;"));
  const std::map<std::string, bool> tests = {
      {"<,4", true},  {"<,3", false},  {"<=,3", true}, {"<=,2", false},
      {"==,3", true}, {"==,4", false}, {"!=,4", true}, {"!=,3", false},
      {">=,3", true}, {">=,4", false}, {">,2", true},  {">,3", false},
  };
  for (const auto& [test, holds] : tests) {
    EXPECT_EQ(fits("flowint:n," + test + ";"), holds) << test;
  }
  apply("flowint:n,+,2;");
  EXPECT_TRUE(fits("flowint:n,==,5;"));
  apply("flowint:n,-,1;");
  EXPECT_TRUE(fits("flowint:n,==,4;"));
  apply("flowint:n,=,9;");
  EXPECT_TRUE(fits("flowint:n,==,9;"));
  apply("flowint:n,-,10;");
  EXPECT_TRUE(fits("flowint:n,==,0;"));
  apply("flowint:n,=,4294967295; flowint:n,+,2;");
  EXPECT_TRUE(fits("flowint:n,==,4294967295;"));
  apply("flowint:n,>,5;");  // what tests changes nothing
  EXPECT_TRUE(fits("flowint:n,==,4294967295;"));
}

TEST_F(FlowState, FlowintsOfOthers) {
  apply("flowint:a,=,3; flowint:b,=,a;");
  EXPECT_TRUE(fits("flowint:b,==,3;"));
  EXPECT_TRUE(fits("flowint:b,==,a;"));
  apply("flowint:b,+,a;");
  EXPECT_TRUE(fits("flowint:b,==,6;"));
  EXPECT_TRUE(fits("flowint:b,>,a;"));
  EXPECT_FALSE(fits("flowint:a,>,b;"));
  EXPECT_FALSE(fits("flowint:a,<,never;"));
  EXPECT_FALSE(fits("flowint:a,!=,never;"));
  apply("flowint:a,=,never;");
  EXPECT_TRUE(fits("flowint:a,==,3;"));
  apply("flowint:new,+,never;");
  EXPECT_TRUE(fits("flowint:new,notset;"));
}

TEST_F(FlowState, CountersRunOut) {
  for (std::size_t i = 0; i < FlowMemory::kMaxCounters; ++i) {
    apply("flowint:n" + std::to_string(i) + ",=," + std::to_string(i) + ";");
  }
  apply("flowint:one_more,=,1;");
  EXPECT_FALSE(fits("flowint:one_more,isset;"));
  apply("flowint:n7,+,1;");
  EXPECT_TRUE(fits("flowint:n7,==,8;"));
  EXPECT_TRUE(fits("flowint:n0,==,0;"));
}

TEST_F(FlowState, NoFlow) {
  const auto without = [&](const std::string& options) {
    const Program program = compile(options);
    program.apply_flow_state(nullptr);
    return program.flow_state_fits(nullptr);
  };
  EXPECT_TRUE(without("flowbits:set,a;"));
  EXPECT_FALSE(without("flowbits:isset,a;"));
  EXPECT_TRUE(without("flowbits:isnotset,a;"));
  EXPECT_FALSE(without("flowint:n,==,0;"));
  EXPECT_TRUE(without("flowint:n,notset; flowint:n,=,1;"));
}

TEST_F(FlowState, TooManyBits) {
  for (std::size_t i = 0; i < FlowMemory::kMaxBits; ++i) {
    ASSERT_EQ(numbering_.flowbit("bit" + std::to_string(i), {}), i);
  }
  EXPECT_EQ(numbering_.flowbit("bit7", {}), 7);
  EXPECT_EQ(numbering_.flowbit("another", {}), std::nullopt);
  RuleSet set = parse_rules(with_options("flowbits:set,another;"), "test.rules");
  ASSERT_EQ(set.rules.size(), 1u);
  EXPECT_FALSE(Program::compile(set.rules[0], numbering_, set.findings));
  EXPECT_THAT(findings_text(set), testing::HasSubstr("more flowbits than there is room for"));
  // The last bit works as the first does.
  apply("flowbits:set,bit511;");
  EXPECT_TRUE(fits("flowbits:isset,bit511;"));
  EXPECT_FALSE(fits("flowbits:isset,bit510;"));
  EXPECT_EQ(flow_.bits.back(), std::uint64_t{1} << 63);
}

TEST_F(FlowState, MoreFlowintsThanThereIsRoomFor) {
  for (std::size_t i = 0; i < UINT16_MAX; ++i) {
    ASSERT_EQ(numbering_.flowint("n" + std::to_string(i)), i);
  }
  for (const char* options : {"flowint:another,+,1;", "flowint:n7,>,another;"}) {
    RuleSet set = parse_rules(with_options(options), "test.rules");
    ASSERT_EQ(set.rules.size(), 1u);
    EXPECT_FALSE(Program::compile(set.rules[0], numbering_, set.findings)) << options;
    EXPECT_EQ(findings_text(set),
              "1:31: the rules have more flowints than there is room for, at most 65535 names\n");
  }
  apply("flowint:n65534,+,3;");
  EXPECT_TRUE(fits("flowint:n65534,=,3;"));
  EXPECT_FALSE(fits("flowint:n0,isset;"));
}

TEST_F(FlowState, Numbers) {
  EXPECT_EQ(numbering_.flowint("a"), 0);
  EXPECT_EQ(numbering_.flowint("b"), 1);
  EXPECT_EQ(numbering_.flowint("a"), 0);
  EXPECT_EQ(numbering_.xbit("a"), 0);
  EXPECT_EQ(numbering_.xbit("A"), 1);
  EXPECT_EQ(numbering_.flowbit("b", "g"), 0);
  EXPECT_EQ((*numbering_.group("g"))[0], 1u);
  EXPECT_EQ((*numbering_.group("other"))[0], 0u);
  EXPECT_EQ(numbering_.flowbit_count(), 1u);
}

}  // namespace
}  // namespace chatgate::detect
