#include "proto/sip_content.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "proto/http_text.h"
#include "proto/messenger_text.h"
#include "proto/msnp_payload.h"
#include "proto/sdp.h"
#include "proto/sip_text.h"
#include "proto/xml.h"

namespace chatgate::proto::sip {
namespace {

using http::is_word;
using http::starts_with_word;

enum class Reading : std::uint8_t { none, session, parts, cpim, invitation, file };

struct KnownType {
  std::string_view type;  // in lower case; a family where it ends with a slash
  Service service;
  Reading reading = Reading::none;
};

constexpr auto kTypes = std::to_array<KnownType>({
    {"application/sdp", Service::any, Reading::session},
    {"multipart/", Service::any, Reading::parts},
    {"message/cpim", Service::text_chat, Reading::cpim},
    {"text/x-msmsgsinvite", Service::any, Reading::invitation},
    {"application/ms-filetransfer+xml", Service::file_transfer, Reading::file},
    {"application/vnd.gsma.rcs-ft-http+xml", Service::file_transfer, Reading::file},
    {"application/im-iscomposing+xml", Service::presence},
    {"message/imdn+xml", Service::presence},
    {"application/ms-imdn+xml", Service::presence},
    {"text/x-msmsgscontrol", Service::presence},
    {"application/cccp+xml", Service::conference},
    {"application/conference-info+xml", Service::conference},
    {"application/ms-conf-invite+xml", Service::conference},
    {"application/resource-lists+xml", Service::conference},
    {"text/plain", Service::text_chat},
    {"text/html", Service::text_chat},
    {"text/rtf", Service::text_chat},
});

constexpr std::array<std::string_view, 4> kFileTypes = {"image/", "audio/", "video/",
                                                        "application/octet-stream"};

std::string_view without_parameters(std::string_view type) {
  return http::without_blanks(type.substr(0, type.find(';')));
}

const KnownType* find_type(std::string_view type) {
  const std::string_view bare = without_parameters(type);
  const auto found = std::find_if(kTypes.begin(), kTypes.end(), [&](const KnownType& known) {
    return known.type.ends_with('/') ? starts_with_word(bare, known.type)
                                     : is_word(bare, known.type);
  });
  return found == kTypes.end() ? nullptr : &*found;
}

// The text of the first element of one of two names.
void assign_element(ShortText& to, std::string_view body, std::string_view a, std::string_view b) {
  bool inside = false;
  while (!body.empty()) {
    const auto token = xml::token_at(body);
    if (!token) return;
    char quote = 0;
    const std::size_t end = std::min(xml::find_end(body, *token, 0, 0, quote), body.size());
    const std::string_view markup = body.substr(0, end);
    if (inside && *token == xml::Token::text) {
      to.assign(http::without_blanks(xml::Text(markup).view()));
      return;
    }
    inside = false;
    if (*token == xml::Token::tag) {
      const xml::Tag tag = xml::read_tag(markup);
      const std::string_view name = xml::local_part(tag.name);
      inside = tag.opens && !tag.closes && (name == a || name == b);
    }
    body.remove_prefix(std::max<std::size_t>(end, 1));
  }
}

class Reader {
 public:
  Reader(Direction way, Messenger& messenger) : way_(way), messenger_(messenger) {}

  std::optional<Service> read(std::string_view type, std::string_view body, int depth) {
    const KnownType* const known = find_type(type);
    if (known == nullptr) return std::nullopt;
    switch (known->reading) {
      case Reading::none: break;
      case Reading::session: return sdp::read(body, messenger_);
      case Reading::parts: return depth < kMaxDepth ? read_parts(type, body, depth) : Service::any;
      case Reading::cpim: return depth < kMaxDepth ? read_cpim(body, depth) : known->service;
      case Reading::invitation: {
        msnp::Memory memory;
        msnp::read_invitation(body, memory, messenger_);
        return messenger_.service;
      }
      case Reading::file: assign_element(messenger_.filename, body, "name", "file-name"); break;
    }
    return known->service;
  }

 private:
  std::optional<Service> read_part(std::string_view part, int depth) {
    Fields fields(part);
    std::string_view type;
    while (fields.next()) {
      if (is_word(fields.name(), "content-type")) type = fields.value();
    }
    return read(type, fields.rest(), depth + 1);
  }

  // RFC 2046 section 5.1.1.
  std::optional<Service> read_parts(std::string_view type, std::string_view body, int depth) {
    constexpr std::size_t kMaxBoundary = 70;
    const std::string_view boundary = parameter(type, "boundary").value_or("");
    if (boundary.empty() || boundary.size() > kMaxBoundary) return std::nullopt;
    std::optional<Service> strongest;
    std::size_t part = std::string_view::npos;  // where the current one begins
    for (std::size_t at = body.find("--"); at != std::string_view::npos;
         at = body.find("--", at + 2)) {
      if (at != 0 && body[at - 1] != '\n') continue;
      if (!body.substr(at + 2).starts_with(boundary)) continue;
      if (part != std::string_view::npos) add(body.substr(part, at - part), depth, strongest);
      const std::size_t line_end = body.find('\n', at);
      const bool last = body.substr(at + 2 + boundary.size()).starts_with("--");
      if (last || line_end == std::string_view::npos) return strongest;
      part = line_end + 1;
    }
    if (part != std::string_view::npos) add(body.substr(part), depth, strongest);
    return strongest;
  }

  void add(std::string_view part, int depth, std::optional<Service>& strongest) {
    const auto service = read_part(part, depth);
    if (service) strongest = sdp::stronger(strongest.value_or(Service::any), *service);
  }

  Service read_cpim(std::string_view body, int depth) {
    Fields headers(body);
    while (headers.next()) {
      if (is_word(headers.name(), "from")) name_user(headers.value(), Direction::to_server);
      if (is_word(headers.name(), "to")) name_user(headers.value(), Direction::to_client);
    }
    Fields content(headers.rest());
    std::string_view type;
    while (content.next()) {
      if (is_word(content.name(), "content-type")) type = content.value();
      if (is_word(content.name(), "content-disposition")) {
        assign_file_name(messenger_.filename, content.value());
      }
    }
    if (is_file_type(type)) return Service::file_transfer;
    return read(type, content.rest(), depth + 1).value_or(Service::text_chat);
  }

  // Who sends when the message goes `sends` is the user of this connection.
  void name_user(std::string_view value, Direction sends) {
    constexpr std::string_view kNobody = "anonymous.invalid";
    if (contains(value, kNobody)) return;
    ShortText& text = way_ == sends ? messenger_.login : messenger_.peer_login;
    if (text.empty()) assign_user(text, uri_of(value));
  }

  Direction way_;
  Messenger& messenger_;
};

}  // namespace

bool is_read(std::string_view type) {
  const KnownType* const known = find_type(type);
  return known != nullptr && known->reading != Reading::none;
}

std::optional<Service> service_of_type(std::string_view type) {
  const KnownType* const known = find_type(type);
  if (known == nullptr || known->service == Service::any) return std::nullopt;
  return known->service;
}

bool is_file_type(std::string_view type) {
  const std::string_view bare = without_parameters(type);
  return std::any_of(kFileTypes.begin(), kFileTypes.end(),
                     [&](std::string_view known) { return starts_with_word(bare, known); });
}

void assign_file_name(ShortText& to, std::string_view disposition) {
  if (const auto name = parameter(disposition, "filename")) to.assign(*name);
}

std::optional<Service> read_content(std::string_view type, std::string_view body, Direction way,
                                    Messenger& messenger) {
  return Reader(way, messenger).read(type, body, 0);
}

}  // namespace chatgate::proto::sip
