#include "proto/sip_message.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include "proto/http_text.h"
#include "proto/sdp.h"
#include "proto/sip_content.h"
#include "proto/sip_text.h"

namespace chatgate::proto::sip {
namespace {

using http::is_word;
using http::starts_with_word;
using http::take_word;

constexpr std::string_view kProtocol = "sip/";

// Methods that a session is set up and changed with.
constexpr std::array<std::string_view, 4> kSession = {"INVITE", "UPDATE", "PRACK", "ACK"};
constexpr std::array<std::string_view, 2> kLogin = {"REGISTER", "NEGOTIATE"};
constexpr std::array<std::string_view, 6> kPresence = {"SUBSCRIBE", "NOTIFY",  "BENOTIFY",
                                                       "PUBLISH",   "SERVICE", "OPTIONS"};
// Keys that are pressed in a call, and pictures that are asked for.
constexpr std::array<std::string_view, 4> kPartsOfCall = {
    "application/dtmf", "application/media_control+xml", "application/vnd.nortelnetworks.digits",
    "audio/telephone-event"};

// Of programs and servers, in lower case.
constexpr std::array<std::string_view, 9> kLyncProducts = {"uccapi/",        "uccp/",
                                                           "ocphone",        "rtcc/",
                                                           "sipe/",          "office communicator",
                                                           "lync",           "skype for business",
                                                           "mediationserver"};

template <std::size_t Count>
bool is_one_of(std::string_view text, const std::array<std::string_view, Count>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool is_version(std::string_view word) {
  return starts_with_word(word, kProtocol) && word.size() == kProtocol.size() + 3 &&
         is_digit(word[4]) && word[5] == '.' && is_digit(word[6]);
}

bool read_number(std::string_view text, std::uint32_t& number) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return !text.empty() && error == std::errc{} && stop == end;
}

enum class Field : std::uint8_t {
  other,
  from,
  to,
  contact,
  require,
  event,
  type,
  length,
  encoding,
  user_agent,
  server,
  authorization,
  cseq,
};

struct KnownField {
  std::string_view name;     // in lower case
  std::string_view compact;  // RFC 3261 section 7.3.3
  Field field;
};

constexpr auto kFields = std::to_array<KnownField>({
    {"from", "f", Field::from},
    {"to", "t", Field::to},
    {"contact", "m", Field::contact},
    {"require", "", Field::require},
    {"event", "o", Field::event},
    {"content-type", "c", Field::type},
    {"content-length", "l", Field::length},
    {"content-encoding", "e", Field::encoding},
    {"user-agent", "", Field::user_agent},
    {"server", "", Field::server},
    {"authorization", "", Field::authorization},
    {"proxy-authorization", "", Field::authorization},
    {"www-authenticate", "", Field::authorization},
    {"proxy-authenticate", "", Field::authorization},
    {"authentication-info", "", Field::authorization},
    {"proxy-authentication-info", "", Field::authorization},
    {"cseq", "", Field::cseq},
});

Field field_of(std::string_view name) {
  for (const KnownField& known : kFields) {
    if (is_word(name, known.name) || (name.size() == 1 && is_word(name, known.compact))) {
      return known.field;
    }
  }
  return Field::other;
}

// Takes one field; false where no end would read on.
bool take(std::string_view name, std::string_view value, Head& head) {
  const auto first = [&](std::string_view& text) {
    if (text.empty()) text = value;
  };
  switch (field_of(name)) {
    case Field::other: head.of_microsoft |= starts_with_word(name, "ms-"); break;
    case Field::from: first(head.from); break;
    case Field::to: first(head.to); break;
    case Field::contact: first(head.contact); break;
    case Field::require: first(head.require); break;
    case Field::event: first(head.event); break;
    case Field::type: first(head.type); break;
    case Field::user_agent: first(head.user_agent); break;
    case Field::server: first(head.server); break;
    case Field::authorization: first(head.authorization); break;
    case Field::encoding: head.encoded = !value.empty() && !is_word(value, "identity"); break;
    case Field::cseq: {
      std::string_view rest = value;
      take_word(rest);
      if (!head.start.is_request()) head.method = take_word(rest);
      break;
    }
    case Field::length: {
      std::uint32_t length = 0;
      if (!read_number(value, length)) return false;
      if (head.has_length && head.length != length) return false;
      head.length = length;
      head.has_length = true;
      break;
    }
  }
  return true;
}

bool is_focus(const Head& head) {
  return parameter(head.contact, "isfocus").has_value();
}

// Microsoft names a conference's parts by URIs such as
// sip:user@host;gruu;opaque=app:conf:chat:id:X.
bool is_conference(const Head& head) {
  constexpr std::string_view kPart = "app:conf:";
  return is_focus(head) || contains(head.start.uri, kPart) || contains(head.to, kPart) ||
         contains(head.from, kPart) || has_word(head.require, "recipient-list-invite");
}

void name_people(const Head& head, Direction way, Messenger& messenger) {
  const std::string_view from = uri_of(head.from);
  const std::string_view to = uri_of(head.to);
  if (is_one_of(head.method, kLogin)) {
    assign_user(messenger.login, to);
    if (!messenger.login.empty()) return;
    if (const auto name = parameter(head.authorization, "username")) messenger.login.assign(*name);
    return;
  }
  // An answer repeats the request's From and To.
  const bool users_request = head.start.is_request() == (way == Direction::to_server);
  assign_user(messenger.login, users_request ? from : to);
  assign_user(messenger.peer_login, users_request ? to : from);
  if (messenger.peer_login.view() == messenger.login.view()) messenger.peer_login.clear();
}

Service service_of_session(const Head& head, std::optional<Service> content) {
  const Service service = content.value_or(Service::any);
  const bool sets_up = head.start.is_request() && head.method == "INVITE";
  const bool in_conference =
      is_conference(head) && (sets_up || service != Service::any || is_focus(head));
  return in_conference ? Service::conference : service;
}

Service service_of_info(const Head& head, std::optional<Service> content) {
  if (content == Service::conference || content == Service::file_transfer) return *content;
  const bool of_call =
      std::any_of(kPartsOfCall.begin(), kPartsOfCall.end(),
                  [&](std::string_view type) { return starts_with_word(head.type, type); });
  return of_call ? Service::any : Service::presence;
}

Service service_of_message(const Head& head, std::optional<Service> content) {
  const Service otherwise = is_file_type(head.type) ? Service::file_transfer : Service::text_chat;
  const Service service = content.value_or(otherwise);
  return service == Service::text_chat && is_conference(head) ? Service::conference : service;
}

Service service_of(const Head& head, std::optional<Service> content) {
  if (is_one_of(head.method, kLogin)) return Service::login;
  if (is_one_of(head.method, kSession)) return service_of_session(head, content);
  if (!head.start.is_request()) return Service::any;
  if (head.method == "MESSAGE") return service_of_message(head, content);
  if (head.method == "INFO") return service_of_info(head, content);
  if (head.method == "REFER") return Service::conference;
  if (!is_one_of(head.method, kPresence)) return Service::any;
  const bool of_conference =
      content == Service::conference || starts_with_word(head.event, "conference");
  return of_conference ? Service::conference : Service::presence;
}

}  // namespace

StartLine StartLine::read(std::string_view line) {
  StartLine start;
  const std::string_view first = take_word(line);
  if (is_version(first)) {
    const std::string_view status = take_word(line);
    start.version = first.substr(kProtocol.size());
    start.sound = status.size() == 3 && read_number(status, start.status) && start.status >= 100 &&
                  start.status < 700;
    return start;
  }
  start.method = first;
  start.uri = take_word(line);
  const std::string_view version = take_word(line);
  start.sound = !first.empty() && std::all_of(first.begin(), first.end(), http::is_token_char) &&
                is_version(version) && take_word(line).empty();
  if (start.sound) start.version = version.substr(kProtocol.size());
  return start;
}

Head Head::read(std::string_view text) {
  Head head;
  const std::size_t end = text.find('\n');
  head.start = StartLine::read(text.substr(0, end));
  head.method = head.start.method;
  head.sound = head.start.sound;
  if (end == std::string_view::npos) return head;
  Fields fields(text.substr(end + 1));
  while (fields.next()) {
    if (!take(fields.name(), fields.value(), head)) head.sound = false;
  }
  return head;
}

bool Head::tells_by_body() const {
  const bool spoken = is_one_of(method, kSession) ||
                      (start.is_request() && (method == "MESSAGE" || method == "INFO"));
  return spoken && !encoded && is_read(type);
}

std::string_view to_string(Application application) {
  switch (application) {
    case Application::unknown: return "";
    case Application::lync: return "lync";
    case Application::msn: return "msn";
    case Application::rcs: return "google-messages-rcs";
    case Application::sametime: return "sametime";
  }
  return "";
}

Application application_of(const Head& head) {
  constexpr std::string_view kRealm = "sip communications service";
  const std::string_view program = head.user_agent.empty() ? head.server : head.user_agent;
  const auto names = [&](std::string_view word) { return contains(program, word); };
  if (std::any_of(kLyncProducts.begin(), kLyncProducts.end(), names)) return Application::lync;
  if (names("im-client/oma1.0")) return Application::rcs;
  if (names("sametime")) return Application::sametime;
  // Windows Messenger, and any telephone that was made with Microsoft's library.
  if (starts_with_word(program, "windows rtc/1")) return Application::msn;
  const bool of_library = starts_with_word(program, "rtc/1.");
  if (of_library && names("(messenger ")) return Application::msn;
  if (is_word(parameter(head.authorization, "realm").value_or(""), kRealm) ||
      starts_with_word(head.event, "vnd-microsoft-")) {
    return Application::lync;
  }
  if (of_library) return Application::unknown;
  const bool of_server = starts_with_word(program, "rtc/");
  return of_server || head.of_microsoft ? Application::lync : Application::unknown;
}

void speak(const Head& head, std::string_view body, Direction way, Application application,
           Facts& facts) {
  Messenger& messenger = facts.speak_of(to_string(application), Service::any);
  messenger.version.assign(head.start.version);
  if (way == Direction::to_server) {
    messenger.client.assign(head.user_agent.empty() ? head.server : head.user_agent);
  }
  name_people(head, way, messenger);
  const std::optional<Service> content = head.tells_by_body()
                                             ? read_content(head.type, body, way, messenger)
                                             : service_of_type(head.type);
  messenger.service = service_of(head, content);
}

}  // namespace chatgate::proto::sip
