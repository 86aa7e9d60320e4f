// What the bodies of SIP's and MSRP's messages say, by their type.
//
// Sources: RFC 3261 section 7.4 and RFC 2046 section 5.1 (parts), proto/sdp.h, RFC 3862 (CPIM),
// RFC 3994 (typing), RFC 5438 (receipts), RFC 5366 and RFC 4575 (conferences), GSMA RCC.07 (files
// over HTTP), and of Microsoft's published protocols MS-SIPRE, MS-CONFPRO and MS-SIPAE; their
// invitations of type text/x-msmsgsinvite are those of MSN (proto/msnp_payload.h).
//
// Called by the parsers of proto/sip.h and proto/msrp.h on a worker's thread. Views are borrowed,
// texts are copied; message text is never looked at. No allocation, no state; work is linear in the
// body, times the depth of parts within parts, which is at most kMaxDepth.
#pragma once

#include <optional>
#include <string_view>

#include "proto/messenger.h"
#include "proto/parser.h"

namespace chatgate::proto::sip {

constexpr int kMaxDepth = 3;

// A body of this type tells more than its type.
bool is_read(std::string_view type);

// By the type alone; nothing where it is not known, and where only the body tells.
std::optional<Service> service_of_type(std::string_view type);

// Pictures, recordings and bytes of any kind: a file, where they are what is sent.
bool is_file_type(std::string_view type);

// 'attachment; filename="report.pdf"'.
void assign_file_name(ShortText& to, std::string_view disposition);

// By type and body; nothing where the type is not known. Fills the file's name, expected flows, and
// with CPIM those that it names where they are not known yet. `body` may be cut.
std::optional<Service> read_content(std::string_view type, std::string_view body, Direction way,
                                    Messenger& messenger);

}  // namespace chatgate::proto::sip
