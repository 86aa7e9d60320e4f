#include "control/event_words.h"

#include "base/printable.h"

namespace chatgate::control {
namespace {

// A text of the object, empty where it is none.
std::string text_of(const Json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto at = object.find(key);
  return at != object.end() && at->is_string() ? printable(at->get<std::string>(), 64)
                                               : std::string();
}

const Json& member(const Json& object, const char* key) {
  static const Json kNothing;
  const auto at = object.find(key);
  return at == object.end() ? kNothing : *at;
}

std::string end_of(const Json& event, const char* address, const char* port) {
  const std::string text = text_of(event, address);
  const Json& number = member(event, port);
  if (!number.is_number_unsigned() || number == 0u) return text;
  return (text.find(':') == std::string::npos ? text : "[" + text + "]") + ":" + number.dump();
}

// "2026-11-26T08:30:12.123456+0000" in the way of the other commands.
std::string moment_of(const Json& event) {
  std::string time = text_of(event, "timestamp").substr(0, 19);
  if (time.size() > 10) time[10] = ' ';
  return time;
}

// Each of the words that is not empty, behind a blank.
std::string words(std::initializer_list<std::string> list) {
  std::string text;
  for (const std::string& word : list) {
    if (!word.empty()) text += " " + word;
  }
  return text;
}

}  // namespace

std::vector<std::string_view> event_types() {
  return {"alert", "flow", "dns", "tls", "quic", "http", "stats", "audit"};
}

bool EventFilter::matches(const Json& event) const {
  if (!event.is_object()) return false;
  if (!type.empty() && text_of(event, "event_type") != type) return false;
  if (!application.empty() && text_of(member(event, "im"), "application") != application) {
    return false;
  }
  return !blocked_only || text_of(member(event, "alert"), "action") == "blocked";
}

std::string event_line(const Json& event) {
  std::string line = moment_of(event);
  const std::string type = text_of(event, "event_type");
  const Json& im = member(event, "im");
  const Json& flow = member(event, "flow");
  line += words({type, text_of(member(event, "alert"), "action")});
  if (type == "audit") {
    const Json& audit = member(event, "audit");
    line += words({text_of(audit, "what")});
    if (member(audit, "uid").is_number()) line += " by uid " + audit["uid"].dump();
  }
  std::string protocol = text_of(event, "proto");
  for (char& c : protocol) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  const std::string client = end_of(event, "src_ip", "src_port");
  if (!client.empty()) {
    line += words({protocol, client, ">", end_of(event, "dest_ip", "dest_port")});
  }
  if (im.is_object()) {
    line += words({text_of(im, "application"), text_of(im, "service"), text_of(im, "evidence"),
                   text_of(im, "name"), text_of(im, "action")});
    const std::string rule = text_of(im, "rule");
    if (!rule.empty()) line += " by \"" + rule + "\"";
  }
  if (flow.is_object() && type == "flow") {
    line += words({text_of(flow, "state"), text_of(flow, "reason")});
  }
  return line + "\n";
}

}  // namespace chatgate::control
