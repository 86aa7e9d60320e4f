#include "client.h"

#include <boost/asio/local/stream_protocol.hpp>
#include <chrono>
#include <filesystem>

namespace chatgate::ctl {
namespace {

using boost::asio::local::stream_protocol;

constexpr std::chrono::seconds kPatience{30};

std::string unreachable(const std::string& path, const boost::system::error_code& error) {
  switch (error.value()) {
    case ENOENT:
      return path +
             ": there is no such socket, start the gateway (chatgate run) or name its socket with "
             "--socket";
    case ECONNREFUSED: return path + ": no gateway listens on this socket, start it (chatgate run)";
    case EACCES:
      return path +
             ": permission denied, run chatgatectl as root or as a member of the group chatgate";
    case ENAMETOOLONG:
      return path + ": the path is longer than a socket's may be, name a shorter one with --socket";
    default:
      return path + ": " + error.message() +
             ", check that the gateway runs and that --socket names its socket";
  }
}

std::string text_of(const Json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

}  // namespace

Reply Client::exchange(const Json& request) const {
  Reply reply;
  stream_protocol::endpoint endpoint;
  try {
    endpoint = stream_protocol::endpoint(path_);
  } catch (const boost::system::system_error& error) {
    reply.error = unreachable(path_, error.code());
    return reply;
  }
  stream_protocol::iostream stream;
  stream.expires_after(kPatience);
  stream.connect(endpoint);
  if (!stream) {
    reply.error = unreachable(path_, stream.error());
    return reply;
  }
  stream << request.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n' << std::flush;
  std::string line;
  std::getline(stream, line);
  const Json answer = Json::parse(line, nullptr, false);
  if (!answer.is_object() || !answer.contains("ok")) {
    reply.error = path_ + ": the gateway gave no answer, check its log and ask again";
    return reply;
  }
  reply.reached = true;
  const auto status = answer.find("status");
  const bool numbered = status != answer.end() && status->is_number_integer();
  reply.status = answer["ok"] == true ? kDone : numbered ? status->get<int>() : kFailed;
  if (answer.contains("result")) reply.result = answer["result"];
  reply.text = text_of(answer, "text");
  if (reply.status != kDone) {
    reply.error = text_of(answer, "error");
    const std::string remedy = text_of(answer, "remedy");
    if (!remedy.empty()) reply.error += ", " + remedy;
  }
  return reply;
}

Reply Client::command(std::string_view line, bool json) const {
  Json request = {{"command", line}};
  if (json) request["json"] = true;
  std::error_code unknown;
  const auto directory = std::filesystem::current_path(unknown);
  if (!unknown) request["directory"] = directory.string();
  return exchange(request);
}

Completion Client::complete(std::string_view line) const {
  const Reply reply = exchange({{"complete", line}});
  Completion completion;
  completion.error = reply.error;
  completion.from = line.size();
  if (reply.status != kDone || !reply.result.is_object()) return completion;
  const auto from = reply.result.find("from");
  if (from != reply.result.end() && from->is_number_unsigned()) {
    completion.from = std::min(from->get<std::size_t>(), line.size());
  }
  const auto list = reply.result.find("candidates");
  if (list != reply.result.end()) completion.candidates = candidates_of(*list);
  return completion;
}

std::vector<Candidate> candidates_of(const Json& list) {
  std::vector<Candidate> candidates;
  for (const Json& entry : list) {
    if (!entry.is_object()) continue;
    const auto literal = entry.find("literal");
    candidates.push_back({text_of(entry, "word"), text_of(entry, "help"),
                          literal == entry.end() || *literal == true});
  }
  return candidates;
}

}  // namespace chatgate::ctl
