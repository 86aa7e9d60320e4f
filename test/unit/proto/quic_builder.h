// QUIC's packets for tests.
#pragma once

#include "synth/quic_packets.h"

namespace chatgate::proto::test {

using namespace synth::quic_packets;

inline quic::InitialCrypto& test_crypto() {
  return synth::quic_packets::crypto();
}

}  // namespace chatgate::proto::test
