// `capture` and what belongs to it: frames as they are, with what became of them.
#include <algorithm>
#include <cctype>
#include <new>
#include <openssl/evp.h>

#include "base/ip_protocol.h"
#include "control/answer_of.h"
#include "control/capture_text.h"
#include "control/context.h"
#include "control/flow_text.h"
#include "control/text.h"

namespace chatgate::control {
namespace {

using Settings = CaptureControl::Settings;

constexpr std::uint32_t kUsualFrames = 1000;
constexpr std::size_t kPiece = 48 * 1024;  // bytes of a file in one line; a multiple of three

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= CaptureControl::kLongestName &&
         std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
}

Reply busy(std::string_view name) {
  return Reply::failure(
      kFailed, "capture \"" + std::string(name) + "\" is just being started or read", "ask again");
}

// The conditions, in the words of the command.
std::string match_words(const Invocation& invocation) {
  std::string words;
  for (const char* keyword : {"tcp", "udp", "icmp", "host", "peer", "port", "flow", "application",
                              "interface", "blocked"}) {
    if (!invocation.has(keyword)) continue;
    words += (words.empty() ? "" : " ") + std::string(keyword);
    if (!invocation.get(keyword).empty()) words += " " + std::string(invocation.get(keyword));
  }
  return words;
}

Settings settings_of(const Context& context, const Invocation& invocation) {
  Settings settings;
  settings.name = invocation.get("name");
  engine::CaptureFilter& filter = settings.filter;
  if (invocation.has("tcp")) filter.protocol = ip_protocol::kTcp;
  if (invocation.has("udp")) filter.protocol = ip_protocol::kUdp;
  if (invocation.has("icmp")) filter.protocol = ip_protocol::kIcmp;
  if (invocation.has("host")) filter.one = IpAddress::parse(invocation.get("host"));
  if (invocation.has("peer")) filter.other = IpAddress::parse(invocation.get("peer"));
  filter.port = static_cast<std::uint16_t>(invocation.number("port", 0));
  filter.flow_id = invocation.flow_id("flow");
  filter.application = application_of(context, invocation);
  if (invocation.has("interface")) {
    filter.seen_at =
        invocation.get("interface") == "inside" ? net::Side::inside : net::Side::outside;
  }
  filter.blocked_only = invocation.has("blocked");
  settings.room.bytes = invocation.number("buffer", settings.room.bytes);
  settings.room.snap = invocation.number("packet-length", settings.room.snap);
  settings.room.circular = invocation.has("circular-buffer");
  settings.match = match_words(invocation);
  return settings;
}

std::string state_word(const CaptureControl::Figures& figures) {
  if (figures.stopped) return "stopped";
  return figures.running ? "capturing" : figures.full ? "full" : "not running";
}

// As an ASA lists them.
std::string head_line(const Settings& settings, const CaptureControl::Figures& figures) {
  std::string text =
      "capture " + settings.name + " type raw-data buffer " + std::to_string(settings.room.bytes) +
      " packet-length " + std::to_string(settings.room.snap) +
      (settings.room.circular ? " circular-buffer" : "") + " [" + state_word(figures) + " - " +
      count_of(figures.frames, "frame") + ", " + std::to_string(figures.bytes) + " bytes]\n";
  if (!settings.match.empty()) text += "  match " + settings.match + "\n";
  if (figures.full && figures.running) text += "  the room of some worker is used up\n";
  return text;
}

Json head_json(const Settings& settings, const CaptureControl::Figures& figures) {
  return {{"name", settings.name},
          {"match", settings.match},
          {"buffer", settings.room.bytes},
          {"packet_length", settings.room.snap},
          {"circular", settings.room.circular},
          {"state", state_word(figures)},
          {"full", figures.full},
          {"frames", figures.frames},
          {"bytes", figures.bytes},
          {"matched", figures.matched}};
}

Reply list_captures(const Context& context) {
  Reply reply;
  Json& list = reply.result["captures"] = Json::array();
  for (const std::string_view name : context.captures.names()) {
    const Settings& settings = *context.captures.find(name);
    const CaptureControl::Figures figures = context.captures.figures(name);
    list.push_back(head_json(settings, figures));
    reply.text += head_line(settings, figures);
  }
  if (list.empty()) reply.text = "There is no capture; \"capture\" begins one.\n";
  return reply;
}

const CaptureControl::Frames& frames_or_throw(const CaptureControl::Frames* frames) {
  if (frames == nullptr) throw std::bad_alloc();
  return *frames;
}

// "12:03:44.123456", in UTC.
std::string clock_text(Time time) {
  std::string micro = std::to_string(time.nanoseconds / 1000 % 1'000'000);
  micro.insert(0, 6 - micro.size(), '0');
  return moment(time).substr(11, 8) + "." + micro;
}

Reply frames_reply(const Context& context, const Json& head, const std::string& head_text,
                   const CaptureControl::Frames& frames, std::size_t limit) {
  const auto snapshot = context.gateway.snapshot();
  Reply reply;
  reply.result = head;
  Json& list = reply.result["packets"] = Json::array();
  reply.text = head_text;
  const std::size_t first = frames.size() - std::min(frames.size(), limit);
  if (first != 0) {
    reply.text +=
        "the last " + std::to_string(limit) + " of " + std::to_string(frames.size()) + " frames:\n";
  }
  for (std::size_t i = first; i < frames.size(); ++i) {
    const engine::CapturedFrame& frame = frames[i].about;
    list.push_back(to_json(frame, *snapshot));
    std::string number = std::to_string(i + 1);
    if (number.size() < 4) number.insert(0, 4 - number.size(), ' ');
    reply.text += number + ": " + clock_text(frame.time) + " " +
                  std::string(side_word(frame.side)) + (frame.outbound ? " out " : " in ") +
                  ends_text(frame) + ", " + std::to_string(frame.wire_length) +
                  " bytes: " + fate_text(frame, *snapshot) + "\n";
  }
  return reply;
}

// A file in pieces.
class FileParts : public Parts {
 public:
  FileParts(std::string file, Json summary)
      : file_(std::move(file)), summary_(std::move(summary)) {}

  void next(std::function<void(Part)> callback) override {
    Part part;
    const bool all = at_ == file_.size();
    part.reply = answer_of([&] { return all ? summary() : piece(); });
    part.last = all || part.reply.status != kDone;
    callback(std::move(part));
  }

 private:
  Reply summary() const {
    Reply reply;
    reply.result = summary_;
    reply.text = summary_["file"].get<std::string>() + ": " +
                 count_of(summary_["frames"].get<std::uint64_t>(), "frame") + "\n";
    return reply;
  }
  Reply piece() {
    const std::size_t size = std::min(kPiece, file_.size() - at_);
    std::string text((size + 2) / 3 * 4 + 1, '\0');
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                    reinterpret_cast<const unsigned char*>(file_.data()) + at_,
                    static_cast<int>(size));
    text.pop_back();  // EVP's zero
    Reply reply;
    reply.result["base64"] = std::move(text);
    at_ += size;
    return reply;
  }

  const std::string file_;
  const Json summary_;
  std::size_t at_ = 0;
};

Reply begun_reply(Context& context, const std::string& name, std::size_t workers) {
  if (workers == 0) {
    context.captures.remove(name);
    return Reply::failure(kFailed, "no worker took the capture in time", "ask again");
  }
  Reply reply;
  reply.result = {{"name", name}, {"workers", workers}};
  reply.text = "Capture " + name + " has begun; \"show capture " + name + "\" shows it.\n";
  const std::size_t missing = context.counters.workers() - workers;
  if (missing != 0) reply.text += count_of(missing, "worker") + " did not take it in time.\n";
  return reply;
}

}  // namespace

void start_capture(Context& context, const Invocation& invocation, const Caller& caller,
                   Done done) {
  const std::string name(invocation.get("name"));
  if (invocation.has("stop")) {
    if (context.captures.find(name) == nullptr) {
      return done(
          Reply::failure(kInvalid, "there is no such capture", "\"show capture\" lists them"));
    }
    if (!context.captures.stop(name)) return done(busy(name));
    Reply reply;
    reply.result = {{"name", name}, {"stopped", true}};
    reply.text = "Capture " + name + " is stopped and keeps what it holds.\n";
    return done(std::move(reply));
  }
  if (!is_name(name)) {
    return done(Reply::failure(kInvalid, "this is no name for a capture",
                               "at most 32 letters, digits, - and _"));
  }
  if (context.captures.find(name) != nullptr) {
    return done(Reply::failure(kInvalid, "there is a capture of this name",
                               "\"no capture " + name + "\" ends it"));
  }
  if (invocation.has("tcp") + invocation.has("udp") + invocation.has("icmp") > 1) {
    return done(Reply::failure(kInvalid, "no packet is of two protocols", "write one of them"));
  }
  const auto answer = [&context, name, done](std::size_t workers) {
    done(answer_of([&] { return begun_reply(context, name, workers); }));
  };
  if (!context.captures.start(settings_of(context, invocation), answer)) {
    return done(Reply::failure(
        kFailed, "there are " + std::to_string(engine::kMostCaptures) + " captures already",
        "end one with \"no capture\""));
  }
  context.policy.audit("capture started", caller,
                       {{"capture", name}, {"match", match_words(invocation)}});
}

void show_capture(Context& context, const Invocation& invocation, const Caller&, Done done) {
  if (!invocation.has("")) return done(list_captures(context));
  const std::string name(invocation.get(""));
  const std::size_t limit = invocation.number("limit", kUsualFrames);
  const Settings& settings = *context.captures.find(name);
  const CaptureControl::Figures figures = context.captures.figures(name);
  const bool asked = context.captures.read(
      name, [&context, done, limit, head = head_json(settings, figures),
             text = head_line(settings, figures)](const CaptureControl::Frames* frames) {
        done(answer_of(
            [&] { return frames_reply(context, head, text, frames_or_throw(frames), limit); }));
      });
  if (!asked) done(busy(name));
}

void copy_capture(Context& context, const Invocation& invocation, const Caller& caller, Done done) {
  const std::string name(invocation.get("name")), file(invocation.get("file"));
  const Settings settings = *context.captures.find(name);
  const bool asked = context.captures.read(
      name, [&context, done, settings, file](const CaptureControl::Frames* copied) {
        done(answer_of([&] {
          Reply reply;
          const CaptureControl::Frames& frames = frames_or_throw(copied);
          std::string bytes = pcapng_of(frames, settings, context.gateway.interfaces(),
                                        *context.gateway.snapshot());
          reply.result = {{"view", "file"}, {"file", file}};
          reply.parts = std::make_shared<FileParts>(
              std::move(bytes), Json{{"file", file}, {"frames", frames.size()}});
          return reply;
        }));
      });
  if (!asked) return done(busy(name));
  context.policy.audit("capture copied", caller, {{"capture", name}});
}

Reply no_capture(Context& context, const Invocation& invocation, const Caller& caller) {
  const std::string name(invocation.get("name"));
  if (!context.captures.remove(name)) return busy(name);
  context.policy.audit("capture ended", caller, {{"capture", name}});
  Reply reply;
  reply.result = {{"name", name}, {"ended", true}};
  reply.text = "Capture " + name + " is ended and forgotten.\n";
  return reply;
}

void clear_capture(Context& context, const Invocation& invocation, const Caller&, Done done) {
  const std::string name(invocation.get("name"));
  const bool asked = context.captures.clear(name, [name, done](std::size_t workers) {
    done(answer_of([&] {
      Reply reply;
      reply.result = {{"name", name}, {"workers", workers}};
      reply.text = "Capture " + name + " is empty.\n";
      return reply;
    }));
  });
  if (!asked) done(busy(name));
}

}  // namespace chatgate::control
