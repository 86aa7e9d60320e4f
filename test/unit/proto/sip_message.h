// Messages of SIP, put together for tests.
#pragma once

#include <string>

namespace chatgate::proto::test {

// `head`: the start line and fields, each with its end. Adds the length and the body.
inline std::string with_body(const std::string& head, const std::string& body) {
  return head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

inline std::string sip_request(const std::string& method, const std::string& fields = "",
                               const std::string& body = "") {
  return with_body(method +
                       " sip:bob@example.com SIP/2.0\r\n"
                       "Via: SIP/2.0/TCP 192.0.2.10:5060;branch=z9hG4bK1\r\n"
                       "From: \"Alice <A>\" <sip:alice@example.com>;tag=1\r\n"
                       "To: <sip:bob@example.com>\r\n"
                       "Call-ID: 1@192.0.2.10\r\n"
                       "CSeq: 7 " +
                       method + "\r\n" + fields,
                   body);
}

inline std::string sip_answer(const std::string& status, const std::string& method,
                              const std::string& fields = "", const std::string& body = "") {
  return with_body("SIP/2.0 " + status +
                       "\r\n"
                       "From: \"Alice <A>\" <sip:alice@example.com>;tag=1\r\n"
                       "To: <sip:bob@example.com>;tag=2\r\n"
                       "CSeq: 7 " +
                       method + "\r\n" + fields,
                   body);
}

inline std::string sdp(const std::string& media) {
  return "v=0\r\no=- 1 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n" + media;
}

inline std::string invite(const std::string& media, const std::string& fields = "") {
  return sip_request("INVITE", "Content-Type: application/sdp\r\n" + fields, sdp(media));
}

}  // namespace chatgate::proto::test
