#include "control/server.h"

#include <algorithm>
#include <array>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <grp.h>
#include <optional>
#include <set>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "control/request.h"

namespace chatgate::control {
namespace {

namespace asio = boost::asio;
using asio::local::stream_protocol;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

constexpr mode_t kSocketMode = 0660;
constexpr mode_t kFolderMode = 0755;
constexpr std::chrono::milliseconds kAcceptPause{200};
// Ends the name under which the socket is made: whoever sees its own name can connect.
constexpr std::string_view kUnfinished = "~";
constexpr std::size_t kLongestPath = sizeof(sockaddr_un::sun_path) - 1 - kUnfinished.size();

// `more`: further lines belong to the same reply.
std::string to_line(const Reply& reply, bool json_only, bool more) {
  Json json = {{"ok", reply.status == kDone}, {"status", reply.status}};
  if (more) json["more"] = true;
  if (!reply.error.empty()) json["error"] = reply.error;
  if (!reply.remedy.empty()) json["remedy"] = reply.remedy;
  json["result"] = reply.result;
  if (!json_only) json["text"] = reply.text;
  // Names from the network need not be UTF-8.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Reply failure(const Problem& problem) {
  return Reply::failure(kInvalid, problem.error, problem.remedy);
}

}  // namespace

struct Server::State {
  State(asio::io_context& context, Commands& table, ServerConfig configured)
      : commands(table),
        config(std::move(configured)),
        acceptor(context),
        waiting(context),
        pause(context) {}

  Commands& commands;
  const ServerConfig config;
  stream_protocol::acceptor acceptor;
  stream_protocol::socket waiting;  // for the next client
  asio::steady_timer pause;         // after an accept that failed
  std::set<std::shared_ptr<Session>> sessions;
  struct ::stat identity {};  // of the socket's file, to remove no other
  std::string made_folder;    // by open(), removed again if it is empty

  static void accept(const std::shared_ptr<State>& self);
  static void admit(const std::shared_ptr<State>& self, stream_protocol::socket client);
};

// One client: a request is read, answered, and only then the next one is read.
class Server::Session : public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<State> server, stream_protocol::socket socket)
      : server_(std::move(server)), socket_(std::move(socket)), deadline_(socket_.get_executor()) {
    ucred peer{};
    socklen_t size = sizeof peer;
    caller_.uid = static_cast<uid_t>(-1);
    if (::getsockopt(socket_.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0) {
      caller_.uid = peer.uid;
      caller_.pid = peer.pid;
    }
  }

  void read() {
    await(server_->config.read_patience, true);
    listen();
  }

  void listen() {
    if (reading_) return;
    reading_ = true;
    asio::async_read_until(socket_, asio::dynamic_buffer(input_, server_->config.line_limit + 1),
                           '\n',
                           [self = shared_from_this()](const error_code& error, std::size_t size) {
                             self->received(error, size);
                           });
  }

  void close() {
    if (!socket_.is_open()) return;
    deadline_.cancel();
    parts_.reset();
    error_code ignored;
    socket_.shutdown(stream_protocol::socket::shutdown_both, ignored);
    socket_.close(ignored);
    server_->sessions.erase(shared_from_this());
  }

  void refuse(const Problem& problem) { write(failure(problem), false, true); }

 private:
  // Ends the session unless what is awaited has come in time; a client that is read from is told
  // why.
  void await(std::chrono::milliseconds patience, bool reading) {
    deadline_.expires_after(patience);
    deadline_.async_wait([self = shared_from_this(), reading](const error_code& error) {
      if (error || self->deadline_.expiry() > Clock::now()) return;
      if (!reading) return self->close();
      self->timed_out_ = true;
      error_code ignored;
      self->socket_.cancel(ignored);
    });
  }

  void received(const error_code& error, std::size_t size) {
    reading_ = false;
    if (!socket_.is_open()) return;
    if (timed_out_) {
      return refuse({"no whole request came in time", "end every request with a newline"});
    }
    if (error == asio::error::not_found) {
      return refuse(
          {"the request is longer than " + std::to_string(server_->config.line_limit) + " bytes",
           "send shorter requests, each ended by a newline"});
    }
    if (error == asio::error::eof && !input_.empty()) {
      return refuse({"the connection ended within a request", "end every request with a newline"});
    }
    if (error) return close();
    std::string line = input_.substr(0, size - 1);
    input_.erase(0, size);
    if (line.ends_with('\r')) line.pop_back();
    if (parts_) return interrupt(std::move(line));
    deadline_.expires_at(Clock::time_point::max());
    answer(line);
  }

  // The caller has sent a line while it was still being answered. An answer without an end ends;
  // the line, if there is something in it, is the next request.
  void interrupt(std::string line) {
    next_line_ = std::move(line);
    if (!parts_->endless()) return;
    parts_.reset();
    if (output_.empty()) write(Reply(), json_only_, false);
  }

  void answer(std::string_view line) {
    Request request;
    try {
      if (const Problem problem = read_request(line, request)) {
        return write(failure(problem), false, false);
      }
      if (request.complete) {
        return write(server_->commands.complete(*request.complete), request.json, false);
      }
      caller_.directory = std::move(request.directory);
      server_->commands.execute(*request.command, caller_,
                                [self = shared_from_this(), json_only = request.json](Reply reply) {
                                  self->write(reply, json_only, false);
                                });
    } catch (const std::exception& problem) {
      write(Reply::failure(kFailed, std::string("the command failed: ") + problem.what()),
            request.json, false);
    }
  }

  void write(const Reply& reply, bool json_only, bool last) {
    if (!socket_.is_open()) return;
    parts_ = reply.parts;
    json_only_ = json_only;
    send(reply, [this, last] {
      if (last) return close();
      if (parts_) {
        deadline_.expires_at(Clock::time_point::max());
        listen();  // to be told that the caller has enough
        return next_part();
      }
      go_on();
    });
  }

  // Done with one request.
  void go_on() {
    const std::string line = std::exchange(next_line_, {});
    if (line.empty()) return read();
    answer(line);
  }

  template <typename Then>
  void send(const Reply& reply, Then then) {
    try {
      output_ = to_line(reply, json_only_, parts_ != nullptr);
    } catch (const std::exception&) {  // no memory for it: this client goes, the gateway stays
      return close();
    }
    await(server_->config.write_patience, false);
    asio::async_write(socket_, asio::buffer(output_),
                      [self = shared_from_this(), then](const error_code& error, std::size_t) {
                        if (!self->socket_.is_open()) return;
                        if (error) return self->close();
                        self->output_ = {};
                        then();
                      });
  }

  void next_part() {
    const std::shared_ptr<Parts> parts = parts_;  // may be let go of from within
    if (!parts) return write(Reply(), json_only_, false);
    parts->next([weak = weak_from_this(), from = parts.get()](const Parts::Part& part) {
      const auto self = weak.lock();
      if (!self || !self->socket_.is_open() || self->parts_.get() != from) return;
      if (part.last) return self->write(part.reply, self->json_only_, false);
      self->send(part.reply, [session = self.get()] {
        session->deadline_.expires_at(Clock::time_point::max());
        session->next_part();
      });
    });
  }

  std::shared_ptr<State> server_;
  stream_protocol::socket socket_;
  asio::steady_timer deadline_;
  Caller caller_;
  std::string input_, output_;
  std::shared_ptr<Parts> parts_;  // of the request that is being answered
  std::string next_line_;         // that came meanwhile
  bool json_only_ = false;
  bool reading_ = false;
  bool timed_out_ = false;
};

void Server::State::accept(const std::shared_ptr<State>& self) {
  self->acceptor.async_accept(self->waiting, [self](const error_code& error) {
    if (!self->acceptor.is_open()) return;
    if (!error) {
      stream_protocol::socket client = std::move(self->waiting);
      self->waiting = stream_protocol::socket(self->acceptor.get_executor());
      accept(self);  // first, in the memory of the accept that has just ended
      try {
        admit(self, std::move(client));
      } catch (const std::exception&) {  // no memory for it: this client is hung up on
      }
      return;
    }
    // No descriptor left, most likely: try again in a while.
    self->pause.expires_after(kAcceptPause);
    self->pause.async_wait([self](const error_code& stopped) {
      if (!stopped && self->acceptor.is_open()) accept(self);
    });
  });
}

void Server::State::admit(const std::shared_ptr<State>& self, stream_protocol::socket client) {
  const bool full = self->sessions.size() >= self->config.most_clients;
  auto session = std::make_shared<Session>(self, std::move(client));
  if (full) {
    return session->refuse(
        {"there are " + std::to_string(self->config.most_clients) + " clients already",
         "close one of them, or try again later"});
  }
  self->sessions.insert(session);
  session->read();
}

namespace {

std::string system_text(int error) {
  return std::generic_category().message(error);
}

// Removes a socket that nobody listens on. What is wrong, where something stands in the way.
Problem clear_path(const std::string& path) {
  struct ::stat found {};
  if (::lstat(path.c_str(), &found) != 0) return {};
  if (!S_ISSOCK(found.st_mode)) {
    return {"this exists and is not a socket", "remove it, or name another path with --socket"};
  }
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (probe < 0) return {"cannot make a socket: " + system_text(errno), ""};
  const int result = ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int error = result == 0 ? 0 : errno;
  ::close(probe);
  if (error != ECONNREFUSED && error != ENOENT) {
    return {"this control socket is in use by a running process",
            "stop that gateway first, or name another path with --socket"};
  }
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return {"cannot remove the stale socket: " + system_text(errno), "remove it"};
  }
  return {};
}

void give_to_group(const std::string& path, const std::string& group) {
  std::array<char, 4096> buffer;
  ::group entry{};
  ::group* found = nullptr;
  if (group.empty() ||
      ::getgrnam_r(group.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
      found == nullptr) {
    return;
  }
  // Only root and members may; others keep their own group, which is no less safe.
  [[maybe_unused]] const int ignored =
      ::lchown(path.c_str(), static_cast<uid_t>(-1), found->gr_gid);
}

}  // namespace

Server::Server(asio::io_context& io, Commands& commands, ServerConfig config)
    : state_(std::make_shared<State>(io, commands, std::move(config))) {}

Server::~Server() {
  close();
}

Diagnostics Server::open() {
  State& state = *state_;
  const std::string& path = state.config.path;
  Diagnostics findings;
  const auto wrong = [&](std::string message, std::string remedy = {}) {
    findings.error({path, 0, 0}, std::move(message), std::move(remedy));
    error_code ignored;
    state.acceptor.close(ignored);
    return findings;
  };
  if (path.empty() || path.size() > kLongestPath) {
    return wrong("the socket's path must have 1 to " + std::to_string(kLongestPath) + " bytes",
                 "name another path with --socket");
  }
  const std::string folder = std::filesystem::path(path).parent_path().string();
  if (!folder.empty() && ::mkdir(folder.c_str(), kFolderMode) == 0) state.made_folder = folder;
  if (const Problem problem = clear_path(path)) return wrong(problem.error, problem.remedy);

  error_code error;
  state.acceptor.open(stream_protocol(), error);
  if (error) return wrong("cannot make a socket: " + error.message());
  // Before bind: the file is never more open than it should be. After it: whatever the umask took.
  ::fchmod(state.acceptor.native_handle(), kSocketMode);
  const std::string unfinished = path + std::string(kUnfinished);
  if (const Problem problem = clear_path(unfinished)) return wrong(problem.error, problem.remedy);
  state.acceptor.bind(stream_protocol::endpoint(unfinished), error);
  if (error) {
    return wrong("cannot make the socket: " + error.message(),
                 "check its folder, or name another path with --socket");
  }
  give_to_group(unfinished, state.config.group);
  state.acceptor.listen(stream_protocol::acceptor::max_listen_connections, error);
  if (error || ::chmod(unfinished.c_str(), kSocketMode) != 0 ||
      ::lstat(unfinished.c_str(), &state.identity) != 0 ||
      ::rename(unfinished.c_str(), path.c_str()) != 0) {
    const int reason = error ? error.value() : errno;
    ::unlink(unfinished.c_str());
    return wrong("cannot open the socket: " + system_text(reason));
  }
  State::accept(state_);
  return findings;
}

void Server::close() {
  State& state = *state_;
  if (!state.acceptor.is_open()) return;
  error_code ignored;
  state.acceptor.close(ignored);
  state.pause.cancel();
  while (!state.sessions.empty()) (*state.sessions.begin())->close();
  struct ::stat now {};
  const std::string& path = state.config.path;
  if (::lstat(path.c_str(), &now) == 0 && now.st_ino == state.identity.st_ino &&
      now.st_dev == state.identity.st_dev) {
    ::unlink(path.c_str());
  }
  if (!state.made_folder.empty()) ::rmdir(state.made_folder.c_str());
}

std::size_t Server::clients() const {
  return state_->sessions.size();
}

}  // namespace chatgate::control
