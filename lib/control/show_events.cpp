// `show events`, `show blocked` and `monitor events`: what the event thread wrote last.
#include <boost/asio/steady_timer.hpp>

#include "control/context.h"
#include "control/event_words.h"
#include "control/text.h"

namespace chatgate::control {
namespace {

using telemetry::RecentEvents;

constexpr std::uint32_t kUsualLimit = 100;
constexpr std::chrono::milliseconds kLookInterval{100};
constexpr std::size_t kLinesALook = 256;

Reply not_kept() {
  return Reply::failure(kFailed, "this gateway keeps no events",
                        "read them where --events of chatgate run sends them");
}

EventFilter filter_of(const Invocation& invocation) {
  EventFilter filter;
  filter.type = invocation.get("type");
  filter.application = invocation.get("application");
  filter.blocked_only = invocation.has("blocked");
  return filter;
}

// The last events of a kind that match, newest first.
std::vector<Json> last_events(const RecentEvents& events, RecentEvents::Kind kind,
                              const EventFilter& filter, std::size_t most) {
  const RecentEvents::Page page = events.last(kind, RecentEvents::kUsualLines);
  std::vector<Json> found;
  for (auto line = page.lines.rbegin(); line != page.lines.rend() && found.size() < most; ++line) {
    Json event = Json::parse(*line, nullptr, false);
    if (filter.matches(event)) found.push_back(std::move(event));
  }
  return found;
}

// Events as they come, looked for by a timer.
class EventStream : public Parts, public std::enable_shared_from_this<EventStream> {
 public:
  EventStream(boost::asio::io_context& io, const RecentEvents& events, EventFilter filter)
      : timer_(io),
        events_(events),
        filter_(std::move(filter)),
        next_(events.count(RecentEvents::Kind::all)) {}

  bool endless() const override { return true; }

  void next(std::function<void(Part)> callback) override {
    callback_ = std::move(callback);
    look();
  }

 private:
  void look() {
    Part part;
    try {
      part.reply = news();
    } catch (const std::exception& problem) {
      part.reply = Reply::failure(kFailed, std::string("the command failed: ") + problem.what());
      part.last = true;
    }
    if (part.last || !part.reply.result.empty()) {
      const auto callback = std::exchange(callback_, {});
      return callback(std::move(part));
    }
    timer_.expires_after(kLookInterval);
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (!error && self) self->look();
    });
  }

  // What has come since the last look; an empty result where nothing has.
  Reply news() {
    const RecentEvents::Page page = events_.since(RecentEvents::Kind::all, next_, kLinesALook);
    next_ = page.next;
    Reply reply;
    Json list = Json::array();
    if (page.missed != 0) {
      reply.result["missed"] = page.missed;
      reply.text = count_of(page.missed, "event") + " came too fast and are not shown.\n";
    }
    for (const std::string& line : page.lines) {
      Json event = Json::parse(line, nullptr, false);
      if (!filter_.matches(event)) continue;
      reply.text += event_line(event);
      list.push_back(std::move(event));
    }
    if (!list.empty()) reply.result["events"] = std::move(list);
    return reply;
  }

  boost::asio::steady_timer timer_;
  const RecentEvents& events_;
  const EventFilter filter_;
  std::uint64_t next_;
  std::function<void(Part)> callback_;
};

}  // namespace

Reply show_events(Context& context, const Invocation& invocation, const Caller&) {
  const RecentEvents* events = context.config.events;
  if (events == nullptr) return not_kept();
  const EventFilter filter = filter_of(invocation);
  std::vector<Json> found = last_events(
      *events, filter.blocked_only ? RecentEvents::Kind::blocked : RecentEvents::Kind::all, filter,
      invocation.number("limit", kUsualLimit));
  Reply reply;
  Json list = Json::array();
  for (auto event = found.rbegin(); event != found.rend(); ++event) {
    reply.text += event_line(*event);
    list.push_back(std::move(*event));
  }
  if (list.empty()) reply.text = "No such event is kept.\n";
  reply.result = {{"events", std::move(list)},
                  {"since_start", events->count(RecentEvents::Kind::all)}};
  return reply;
}

Json blocked_json(const Context& context, std::size_t most) {
  Json list = Json::array();
  if (context.config.events == nullptr) return list;
  for (const Json& event :
       last_events(*context.config.events, RecentEvents::Kind::blocked, {}, most)) {
    std::string line = event_line(event);
    line.pop_back();  // the line feed
    list.push_back(std::move(line));
  }
  return list;
}

Reply show_blocked(Context& context, const Invocation& invocation, const Caller&) {
  const RecentEvents* events = context.config.events;
  if (events == nullptr) return not_kept();
  const std::vector<Json> found =
      last_events(*events, RecentEvents::Kind::blocked, filter_of(invocation),
                  invocation.number("limit", kUsualLimit));
  const std::uint64_t total = events->count(RecentEvents::Kind::blocked);
  Reply reply;
  reply.result = {{"blocked", Json::array()}, {"since_start", total}};
  reply.text = count_of(total, "decision") + " since the start kept something from passing" +
               (found.empty() ? "\n" : ", the last ones first:\n");
  for (const Json& event : found) {
    reply.text += event_line(event);
    reply.result["blocked"].push_back(event);
  }
  return reply;
}

Reply monitor_events(Context& context, const Invocation& invocation, const Caller&) {
  if (context.config.events == nullptr) return not_kept();
  Reply reply;
  reply.parts = std::make_shared<EventStream>(context.executor, *context.config.events,
                                              filter_of(invocation));
  return reply;
}

}  // namespace chatgate::control
