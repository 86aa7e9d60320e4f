// The connections of Yahoo! Messenger's webcam, to its server or between two users; the side that
// connects.
//
// Sources: the descriptions in libyahoo2 and Kopete.
//
// One message: one of four names in angle brackets, the head of the first packet, and its lines
// "KEY=VALUE": `done` with the application "yahoo", the webcam, the login (u) and the user whose
// picture is wanted (g). Nothing is read behind it, of longer texts nothing behind kByteLimit.
//
// The probe is certain on the name with the head behind it. Some clients send the name first and
// wait; then it is unsure until they go on.
//
// Called as every parser (proto/parser.h): a worker's thread, bytes of the caller, no allocation,
// no state beside ParserState.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::ymsg_webcam {

constexpr std::uint32_t kByteLimit = 1024;

Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

inline constexpr StreamParser kParser = {AppProto::ymsg, Direction::to_server, kByteLimit, probe,
                                         feed};

}  // namespace chatgate::proto::ymsg_webcam
