// What one message of SIP says: who, what is set up or done, with which program.
//
// Sources: RFC 3261 and the RFCs of its methods: 3428 (MESSAGE), 6665 and 3856 (SUBSCRIBE, NOTIFY),
// 3903 (PUBLISH), 6086 (INFO), 3515 (REFER), 3311 (UPDATE), 3262 (PRACK); RFC 4579 (conferences);
// Microsoft's published protocols MS-SIPRE, MS-PRES, MS-CONFBAS for SERVICE, BENOTIFY, NEGOTIATE
// and the URIs of conferences.
//
// Called by the parsers of proto/sip.h on a worker's thread. Views borrow from the message. No
// allocation; work is linear in the message.
#pragma once

#include <cstdint>
#include <string_view>

#include "proto/facts.h"
#include "proto/parser.h"

namespace chatgate::proto::sip {

struct StartLine {
  std::string_view method;   // of a request
  std::string_view uri;      // of a request
  std::string_view version;  // "2.0"
  unsigned status = 0;       // of a response
  bool sound = false;

  static StartLine read(std::string_view line);
  bool is_request() const { return status == 0; }
};

struct Head {
  StartLine start;
  std::string_view from;
  std::string_view to;
  std::string_view contact;
  std::string_view require;
  std::string_view event;
  std::string_view type;  // of the body
  std::string_view user_agent;
  std::string_view server;
  std::string_view authorization;
  std::string_view method;  // the request's own, or of the request that is answered
  bool encoded = false;     // the body is compressed
  bool of_microsoft = false;
  bool has_length = false;
  bool sound = false;        // start line and length can be read
  std::uint32_t length = 0;  // of the body, as told

  // `text`: from the start line to the empty line.
  static Head read(std::string_view text);
  bool tells_by_body() const;
};

// The catalogue's word for what speaks. `unknown`: any telephone may speak so.
enum class Application : std::uint8_t { unknown, lync, msn, rcs, sametime };
std::string_view to_string(Application application);

Application application_of(const Head& head);

// `body`: what there is of it, empty where `tells_by_body` is false.
void speak(const Head& head, std::string_view body, Direction way, Application application,
           Facts& facts);

}  // namespace chatgate::proto::sip
