#include "proto/xmpp_stanza.h"

#include <algorithm>
#include <array>

#include "proto/decimal.h"
#include "proto/sasl.h"
#include "proto/xml.h"

namespace chatgate::proto::xmpp {
namespace {

// How much a service says where a stanza has several.
constexpr std::array<std::uint8_t, kServiceCount> kRank = {0,   // any
                                                           1,   // login
                                                           2,   // presence
                                                           3,   // text_chat
                                                           6,   // file_transfer
                                                           7,   // voice
                                                           8,   // video
                                                           8,   // webcam
                                                           4,   // conference
                                                           5,   // games
                                                           9,   // screen_share
                                                           0};  // other

std::string_view bare(std::string_view jid) {
  return jid.substr(0, jid.find('/'));
}

// The last part of an URL's path.
std::string_view file_of_url(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  url = url.substr(0, std::min(url.find('?'), url.find('#')));
  const std::size_t slash = url.rfind('/');
  return slash == std::string_view::npos || slash <= scheme + 2 ? std::string_view()
                                                                : url.substr(slash + 1);
}

// Mechanisms of one service alone.
std::string_view application_of(std::string_view mechanism) {
  if (mechanism == "X-GOOGLE-TOKEN" || mechanism == "X-GOOGLE-COOKIE") return "google-talk";
  if (mechanism == "X-FACEBOOK-PLATFORM") return "facebook-chat-xmpp";
  return kApplication;
}

class Stanza {
 public:
  Stanza(StanzaContext& context, Facts& facts)
      : context_(context), facts_(facts), before_(context.innermost) {
    std::fill(open_.begin(), open_.end(), context.innermost);
  }

  void tag(const xml::Tag& tag);
  void text(std::string_view raw);
  bool finish();

 private:
  Messenger& messenger() {
    if (!facts_.has_messenger) facts_.speak_of(kApplication, Service::any);
    return facts_.messenger;
  }
  void says(Service service) {
    if (context_.kind == StanzaKind::error || service == Service::any) return;
    Messenger& messenger = this->messenger();
    if (kRank[static_cast<std::size_t>(service)] >
        kRank[static_cast<std::size_t>(messenger.service)]) {
      messenger.service = service;
    }
  }
  bool is_message() const {
    return context_.kind == StanzaKind::message || context_.kind == StanzaKind::chat_message ||
           context_.kind == StanzaKind::group_message;
  }
  // Whether the client that speaks is the user's own, as far as one stream can tell.
  bool by_user() const { return !context_.by_responder; }

  // The element's own namespace; `declared` where it or its prefix was declared in this part, and
  // else that of the element around it.
  NamespaceMeaning namespace_of(const xml::Tag& tag, bool& declared);
  void bind(std::string_view prefix, NamespaceMeaning meaning);
  std::string_view attribute(std::string_view name);  // until the next call
  void root(const xml::Tag& tag, NamespaceMeaning meaning);
  void child(const xml::Tag& tag, NamespaceMeaning meaning);
  void child_of_call(std::string_view name, NamespaceMeaning meaning);
  void client(std::string_view text);
  void host_and_port(std::string_view text);
  void expect(std::string_view host, std::string_view port, bool tcp);

  StanzaContext& context_;
  Facts& facts_;
  NamespaceMeaning before_;  // what was open where this part begins
  struct Bound {
    std::string_view prefix;
    NamespaceMeaning meaning;
  };
  static constexpr std::size_t kMaxPrefixes = 16;

  std::array<Bound, kMaxPrefixes> bound_;
  std::size_t bound_count_ = 0;
  std::array<NamespaceMeaning, kMaxDepth> open_;
  std::size_t depth_ = 0;
  std::string_view attributes_;  // of the tag that is looked at
  xml::Text value_{""};
  std::string_view element_;          // whose text comes next
  Service transport_ = Service::any;  // what a transport is mostly for
  bool video_content_ = false;
};

void Stanza::bind(std::string_view prefix, NamespaceMeaning meaning) {
  for (std::size_t i = 0; i < bound_count_; ++i) {
    if (bound_[i].prefix == prefix) {
      bound_[i].meaning = meaning;
      return;
    }
  }
  if (bound_count_ < kMaxPrefixes) bound_[bound_count_++] = {prefix, meaning};
}

NamespaceMeaning Stanza::namespace_of(const xml::Tag& tag, bool& declared) {
  constexpr std::string_view kDefault = "xmlns";
  constexpr std::string_view kPrefixed = "xmlns:";
  constexpr int kMaxDeclarations = 16;  // of one element, each of which is looked up
  const std::string_view prefix = xml::prefix_of(tag.name);
  NamespaceMeaning own;
  declared = false;
  int declarations = 0;
  for (xml::Attributes attributes(tag.attributes); attributes.next();) {
    const std::string_view name = attributes.name();
    const bool prefixed = name.starts_with(kPrefixed);
    if ((name != kDefault && !prefixed) || ++declarations > kMaxDeclarations) continue;
    const NamespaceMeaning meaning = meaning_of(attributes.raw_value());
    if (prefixed) bind(name.substr(kPrefixed.size()), meaning);
    if (name == kDefault && prefix.empty()) {
      own = meaning;
      declared = true;
    }
  }
  if (declared) return own;
  for (std::size_t i = 0; !prefix.empty() && i < bound_count_; ++i) {
    if (bound_[i].prefix != prefix) continue;
    declared = true;
    return bound_[i].meaning;
  }
  if (depth_ == 0) return context_.innermost;
  return open_[std::min(depth_, kMaxDepth) - 1];
}

std::string_view Stanza::attribute(std::string_view name) {
  for (xml::Attributes attributes(attributes_); attributes.next();) {
    if (attributes.name() != name) continue;
    value_ = xml::Text(attributes.raw_value());
    return value_.view();
  }
  return {};
}

void Stanza::tag(const xml::Tag& tag) {
  element_ = {};
  if (!tag.opens) {
    depth_ -= depth_ != 0 ? 1 : 0;
    return;
  }
  bool declared = false;
  const NamespaceMeaning meaning = namespace_of(tag, declared);
  attributes_ = tag.attributes;
  if (context_.kind == StanzaKind::unknown) root(tag, meaning);
  if (context_.kind != StanzaKind::error) {
    // What comes from a room's member to one alone is no conference.
    const bool aside =
        meaning.name == Namespace::muc_user && context_.kind == StanzaKind::chat_message;
    if (declared && !aside) says(meaning.service);
    child(tag, meaning);
    if (!tag.closes) element_ = xml::local_part(tag.name);
  }
  if (tag.closes) return;
  open_[std::min(depth_, kMaxDepth - 1)] = meaning;
  ++depth_;
}

void Stanza::root(const xml::Tag& tag, NamespaceMeaning meaning) {
  const std::string_view name = xml::local_part(tag.name);
  const std::string_view type = attribute("type");
  context_.kind = StanzaKind::element;
  if (name == "message") {
    context_.kind = type == "groupchat" ? StanzaKind::group_message
                    : type == "chat"    ? StanzaKind::chat_message
                                        : StanzaKind::message;
  } else if (name == "presence") {
    context_.kind = StanzaKind::presence;
  } else if (name == "iq") {
    context_.kind = StanzaKind::iq;
  } else if (name == "starttls") {
    context_.kind = StanzaKind::starttls;
  } else if (name == "proceed" && meaning.name == Namespace::tls) {
    context_.kind = StanzaKind::proceed;
  }
  const bool stanza = context_.kind != StanzaKind::element;
  if (stanza && type == "error") context_.kind = StanzaKind::error;

  Messenger& messenger = this->messenger();
  if (context_.kind == StanzaKind::group_message) says(Service::conference);
  if (context_.kind == StanzaKind::presence) says(Service::presence);
  if (name == "features" || name == "starttls" || tag.name.starts_with("db:")) {
    says(Service::login);
  }
  ShortText& sender = by_user() ? messenger.login : messenger.peer_login;
  ShortText& receiver = by_user() ? messenger.peer_login : messenger.login;
  sender.assign(bare(attribute("from")));
  receiver.assign(bare(attribute("to")));
}

void Stanza::child(const xml::Tag& tag, NamespaceMeaning meaning) {
  const std::string_view name = xml::local_part(tag.name);
  switch (meaning.name) {
    case Namespace::sasl:
    case Namespace::sasl2:
      if (name == "auth" || name == "authenticate") {
        messenger().application = application_of(attribute("mechanism"));
      }
      break;
    case Namespace::caps:
      if (by_user() && context_.kind == StanzaKind::presence && name == "c") {
        client(attribute("node"));
      }
      break;
    case Namespace::stream_management:
      if (name != "r" && name != "a") says(Service::login);
      break;
    case Namespace::encryption:
      if (is_message() && (name == "encrypted" || name == "x" || name == "openpgp")) {
        says(Service::text_chat);
      }
      break;
    case Namespace::si: {
      const std::string_view profile = attribute("profile");
      // Telepathy's tubes and other profiles are no files.
      if (name == "si" &&
          (profile.empty() || profile.find("file-transfer") != std::string_view::npos)) {
        says(Service::file_transfer);
      }
      if (name == "file") messenger().filename.assign(attribute("name"));
      break;
    }
    case Namespace::http_upload:
      if (name == "request" && !attribute("filename").empty()) {
        messenger().filename.assign(attribute("filename"));
      }
      break;
    case Namespace::tube:
      if (attribute("service") == "rfb") says(Service::screen_share);
      break;
    default: child_of_call(name, meaning); break;
  }
  if (is_message() && name == "body" && context_.kind != StanzaKind::group_message) {
    says(Service::text_chat);
  }
}

// Elements of what sets a connection up.
void Stanza::child_of_call(std::string_view name, NamespaceMeaning meaning) {
  switch (meaning.name) {
    case Namespace::bytestreams:
      if (name == "streamhost") {
        const xml::Text host(attribute("host"));
        expect(host.view(), attribute("port"), true);
      }
      break;
    case Namespace::jingle:
      if (name == "content") {
        const std::string_view content = attribute("name");
        video_content_ = content.find("video") != std::string_view::npos;
      }
      break;
    case Namespace::jingle_rtp:
      if (name == "description") {
        const std::string_view media = attribute("media");
        if (media == "video") says(Service::video);
        if (media == "audio" || media.empty()) says(Service::voice);
      }
      break;
    case Namespace::call_invite:
      if (attribute("video") == "true") says(Service::video);
      break;
    case Namespace::jingle_stream:
    case Namespace::jingle_datagram:
    case Namespace::google_session: {
      const bool stream = meaning.name == Namespace::jingle_stream;
      if (meaning.name != Namespace::google_session || name == "candidate") {
        transport_ = stream ? Service::file_transfer
                     : video_content_ || attribute("name").starts_with("video") ? Service::video
                                                                                : Service::voice;
      }
      if (name != "candidate" && name != "remote-candidate") break;
      const std::string_view component = attribute("component");
      if (!component.empty() && component != "1") break;
      const std::string_view protocol = attribute("protocol");
      const bool tcp = stream || protocol == "tcp" || protocol == "ssltcp";
      for (const std::string_view host : {"ip", "host", "address"}) {
        const xml::Text address(attribute(host));
        if (!address.view().empty()) return expect(address.view(), attribute("port"), tcp);
      }
      break;
    }
    default: break;
  }
}

void Stanza::expect(std::string_view host, std::string_view port, bool tcp) {
  const std::optional<IpAddress> address = IpAddress::parse(host);
  const std::uint16_t number = port_of(port).value_or(0);
  if (address && number != 0) messenger().expect({*address, number, tcp, Service::any});
}

// "host", "host:port", "[address]:port".
void Stanza::host_and_port(std::string_view text) {
  constexpr std::string_view kClientPort = "5222";
  std::string_view port = kClientPort;
  const std::size_t colon = text.rfind(':');
  const bool bracketed = text.starts_with('[');
  const std::size_t end = text.find(']');
  if (bracketed && end != std::string_view::npos) {
    if (colon == end + 1) port = text.substr(colon + 1);
    text = text.substr(1, end - 1);
  } else if (colon != std::string_view::npos && text.find(':') == colon) {
    port = text.substr(colon + 1);
    text = text.substr(0, colon);
  }
  says(Service::login);
  expect(text, port, true);
}

void Stanza::client(std::string_view text) {
  ShortText& client = messenger().client;
  if (!client.empty() && !text.empty()) client.append(" ");
  client.append(text);
}

void Stanza::text(std::string_view raw) {
  if (element_.empty() || depth_ == 0) return;
  const Namespace name = open_[std::min(depth_, kMaxDepth) - 1].name;
  const std::string_view element = element_;
  if (name == Namespace::none || name == Namespace::other) return;
  while (!raw.empty() && xml::is_space(raw.back())) raw.remove_suffix(1);
  xml::skip_spaces(raw);
  if (raw.empty()) return;
  element_ = {};
  const xml::Text value(raw);
  const std::string_view text = value.view();
  switch (name) {
    case Namespace::sasl:
    case Namespace::sasl2:
      if (element == "auth" || element == "response" || element == "initial-response") {
        sasl::read_user(text, messenger().login);
      } else if (element == "authorization-identifier") {
        messenger().login.assign(bare(text));
      } else if (element == "software" && by_user()) {
        client(text);
      }
      break;
    case Namespace::bind:
      if (element == "jid") messenger().login.assign(bare(text));
      break;
    case Namespace::iq_auth:
      if (element == "username") messenger().login.assign(text);
      break;
    case Namespace::iq_version:
      if (by_user() && (element == "name" || element == "version")) client(text);
      break;
    case Namespace::streams:
      if (element == "see-other-host") host_and_port(text);
      break;
    case Namespace::oob:
      if (element == "url") messenger().filename.assign(file_of_url(text));
      break;
    case Namespace::http_upload:
      if (element == "filename") messenger().filename.assign(text);
      break;
    case Namespace::file:
    case Namespace::google_share:
      if (element == "name") messenger().filename.assign(text);
      break;
    case Namespace::jitsi:
      if (element == "videoType" && text == "desktop") says(Service::screen_share);
      break;
    default: break;
  }
}

bool Stanza::finish() {
  context_.innermost = depth_ == 0 ? context_.innermost : open_[std::min(depth_, kMaxDepth) - 1];
  if (context_.kind == StanzaKind::unknown) context_.kind = StanzaKind::nothing;
  if (!facts_.has_messenger) return false;
  Messenger& messenger = facts_.messenger;
  // A transport tells what it is for where no description does.
  if (messenger.service == Service::any || messenger.service == Service::text_chat) {
    says(transport_);
  }
  // A part of a stanza has its service from the part before.
  if (messenger.service == Service::any) says(before_.service);
  for (std::size_t i = 0; i < messenger.expected_count; ++i) {
    messenger.expected[i].service = messenger.service;
  }
  return true;
}

}  // namespace

bool read_stanza(std::string_view text, StanzaContext& context, Facts& facts) {
  Stanza stanza(context, facts);
  for (std::size_t at = 0; at < text.size();) {
    const std::optional<xml::Token> token = xml::token_at(text.substr(at));
    if (!token) break;
    char quote = '\0';
    const std::size_t end = std::min(xml::find_end(text, *token, at, at, quote), text.size());
    const std::string_view part = text.substr(at, end - at);
    constexpr std::size_t kCdataEnds = 9 + 3;
    if (*token == xml::Token::tag) {
      stanza.tag(xml::read_tag(part));
    } else if (*token == xml::Token::text) {
      stanza.text(part);
    } else if (*token == xml::Token::cdata && part.size() > kCdataEnds) {
      stanza.text(part.substr(9, part.size() - kCdataEnds));
    }
    at = end;
  }
  return stanza.finish();
}

ParseStatus read_header(std::string_view markup, Direction way, StanzaContext& context,
                        Facts& facts) {
  const xml::Tag tag = xml::read_tag(markup);
  xml::Text from("");
  xml::Text to("");
  bool has_from = false;
  bool has_id = false;
  Messenger& messenger = facts.speak_of(kApplication, Service::login);
  xml::Attributes attributes(tag.attributes);
  while (attributes.next()) {
    const std::string_view name = attributes.name();
    if (name == "id" || name == "sid") has_id = true;
    if (name == "from") {
      from = xml::Text(attributes.raw_value());
      has_from = true;
    } else if (name == "to") {
      to = xml::Text(attributes.raw_value());
    } else if (name == "version") {
      messenger.version.assign(xml::Text(attributes.raw_value()).view());
    }
  }
  // RFC 6120 section 4.7: the receiving entity's header has an id, the initiating one's has none.
  if (!context.framed) context.by_responder = has_id && has_from;
  // Every request of BOSH has a body around it, and most say nothing else (XEP-0124 section 11).
  const bool says_nothing = from.view().empty() && to.view().empty() && messenger.version.empty();
  if (context.framed && says_nothing) messenger.service = Service::any;
  const bool answers = context.by_responder && way == Direction::to_client;
  if (!answers) facts.add_name(NameSource::stream_to, to.view());
  if (context.by_responder) facts.add_name(NameSource::stream_to, from.view());
  messenger.login.assign(bare(context.by_responder ? to.view() : from.view()));
  return attributes.sound() ? ParseStatus::done : ParseStatus::malformed;
}

}  // namespace chatgate::proto::xmpp
