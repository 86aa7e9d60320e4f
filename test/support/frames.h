// Frames for tests: what synth makes, and what tests ask of frames.
#pragma once

#include "synth/frames.h"

namespace chatgate::test {

using synth::client_hello;
using synth::dns_query;
using synth::Frame;
using synth::from_hex;
using synth::from_text;
using synth::Octets;
using synth::view_of;

// True where IP and transport checksums of a decodable frame are right.
bool checksums_right(Bytes frame);

}  // namespace chatgate::test
