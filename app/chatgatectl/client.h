// One request and its reply, of one line or of many, over the gateway's control socket.
//
// Each exchange makes its own connection, so a prompt lives over restarts of the gateway. The
// protocol is described in docs/design/control-socket.md.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace chatgate::ctl {

using Json = nlohmann::ordered_json;

// Exit statuses, as the gateway's replies have them.
constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kInvalid = 2;

struct Reply {
  int status = kFailed;
  Json result;
  std::string text;
  std::string error;         // one line, with its remedy; empty where status is kDone
  bool reached = false;      // false: there is no gateway to talk to
  bool interrupted = false;  // ended by Ctrl-C, between parts
};

// Takes one line of a reply that has more; false: that is enough, and the reply ends with it.
using OnPart = std::function<bool(const Reply&)>;

struct Candidate {
  std::string word;
  std::string help;
  bool literal = true;  // false: a place-holder, not to be inserted
};

struct Completion {
  std::size_t from = 0;  // where in the line the word begins that the candidates stand for
  std::vector<Candidate> candidates;
  std::string error;
};

class Client {
 public:
  explicit Client(std::string socket_path) : path_(std::move(socket_path)) {}

  // `on_part` is called for all lines but the last. Without a limit of time between them; Ctrl-C
  // ends such a reply as if there was enough.
  Reply command(std::string_view line, bool json, const OnPart& on_part = {}) const;
  Completion complete(std::string_view line) const;

 private:
  Reply exchange(const Json& request, const OnPart& on_part = {}) const;

  std::string path_;
};

// Candidates of a "help" or "candidates" list in a result; what is not well-formed is left out.
std::vector<Candidate> candidates_of(const Json& list);

}  // namespace chatgate::ctl
