// What one message of a messenger says: who, what is being done, and where it goes on.
//
// Part of Facts (proto/facts.h). Never message text. Texts are copied, cut to their capacity, in
// the encoding of the protocol turned into UTF-8 where that is simple, and else as they came;
// whoever shows them escapes them.
//
// `service` says what this message does: `login` for everything up to and including signing on,
// `presence` for contact lists, status and keep-alive, the others for what they are called;
// `any` where the message tells nothing of that kind (acknowledgments, unknown commands). A message
// that sets something up (an invitation to a file transfer, a call) is of the service it sets up.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/address.h"

namespace chatgate::proto {

// What is being done inside an application; `any` where it was not told apart.
enum class Service : std::uint8_t {
  any,
  login,
  presence,
  text_chat,
  file_transfer,
  voice,
  video,
  webcam,
  conference,
  games,
  screen_share,
  other,
};
constexpr std::size_t kServiceCount = static_cast<std::size_t>(Service::other) + 1;

// By Service.
inline constexpr std::array<std::string_view, kServiceCount> kServiceWords = {
    "any",   "login",  "presence",   "text-chat", "file-transfer", "voice",
    "video", "webcam", "conference", "games",     "screen-share",  "other"};

constexpr std::string_view to_string(Service service) {
  return kServiceWords[static_cast<std::size_t>(service)];
}

// A short text, cut where longer.
class ShortText {
 public:
  static constexpr std::size_t kCapacity = 127;

  ShortText() = default;
  ShortText(const ShortText& other) { assign(other.view()); }
  ShortText& operator=(const ShortText& other) {
    if (this != &other) assign(other.view());
    return *this;
  }

  void assign(std::string_view text) {
    size_ = static_cast<std::uint8_t>(text.size() < kCapacity ? text.size() : kCapacity);
    text.copy(text_.data(), size_);
  }
  void append(std::string_view text) {
    size_ = static_cast<std::uint8_t>(
        size_ + text.copy(text_.data() + size_, static_cast<std::size_t>(kCapacity - size_)));
  }
  void clear() { size_ = 0; }
  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {text_.data(), size_}; }

 private:
  std::uint8_t size_ = 0;
  std::array<char, kCapacity> text_;
};

// A connection that the message announces: it is of the same application and of `service`.
struct ExpectedFlow {
  IpAddress address;       // where it will lead
  std::uint16_t port = 0;  // 0: any
  bool tcp = true;
  Service service = Service::any;
};

struct Messenger {
  static constexpr std::size_t kMaxExpected = 8;

  // The catalogue's word for the application that speaks, such as "yahoo"; a literal. Empty: the
  // protocol alone does not tell.
  std::string_view application;
  // Whether others speak the same way and this is only the likeliest. What was told before, in the
  // other direction or of the stream's name, then stands.
  bool assumed = false;
  // Of what is assumed: the other application that it may be, if a session announced it. A literal.
  std::string_view alternative;
  Service service = Service::any;
  ShortText login;       // of the user on this connection
  ShortText peer_login;  // whom the message is for, or from
  ShortText filename;
  ShortText version;  // of the protocol
  ShortText client;   // program and its version, as it names itself
  std::uint8_t expected_count = 0;
  std::array<ExpectedFlow, kMaxExpected> expected;

  void clear() {
    application = {};
    assumed = false;
    alternative = {};
    service = Service::any;
    login.clear();
    peer_login.clear();
    filename.clear();
    version.clear();
    client.clear();
    expected_count = 0;
  }
  void expect(const ExpectedFlow& flow) {
    if (expected_count < kMaxExpected) expected[expected_count++] = flow;
  }
};

}  // namespace chatgate::proto
