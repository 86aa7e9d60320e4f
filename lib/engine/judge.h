// From what is known of a flow to a verdict: evidence weighed, policy asked.
//
// The strongest evidence names the application (catalog::Evidence is in that order). Where one
// message holds several names, the first that the policy blocks counts, and otherwise the first
// that is known. A shared name or address never decides by itself; a shared address at one of the
// application's own ports does, and a shared port, as long as nothing speaks against it: a shared
// name, or of the port alone somebody else's address, or other bytes. A messenger's own protocol
// names its application, unless a name in it (XMPP's "to") tells more, and every message its
// service. Where a message only assumes its application, what the flow was taken for stands. Rules
// about lists see the lists that the name in hand, the server's address, and the name that a DNS
// answer gave it are in, whether or not an application is known.
//
// Pure functions on a worker's thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/snapshot.h"
#include "flow/flow.h"
#include "proto/facts.h"

namespace chatgate::engine {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

// The ends of a flow, as the initiator and the responder.
struct Ends {
  IpAddress client;
  IpAddress server;
  std::uint16_t server_port = 0;
  bool tcp = false;
  // What signalling announced of one of the ends.
  catalog::Classification expected = {};
  // What DNS answers taught of the server, where that can judge this port by itself.
  catalog::Classification learned = {};
  // That the server's name is in, as DNS answers taught it.
  lists::Mask learned_lists = 0;
  proto::AppProto protocol = proto::AppProto::unknown;  // spoken last
  // What the flow was taken for so far.
  catalog::Classification earlier = {};
  WorkerId worker{0};  // that asks
  policy::Circumstances circumstances = {};
  // The name that DNS answers gave the server's address, where it is nobody else's; borrows from
  // whoever made this.
  std::string_view learned_name = {};
  // The payload was looked at to the end, and no parser knows it.
  bool unreadable = false;
};

// What is asked with an application.
struct Told {
  std::string_view name = {};              // that the flow, or the message in hand, says
  const proto::Messenger* said = nullptr;  // by a message
  bool of_server = true;                   // false: the server is only asked about the name
  lists::Mask lists = 0;                   // that the name is in
  bool unclassified = false;
};

Ends ends_of(const flow::HotFlow& flow);

struct Judgement {
  catalog::Classification im;
  policy::Verdict verdict;
  std::string_view name;  // that told, or the first that was read; borrows from the facts
  const proto::Messenger* said = nullptr;  // by the message that told; borrows from the facts
  bool unclassified = false;               // what the policy's key of that name is for
};

// Whether rules name lists.
bool asks_for_lists(const Snapshot& snapshot);

// The lists that `name` is in, of those that rules name.
lists::Mask lists_of_name(const Snapshot& snapshot, std::string_view name);

// What is asked of the policy.
policy::Connection connection_of(const Snapshot& snapshot, const Ends& ends,
                                 const catalog::Classification& im, const Told& told);

// What the policy says of an application.
policy::Verdict ask(const Snapshot& snapshot, const Ends& ends, const catalog::Classification& im,
                    const Told& told = {});

// With the names a parser found; `facts` may have none.
Judgement judge(const Snapshot& snapshot, const Ends& ends, const proto::Facts& facts);

// With a name that was read earlier, for a flow that is judged anew. `earlier` is what the flow was
// taken for; evidence that stands by itself (payload, a signature) is kept.
Judgement judge_anew(const Snapshot& snapshot, const Ends& ends,
                     const catalog::Classification& earlier, proto::AppProto protocol,
                     std::string_view name);

// The first that a hello offers of the ALPN ids of the catalogue; null where there is none.
const proto::ClientHello::Alpn* known_alpn(const Snapshot& snapshot,
                                           const proto::ClientHello& hello);

// Whether a hello offers an encrypted ClientHello in earnest. Most browsers offer a meaningless one
// (GREASE, RFC 9849 section 6.2) with the name that they want in clear; in earnest the name in
// clear is the public name of the server's keys.
bool offers_ech(const policy::TlsControls& controls, const proto::Facts& facts);

// Before any payload: whether the connection can be refused at once. True where the server's
// address is listed for one application that is blocked, or was announced for it, a rule names the
// server itself, or every application that uses the server port is blocked.
bool refuse_at_once(const Snapshot& snapshot, const Ends& ends, Judgement& judgement);

}  // namespace chatgate::engine
