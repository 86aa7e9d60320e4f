// The policy's key `times`, and `when` wherever another key takes it.
//
// Whatever is wrong is reported with its place. Not for the packet path; lives for one load.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "policy/times.h"

#include "config/json_document.h"

namespace chatgate::policy {

inline constexpr std::string_view kWindowKeys[] = {"days", "from", "to", "zone", "start", "end"};

class TimesLoader {
 public:
  explicit TimesLoader(config::Reporter& reporter) : reporter_(reporter) {}

  void load(const config::ObjectReader& policy);

  // What `object` has under `when`; 0 where it has none, or was reported.
  TimeSet when(const config::ObjectReader& object);
  const std::vector<NamedTime>& times() const { return times_; }

 private:
  void load_time(const config::JsonMember& member);
  std::optional<Window> load_window(const config::JsonValue& value, std::string_view name);
  void load_days(const config::JsonValue& value, Window& window);
  bool add_days(const config::JsonValue& at, std::string_view word, std::uint8_t& days);
  std::optional<std::uint16_t> clock(const config::ObjectReader& object, std::string_view key);
  std::optional<std::int64_t> moment(config::ObjectReader& object, std::string_view key);

  config::Reporter& reporter_;
  std::vector<NamedTime> times_;
};

}  // namespace chatgate::policy
