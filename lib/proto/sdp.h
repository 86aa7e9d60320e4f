// Session descriptions: what kind of session is set up, and where its media will flow.
//
// Sources: RFC 8866 (SDP), RFC 3264 (offers and answers), RFC 3605 (a=rtcp), RFC 8839 and
// draft-ietf-mmusic-ice-06 (candidates, the second as Microsoft's clients write them), RFC 4975
// (a=path), RFC 5547 (a=file-selector), RFC 4796 (a=content), RFC 5576 and 8843 (bundles), and
// Microsoft's published extensions (MS-SDPEXT) for m=message, m=data and m=applicationsharing.
//
// Read are m=, c= and the attributes named above. Names in place of addresses announce nothing: the
// look-up of the name tells. Ports 0 and 9 and the address 0.0.0.0 announce nothing either; a
// media line with port 0 is declined, so that it is not counted. For what is announced there is
// little room: first each medium's own address, then candidates (of component 1), then RTCP.
//
// Called by the parsers of proto/sip.h on a worker's thread. The text is borrowed for the call,
// work linear in it. No allocation, no state. Anything is a description: what is no line of one is
// passed over.
#pragma once

#include <string_view>

#include "proto/messenger.h"

namespace chatgate::proto::sdp {

// Adds expected flows and a file's name. What is set up: of several media that which says most, in
// this order: file transfer, screen sharing, video, voice, text, other; `any` where there is none.
Service read(std::string_view text, Messenger& messenger);

// The one of two services that says more, in the order above; of those that no description sets up
// presence says less, and the others, such as a conference, more.
Service stronger(Service a, Service b);

}  // namespace chatgate::proto::sdp
