// WeChat's own protocols over TCP: mmtls, the header that came before it, and its file servers'.
//
// - mmtls, on 80, 443 and 8080: records as in TLS with types of its own and version f1 03 or f1 04.
//   A hello is alone in its record: type 16 (or 19, with early data), version, length; the hello's
//   own length, four less; type 1 or 2; version. 17 and 15 begin no connection. Ten bytes of that
//   agree with each other, and none is TLS's, whose versions begin with 03.
// - The header without encryption: length, header length 16, version 1, command, number, all
//   big-endian. Others have the same header (goim and what came of it: version 1, commands below
//   ten, a body of JSON or protobuf, or none). So it is taken for WeChat's with a body that begins
//   with bf, as its packed ones do, or where it is the empty heartbeat with number ffffffff.
// - Transfers of files: ab, length, command, the account's number, a second length that follows
//   from the first, and a list of texts with their lengths that begins with "ver".
//
// mmtls and the header are `login`, transfers `file_transfer` with `login` and `client` where the
// first texts name them. One message, then Next::opaque. mmtls inside of HTTP is a request with
// "Upgrade: mmtls", for the HTTP parser.
//
// Called as every parser (proto/parser.h): a worker's thread, bytes of the caller. At most
// kByteLimit bytes are looked at.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::wechat {

// As much of a transfer's texts as is read.
constexpr std::uint32_t kByteLimit = 512;

Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

// Client and server begin in the same ways.
inline constexpr StreamParser kParser = {AppProto::mmtls, Direction::to_server, kByteLimit, probe,
                                         feed};

}  // namespace chatgate::proto::wechat
