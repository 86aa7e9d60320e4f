#include "verdict.h"

#include <algorithm>

#include "proto/tls.h"

namespace chatgate::test {

std::string hello_for(const char* name) {
  return std::string(as_text(client_hello(name)));
}

bool names_blocked(const std::string& stream) {
  proto::ParserState state;
  proto::Facts facts;
  // No server answers a hello of which a part is missing.
  if (proto::tls::feed(state, as_bytes(stream), facts) == proto::ParseStatus::need_more) {
    return false;
  }
  for (std::size_t i = 0; i < facts.name_count; ++i) {
    if (facts.names[i].host.view() == kBlockedName) return true;
  }
  return false;
}

RowVerdict judge_row(const Row& row, const Path& path) {
  if (row.judge) return row.judge(path);
  RowVerdict verdict;
  for (const Overlap overlap : kOverlaps) {
    Gateway gateway;
    Session session(gateway, overlap, 40000, path);
    row.play(session, hello_for(kBlockedName), hello_for(kDecoyName));
    verdict.leaks += names_blocked(session.server().stream()) ? 1 : 0;
    if (overlap == kOverlaps.front()) verdict.reasons = gateway.new_reasons();
    verdict.note_wrong(session);

    Gateway fresh;
    Session twin(fresh, overlap, 40000, path);
    row.play(twin, hello_for(kAllowedName), hello_for(kDecoyName));
    const bool arrived = twin.server().stream() == hello_for(kAllowedName);
    verdict.damaged += arrived == (row.twin == Twin::passes) ? 0 : 1;
    verdict.note_wrong(twin);
  }
  return verdict;
}

bool arrives_unwatched(const Row& row, bool v6) {
  if (row.arrives_unwatched) return row.arrives_unwatched({v6});
  return std::any_of(kOverlaps.begin(), kOverlaps.end(), [&](Overlap overlap) {
    Gateway gateway;
    gateway.open_wide();
    Session session(gateway, overlap, 40000, {v6});
    row.play(session, hello_for(kBlockedName), hello_for(kDecoyName));
    return names_blocked(session.server().stream());
  });
}

void RowVerdict::note_wrong(const Session& session) {
  if (!session.told().wrong.empty()) wrong = session.told().wrong;
  if (session.strange() != 0) wrong = "an altered frame";
}

}  // namespace chatgate::test
