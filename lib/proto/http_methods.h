// The methods of HTTP requests that servers and clients use.
//
// The parser of requests (proto/http.h) and the loader of policies read this one list. Sources: the
// registry of methods of RFC 9110 section 16.1.1 with what it took from RFC 2518 and 4918 (WebDAV),
// RFC 3253 (versions), RFC 3648, 3744, 5323 and 5842; UPnP and caches; Microsoft's Exchange, RPC
// and BITS; and the extension methods that IOS and ASA name.
//
// Threads: no state.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

namespace chatgate::proto::http {

// The first kCertainMethods are so much HTTP's own that a path behind them tells.
inline constexpr std::size_t kCertainMethods = 31;
inline constexpr std::array<std::string_view, 77> kMethods = {
    "ACL", "BIND", "CHECKOUT", "CONNECT", "COPY", "DELETE", "GET", "HEAD", "LOCK", "MERGE", "MKCOL",
    "MKACTIVITY", "MKCALENDAR", "MOVE", "M-SEARCH", "NOTIFY", "OPTIONS", "PATCH", "POST",
    "PROPFIND", "PROPPATCH", "PURGE", "PUT", "QUERY", "REPORT", "SEARCH", "SUBSCRIBE", "TRACE",
    "UNLOCK", "UNSUBSCRIBE", "VERSION-CONTROL",
    // The rest of the registry.
    "BASELINE-CONTROL", "CHECKIN", "LABEL", "LINK", "MKREDIRECTREF", "MKWORKSPACE", "ORDERPATCH",
    "REBIND", "UNBIND", "UNCHECKOUT", "UNLINK", "UPDATE", "UPDATEREDIRECTREF",
    // Microsoft's.
    "BCOPY", "BDELETE", "BITS_POST", "BMOVE", "BPROPFIND", "BPROPPATCH", "CCM_POST", "POLL",
    "RPC_CONNECT", "RPC_IN_DATA", "RPC_OUT_DATA", "X-MS-ENUMATTS",
    // Of IOS and ASA: Netscape's and Frontpage's.
    "EDIT", "GETATTRIBUTE", "GETATTRIBUTENAMES", "GETPROPERTIES", "INDEX", "MKDIR", "REVADD",
    "REVLABEL", "REVLOG", "REVNUM", "RMDIR", "SAVE", "SETATTRIBUTE", "STARTREV", "STOPREV",
    "UNEDIT", "DEBUG", "TRACK", "TEXTSEARCH", "SPACEJUMP", "SHOWMETHOD"};

constexpr std::span<const std::string_view> known_methods() {
  return kMethods;
}
constexpr std::span<const std::string_view> certain_methods() {
  return known_methods().first(kCertainMethods);
}

// `method` in capitals.
constexpr bool is_known_method(std::string_view method) {
  return std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end();
}

}  // namespace chatgate::proto::http
