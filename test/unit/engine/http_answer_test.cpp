// What the policy's key `http` does to servers' answers: their lengths and their types.

#include <gtest/gtest.h>

#include "wire.h"

namespace chatgate::engine {
namespace {

using telemetry::Counter;
using telemetry::EventType;
using telemetry::Reason;

std::shared_ptr<Snapshot> under(policy::HttpControls http) {
  auto made = snapshot({});
  policy::Policy::Content content;
  content.controls.http = std::move(http);
  made->policy = std::make_shared<policy::Policy>(std::move(content), *made->catalogue);
  return made;
}

std::shared_ptr<Snapshot> verifying(Action action) {
  policy::HttpControls http;
  http.content_type_verification = action;
  return under(http);
}

std::shared_ptr<Snapshot> measuring(std::uint64_t most) {
  policy::HttpControls http;
  http.content_length = {0, most, Action::reset};
  return under(http);
}

std::string request(const std::string& method = "GET", const std::string& fields = "") {
  return method + " / HTTP/1.1\r\nHost: www.example.com\r\n" + fields + "\r\n";
}

std::string answer(const std::string& type, const std::string& body,
                   const std::string& status = "200 OK", const std::string& fields = "") {
  return "HTTP/1.1 " + status + "\r\nContent-Type: " + type + "\r\n" + fields +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

const std::string kProgram("MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff", 14);

struct AnswerCase {
  const char* what;
  std::string asked;
  std::string answered;
  Reason reason;
};

std::vector<AnswerCase> cases() {
  const std::string chunks = "e\r\n" + kProgram + "\r\n0\r\n\r\n";
  const std::string images = "Accept: image/*\r\n";
  return {
      {"a program as text", request(), answer("text/html", kProgram), Reason::http_content_type},
      {"a program as an image", request(), answer("image/gif", kProgram),
       Reason::http_content_type},
      {"a page as an image", request(), answer("image/png", "<html></html>"),
       Reason::http_content_type},
      {"in chunks", request(),
       "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks,
       Reason::http_content_type},
      {"until the end", request(), "HTTP/1.0 200 OK\r\nContent-Type: text/css\r\n\r\n" + kProgram,
       Reason::http_content_type},
      {"behind an interim answer", request(),
       "HTTP/1.1 100 Continue\r\n\r\n" + answer("text/html", kProgram), Reason::http_content_type},
      {"what the client does not accept", request("GET", images), answer("text/html", "<html>"),
       Reason::http_not_accepted},
      {"a page", request(), answer("text/html", "<!doctype html>"), Reason::none},
      {"a program", request(), answer("application/x-msdownload", kProgram), Reason::none},
      {"of a type that says nothing", request(), answer("application/octet-stream", kProgram),
       Reason::none},
      {"without a type", request(), "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n" + kProgram,
       Reason::none},
      {"encoded", request(),
       answer("text/html", "\x1f\x8b\x08", "200 OK", "Content-Encoding: gzip\r\n"), Reason::none},
      {"encoded, an image", request(),
       answer("image/gif", "\x1f\x8b\x08", "200 OK", "Content-Encoding: gzip\r\n"), Reason::none},
      {"a part", request(), answer("image/gif", "the middle", "206 Partial Content"), Reason::none},
      {"nothing", request(), answer("image/gif", ""), Reason::none},
      {"an error that is not accepted", request("GET", images),
       answer("text/html", "<html>", "404 Not Found"), Reason::none},
      {"an answer to HEAD", request("HEAD"),
       "HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\nContent-Length: 5\r\n\r\n", Reason::none},
      {"an accepted image", request("GET", images), answer("image/gif", "GIF89a12"), Reason::none},
  };
}

TEST(HttpAnswer, BodiesAndTheirTypes) {
  for (const AnswerCase& row : cases()) {
    for (const Action action : {Action::allow, Action::alert, Action::drop, Action::reset}) {
      SCOPED_TRACE(row.what);
      Wire wire(verifying(action));
      Talk talk(wire, 40000, 80);
      talk.open();
      EXPECT_TRUE(talk.client_says(test::from_text(row.asked)).forward);
      const Outcome outcome = talk.server_says(row.answered);
      const bool found = row.reason != Reason::none && action != Action::allow;
      EXPECT_EQ(outcome.forward, !found || action == Action::alert);
      EXPECT_EQ(outcome.forged.size(), found && action == Action::reset ? 2u : 0u);
      const auto events = wire.events(EventType::alert);
      ASSERT_EQ(events.size(), found ? 1u : 0u);
      if (!found) continue;
      EXPECT_EQ(events[0].reason, row.reason);
      EXPECT_EQ(events[0].action, action);
    }
  }
}

TEST(HttpAnswer, HoweverTheAnswerIsCut) {
  for (const AnswerCase& row : cases()) {
    for (std::size_t cut = 1; cut < row.answered.size(); ++cut) {
      Wire wire(verifying(Action::reset));
      Talk talk(wire, 40000, 80);
      talk.open();
      talk.client_says(test::from_text(row.asked));
      const Outcome first = talk.server_says(row.answered.substr(0, cut));
      const Outcome second = talk.server_says(row.answered.substr(cut));
      const Reason found = first.forward ? second.reason : first.reason;
      ASSERT_EQ(found, row.reason) << row.what << " cut at " << cut;
    }
  }
}

TEST(HttpAnswer, EachOfAConnectionIsHeldAgainstItsRequest) {
  Wire wire(verifying(Action::reset));
  Talk talk(wire, 40000, 80);
  talk.open();
  // Three requests at once; the first answer has no body, the second is not accepted by the third.
  talk.client_says(
      test::from_text(request("HEAD") + request() + request("GET", "Accept: image/gif\r\n")));
  EXPECT_TRUE(
      talk.server_says("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n")
          .forward);
  EXPECT_TRUE(talk.server_says(answer("text/html", "<html></html>")).forward);
  EXPECT_TRUE(talk.server_says(answer("image/gif", "GIF89a1234567890")).forward);
  talk.client_says(test::from_text(request("GET", "Accept: image/gif\r\n")));
  EXPECT_EQ(talk.server_says(answer("text/html", "<html></html>")).reason,
            Reason::http_not_accepted);
}

TEST(HttpAnswer, LengthsOfAnswers) {
  struct Row {
    std::string asked, answered;
    Reason reason;
  };
  const std::string announced = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n";
  const Row rows[] = {
      {request(), answer("text/html", "0123456789"), Reason::none},
      {request(), answer("text/html", "0123456789a"), Reason::http_content_length},
      {request(), announced, Reason::http_content_length},
      {request("HEAD"), announced, Reason::none},
      {request(), "HTTP/1.1 304 Not Modified\r\nContent-Length: 11\r\n\r\n", Reason::none},
      {request(), "HTTP/1.1 200 OK\r\n\r\n0123456789a", Reason::none},
  };
  for (const Row& row : rows) {
    Wire wire(measuring(10));
    Talk talk(wire, 40000, 80);
    talk.open();
    talk.client_says(test::from_text(row.asked));
    EXPECT_EQ(talk.server_says(row.answered).reason, row.reason) << row.answered;
  }
}

// What cannot be followed passes, and what the client says goes on being read.
TEST(HttpAnswer, WhatIsNoAnswerPasses) {
  const std::string streams[] = {
      "no HTTP at all, but long enough to be nobody's protocol, whatever it is that it may be",
      "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n" + kProgram,
      "HTTP/1.1 101 Switching Protocols\r\nContent-Type: text/html\r\n\r\n" + kProgram,
      "HTTP/1.1 200 OK\r\nX: " + std::string(1400, 'a'),
  };
  for (const std::string& stream : streams) {
    policy::HttpControls http;
    http.content_type_verification = Action::reset;
    http.methods = {{"GET"}, Action::drop};
    Wire wire(under(http));
    Talk talk(wire, 40000, 80);
    talk.open();
    talk.client_says(test::from_text(request()));
    EXPECT_TRUE(talk.server_says(stream).forward) << stream;
    EXPECT_TRUE(talk.server_says(kProgram).forward) << stream;
    EXPECT_TRUE(wire.events(EventType::alert).empty());
    EXPECT_EQ(talk.client_says(test::from_text(request("PUT"))).reason, Reason::http_method);
  }
  // Nobody asked.
  Wire wire(verifying(Action::reset));
  Talk talk(wire, 40001, 80);
  talk.open();
  EXPECT_TRUE(talk.server_says(answer("text/html", kProgram, "408 Request Timeout")).forward);
}

TEST(HttpAnswer, TooManyOpenRequestsAreNoLongerToldApart) {
  Wire wire(verifying(Action::reset));
  Talk talk(wire, 40000, 80);
  talk.open();
  for (int i = 0; i < 11; ++i) talk.client_says(test::from_text(request()));
  EXPECT_TRUE(talk.server_says(answer("text/html", kProgram)).forward);
  Talk fewer(wire, 40001, 80);
  fewer.open();
  for (int i = 0; i < 10; ++i) fewer.client_says(test::from_text(request()));
  EXPECT_EQ(fewer.server_says(answer("text/html", kProgram)).reason, Reason::http_content_type);
}

TEST(HttpAnswer, TunnelsAreLeftAlone) {
  Wire wire(verifying(Action::reset));
  Talk talk(wire, 40000, 3128);
  talk.open();
  talk.client_says(test::from_text("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example\r\n\r\n"));
  EXPECT_TRUE(talk.server_says("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n").forward);
  EXPECT_TRUE(talk.server_says(kProgram).forward);
}

}  // namespace
}  // namespace chatgate::engine
