#include "explain/signature_sessions.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <variant>

#include "explain/rule_paper.h"
#include "explain/sayings.h"

namespace chatgate::explain {
namespace {

using detect::Buffer;
using detect::Rule;

constexpr std::uint16_t kHttpPort = 80, kHttpsPort = 443, kDnsPort = 53, kOtherPort = 31337;
constexpr std::string_view kServer = "192.0.2.1";

const detect::Target& target_of(const detect::PayloadOption& option) {
  return std::visit([](const auto& each) -> const detect::Target& { return each.target; }, option);
}

struct Field {
  Buffer buffer;
  std::string_view name;
};
constexpr Field kRequestFields[] = {{Buffer::http_user_agent, "User-Agent"},
                                    {Buffer::http_referer, "Referer"},
                                    {Buffer::http_accept, "Accept"},
                                    {Buffer::http_accept_encoding, "Accept-Encoding"},
                                    {Buffer::http_accept_language, "Accept-Language"},
                                    {Buffer::http_content_type, "Content-Type"},
                                    {Buffer::http_cookie, "Cookie"},
                                    {Buffer::http_raw_cookie, "Cookie"},
                                    {Buffer::http_connection, "Connection"}};
constexpr Field kAnswerFields[] = {{Buffer::http_server, "Server"},
                                   {Buffer::http_location, "Location"},
                                   {Buffer::http_content_type, "Content-Type"},
                                   {Buffer::http_cookie, "Set-Cookie"},
                                   {Buffer::http_raw_cookie, "Set-Cookie"}};

// All that a rule looks at, by buffer.
class Papers {
 public:
  // The order of a rule's options is one in which a person would write; where an expression holds
  // a content, the expression is to be written first.
  Papers(const Rule& rule, bool expressions_first) {
    for (const int turn : {0, 1, 2}) {
      for (const detect::PayloadOption& option : rule.payload) {
        if (turn_of(option, expressions_first) == turn) {
          of(target_of(option).buffer).add(option);
        }
      }
    }
    for (const detect::Condition& condition : rule.conditions) {
      const auto* number = std::get_if<detect::NumberCondition>(&condition);
      if (number == nullptr || number->field != detect::NumberField::dsize) continue;
      of(Buffer::payload).at_least(number->range.first);
    }
  }

  bool has(Buffer buffer) const { return papers_.count(buffer) != 0; }
  std::string text(Buffer buffer, std::string_view absent = {}) const {
    const auto at = papers_.find(buffer);
    return at == papers_.end() ? std::string(absent) : at->second.text();
  }

 private:
  // What ends a buffer is written last.
  static int turn_of(const detect::PayloadOption& option, bool expressions_first) {
    const auto* pcre = std::get_if<detect::Pcre>(&option);
    if (pcre != nullptr) return expressions_first && !pcre->relative ? 0 : 1;
    const auto* content = std::get_if<detect::Content>(&option);
    return content != nullptr && content->endswith ? 2 : 1;
  }

  RulePaper& of(Buffer buffer) {
    const bool path = buffer == Buffer::http_uri || buffer == Buffer::http_raw_uri;
    return papers_.try_emplace(buffer, RulePaper(path ? "/" : "")).first->second;
  }

  std::map<Buffer, RulePaper> papers_;
};

// "Name: value" lines of what a rule looks for in headers.
std::string header_lines(std::string text) {
  std::string lines;
  while (!text.empty()) {
    const std::size_t end = text.find("\r\n");
    std::string line = text.substr(0, end);
    text.erase(0, end == text.npos ? text.size() : end + 2);
    if (line.empty()) continue;
    if (line.find(':') == line.npos) line += "x: x";
    lines += line + "\r\n";
  }
  return lines;
}

template <std::size_t N>
std::string fields(const Papers& papers, const Field (&all)[N]) {
  std::string lines;
  for (const Field& field : all) {
    if (!papers.has(field.buffer)) continue;
    std::string value = papers.text(field.buffer);
    if (value.ends_with(' ')) value += 'x';  // blanks at the end are no part of a value
    lines += std::string(field.name) + ": " + value + "\r\n";
  }
  const Buffer headers =
      papers.has(Buffer::http_header) ? Buffer::http_header : Buffer::http_raw_header;
  return lines + header_lines(papers.text(headers));
}

std::string request_line(const Papers& papers) {
  const bool body = papers.has(Buffer::http_client_body);
  const std::string method = papers.text(Buffer::http_method, body ? "POST" : "GET");
  std::string line = papers.text(Buffer::http_request_line);
  if (line.empty()) {
    const Buffer path = papers.has(Buffer::http_uri) ? Buffer::http_uri : Buffer::http_raw_uri;
    line = method + " " + papers.text(path, "/");
  }
  if (!line.starts_with(method + " ")) line = method + (line.starts_with('.') ? " x" : " ") + line;
  if (line.find(" HTTP/") == line.npos) line += line.ends_with(' ') ? "HTTP/1.1" : " HTTP/1.1";
  return line;
}

Saying request(const Papers& papers) {
  const Buffer named = papers.has(Buffer::http_host) ? Buffer::http_host : Buffer::http_raw_host;
  std::string host = papers.text(named, "www.example.com");
  if (host.starts_with('.')) host.insert(0, "x");
  std::string text = request_line(papers) + "\r\nHost: " + host + "\r\n";
  text += fields(papers, kRequestFields);
  const std::string body = papers.text(Buffer::http_client_body);
  if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return {true, synth::from_text(text + "\r\n" + body)};
}

std::vector<Saying> answer(const Papers& papers) {
  const std::string body = papers.text(Buffer::file_data);
  const std::string text = papers.text(Buffer::http_response_line,
                                       "HTTP/1.1 " + papers.text(Buffer::http_stat_code, "200") +
                                           " " + papers.text(Buffer::http_stat_msg, "OK")) +
                           "\r\n" + fields(papers, kAnswerFields) +
                           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  return {http_request("www.example.com"), {false, synth::from_text(text)}};
}

bool is_for_http(const Rule& rule) {
  const auto& words = rule.protocol.applications;
  const bool http = std::find(words.begin(), words.end(), proto::AppProto::http) != words.end();
  return http || std::any_of(rule.payload.begin(), rule.payload.end(), [](const auto& option) {
           const Buffer buffer = target_of(option).buffer;
           return buffer >= Buffer::file_data && buffer <= Buffer::http_start;
         });
}

// One that is in the set, the preferred one where it is.
std::uint16_t port_of(const detect::SharedPorts& ports, std::uint16_t preferred) {
  if (ports->contains(preferred) || ports->ranges().empty()) return preferred;
  return std::max<std::uint16_t>(ports->ranges().front().first, 1);
}

SignatureSession write(const Rule& rule, bool expressions_first) {
  const Papers papers(rule, expressions_first);
  const bool to_client = rule.flow.way == detect::FlowWay::to_client;
  SignatureSession made;
  made.rule = &rule;
  made.tcp = rule.protocol.tcp;
  made.http = is_for_http(rule);
  std::uint16_t preferred = made.http ? kHttpPort : kOtherPort;
  if (papers.has(Buffer::tls_sni)) {
    preferred = kHttpsPort;
    made.sayings = {tls_hello(papers.text(Buffer::tls_sni))};
  } else if (papers.has(Buffer::dns_query)) {
    preferred = kDnsPort;
    made.tcp = !rule.protocol.udp;
    made.sayings = {dns_question(papers.text(Buffer::dns_query), made.tcp)};
  } else if (made.http) {
    made.sayings = to_client ? answer(papers) : std::vector<Saying>{request(papers)};
  } else {
    const Buffer raw = papers.has(Buffer::payload) ? Buffer::payload : Buffer::raw_payload;
    made.sayings = {{!to_client, synth::from_text(papers.text(raw))}};
    // The end of what was said is known once the other end speaks.
    if (made.tcp) made.sayings.push_back({to_client, synth::from_text("\r\n")});
  }
  made.port = port_of(to_client ? rule.source.ports : rule.destination.ports, preferred);
  return made;
}

class Maker {
 public:
  explicit Maker(const engine::Snapshot& snapshot)
      : snapshot_(snapshot), stage_(permissive(snapshot), roomy()) {}

  SignatureSessions make() {
    SignatureSessions all;
    const auto rules = snapshot_.signatures->rules();
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const catalog::Classification& meaning = snapshot_.signature_meanings[i];
      if (!meaning.known() || rules[i].noalert) continue;
      std::string why;
      if (auto session = session_for(rules[i], meaning, why)) {
        all.sessions.push_back(std::move(*session));
      } else {
        all.uncovered.push_back({meaning.application, rules[i].sid, std::move(why)});
      }
    }
    return all;
  }

 private:
  static StageOptions roomy() {
    StageOptions options;
    options.flows = StageOptions::kManyFlows;
    return options;
  }

  // The same rules under a policy that lets everything pass, so that nothing ends a session early.
  static std::shared_ptr<const engine::Snapshot> permissive(const engine::Snapshot& snapshot) {
    auto made = std::make_shared<engine::Snapshot>(snapshot);
    made->policy =
        std::make_shared<const policy::Policy>(policy::Policy::Content(), *snapshot.catalogue);
    made->lists = nullptr;
    made->mode_override.reset();
    return made;
  }

  std::optional<SignatureSession> session_for(const Rule& rule,
                                              const catalog::Classification& meaning,
                                              std::string& why) {
    if (!rule.protocol.tcp && !rule.protocol.udp) {
      why = "it is about packets that are neither TCP nor UDP";
      return std::nullopt;
    }
    if (rule.detection_filter || (rule.threshold && rule.threshold->count > 1)) {
      why = "it waits for several matches";
      return std::nullopt;
    }
    for (const bool expressions_first : {true, false}) {
      SignatureSession made;
      try {
        made = write(rule, expressions_first);
      } catch (const std::invalid_argument& impossible) {
        why = impossible.what();
        continue;
      }
      made.meaning = meaning;
      if (!begin_with_flowbits(rule, made, why)) return std::nullopt;
      if (prove(made)) return made;
    }
    if (why.empty()) why = "the session that was made of its contents is not recognised by it";
    return std::nullopt;
  }

  // Before it what sets the bits that it asks for.
  bool begin_with_flowbits(const Rule& rule, SignatureSession& session, std::string& why) {
    for (const detect::Flowbit& bit : rule.flowbits) {
      if (bit.operation != detect::FlowbitOperation::is_set) continue;
      const auto before = session_that_sets(bit);
      if (!before) {
        why = "no session could be made that sets its flowbits";
        return false;
      }
      session.sayings.insert(session.sayings.begin(), before->sayings.begin(),
                             before->sayings.end());
      session.port = before->port;
    }
    return true;
  }

  std::optional<SignatureSession> session_that_sets(const detect::Flowbit& bit) {
    const auto rules = snapshot_.signatures->rules();
    for (std::size_t i = 0; i < rules.size(); ++i) {
      std::string why;
      if (!sets(rules[i], bit)) continue;
      if (auto made = session_for(rules[i], snapshot_.signature_meanings[i], why)) return made;
    }
    return std::nullopt;
  }

  // Of rules that ask for no bits themselves, so that there is an end to it.
  static bool sets(const Rule& rule, const detect::Flowbit& wanted) {
    const bool plain = std::none_of(rule.flowbits.begin(), rule.flowbits.end(),
                                    [](const detect::Flowbit& each) { return each.tests(); });
    return plain && std::any_of(rule.flowbits.begin(), rule.flowbits.end(), [&](const auto& each) {
             return each.operation == detect::FlowbitOperation::set &&
                    std::find_first_of(each.names.begin(), each.names.end(), wanted.names.begin(),
                                       wanted.names.end()) != each.names.end();
           });
  }

  // Whether the engine takes it for the application, by the rule or by a parser before it.
  bool prove(const SignatureSession& session) {
    TalkEnds ends;
    ends.client = *IpAddress::parse("10.1.1.5");
    ends.server = *IpAddress::parse(kServer);
    ends.client_port = static_cast<std::uint16_t>(20000 + played_++ % 40000);
    ends.server_port = session.port;
    ends.tcp = session.tcp;
    const Played played = stage_.play({ends, session.sayings});
    return std::any_of(played.entries.begin(), played.entries.end(), [&](const auto& entry) {
      return entry.stage == engine::TraceStage::verdict &&
             entry.im.application == session.meaning.application &&
             entry.im.evidence <= catalog::Evidence::signature;
    });
  }

  const engine::Snapshot& snapshot_;
  Stage stage_;
  std::size_t played_ = 0;
};

}  // namespace

SignatureSessions signature_sessions(const engine::Snapshot& snapshot) {
  if (snapshot.signatures == nullptr) return {};
  return Maker(snapshot).make();
}

}  // namespace chatgate::explain
