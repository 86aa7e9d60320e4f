#include "policy/times.h"

#include <gtest/gtest.h>
#include <string>

#include "catalog/builder.h"
#include "policy/loader.h"

namespace chatgate::policy {
namespace {

// A moment of UTC.
Time utc(int year, unsigned month, unsigned day, unsigned hour, unsigned minute) {
  const std::int64_t minutes =
      days_since_1970(year, month, day).value() * Window::kDay + hour * 60 + minute;
  return Time{static_cast<std::uint64_t>(minutes) * 60 * 1'000'000'000};
}

Times load(const std::string& times, std::string* errors = nullptr) {
  Diagnostics diagnostics;
  catalog::CatalogueBuilder builder(diagnostics);
  Draft draft = policy::load("{\"rules\": [{\"action\": \"allow\"}],\n\"times\": " + times + "}",
                             "p", builder, diagnostics);
  for (const Diagnostic& each : diagnostics.all()) {
    if (errors == nullptr) {
      ADD_FAILURE() << each.to_string();
    } else {
      *errors += each.to_string() + "\n";
    }
  }
  return Times(std::move(draft.times));
}

bool holds_at(const Times& times, Time now) {
  return times.in_force(now) == 1;
}

TEST(TimesOfAPolicy, AreWindowsOfLocalTime) {
  // Helsinki is two hours ahead of UTC in winter. 2026-11-23 is a Monday.
  const Times office = load(
      R"({"office": {"days": "mon-fri", "from": "08:00", "to": "18:00", "zone": "Europe/Helsinki"}})");
  EXPECT_FALSE(holds_at(office, utc(2026, 11, 23, 5, 59)));
  EXPECT_TRUE(holds_at(office, utc(2026, 11, 23, 6, 0)));
  EXPECT_TRUE(holds_at(office, utc(2026, 11, 23, 15, 59)));
  EXPECT_FALSE(holds_at(office, utc(2026, 11, 23, 16, 0)));
  EXPECT_TRUE(holds_at(office, utc(2026, 11, 27, 12, 0)));
  EXPECT_FALSE(holds_at(office, utc(2026, 11, 28, 12, 0)));
  EXPECT_FALSE(holds_at(office, utc(2026, 11, 22, 12, 0)));
}

TEST(TimesOfAPolicy, FollowDaylightSaving) {
  const Times morning =
      load(R"({"a": {"from": "08:00", "to": "09:00", "zone": "Europe/Helsinki"}})");
  EXPECT_TRUE(holds_at(morning, utc(2026, 3, 28, 6, 30)));   // the last day of winter
  EXPECT_FALSE(holds_at(morning, utc(2026, 3, 29, 6, 30)));  // three hours ahead
  EXPECT_TRUE(holds_at(morning, utc(2026, 3, 29, 5, 30)));
  EXPECT_TRUE(holds_at(morning, utc(2026, 10, 25, 6, 30)));
  // 03:00 to 04:00 is skipped in March and comes twice in October.
  const Times night = load(R"({"a": {"from": "03:00", "to": "04:00", "zone": "Europe/Helsinki"}})");
  EXPECT_FALSE(holds_at(night, utc(2026, 3, 29, 0, 59)));
  EXPECT_FALSE(holds_at(night, utc(2026, 3, 29, 1, 0)));
  EXPECT_FALSE(holds_at(night, utc(2026, 3, 29, 1, 30)));
  EXPECT_TRUE(holds_at(night, utc(2026, 10, 25, 0, 30)));
  EXPECT_TRUE(holds_at(night, utc(2026, 10, 25, 1, 30)));
  EXPECT_FALSE(holds_at(night, utc(2026, 10, 25, 2, 0)));
}

TEST(TimesOfAPolicy, PastMidnightBelongToTheDayTheyBegin) {
  const Times night =
      load(R"({"a": {"days": "fri", "from": "22:00", "to": "06:00", "zone": "UTC"}})");
  EXPECT_FALSE(holds_at(night, utc(2026, 11, 27, 5, 0)));
  EXPECT_FALSE(holds_at(night, utc(2026, 11, 27, 21, 59)));
  EXPECT_TRUE(holds_at(night, utc(2026, 11, 27, 22, 0)));
  EXPECT_TRUE(holds_at(night, utc(2026, 11, 28, 5, 59)));
  EXPECT_FALSE(holds_at(night, utc(2026, 11, 28, 6, 0)));
  EXPECT_FALSE(holds_at(night, utc(2026, 11, 28, 22, 0)));
  const Times sunday =
      load(R"({"a": {"days": "sun", "from": "23:00", "to": "01:00", "zone": "UTC"}})");
  EXPECT_TRUE(holds_at(sunday, utc(2026, 11, 30, 0, 30)));  // Monday
  const Times to_midnight = load(R"({"a": {"from": "18:00", "to": "24:00", "zone": "UTC"}})");
  EXPECT_TRUE(holds_at(to_midnight, utc(2026, 11, 30, 23, 59)));
  EXPECT_FALSE(holds_at(to_midnight, utc(2026, 12, 1, 0, 0)));
}

TEST(TimesOfAPolicy, MayHaveSeveralWindowsAndDays) {
  const Times times = load(
      R"({"a": [{"days": ["sat,sun", "wed"], "zone": "UTC"},
                {"days": "fri-mon", "from": "12:00", "to": "13:00", "zone": "UTC"}]})");
  EXPECT_TRUE(holds_at(times, utc(2026, 11, 25, 0, 0)));    // Wednesday
  EXPECT_TRUE(holds_at(times, utc(2026, 11, 28, 23, 59)));  // Saturday
  EXPECT_TRUE(holds_at(times, utc(2026, 11, 27, 12, 30)));  // Friday noon
  EXPECT_FALSE(holds_at(times, utc(2026, 11, 27, 13, 0)));
  EXPECT_TRUE(holds_at(times, utc(2026, 11, 30, 12, 0)));  // Monday noon
  EXPECT_FALSE(holds_at(times, utc(2026, 11, 26, 12, 30)));
}

TEST(TimesOfAPolicy, StartAndEnd) {
  const Times times = load(
      R"({"a": {"start": "2026-12-24 12:00", "end": "2026-12-27", "zone": "Europe/Helsinki"}})");
  EXPECT_FALSE(holds_at(times, utc(2026, 12, 24, 9, 59)));
  EXPECT_TRUE(holds_at(times, utc(2026, 12, 24, 10, 0)));
  EXPECT_TRUE(holds_at(times, utc(2026, 12, 26, 21, 59)));
  EXPECT_FALSE(holds_at(times, utc(2026, 12, 26, 22, 0)));
}

TEST(TimesOfAPolicy, EachHasABit) {
  const Times times = load(
      R"({"never": {"end": "1971-01-01"}, "always": {}, "past": {"end": "1999-01-01", "zone": "UTC"}})");
  EXPECT_EQ(times.in_force(utc(2026, 1, 1, 0, 0)), TimeSet{2});
  EXPECT_EQ(times.in_force(utc(1998, 1, 1, 0, 0)), TimeSet{6});
  EXPECT_TRUE(holds(0, 0));
  EXPECT_TRUE(holds(3, 2));
  EXPECT_FALSE(holds(1, 2));
}

TEST(TimesOfAPolicy, SayWhatIsWrong) {
  std::string errors;
  load(R"({"a": {"days": "mon-fir", "from": "8:00", "to": "25:00"},
"b": {"from": "09:00", "to": "09:00", "zone": "Europe/Helsinky"},
"c": {"from": "09:00"}, "d": [], "e": {"start": "2026-02-30", "end": "x"},
"f": {"start": "2026-02-02", "end": "2026-02-01"}})",
       &errors);
  EXPECT_EQ(
      errors,
      "p:2:25: unknown day \"fir\", did you mean \"fri\"?\n"
      "p:2:44: \"8:00\" is no time of the day, expected one from \"00:00\" to \"24:00\"\n"
      "p:2:58: \"25:00\" is no time of the day, expected one from \"00:00\" to \"24:00\"\n"
      "p:3:15: a window of \"b\" is empty, leave out \"from\" and \"to\" for whole days\n"
      "p:3:47: unknown time zone \"Europe/Helsinky\", expected a name of the system's time "
      "zone database, such as \"Europe/Helsinki\"\n"
      "p:4:6: a window of \"c\" has only one of \"from\" and \"to\", give both, or neither for "
      "whole days\n"
      "p:4:30: \"d\" is an empty list, name at least one window\n"
      "p:4:49: \"2026-02-30\" is no date, expected one such as \"2026-12-24 18:00\"\n"
      "p:4:70: \"x\" is no date, expected one such as \"2026-12-24 18:00\"\n"
      "p:5:37: a window of \"f\" ends before it starts\n");
}

}  // namespace
}  // namespace chatgate::policy
