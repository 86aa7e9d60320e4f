#include "proto/certificate.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "proto/certificate_text.h"

#include "check.h"

// Of a part of a certificate the text is a beginning of the whole one's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatgate;
  using namespace chatgate::proto;
  static CertificateText whole;
  static CertificateText part;
  const Bytes bytes(data, size);
  const bool sound = read_certificate_text(bytes, whole);
  FUZZ_CHECK(whole.fingerprint.size == 3 * CertificateText::kDigest - 1);
  FUZZ_CHECK(!sound || whole.serial.size % 3 != 1);
  for (const std::size_t cut : {size / 4, size / 2, size - size / 8}) {
    const std::unique_ptr<std::uint8_t[]> copy(new std::uint8_t[cut]);
    std::copy_n(data, cut, copy.get());
    read_certificate_text({copy.get(), cut}, part);
    FUZZ_CHECK(whole.subject.view().starts_with(part.subject.view()));
    FUZZ_CHECK(whole.issuer.view().starts_with(part.issuer.view()));
    FUZZ_CHECK(whole.serial.view().starts_with(part.serial.view()));
  }
  Facts facts;
  read_certificate_names(HandshakeReader::in_one_piece(bytes), facts);
  FUZZ_CHECK(facts.name_count <= Facts::kMaxNames);
  return 0;
}
