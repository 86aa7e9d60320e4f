// What one stanza of XMPP says, read from its bytes; and what a stream's header says. Part of
// proto/xmpp.h, which cuts the stream.
//
// The service is that of the namespaces in the stanza, the one that says most where there are
// several: a message with a body that carries a file's address is a file transfer. Errors are of
// no service. Addresses lose their resource: login and peer are bare JIDs.
//
// Called by parsers on a worker's thread; bytes and facts belong to the caller. Nothing is
// allocated; work is linear in the text. kMaxDepth namespaces and 16 prefixes are remembered; a
// prefix that the stream's header declares counts as none.
#pragma once

#include <cstdint>
#include <string_view>

#include "proto/facts.h"
#include "proto/parser.h"
#include "proto/xmpp_names.h"

namespace chatgate::proto::xmpp {

constexpr std::string_view kApplication = "xmpp";  // the catalogue's word
constexpr std::size_t kMaxDepth = 32;              // deeper elements count as of the last of these

enum class StanzaKind : std::uint8_t {
  unknown,  // not begun
  nothing,  // no element: a comment, an instruction
  element,  // one that is none of the following
  message,
  group_message,
  chat_message,
  presence,
  iq,
  error,     // of any kind
  starttls,  // behind it the stream is TLS
  proceed,   // so in the other direction
};

// What is known of a stanza whose text comes in several parts.
struct StanzaContext {
  StanzaKind kind = StanzaKind::unknown;
  NamespaceMeaning innermost;  // where the part before ended
  bool by_responder = false;   // the sender is the server, as the stream's header told
  bool framed = false;         // in HTTP or WebSocket, where the caller tells the sender instead
};

// Reads a whole stanza, or a part of one: the first where `context.kind` is unknown. True where
// facts were filled: always for the first part, unless it is no element.
bool read_stanza(std::string_view text, StanzaContext& context, Facts& facts);

// Reads the start tag of a stream (or BOSH's body, or the open element of WebSocket). `malformed`
// where its attributes are none; names and texts before the break are filled.
ParseStatus read_header(std::string_view markup, Direction way, StanzaContext& context,
                        Facts& facts);

}  // namespace chatgate::proto::xmpp
