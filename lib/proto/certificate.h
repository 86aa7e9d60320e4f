// The names in a server's X.509 certificate (RFC 5280), as far as they tell whom a client talks to.
//
// Reads the dNSNames of subjectAltName (section 4.2.1.6), and where there are none the subject's
// common name if it looks like a host name (RFC 6125 section 6.4.4). Of "*.example.com" the name is
// "example.com": what the certificate stands for is that domain. Addresses and other kinds of names
// are left out. Signatures, dates and the rest are not looked at.
//
// Called by proto/tls_server on a worker's thread. Walks DER in place (proto/certificate_der.h),
// over record borders. No allocation.
#pragma once

#include "proto/facts.h"
#include "proto/handshake_reader.h"

namespace chatgate::proto {

// Adds the names, as NameSource::tls_certificate. False where the certificate is broken: the facts
// then hold what was read before.
bool read_certificate_names(HandshakeReader certificate, Facts& facts);

}  // namespace chatgate::proto
