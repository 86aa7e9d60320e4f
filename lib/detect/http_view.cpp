#include "detect/http_view.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "base/ascii.h"
#include "detect/http_chunks.h"
#include "detect/http_fields.h"
#include "detect/http_uri.h"
#include "proto/http.h"
#include "proto/http_authority.h"
#include "proto/http_coding.h"
#include "proto/http_head.h"
#include "proto/http_text.h"

namespace chatgate::detect {

namespace http = proto::http;

namespace {

using Message = HttpView::Message;

struct OwnBuffer {
  Field field;
  Buffer buffer;
  bool request;
  bool response;
};

constexpr OwnBuffer kOwnBuffers[] = {
    {Field::user_agent, Buffer::http_user_agent, true, false},
    {Field::referer, Buffer::http_referer, true, false},
    {Field::accept, Buffer::http_accept, true, false},
    {Field::accept_encoding, Buffer::http_accept_encoding, true, false},
    {Field::accept_language, Buffer::http_accept_language, true, false},
    {Field::server, Buffer::http_server, false, true},
    {Field::location, Buffer::http_location, false, true},
    {Field::content_type, Buffer::http_content_type, true, true},
    {Field::content_length, Buffer::http_content_length, true, true},
    {Field::connection, Buffer::http_connection, true, true},
    {Field::cookie, Buffer::http_cookie, true, true},
};

enum class Framing : std::uint8_t {
  by_fields,
  none,
  sized,
  chunked,
  to_the_end,  // of the connection
};

// Where the parts of a message lie.
struct Head {
  std::string_view line;      // without its end
  std::string_view fields;    // with the blank line
  std::size_t blank = 0;      // bytes before the line
  std::size_t line_size = 0;  // with them and its end
  bool line_ended = false;
  bool ended = false;    // the blank line is there
  std::size_t size = 0;  // of the message, as far as the head goes
};

std::string_view without_cr(std::string_view line) {
  return line.substr(0, line.find_last_not_of('\r') + 1);
}

// `text` is all there is of the message. Of a turn that is over, whole lines are the head.
Head find_head(std::string_view text, bool complete) {
  Head head;
  head.blank = std::min(text.find_first_not_of("\r\n"), text.size());
  const std::size_t end = text.find('\n', head.blank);
  head.line = without_cr(text.substr(head.blank, end - head.blank));
  head.size = text.size();
  if (end == std::string_view::npos) return head;
  head.line_ended = true;
  head.line_size = end + 1;
  std::size_t begin = head.line_size;
  while (!head.ended) {
    const std::size_t line_end = text.find('\n', begin);
    if (line_end == std::string_view::npos) break;
    head.ended = without_cr(text.substr(begin, line_end - begin)).empty();
    begin = line_end + 1;
  }
  if (head.ended) head.size = begin;
  if (head.ended || complete) {
    head.fields = text.substr(head.line_size, begin - head.line_size);
  }
  return head;
}

struct RequestParts {
  std::string_view method;
  std::string_view target;
  std::string_view version;  // empty where there is none
};

RequestParts split_request(std::string_view line) {
  RequestParts parts;
  parts.method = http::take_word(line);
  line = http::trimmed(line);
  const std::string_view last = http::last_word(line);
  const auto before = static_cast<std::size_t>(last.data() - line.data());
  if (before > 0 && http::is_http_version(last)) {
    parts.version = last;
    line = http::trimmed(line.substr(0, before));
  }
  parts.target = line;
  return parts;
}

// RFC 9110 section 8.6, of which the first number counts; nothing where there is none.
std::optional<std::size_t> content_length(std::string_view value) {
  std::size_t length = 0;
  const char* const end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, length);
  if (error == std::errc::result_out_of_range) return SIZE_MAX;
  if (error != std::errc{}) return std::nullopt;
  return length;
}

// Takes the next word of a list with commas, without its parameters.
std::string_view take_item(std::string_view& list) {
  const std::size_t comma = std::min(list.find(','), list.size());
  const std::string_view item = list.substr(0, comma);
  list.remove_prefix(std::min(comma + 1, list.size()));
  return http::without_blanks(item.substr(0, item.find(';')));
}

bool names_chunked(std::string_view codings) {
  while (!codings.empty()) {
    if (http::is_word(take_item(codings), "chunked")) return true;
  }
  return false;
}

// The codings of a body in the order in which they are to be undone.
struct Codings {
  std::size_t count = 0;
  bool known = true;
  std::array<http::Coding, HttpView::kMaxCodings> all;

  void add(std::string_view list) {
    while (!list.empty()) {
      const std::string_view word = take_item(list);
      if (word.empty() || http::is_word(word, "identity") || http::is_word(word, "chunked")) {
        continue;
      }
      const bool gzip = http::is_word(word, "gzip") || http::is_word(word, "x-gzip");
      known = known && count < all.size() && (gzip || http::is_word(word, "deflate"));
      if (!known) return;
      all[count++] = gzip ? http::Coding::gzip : http::Coding::deflate;
    }
  }
};

void set_text(Buffer buffer, std::string_view text, Buffers& out) {
  out.set(buffer, as_bytes(text));
}

// What the header of either way gives.
void set_fields(const Head& head, bool request, HttpFields& fields, Buffers& out) {
  fields.read(head.line, head.fields, request);
  set_text(Buffer::http_raw_header, head.fields, out);
  if (!fields.lines().empty()) set_text(Buffer::http_header, fields.lines(), out);
  if (!fields.names().empty()) set_text(Buffer::http_header_names, fields.names(), out);
  set_text(Buffer::http_start, fields.start(), out);
  for (const OwnBuffer& row : kOwnBuffers) {
    if ((request ? row.request : row.response) && fields.has(row.field)) {
      set_text(row.buffer, fields.value(row.field), out);
    }
  }
  if (fields.has(Field::cookie)) {
    set_text(Buffer::http_raw_cookie, fields.raw_value(Field::cookie), out);
  }
}

Framing framing_of(HttpFields& fields, bool request, std::size_t& length) {
  if (fields.has(Field::transfer_encoding) &&
      names_chunked(fields.value(Field::transfer_encoding))) {
    return Framing::chunked;
  }
  if (!fields.has(Field::content_length)) {
    return request ? Framing::none : Framing::to_the_end;
  }
  const std::optional<std::size_t> told = content_length(fields.value(Field::content_length));
  if (!told) return Framing::to_the_end;
  length = *told;
  return length == 0 ? Framing::none : Framing::sized;
}

struct Body {
  Bytes bytes;
  bool ended = false;
  std::size_t size = 0;  // as sent
};

Body body_of(Bytes rest, Framing framing, std::size_t length, Scratch& scratch) {
  switch (framing) {
    case Framing::by_fields:
    case Framing::none: return {{}, true, 0};
    case Framing::sized: {
      const std::size_t here = std::min(rest.size(), length);
      return {rest.first(here), here == length, here};
    }
    case Framing::chunked: {
      scratch.clear();
      const Chunked chunked = remove_chunks(rest, scratch);
      return {scratch.bytes(), chunked.ended, chunked.ended ? chunked.size : rest.size()};
    }
    case Framing::to_the_end: return {rest, false, rest.size()};
  }
  return {};
}

}  // namespace

struct HttpView::State {
  HttpFields fields{kMaxTurn};
  Scratch uri{kMaxTurn + 1};
  Scratch body{kMaxTurn};
  std::array<Scratch, kMaxCodings> decoded{Scratch(kMaxTurn), Scratch(kMaxTurn)};
  http::ContentDecoder decoder;

  void set_host(const RequestParts& request, Buffers& out);
  void set_file_data(Bytes sent, bool complete, Buffers& out);
  void read_body(Bytes rest, Framing framing, bool complete, bool request, Message& message,
                 Buffers& out);
};

void HttpView::State::set_host(const RequestParts& request, Buffers& out) {
  std::optional<std::string_view> authority = http::authority_of_uri(request.target);
  if (!authority && http::is_word(request.method, "connect")) authority = request.target;
  if (authority) {
    set_text(Buffer::http_raw_host, *authority, out);
    set_text(Buffer::http_host, fields.host_of(*authority), out);
  } else if (fields.has(Field::host)) {
    set_text(Buffer::http_raw_host, fields.raw_value(Field::host), out);
    set_text(Buffer::http_host, fields.host(), out);
  }
}

void HttpView::State::set_file_data(Bytes sent, bool complete, Buffers& out) {
  Codings codings;
  codings.add(fields.value(Field::content_encoding));
  codings.add(fields.value(Field::transfer_encoding));
  for (std::size_t i = codings.known ? codings.count : 0; i-- > 0;) {
    const http::ContentDecoder::Result result =
        decoder.decode(codings.all[i], sent, decoded[i].room());
    const bool useless = result.size == 0 && !result.ended && (result.final || complete);
    if (useless) break;
    decoded[i].fill(result.size);
    sent = decoded[i].bytes();
    complete = complete || result.final;
  }
  out.set(Buffer::file_data, sent, complete);
}

void HttpView::State::read_body(Bytes rest, Framing framing, bool complete, bool request,
                                Message& message, Buffers& out) {
  std::size_t length = 0;
  if (framing == Framing::by_fields) framing = framing_of(fields, request, length);
  const Body content = body_of(rest, framing, length, body);
  message.whole = content.ended;
  message.size += content.size;
  if (framing == Framing::none) return;
  complete = complete || content.ended;
  if (request) {
    out.set(Buffer::http_client_body, content.bytes, complete);
  } else {
    set_file_data(content.bytes, complete, out);
  }
}

HttpView::HttpView() : state_(std::make_unique<State>()) {}
HttpView::~HttpView() = default;

std::size_t HttpView::memory() const {
  std::size_t memory = sizeof(State) + state_->fields.memory() + state_->uri.capacity() +
                       state_->body.capacity() + state_->decoder.memory();
  for (const Scratch& scratch : state_->decoded) memory += scratch.capacity();
  return memory;
}

HttpView::Message HttpView::read_request(Bytes bytes, bool complete, Buffers& out) {
  complete = complete || bytes.size() >= kMaxTurn;
  bytes = bytes.first(std::min(bytes.size(), kMaxTurn));
  if (http::probe(bytes) != proto::Probe::certain) return {};
  const Head head = find_head(as_text(bytes), complete);
  Message message{.http = true, .size = head.size};
  if (!head.line_ended && !complete) return message;
  const http::RequestLine words(head.line);
  if (words.of_other_protocol()) return {};

  const RequestParts parts = split_request(head.line);
  state_->uri.clear();
  normalise_uri(parts.target, state_->uri);
  set_text(Buffer::http_method, parts.method, out);
  set_text(Buffer::http_request_line, head.line, out);
  set_text(Buffer::http_raw_uri, parts.target, out);
  out.set(Buffer::http_uri, state_->uri.bytes());
  if (!parts.version.empty()) set_text(Buffer::http_protocol, parts.version, out);
  if (head.line_ended && words.stands_alone()) {
    state_->fields.read(head.line, {}, true);
    state_->set_host(parts, out);
    message.whole = true;
    message.size = head.line_size;
    return message;
  }
  if (head.fields.empty()) return message;
  set_fields(head, true, state_->fields, out);
  state_->set_host(parts, out);
  if (!head.ended) return message;
  const bool tunnel = http::is_word(parts.method, "connect");
  state_->read_body(bytes.subspan(head.size), tunnel ? Framing::none : Framing::by_fields, complete,
                    true, message, out);
  return message;
}

HttpView::Message HttpView::read_response(Bytes bytes, bool complete, Buffers& out) {
  complete = complete || bytes.size() >= kMaxTurn;
  bytes = bytes.first(std::min(bytes.size(), kMaxTurn));
  const Head head = find_head(as_text(bytes), complete);
  constexpr std::size_t kName = 5;  // of "HTTP/"
  if (head.blank > http::kMaxLeadingBlank || head.line.size() <= kName ||
      !http::starts_with_word(head.line, "http/") || !is_digit(head.line[kName])) {
    return {};
  }
  Message message{.http = true, .size = head.size};
  if (!head.line_ended) return message;

  std::string_view rest = head.line;
  set_text(Buffer::http_response_line, head.line, out);
  set_text(Buffer::http_protocol, http::take_word(rest), out);
  const std::string_view code = http::take_word(rest);
  const std::string_view reason = http::trimmed(rest);
  if (!code.empty()) set_text(Buffer::http_stat_code, code, out);
  if (!reason.empty()) set_text(Buffer::http_stat_msg, reason, out);
  if (head.fields.empty()) return message;
  set_fields(head, false, state_->fields, out);
  if (!head.ended) return message;
  const bool bodiless = code.starts_with('1') || code == "204" || code == "304";
  state_->read_body(bytes.subspan(head.size), bodiless ? Framing::none : Framing::by_fields,
                    complete, false, message, out);
  message.ends_http = code == "101";
  return message;
}

}  // namespace chatgate::detect
