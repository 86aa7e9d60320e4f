#include "client.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <optional>

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

// One connection: whole lines of replies, each waited for with a limit, or until Ctrl-C.
class Connection {
 public:
  explicit Connection(const std::string& path) : path_(path) {}

  // What is wrong, empty where nothing is.
  std::string open() {
    boost::system::error_code error;
    try {
      socket_.connect(stream_protocol::endpoint(path_), error);
    } catch (const boost::system::system_error& problem) {
      error = problem.code();
    }
    return error ? unreachable(path_, error) : std::string();
  }

  bool send(const Json& request) {
    boost::system::error_code error;
    const std::string line = request.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
    boost::asio::write(socket_, boost::asio::buffer(line), error);
    return !error;
  }

  // From now on Ctrl-C ends `next` and not the program.
  void catch_interrupts() {
    signals_.add(SIGINT);
    signals_.async_wait([this](const boost::system::error_code& error, int) {
      if (error) return;
      interrupted_ = true;
      io_.stop();
    });
    patient_ = true;
  }
  bool interrupted() const { return interrupted_; }

  // The next line, without its feed; nothing where none came.
  std::optional<std::string> next() {
    std::optional<std::size_t> size;
    boost::asio::async_read_until(socket_, boost::asio::dynamic_buffer(input_), '\n',
                                  [&](const boost::system::error_code& error, std::size_t count) {
                                    if (!error) size = count;
                                    io_.stop();
                                  });
    io_.restart();
    if (patient_) {
      io_.run();
    } else {
      io_.run_for(kPatience);
    }
    if (!size) {  // the read must be over before `size` is gone
      boost::system::error_code ignored;
      socket_.close(ignored);
      io_.restart();
      io_.poll();
      return std::nullopt;
    }
    std::string line = input_.substr(0, *size - 1);
    input_.erase(0, *size);
    return line;
  }

 private:
  const std::string& path_;
  boost::asio::io_context io_;
  boost::asio::signal_set signals_{io_};
  stream_protocol::socket socket_{io_};
  std::string input_;
  bool patient_ = false;
  bool interrupted_ = false;
};

Reply to_reply(const Json& answer) {
  Reply reply;
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

}  // namespace

Reply Client::exchange(const Json& request, const OnPart& on_part) const {
  Reply reply;
  Connection connection(path_);
  reply.error = connection.open();
  if (!reply.error.empty()) return reply;
  if (!connection.send(request)) {
    reply.error = path_ + ": the gateway takes no request, check its log and ask again";
    return reply;
  }
  for (bool first = true;; first = false) {
    const std::optional<std::string> line = connection.next();
    const Json answer = line ? Json::parse(*line, nullptr, false) : Json();
    if (!line && connection.interrupted()) {
      reply = Reply();  // its parts have been taken
      reply.status = kDone;
      reply.reached = reply.interrupted = true;
      return reply;
    }
    if (!answer.is_object() || !answer.contains("ok")) {
      reply.status = kFailed;
      reply.error = path_ + (first ? ": the gateway gave no answer, check its log and ask again"
                                   : ": the connection to the gateway ended");
      return reply;
    }
    reply = to_reply(answer);
    const auto more = answer.find("more");
    if (more == answer.end() || *more != true) return reply;
    if (first) connection.catch_interrupts();
    if (on_part && !on_part(reply)) return reply;
  }
}

Reply Client::command(std::string_view line, bool json, const OnPart& on_part) const {
  Json request = {{"command", line}};
  if (json) request["json"] = true;
  std::error_code unknown;
  const auto directory = std::filesystem::current_path(unknown);
  if (!unknown) request["directory"] = directory.string();
  return exchange(request, on_part);
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
