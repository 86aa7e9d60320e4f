// HTTP/1 messages as rules see them: the buffers of http.method, http.uri, file.data and the rest.
//
// One object a worker, for the life of the process; the engine calls it on the worker's thread for
// each message of a turn (see subject.h), again whenever the turn has grown. All memory is taken by
// the constructor: read_* allocates nothing, throws nothing, and its work is linear in the message,
// of which kMaxTurn bytes are looked at. What buffers hold is borrowed from the bytes given or from
// this object, until the next read.
//
// What is a request is what proto/http.h's probe is certain of (a well-known method with a path, or
// a line that ends in an HTTP version); a response begins with "HTTP/" and a digit, in any case.
// Blank lines before it, up to 1024 bytes, are skipped. Lines end with LF, CRs before it do not
// count. For fields see http_fields.h, for the target http_uri.h. Sources: RFC 9112, RFC 9110,
// Snort's http_inspect, Suricata's keywords and libhtp, whose default is followed where nothing
// else is said here.
//
//   - A buffer of what a message has not, such as a field, is absent. What is there is complete,
//     but for the two bodies, which grow.
//   - Method, target and version are there when their line has ended; everything of the header
//     when the blank line is there. Where the turn ends before it, the lines that have ended count
//     as the header, and of a request line what has come, so that a head too long for a turn can be
//     matched too. There is then no body and no next message.
//   - http_uri and http_raw_uri: all between method and version, blanks within kept. A request of
//     two words is HTTP/0.9: it has no header and ends with its line.
//   - http_host is the authority of an absolute target or of CONNECT, else Host. http_raw_host is
//     the same as sent, with port.
//   - http_header has no Cookie (request) and no Set-Cookie (response); http_start,
//     http_header_names and http_raw_header have. Fields of a trailer section are in none.
//   - Bodies: chunks (http_chunks.h) before Content-Length, for a response without either all that
//     follows. A Content-Length that is no number counts as none, in a request as "all that
//     follows". A response with 1xx, 204 or 304 has none. That of a HEAD request cannot be told
//     from others: its body is what is not there.
//   - file_data is a response's body with up to kMaxCodings content and transfer codings undone
//     (proto/http_coding.h), at most kMaxTurn bytes of it. Where one is unknown or breaks before it
//     gave a byte, the body is what it was before; where it breaks later, what it gave so far.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "detect/subject.h"

namespace chatgate::detect {

class HttpView {
 public:
  static constexpr std::size_t kMaxCodings = 2;

  HttpView();
  ~HttpView();
  HttpView(const HttpView&) = delete;
  HttpView& operator=(const HttpView&) = delete;

  struct Message {
    bool http = false;       // the bytes are, so far, an HTTP message
    bool whole = false;      // it ends within `bytes`; what follows begins at `size`
    bool ends_http = false;  // whole, and no HTTP message follows: 101 (RFC 9110 section 15.2.2)
    std::size_t size = 0;    // of what is here of the message
  };

  // Reads the one message that `bytes` begin with and sets its buffers in `out`; leaves the others.
  // `complete`: the turn has ended, no byte will follow.
  Message read_request(Bytes bytes, bool complete, Buffers& out);
  Message read_response(Bytes bytes, bool complete, Buffers& out);

  std::size_t memory() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace chatgate::detect
