#include "conversation.h"

#include <algorithm>
#include <utility>

#include "verdict.h"

namespace chatgate::test {
namespace {

constexpr std::size_t kSegment = 1400;

// One way to cut the whole of what the client says in two.
struct Cut {
  std::size_t at = 0;  // 0: nowhere
  bool reversed = false;
};

void send(Session& session, std::size_t offset, const std::string& text, const Cut& cut) {
  std::vector<std::pair<std::size_t, std::size_t>> pieces;  // begin and end within `text`
  const std::size_t at = cut.at > offset ? std::min(cut.at - offset, text.size()) : 0;
  for (const auto& [begin, end] : {std::pair{std::size_t{0}, at}, std::pair{at, text.size()}}) {
    for (std::size_t from = begin; from < end; from += kSegment) {
      pieces.emplace_back(from, std::min(end, from + kSegment));
    }
  }
  if (cut.reversed && at != 0 && at != text.size()) {
    // The piece before the cut comes last.
    const auto second = std::find_if(pieces.begin(), pieces.end(),
                                     [at](const auto& piece) { return piece.first == at; });
    std::rotate(second - 1, second, second + 1);
  }
  for (const auto& [begin, end] : pieces) {
    session.data(offset + begin, text.substr(begin, end - begin)).send();
  }
}

// Whether the server has read all of it.
bool play(Session& session, const std::vector<Turn>& turns, const Cut& cut) {
  session.open();
  std::size_t offset = 0;
  for (const Turn& turn : turns) {
    send(session, offset, turn.client, cut);
    offset += turn.client.size();
    if (session.server().stream().size() < offset) return false;
    if (!turn.server.empty()) session.server_says(turn.server);
  }
  return true;
}

std::string all_of(const std::vector<Turn>& turns) {
  std::string text;
  for (const Turn& turn : turns) text += turn.client;
  return text;
}

std::vector<Cut> cuts_of(std::size_t size, const Path& path) {
  const bool few = !path.tunnel.empty() || size > 4096;
  const std::size_t step = std::max<std::size_t>(1, size / (few ? 6 : 150));
  std::vector<Cut> cuts = {{}};
  for (std::size_t at = 1; at < size; at += step) {
    cuts.push_back({at, false});
    cuts.push_back({at, true});
  }
  return cuts;
}

Path path_of(const Conversation& row, Path path, bool blocked) {
  path.server_port = row.server_port;
  path.listed = row.listed && blocked;
  return path;
}

// Plays one side of a row in all its cuts; returns how often all of it arrived.
class Side {
 public:
  Side(const Conversation& row, const Path& path, bool blocked, RowVerdict& verdict)
      : row_(row), path_(path_of(row, path, blocked)), blocked_(blocked), verdict_(verdict) {}

  void judge(Twin twin) {
    const std::vector<Turn> turns = row_.says(blocked_ ? kBlockedName : kAllowedName);
    const std::string text = all_of(turns);
    Gateway gateway(row_.words);
    std::uint16_t port = 2000;
    for (const Cut& cut : cuts_of(text.size(), path_)) {
      if (row_.before && blocked_) row_.before(gateway, path_);
      Session session(gateway, Overlap::first, port++, path_);
      const bool arrived = play(session, turns, cut);
      verdict_.note_wrong(session);
      if (blocked_) {
        verdict_.leaks += arrived ? 1 : 0;
        if (cut.at == 0) verdict_.reasons = gateway.new_reasons();
        if (cut.at == 0 && row_.answered != (session.told().answers == 1)) {
          verdict_.wrong = "the client's answer";
        }
      } else {
        const bool whole = arrived && session.server().stream() == text;
        verdict_.damaged += whole == (twin == Twin::passes) ? 0 : 1;
      }
      hang_up(session, gateway);
    }
  }

 private:
  static void hang_up(Session& session, Gateway& gateway) {
    session.raw(session.frame()
                    .flags(net::tcp_flag::rst)
                    .seq(session.server().next_client_sequence())
                    .build());
    gateway.wait(11);
  }

  const Conversation& row_;
  const Path path_;
  const bool blocked_;
  RowVerdict& verdict_;
};

}  // namespace

Row conversation(const char* id, const char* what, const char* why, Conversation said, Twin twin) {
  Row row{id, what, why, twin, {}};
  row.judge = [said, twin](const Path& path) {
    RowVerdict verdict;
    Side(said, path, true, verdict).judge(twin);
    Side(said, path, false, verdict).judge(twin);
    return verdict;
  };
  row.arrives_unwatched = [said](const Path& path) {
    Gateway gateway;
    gateway.open_wide();
    Session session(gateway, Overlap::first, 2000, path_of(said, path, true));
    return play(session, said.says(kBlockedName), {});
  };
  return row;
}

Row message(const char* id, const char* what, const char* why,
            std::function<std::string(const std::string& name)> says, Twin twin) {
  Conversation said;
  said.says = [says = std::move(says)](const std::string& name) {
    return std::vector<Turn>{{says(name)}};
  };
  return conversation(id, what, why, std::move(said), twin);
}

Row out_of_reach(const char* id, const char* what, const char* why) {
  return {id, what, why, Twin::passes, {}};
}

}  // namespace chatgate::test
