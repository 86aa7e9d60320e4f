// Sample packets of RFC 9001 appendix A, RFC 9369 appendix A and draft-ietf-quic-tls-29 appendix A.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "quic_builder.h"

namespace chatgate::proto::test {

inline constexpr std::string_view kSampleDestination = "8394c8f03e515708";

struct Keys {
  std::string_view key;
  std::string_view iv;
  std::string_view header;
};

struct Sample {
  const char* name;
  std::uint32_t version;
  Keys client_keys;
  Keys server_keys;
  std::string_view frame;  // PADDING follows, up to 1162 bytes
  std::string_view begin;  // of the protected packet
  std::string_view end;    // with the tag
  const char* server_name;
};

inline constexpr std::string_view kSampleFrame =
    "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c0000041301"
    "13"
    "02010000c000000010000e00000b6578616d706c652e636f6dff01000100000a00080006001d001700180010000700"
    "05"
    "04616c706e000500050100000000003300260024001d00209370b2c9caa47fbabaf4559fedba753de171fa71f50f1c"
    "e1"
    "5d43e994ec74d748002b0003020304000d0010000e0403050306030203080408050806002d00020101001c00024001"
    "00"
    "3900320408ffffffffffffffff05048000ffff07048000ffff0801100104800075300901100f088394c8f03e515708"
    "06"
    "048000ffff";

inline constexpr std::string_view kDraft29Frame =
    "060040c4010000c003036660261ff947cea49cce6cfad687f457cf1b14531ba14131a0e8f309a1d0b9c40000061301"
    "13"
    "031302010000910000000b0009000006736572766572ff01000100000a00140012001d001700180019010001010102"
    "01"
    "03010400230000003300260024001d00204cfdfcd178b784bf328cae793b136f2aedce005ff183d7bb149520723664"
    "70"
    "37002b0003020304000d0020001e040305030603020308040805080604010501060102010402050206020202002d00"
    "02"
    "0101001c00024001";

inline constexpr std::array kSamples = {
    Sample{"version 1",
           quic::kVersion1,
           {"1f369613dd76d5467730efcbe3b1a22d", "fa044b2f42a3fd3b46fb255c",
            "9f50449e04a0e810283a1e9933adedd2"},
           {"cf3a5331653c364c88f0f379b6067e37", "0ac1493ca1905853b0bba03e",
            "c206b8d9b9f0f37644430b490eeaa314"},
           kSampleFrame,
           "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11d242b123dc9b",
           "e221af44860018ab0856972e194cd934",
           "example.com"},
    Sample{"version 2",
           quic::kVersion2,
           {"8b1a0bc121284290a29e0971b5cd045d", "91f73e2351d8fa91660e909f",
            "45b95e15235d6f45a6b19cbcb0294ba9"},
           {"82db637861d55e1d011f19ea71d5d2a7", "dd13c276499c0249d3310652",
            "edf6d05c83121201b436e16877593c3a"},
           kSampleFrame,
           "d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485dd04de806071",
           "4d21fb69745a262ccde96ba18b2faa745b6fe189cf772a9f84cbfc",
           "example.com"},
    Sample{"draft 29",
           quic::kDraft29,
           {"175257a31eb09dea9366d8bb79ad80ba", "6b26114b9cba2b63a9e8dd4f", ""},
           {"149d0b1662ab871fbe63c49b5e655a5d", "bab2b12a4c76016ace47856d", ""},
           kDraft29Frame,
           "c5ff00001d088394c8f03e5157080000449e4a95245bfb66bc5f93032b7ddd89fe0ff15d9c4f",
           "43b1ca70a2d8d3f725ead1391377dcc0",
           "server"},
};

inline std::string sample_frames(const Sample& sample) {
  std::string frames = from_hex(sample.frame);
  frames.resize(1162);
  return frames;
}

inline std::string sample_datagram(const Sample& sample) {
  return packet({.version = sample.version,
                 .destination = from_hex(kSampleDestination),
                 .source = "",
                 .number = 2},
                sample_frames(sample));
}

}  // namespace chatgate::proto::test
